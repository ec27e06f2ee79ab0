/** The platform's side of the agreement, for demo, tests and self-check. Not for production: it keeps all in memory. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { systemClock } from '../../clock';
import { type ViewerPageName, soapMethods } from '../../contract/services';
import type { Text } from '../../errors';
import { type SoapCall, SoapEndpoint } from '../../soap/endpoint';
import type { MountedRequest } from '../../soap/request-body';
import { FaultChooser } from '../faults/fault-chooser';
import { SOAP_FAULTS } from '../faults/fault-kinds';
import type { SoapFaultOrder } from '../faults/fault-order';
import { SIMULATOR_HEADER, SIMULATOR_HEADER_VALUE } from '../marks';
import { type Fault, isRefused } from './fault';
import { type FaultyCall, answerWrongly, soapBody, wrongResult } from './fault-answer';
import { Holdings, holdingName, isOperator } from './holdings';
import { Journal, type Received, type ServiceCount } from './journal';
import { PlatformServices, type PlatformSimulatorOptions } from './platform-services';
import { viewerPage, viewerPageName } from './viewer-page';

export type { PlatformSimulatorOptions } from './platform-services';

interface Events {
  received: [Received];
}

const HEADERS = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'",
  // The address holds patient identifiers.
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};

/** A caller that gets no answer, or a late one, decides itself how long it waits. */
const NEVER_MS = 2 ** 31 - 1;
const MOST_AT_ONCE = 2_000;

/**
 * Answers below one path, relative to where it is mounted: `/CallInterface.asmx`,
 * `/sehr.service.auto/IAutoReport.asmx`, `/IDCAS/Interface/<page>`, `/` with what it received so far, as HTML or, on
 * `Accept: application/json`, as JSON, and `/holdings/<name>` with the records themselves, for HTTP Basic credentials of
 * Operator and AppId. Every answer carries the mark of `lib/simulator/marks`. Emits `received` for every message.
 */
export class PlatformSimulator extends EventEmitter<Events> {
  /** What goes wrong with the SOAP services and the viewer pages, and when. */
  readonly faults: FaultChooser;
  readonly #options: PlatformSimulatorOptions;
  readonly #now: () => Date;
  readonly #services: PlatformServices;
  readonly #holdings: Holdings;
  readonly #journal = new Journal();
  readonly #endpoints: ReadonlyMap<string, SoapEndpoint>;
  /** The answer of the call that is being handled. */
  readonly #responses = new AsyncLocalStorage<ServerResponse>();
  /** Answers that are just going wrong. */
  readonly #faulty = new Set<ServerResponse>();

