/** An HTTP answer to a SOAP call, sorted into the classes of ErrorCode. */
import { ExchangeError, type RetryClass, type Text } from '../errors';
import { charsetOf, charsetParameter, decodeText } from '../wire/encoding';
import { readResult, readResultBytes, resultPieces, type SoapResult } from '../wire/soap-envelope';
import { notSoap } from '../wire/soap-types';
import { shownText, shownWord } from '../privacy/shown-text';
import type { HttpAnswer } from './http-peer';

/**
 * Passes an answer that should hold a result.
 *
 * @param sent texts of the request, which must not come back in an error
 * @throws ExchangeError SOAP_FAULT or HTTP_STATUS
 */
export function requireSuccess(answer: HttpAnswer, operation: string, sent: readonly string[]): void {
  if (answer.status === 200) return;
  // SOAP binds its faults to these two (1.1: 500; 1.2: 400 for those of the caller).
  const content = answer.status === 500 || answer.status === 400 ? read(answer, operation) : undefined;
  if (content?.kind === 'fault') throw faultError(content, answer.status, sent);
  throw statusError(answer);
}

/**
 * The result of a successful call; null when the method answered null.
 *
 * @throws ExchangeError SOAP_FAULT or NOT_SOAP
 */
export function resultOf(answer: HttpAnswer, operation: string, sent: readonly string[]): string | null {
  const content = read(answer, operation);
  if (content.kind === 'result') return content.result;
  if (content.kind === 'empty') return null;
  if (content.kind === 'fault') throw faultError(content, answer.status, sent);
  throw notSoap(content.why, { httpStatus: answer.status });
}

function read({ body, headers }: HttpAnswer, operation: string): SoapResult {
  const stated = charsetParameter(headers['content-type']?.toString());
  if (charsetOf(body, stated) === 'utf-8') return readResultBytes(body, operation);
  return readResult(decodeText(body, stated).text, operation);
}

/**
 * The result in pieces, for large answers: see `resultPieces`. An answer that has none is one piece, null is none.
 *
 * @throws ExchangeError SOAP_FAULT or NOT_SOAP
 */
export function piecesOf(
  answer: HttpAnswer,
  operation: string,
  sent: readonly string[],
): Iterable<string | null> {
  const stated = charsetParameter(answer.headers['content-type']?.toString());
  const pieces =
    charsetOf(answer.body, stated) === 'utf-8' ? resultPieces(answer.body, operation) : undefined;
  if (pieces) return pieces;
  const result = resultOf(answer, operation, sent);
  return result === null ? [] : [result];
}

type Fault = Extract<SoapResult, { kind: 'fault' }>;

function faultError({ code, reason }: Fault, httpStatus: number, sent: readonly string[]): ExchangeError {
  const shown = shownText(reason, sent);
  const faultCode = shownWord(code);
  return new ExchangeError({
    code: 'SOAP_FAULT',
    retry: faultRetry(faultCode),
    text: {
      zh: `对方返回 SOAP Fault ${faultCode}：${shown}`,
      en: `the peer answered a SOAP fault ${faultCode}: ${shown}`,
    },
    details: { httpStatus, faultCode, faultString: shown },
  });
}

/** A fault of the caller stays one. A fault of the server may be a passing one, raised before or after its work. */
const faultRetry = (faultCode: string): RetryClass =>
  /(?:^|:)(?:Client|Sender|VersionMismatch|MustUnderstand|DataEncodingUnknown)/i.test(faultCode)
    ? 'never'
    : 'in-doubt';

function statusError({ status, headers }: HttpAnswer): ExchangeError {
  const { retry, text } = judge(status);
  const retryAfterSeconds = Number(headers['retry-after']);
  const location = redirectTarget(headers['location']?.toString());
  return new ExchangeError({
    code: 'HTTP_STATUS',
    retry,
    text: { zh: `HTTP ${status}：${text.zh}`, en: `HTTP ${status}: ${text.en}` },
    details: {
      httpStatus: status,
      ...(Number.isInteger(retryAfterSeconds) && { retryAfterSeconds }),
      ...(status >= 300 && status < 400 && location && { location }),
    },
  });
}

/**
 * 408, 429 and 503 say "come back": nothing was processed. So does 404, of a service that is being installed or
 * restarted; when the address is wrong it stays so, and the text says where to look. Any other 5xx, the page of a proxy or a crash, may have
 * come after the work was done.
 */
function judge(status: number): { retry: RetryClass; text: Text } {
  if ([401, 403, 407].includes(status)) {
    return {
      retry: 'auth',
      text: {
        zh: '身份验证失败，请检查用户名、密码或客户端证书',
        en: 'login refused, check user, password or client certificate',
      },
    };
  }
  if ([408, 429, 503].includes(status)) {
    return {
      retry: 'retry',
      text: { zh: '对方暂时不可用，稍后重试', en: 'the peer is not available now, try again later' },
    };
  }
  if (status === 404) {
    return {
      retry: 'retry',
      text: {
        zh: '对方没有这个地址：请检查服务地址；服务正在发布或重启时会自动重试',
        en: 'the peer has no such address: check it; while the service is being installed or restarted, it is tried again',
      },
    };
  }
  if (status >= 500) {
    return {
      retry: 'in-doubt',
      text: {
        zh: '对方服务器出错，请求可能已被处理',
        en: 'error of the peer, the request may have been processed',
      },
    };
  }
  if (status >= 300 && status < 400) {
    return {
      retry: 'never',
      text: {
        zh: '对方要求重定向，请填写最终的服务地址',
        en: 'the peer redirects, enter the final service address',
      },
    };
  }
  if (status >= 400) {
    return {
      retry: 'never',
      text: {
        zh: '对方不接受此请求，请检查服务地址',
        en: 'the peer does not accept the request, check the service address',
      },
    };
  }
  return { retry: 'in-doubt', text: { zh: '不是 SOAP 应答', en: 'no answer of SOAP' } };
}

/** Without query: a login page gets the whole request address in it. */
const redirectTarget = (location: string | undefined): string | undefined =>
  location?.replace(/[?#].*$/, '').slice(0, 200);
