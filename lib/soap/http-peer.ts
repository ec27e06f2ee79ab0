/** HTTP to one peer: a few kept connections, one deadline for the whole exchange, limits, and errors of our own. */
import { Pool, type Dispatcher } from 'undici';
import { ExchangeError } from '../errors';
import { notSoap } from '../wire/soap-types';
import { inflate } from './inflate';
import { secureContext, type SoapTlsOptions } from './tls';
import { abortedError, answerTooLarge, deadlineError, transportError } from './transport-errors';

export interface HttpPeerOptions {
  readonly url: string;
  /** Connections at the same time; further calls wait. Default 4. */
  readonly connections?: number;
  /** Largest answer, on the wire and unpacked, in bytes; default 64 MiB. */
  readonly maxAnswerBytes?: number;
  readonly tls?: SoapTlsOptions;
  readonly basic?: { readonly user: string; readonly password: string };
}

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  /** Path and query; default: those of the peer's address. */
  readonly path?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** From the call to the last byte of the answer, waiting for a connection included. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Unpacked. */
  readonly body: Buffer;
  readonly wireBytes: number;
}

/** Bytes of an answer that is worth a buffer of its own from the start. */
const LARGE = 1024 * 1024;
const CONNECT_TIMEOUT_MS = 10_000;
/** IIS drops an idle connection after 120 s; a call on a connection that is just being dropped is in doubt. */
const IDLE_MS = 60_000;

/**
 * No redirects, no proxy of the environment, no retries. Every failure is an ExchangeError: TRANSPORT_NOT_SENT,
 * TRANSPORT_UNKNOWN, TLS, TOO_LARGE, ABORTED, or NOT_SOAP for an answer that is not HTTP or cannot be unpacked.
 */
export class HttpPeer {
  /** Host and port, for messages. */
  readonly host: string;
  readonly #path: string;
  readonly #pool: Pool;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #maxAnswerBytes: number;
  readonly #pending = new Set<Exchange>();
  #closed = false;

  /** @throws ExchangeError CONFIG for an address that is none; TLS for certificates that cannot be read */
  constructor(options: HttpPeerOptions) {
    const url = parseUrl(options.url);
    this.host = url.host;
    this.#path = url.pathname + url.search;
    this.#maxAnswerBytes = options.maxAnswerBytes ?? 64 * 1024 * 1024;
    this.#headers = {
      'accept-encoding': 'gzip, deflate',
      ...(options.basic && { authorization: basicAuthorization(options.basic) }),
    };
    this.#pool = new Pool(url.origin, {
      connections: options.connections ?? 4,
      pipelining: 1,
      headersTimeout: 0, // ours is one deadline over everything
      bodyTimeout: 0,
      keepAliveTimeout: IDLE_MS,
      keepAliveMaxTimeout: IDLE_MS,
      connect: {
        timeout: CONNECT_TIMEOUT_MS,
        ...(url.protocol === 'https:' && tlsOptions(options.tls ?? {})),
      },
    });
  }

  async exchange(request: HttpRequest): Promise<HttpAnswer> {
    const answer = await this.#dispatch(request);
    const encoding = String(answer.headers['content-encoding'] ?? '');
    const body = await inflate(answer.body, encoding, this.#maxAnswerBytes);
    if (body === 'too-large') throw answerTooLarge(this.host, this.#maxAnswerBytes);
    if (typeof body === 'string')
      throw notSoap({ zh: '应答解压失败', en: 'the compressed answer is damaged' });
    return { ...answer, body };
  }

  /** Ends what is under way with ABORTED, and the connections. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const exchange of this.#pending) exchange.fail(abortedError(exchange.sent));
    await this.#pool.destroy();
  }

  async #dispatch(request: HttpRequest): Promise<HttpAnswer> {
    if (this.#closed || request.signal?.aborted) throw abortedError(false);
    const exchange = new Exchange(this.host, this.#maxAnswerBytes);
    const timer = setTimeout(
      () => exchange.fail(deadlineError(this.host, request.timeoutMs, exchange.sent)),
      request.timeoutMs,
    );
    const onAbort = (): void => exchange.fail(abortedError(exchange.sent));
    request.signal?.addEventListener('abort', onAbort, { once: true });
    this.#pending.add(exchange);
    try {
      const { method, path = this.#path, headers, body = null } = request;
      this.#pool.dispatch({ method, path, headers: { ...this.#headers, ...headers }, body }, exchange);
      return await exchange.answer;
    } catch (error) {
      throw error instanceof ExchangeError ? error : transportError(error, this.host, exchange.sent);
    } finally {
      clearTimeout(timer);
      request.signal?.removeEventListener('abort', onAbort);
      this.#pending.delete(exchange);
    }
  }
}

/** One request on its way; undici reports here. Settles once, whatever comes after. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly answer: Promise<HttpAnswer>;
  /** True from the moment the first byte is handed to a connection. */
  sent = false;
  readonly #host: string;
  readonly #maxBytes: number;
  readonly #chunks: Buffer[] = [];
  /** For a large answer of stated length. */
  #whole: Buffer | undefined;
  #resolve: (answer: HttpAnswer) => void = () => {};
  #reject: (error: ExchangeError) => void = () => {};
  #controller: Dispatcher.DispatchController | undefined;
  #settled = false;
  #status = 0;
  #headers: HttpAnswer['headers'] = {};
  #length = 0;

  constructor(host: string, maxBytes: number) {
    this.#host = host;
    this.#maxBytes = maxBytes;
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  fail(error: ExchangeError): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#reject(error);
    this.#controller?.abort(error);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#settled) {
      controller.abort(abortedError(false)); // gave up while waiting for a connection
      return;
    }
    this.#controller = controller;
    this.sent = true;
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: HttpAnswer['headers'],
  ): void {
    this.#status = status;
    this.#headers = headers;
    const length = Number(headers['content-length']);
    // Copied as it comes: joining 40 MB at the end holds the event loop for 50 ms.
    if (length > LARGE && length <= this.#maxBytes) this.#whole = Buffer.allocUnsafeSlow(length);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const start = this.#length;
    this.#length += chunk.length;
    if (this.#length > this.#maxBytes) this.fail(answerTooLarge(this.#host, this.#maxBytes));
    else if (this.#whole) chunk.copy(this.#whole, start);
    else this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#resolve({
      status: this.#status,
      headers: this.#headers,
      body: this.#body(),
      wireBytes: this.#length,
    });
  }

  #body(): Buffer {
    if (this.#whole) return this.#whole.subarray(0, this.#length);
    return this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks, this.#length);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.fail(transportError(error, this.#host, this.sent));
  }
}

function parseUrl(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url && ['http:', 'https:'].includes(url.protocol)) return url;
  throw new ExchangeError({
    code: 'CONFIG',
    retry: 'never',
    text: {
      zh: '服务地址无效，应以 http:// 或 https:// 开头',
      en: 'the service address is invalid; it starts with http:// or https://',
    },
  });
}

const tlsOptions = (tls: SoapTlsOptions): Record<string, unknown> => ({
  secureContext: secureContext(tls),
  ...(tls.rejectUnauthorized !== undefined && { rejectUnauthorized: tls.rejectUnauthorized }),
  ...(tls.servername !== undefined && { servername: tls.servername }),
});

const basicAuthorization = ({ user, password }: { user: string; password: string }): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