  /** @param faults shared with the image archive, so that one scenario plays on both */
  constructor(options: PlatformSimulatorOptions, faults = new FaultChooser(systemClock)) {
    super();
    this.faults = faults;
    this.#options = options;
    this.#now = options.now ?? (() => new Date());
    this.#services = new PlatformServices(options, this.#now);
    this.#holdings = new Holdings(this.#services.reports, this.#services.syncs);
    this.#endpoints = new Map([
      ['/callinterface.asmx', this.#endpoint('CallInterface', ['CallInterface'])],
      [
        '/sehr.service.auto/iautoreport.asmx',
        this.#endpoint('IAutoReport', ['ArchiveAutoReport', 'GetLabInfo', 'GetExamInfo']),
      ],
    ]);
  }

  /** Bound: may be mounted in Express or given to an http server. */
  readonly handler = (request: IncomingMessage, response: ServerResponse): void => {
    response.setHeader(SIMULATOR_HEADER, SIMULATOR_HEADER_VALUE);
    const address = request.url ?? '/';
    // `//` is what a URL cannot be made of.
    if (!URL.canParse(address, 'http://localhost')) return sendHtml(response, 400, '');
    const { pathname, search } = new URL(address, 'http://localhost');
    const endpoint = this.#endpoints.get(pathname.toLowerCase());
    if (endpoint) return this.#responses.run(response, () => endpoint.handler(request, response));
    const viewer = viewerPageName(/^\/IDCAS\/Interface\/(\w+)$/i.exec(pathname)?.[1] ?? '');
    if (request.method !== 'GET' && request.method !== 'HEAD') return sendHtml(response, 405, '');
    if (viewer) return void this.#viewerPage(viewer, search, response);
    const holding = /^\/holdings\/(\w+)$/.exec(pathname)?.[1];
    if (holding !== undefined) return this.#showHolding(holding, request, response);
    if (pathname !== '/') return sendHtml(response, 404, '');
    const counts = this.#holdings.counts();
    if (request.headers.accept?.includes('application/json'))
      return sendJson(response, this.#journal.toJson(counts));
    sendHtml(response, 200, this.#journal.toHtml(counts, rootOf(request)));
  };

  counts(): ServiceCount[] {
    return this.#journal.counts();
  }

  /** What the platform holds, by kind. */
  held(): ReturnType<Holdings['counts']> {
    return this.#holdings.counts();
  }

  /** Ends the waiting calls with a fault, and those that a fault on demand holds up without a word. */
  close(reason: Text = { zh: '平台模拟器已停止', en: 'the platform simulator has stopped' }): void {
    for (const { socket } of this.#faulty) socket?.destroy();
    for (const endpoint of this.#endpoints.values()) endpoint.close(reason);
  }

  async #viewerPage(name: ViewerPageName, query: string, response: ServerResponse): Promise<void> {
    const options = { ...this.#options, now: this.#now };
    const { status, html, faults } = viewerPage(name, query, this.#services.reports, options);
    const order = this.faults.ofCall(name);
    this.#note(name, '', faults, order);
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const call = {
      response,
      family: 'page',
      signal: gone.signal,
      type: 'text/html',
      body: () => html,
    } as const;
    if (order && (await this.#answerWrongly({ ...call, order }))) return;
    if (!response.destroyed) sendHtml(response, status, html);
  }

  #showHolding(text: string, { headers }: IncomingMessage, response: ServerResponse): void {
    const name = holdingName(text);
    if (!name) return sendHtml(response, 404, '');
    if (isOperator(headers.authorization, this.#options))
      return sendJson(response, JSON.stringify(this.#holdings.of(name)));
    response.setHeader('WWW-Authenticate', 'Basic realm="simulator", charset="UTF-8"');
    sendHtml(response, 401, '');
  }

  #endpoint(serviceName: string, names: readonly (keyof typeof soapMethods)[]): SoapEndpoint {
    return new SoapEndpoint({
      serviceName,
      operations: names.map(name => ({ name, parameters: soapMethods[name] })),
      handle: call => this.#handle(call),
      timeoutMs: NEVER_MS,
      maxConcurrent: MOST_AT_ONCE,
    });
  }

  async #handle(call: SoapCall): Promise<string | null> {
    const { service, title, family, key, faults, answer, keep } = this.#services.understand(call);
    const order = this.faults.ofCall(service);
    const response = this.#responses.getStore();
    if (!order || SOAP_FAULTS[order.fault].processed) keep();
    this.#note(title, key, faults, order);
    if (!order || !family || !response) return answer;
    // What the platform refuses by itself it does not call a success, or there already.
    const isOwn = isRefused(faults) && ['duplicate', 'wrong-charset'].includes(order.fault);
    const wrong = isOwn ? undefined : wrongResult(order, family);
    const result = wrong === undefined ? answer : wrong;
    await this.#answerWrongly({
      response,
      order,
      family,
      signal: call.signal,
      type: call.version === '1.1' ? 'text/xml' : 'application/soap+xml',
      body: () => soapBody(call.version, call.operation, result),
    });
    // The endpoint sends it unless there was an answer already, or there is nobody any more.
    return result;
  }

  async #answerWrongly(call: FaultyCall): Promise<boolean> {
    this.#faulty.add(call.response);
    try {
      return await answerWrongly(call);
    } finally {
      this.#faulty.delete(call.response);
    }
  }

  #note(service: string, key: string, violations: readonly Fault[], order?: SoapFaultOrder): void {
    this.emit('received', this.#journal.add(service, key, violations, this.#now(), order?.fault));
  }
}

function sendHtml(response: ServerResponse, status: number, html: string): void {
  response.writeHead(status, { ...HEADERS, 'Content-Type': 'text/html; charset=utf-8' });
  response.end(html);
}

function sendJson(response: ServerResponse, json: string): void {
  response.writeHead(200, { ...HEADERS, 'Content-Type': 'application/json; charset=utf-8' });
  response.end(json);
}

/** Where the simulator is mounted, as the browser sees it: its page may have been asked without the last slash. */
const rootOf = ({ originalUrl, url }: MountedRequest): string =>
  new URL(originalUrl ?? url ?? '/', 'http://localhost').pathname.replace(/\/$/, '');
