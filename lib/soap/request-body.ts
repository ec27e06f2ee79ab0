/** The body of a request to our endpoint: read within limits, unpacked, decoded. */
import type { IncomingMessage } from 'node:http';
import { charsetParameter, decodeText } from '../wire/encoding';
import { SoapFault } from './fault';
import { inflate, type InflateFailure } from './inflate';

export interface BodyLimits {
  /** Bytes on the wire. */
  readonly maxBodyBytes: number;
  /** Bytes after unpacking. */
  readonly maxInflatedBytes: number;
}

/** A request as Express hands it over; `body` is set where a body parser came first. */
export interface MountedRequest extends IncomingMessage {
  readonly originalUrl?: string;
  readonly body?: unknown;
}

/**
 * The text of the request.
 *
 * @throws SoapFault with status 413, 415 or 400 for a body that is too large, in an unknown form or damaged;
 *   ExchangeError NOT_SOAP for an unknown charset
 */
export async function readRequestText(request: MountedRequest, limits: BodyLimits): Promise<string> {
  if (typeof request.body === 'string') return request.body;
  const { headers } = request;
  const parsed = Buffer.isBuffer(request.body) ? request.body : undefined;
  const body = parsed ?? (await collect(request, limits.maxBodyBytes));
  // A body parser has unpacked the body, but left the header in place.
  const encoding = parsed && !isGzip(parsed) ? undefined : headers['content-encoding'];
  const inflated = await inflate(body, encoding, limits.maxInflatedBytes);
  if (typeof inflated === 'string') throw INFLATE_FAULTS[inflated]();
  return decodeText(inflated, charsetParameter(headers['content-type'])).text;
}

const INFLATE_FAULTS: Readonly<Record<InflateFailure, () => SoapFault>> = {
  corrupt: () => new SoapFault('client', { zh: '请求体解压失败', en: 'the compressed body is damaged' }),
  'too-large': tooLarge,
  'unknown-encoding': () =>
    new SoapFault(
      'client',
      {
        zh: '不支持的 Content-Encoding，只接受 gzip 和 deflate',
        en: 'unknown Content-Encoding; use gzip or deflate',
      },
      415,
    ),
};

function tooLarge(): SoapFault {
  return new SoapFault('client', { zh: '请求体过大', en: 'the request is too large' }, 413);
}

const isGzip = (body: Buffer): boolean => body[0] === 0x1f && body[1] === 0x8b;

function collect(request: MountedRequest, maxBytes: number): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return Promise.reject(tooLarge());
  if (request.readableEnded) {
    return Promise.reject(
      new SoapFault('server', {
        zh: '请求体已被其他中间件读取',
        en: 'another middleware has consumed the body',
      }),
    );
  }
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const onData = (chunk: Buffer): void => {
      length += chunk.length;
      if (length > maxBytes) settle(() => reject(tooLarge()));
      else chunks.push(chunk);
    };
    const onEnd = (): void =>
      settle(() => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, length)));
    const onCut = (): void => settle(() => reject(cutOff()));
    const settle = (finish: () => void): void => {
      request.off('data', onData).off('end', onEnd).off('error', onCut).off('close', onCut);
      request.on('error', () => {}); // what happens to the rest is of no interest
      finish();
    };
    request.on('data', onData).on('end', onEnd).on('error', onCut).on('close', onCut);
  });
}

const cutOff = (): SoapFault =>
  new SoapFault('client', { zh: '请求体不完整', en: 'the request broke off before its end' });
