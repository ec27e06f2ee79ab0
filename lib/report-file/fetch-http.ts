/** A report from an http or https address, as a stream. */
import type { Readable } from 'node:stream';
import { Agent, request } from 'undici';
import { ExchangeError } from '../errors';
import type { AllowedNetworks } from '../networks';
import { type SoapTlsOptions, secureContext } from '../soap/tls';
import { transportError } from '../soap/transport-errors';
import { decodePart } from './address';
import { systemCode, tooLarge } from './failure';
import { checkReach, lookupWithin } from './reach';

const CONNECT_TIMEOUT_MS = 10_000;

export interface HttpSource {
  readonly url: URL;
  readonly tls?: SoapTlsOptions;
  /** Hosts that may be asked. */
  readonly networks: AllowedNetworks;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

/**
 * Follows no redirect: an address that leads elsewhere is not the one that was registered. User and password of the
 * address are sent as Basic.
 *
 * @throws ExchangeError HTTP_STATUS, CONTRACT outside of the networks, TOO_LARGE by the announced length, TLS, TRANSPORT_NOT_SENT, TRANSPORT_UNKNOWN; and
 *   what `take` throws
 */
export async function fetchHttp<T>(source: HttpSource, take: (body: Readable) => Promise<T>): Promise<T> {
  checkReach(source.url.hostname, source.networks);
  const agent = new Agent({
    pipelining: 0,
    headersTimeout: 0, // one deadline over everything is the caller's
    bodyTimeout: 0,
    connect: {
      timeout: CONNECT_TIMEOUT_MS,
      lookup: lookupWithin(source.networks),
      ...(source.url.protocol === 'https:' && tlsOf(source.tls)),
    },
  });
  try {
    const { statusCode, headers, body } = await request(withoutUser(source.url), {
      dispatcher: agent,
      signal: source.signal,
      headers: { 'accept-encoding': 'identity', ...authorization(source.url) },
    });
    body.on('error', () => {}); // reported by whoever reads it
    if (statusCode !== 200) throw statusError(statusCode, source.url.host);
    if (Number(headers['content-length'] ?? 0) > source.maxBytes) throw tooLarge(source.maxBytes);
    return await take(body);
  } catch (error) {
    throw source.signal.aborted ? source.signal.reason : httpError(error, source.url.host);
  } finally {
    await agent.destroy();
  }
}

function httpError(error: unknown, host: string): unknown {
  if (error instanceof ExchangeError) return error;
  const code = systemCode(error);
  if (!BROKEN.has(code)) return transportError(error, host, false);
  return new ExchangeError({
    code: 'TRANSPORT_UNKNOWN',
    retry: 'retry',
    text: { zh: `与 ${host} 的连接在取文件时中断`, en: `the connection to ${host} broke while fetching` },
    details: { cause: code },
  });
}

/** What undici and the system call a connection that was there. */
const BROKEN = new Set([
  'ECONNRESET',
  'EPIPE',
  'UND_ERR_SOCKET',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
  'UND_ERR_ABORTED',
  'ERR_STREAM_PREMATURE_CLOSE',
]);

function statusError(status: number, host: string): ExchangeError {
  const [zh, en] =
    status >= 300 && status < 400
      ? ['地址被重定向，按规定不跟随', 'the address redirects, which is not followed']
      : ['未能取得文件', 'the file was not given'];
  const later = status >= 500 || [408, 425, 429].includes(status);
  return new ExchangeError({
    code: 'HTTP_STATUS',
    retry: later ? 'retry' : status === 401 || status === 403 ? 'auth' : 'never',
    text: { zh: `${host}：${zh}（HTTP ${status}）`, en: `${host}: ${en} (HTTP ${status})` },
    details: { status },
  });
}

function tlsOf({ rejectUnauthorized, servername, ...rest }: SoapTlsOptions = {}): Record<string, unknown> {
  return {
    secureContext: secureContext(rest),
    ...(rejectUnauthorized !== undefined && { rejectUnauthorized }),
    ...(servername !== undefined && { servername }),
  };
}

function withoutUser(url: URL): URL {
  const plain = new URL(url);
  plain.username = '';
  plain.password = '';
  return plain;
}

function authorization({ username, password }: URL): Record<string, string> {
  if (!username && !password) return {};
  const login = `${decodePart(username)}:${decodePart(password)}`;
  return { authorization: `Basic ${Buffer.from(login).toString('base64')}` };
}
