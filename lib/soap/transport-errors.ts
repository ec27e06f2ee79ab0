/** What went wrong between us and the peer, as errors that carry neither the request nor the library's own error. */
import { ExchangeError, type Text } from '../errors';

/**
 * The error for a failed exchange.
 *
 * @param host host and port of the peer
 * @param sent whether the request had begun to leave: only then may the peer have processed it
 */
export function transportError(error: unknown, host: string, sent: boolean): ExchangeError {
  const code = codeOf(error);
  if (code === 'UND_ERR_INVALID_ARG') return notSendable();
  const tls = tlsReason(code);
  if (tls) return tlsError(tls, host, code);
  return sent ? lostError(code, host) : notSentError(code, host);
}

/** The time limit passed. */
export function deadlineError(host: string, timeoutMs: number, sent: boolean): ExchangeError {
  const seconds = timeoutMs / 1000;
  if (!sent) {
    return new ExchangeError({
      code: 'TRANSPORT_NOT_SENT',
      retry: 'retry',
      text: {
        zh: `${seconds} 秒内未能连接 ${host}，请求未发出；请检查地址、网络和防火墙`,
        en: `no connection to ${host} within ${seconds} s, nothing was sent; check address, network and firewall`,
      },
      details: { cause: 'timeout' },
    });
  }
  return new ExchangeError({
    code: 'TRANSPORT_UNKNOWN',
    retry: 'in-doubt',
    text: {
      zh: `${host} 在 ${seconds} 秒内没有给出完整应答；请求可能已被处理`,
      en: `no complete answer from ${host} within ${seconds} s; the request may have been processed`,
    },
    details: { cause: 'timeout' },
  });
}

/** Ended from our side. A request that had begun to leave is in doubt. */
export const abortedError = (sent: boolean): ExchangeError =>
  new ExchangeError({
    code: 'ABORTED',
    retry: sent ? 'in-doubt' : 'retry',
    text: { zh: '调用已被本机中止', en: 'the call was ended from our side' },
  });

/** More bytes than the limit, on the wire or unpacked. Asking again would bring the same. */
export const answerTooLarge = (host: string, maxBytes: number): ExchangeError =>
  new ExchangeError({
    code: 'TOO_LARGE',
    retry: 'never',
    text: {
      zh: `${host} 的应答超过 ${Math.floor(maxBytes / 1024)} KB 上限；请缩小查询范围`,
      en: `the answer of ${host} exceeds the limit of ${Math.floor(maxBytes / 1024)} KB; ask for less`,
    },
  });

const notSendable = (): ExchangeError =>
  new ExchangeError({
    code: 'CONFIG',
    retry: 'never',
    text: {
      zh: '地址、方法名或认证信息含有不允许的字符',
      en: 'address, method name or login hold illegal characters',
    },
  });

function notSentError(code: string, host: string): ExchangeError {
  const text = NOT_SENT[code] ?? NOT_SENT_OTHERWISE;
  return new ExchangeError({
    code: 'TRANSPORT_NOT_SENT',
    retry: 'retry',
    text: { zh: `${text.zh}：${host}`, en: `${text.en}: ${host}` },
    details: { cause: code },
  });
}

const UNKNOWN_HOST: Text = {
  zh: '域名无法解析，请检查地址和 DNS',
  en: 'unknown host, check address and DNS',
};
const UNREACHABLE: Text = {
  zh: '网络不通，请检查地址、路由和防火墙',
  en: 'host unreachable, check address, route and firewall',
};
const NOT_SENT: Readonly<Record<string, Text>> = {
  ECONNREFUSED: {
    zh: '连接被拒绝，请检查地址、端口以及对方服务是否启动',
    en: 'connection refused, check address, port and whether the service runs',
  },
  ENOTFOUND: UNKNOWN_HOST,
  EAI_AGAIN: UNKNOWN_HOST,
  EHOSTUNREACH: UNREACHABLE,
  ENETUNREACH: UNREACHABLE,
  ETIMEDOUT: UNREACHABLE,
  UND_ERR_CONNECT_TIMEOUT: UNREACHABLE,
};
const NOT_SENT_OTHERWISE: Text = {
  zh: '连接未能建立，请求未发出，请检查地址和防火墙',
  en: 'no connection, nothing was sent, check address and firewall',
};

const NOT_HTTP: ReadonlySet<string> = new Set(['HTTPParserError', 'UND_ERR_HEADERS_OVERFLOW']);

function lostError(code: string, host: string): ExchangeError {
  if (NOT_HTTP.has(code)) {
    return new ExchangeError({
      code: 'NOT_SOAP',
      retry: 'in-doubt',
      text: { zh: `${host} 的应答不是 HTTP`, en: `the answer of ${host} is not HTTP` },
      details: { cause: code },
    });
  }
  return new ExchangeError({
    code: 'TRANSPORT_UNKNOWN',
    retry: 'in-doubt',
    text: {
      zh: `请求发出后与 ${host} 的连接中断；请求可能已被处理`,
      en: `the connection to ${host} broke after the request had left; it may have been processed`,
    },
    details: { cause: code },
  });
}

const tlsError = (reason: Text, host: string, code: string): ExchangeError =>
  new ExchangeError({
    code: 'TLS',
    retry: 'never',
    text: { zh: `${reason.zh}：${host}`, en: `${reason.en}: ${host}` },
    details: { cause: code },
  });

/** Undefined when the failure is none of TLS. */
function tlsReason(code: string): Text | undefined {
  if (Object.hasOwn(CERTIFICATE_REASONS, code)) return CERTIFICATE_REASONS[code];
  if (/ALERT|HANDSHAKE/.test(code)) return REFUSED_BY_PEER;
  if (/^(?:EPROTO|ERR_SSL_|ERR_TLS_)/.test(code)) return NO_COMMON_TLS;
  return undefined;
}

const UNTRUSTED: Text = {
  zh: '对方证书不受信任（自签名或缺少中间证书），请在配置中填写对方的 CA 证书',
  en: 'the certificate of the peer is not trusted (self-signed, or an intermediate is missing), enter its CA certificate',
};
const EXPIRED: Text = {
  zh: '对方证书不在有效期内，请对方更换证书，并检查本机时间',
  en: 'the certificate of the peer is not valid today, have it renewed, and check our clock',
};
const CERTIFICATE_REASONS: Readonly<Record<string, Text>> = {
  CERT_HAS_EXPIRED: EXPIRED,
  CERT_NOT_YET_VALID: EXPIRED,
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  CERT_UNTRUSTED: UNTRUSTED,
  CERT_REVOKED: { zh: '对方证书已被吊销', en: 'the certificate of the peer is revoked' },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    zh: '对方证书的名称与地址不符，请使用证书中的域名，或在配置中填写证书名称',
    en: 'the certificate of the peer is for another name, use that name in the address or set it as the server name',
  },
};
const REFUSED_BY_PEER: Text = {
  zh: '对方拒绝了 TLS 握手，请检查客户端证书和 TLS 版本',
  en: 'the peer refused the TLS handshake, check the client certificate and the TLS version',
};
const NO_COMMON_TLS: Text = {
  zh: 'TLS 握手失败，请检查地址是否应为 http、端口和 TLS 版本',
  en: 'TLS handshake failed, check whether the address should be http, the port and the TLS version',
};

/** The code of the system or of undici; its parser's errors have but a name. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  if (error.name === 'HTTPParserError') return error.name;
  return 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
}
