/** A port for metrics and health alone, for sites whose editor is locked. It never takes Node-RED down. */
import { createHash, timingSafeEqual } from 'node:crypto';
import http from 'node:http';
import { ExchangeError } from '../errors';
import type { Readiness } from './readiness';
import type { ListenerSettings } from './settings';

export interface Shown {
  readonly contentType: string;
  metrics(): Promise<string>;
  readiness(): Promise<Readiness>;
}

/**
 * Milliseconds that a caller may take for its headers, and for a whole request; how often that is looked at; for how long
 * nothing need go either way. And connections at the same time: a scraper or two, and a load balancer.
 */
const LIMITS = {
  headersTimeout: 5000,
  requestTimeout: 8000,
  connectionsCheckingInterval: 1000,
  silenceMs: 10_000,
  connections: 32,
};
const KEEP_ALIVE_MS = 5000;
const MOST_HEADER_BYTES = 8192;
const TEXT = 'text/plain; charset=utf-8';
const JSON_TYPE = 'application/json; charset=utf-8';

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: http.OutgoingHttpHeaders;
}

export class MetricsServer {
  readonly #settings: ListenerSettings;
  readonly #shown: Shown;
  readonly #server: http.Server;

  constructor(settings: ListenerSettings, shown: Shown, limits = LIMITS) {
    this.#settings = settings;
    this.#shown = shown;
    const options = { ...limits, keepAliveTimeout: KEEP_ALIVE_MS, maxHeaderSize: MOST_HEADER_BYTES };
    this.#server = http.createServer(options, (request, response) => void this.#serve(request, response));
    this.#server.maxConnections = limits.connections;
    // One that asks and does not read would keep its place for ever.
    this.#server.timeout = limits.silenceMs;
    // It is no reason for a process to go on.
    this.#server.unref();
  }

  /** @throws {ExchangeError} CONFIG when it cannot listen there */
  listen(): Promise<void> {
    const { port, host } = this.#settings;
    return new Promise((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) =>
        reject(cannotListen(host, port, error.code ?? '')),
      );
      this.#server.listen(port, host, () => {
        this.#server.removeAllListeners('error');
        this.#server.on('error', () => undefined);
        resolve();
      });
    });
  }

  close(): Promise<void> {
    const closed = new Promise<void>(resolve => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    return closed;
  }

  async #serve(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    response.on('error', () => undefined);
    let answer: Answer;
    try {
      answer = await this.#answer(request);
    } catch {
      answer = plain(500, 'error');
    }
    const { status, type, body, headers } = answer;
    response.writeHead(status, {
      'Content-Type': type,
      'Content-Length': Buffer.byteLength(body),
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      // Nobody needs a body here, and none is read.
      ...(hasBody(request) && { Connection: 'close' }),
      ...headers,
    });
    response.end(request.method === 'HEAD' ? undefined : body);
  }

  async #answer(request: http.IncomingMessage): Promise<Answer> {
    const { method = '', url = '' } = request;
    if (method !== 'GET' && method !== 'HEAD')
      return { ...plain(405, 'GET or HEAD only'), headers: { Allow: 'GET, HEAD', Connection: 'close' } };
    const [path] = url.split('?', 1);
    if (path === '/healthz') return plain(200, 'ok');
    if (path === '/readyz') return this.#readiness(request);
    if (path !== '/metrics') return plain(404, 'not found');
    if (this.#settings.token !== undefined && !this.#knowsToken(request))
      return { ...plain(401, 'unauthorized'), headers: { 'WWW-Authenticate': 'Bearer realm="metrics"' } };
    return { status: 200, type: this.#shown.contentType, body: await this.#shown.metrics() };
  }

  /** The reasons are for those alone who have the token. */
  async #readiness(request: http.IncomingMessage): Promise<Answer> {
    const { ready, reasons } = await this.#shown.readiness();
    const told = this.#knowsToken(request) ? { ready, reasons } : { ready };
    return { status: ready ? 200 : 503, type: JSON_TYPE, body: JSON.stringify(told) };
  }

  #knowsToken({ headers }: http.IncomingMessage): boolean {
    const [, given] = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '') ?? [];
    const { token } = this.#settings;
    // Of the same length whatever was given, so that the time says nothing.
    return token !== undefined && given !== undefined && timingSafeEqual(hashOf(given), hashOf(token));
  }
}

const plain = (status: number, body: string): Answer => ({ status, type: TEXT, body });

const hasBody = ({ headers }: http.IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

const hashOf = (text: string): Buffer => createHash('sha256').update(text).digest();

const cannotListen = (host: string, port: number, code: string): ExchangeError =>
  new ExchangeError({
    code: 'CONFIG',
    retry: 'never',
    text: {
      zh: `监控指标端口 ${host}:${port} 无法监听（${code}）：可能已被占用，或没有权限；其他功能不受影响`,
      en: `the metrics port ${host}:${port} cannot be listened at (${code}): it may be taken, or not permitted; everything else works`,
    },
  });
