/** The platform's side of the agreement, for demo, tests and self-check. Not for production: it keeps all in memory. */
import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ViewerPageName, reportMethods, soapMethods } from '../../contract/services';
import type { CheckOptions, Validation } from '../../contract/validate';
import type { Text } from '../../errors';
import { type SoapCall, SoapEndpoint } from '../../soap/endpoint';
import type { MountedRequest } from '../../soap/request-body';
import { readArchive } from './archive';
import { callInterface } from './call-interface';
import { isRefused, refusalText } from './fault';
import { Holdings, holdingName, isOperator } from './holdings';
import { Journal, type Received, type ServiceCount } from './journal';
import { queryReports } from './query';
import { ReportStore } from './report-store';
import { SyncStore } from './sync-store';
import { viewerPage, viewerPageName } from './viewer-page';

export interface PlatformSimulatorOptions {
  /** What the hospital must show: an empty expectation is never met. */
  readonly operator: string;
  readonly appId: string;
  readonly organCode: string;
  readonly orgCode: string;
  readonly strCredential: string;
  readonly strKey: string;
  readonly viewerKey: string;
  readonly validation: Validation;
  /** What ArchiveAutoReport returns for an accepted report, which the agreement leaves open; default `1`. */
  readonly answers?: string;
  /** Seconds by which a Timestamp of a viewer page may differ from now; absent: any. */
  readonly timestampTolerance?: number;
  readonly now?: () => Date;
}

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

/**
 * Answers below one path, relative to where it is mounted: `/CallInterface.asmx`,
 * `/sehr.service.auto/IAutoReport.asmx`, `/IDCAS/Interface/<page>`, `/` with what it received so far, as HTML or, on
 * `Accept: application/json`, as JSON, and `/holdings/<name>` with the records themselves, for HTTP Basic credentials of
 * Operator and AppId. Emits `received` for every message.
 */
export class PlatformSimulator extends EventEmitter<Events> {
  readonly #options: PlatformSimulatorOptions;
  readonly #check: CheckOptions;
  readonly #now: () => Date;
  readonly #store = new ReportStore();
  readonly #syncs = new SyncStore();
  readonly #holdings = new Holdings(this.#store, this.#syncs);
  readonly #journal = new Journal();
  readonly #endpoints: ReadonlyMap<string, SoapEndpoint>;

  constructor(options: PlatformSimulatorOptions) {
    super();
    this.#options = options;
    this.#check = { validation: options.validation, lengthUnit: 'char' };
    this.#now = options.now ?? (() => new Date());
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
    const address = request.url ?? '/';
    // `//` is what a URL cannot be made of.
    if (!URL.canParse(address, 'http://localhost')) return sendHtml(response, 400, '');
    const { pathname, search } = new URL(address, 'http://localhost');
    const endpoint = this.#endpoints.get(pathname.toLowerCase());
    if (endpoint) return endpoint.handler(request, response);
    const viewer = viewerPageName(/^\/IDCAS\/Interface\/(\w+)$/i.exec(pathname)?.[1] ?? '');
    if (request.method !== 'GET' && request.method !== 'HEAD') return sendHtml(response, 405, '');
    if (viewer) return this.#viewerPage(viewer, search, response);
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

  /** Ends the waiting calls with a fault. */
  close(reason: Text = { zh: '平台模拟器已停止', en: 'the platform simulator has stopped' }): void {
    for (const endpoint of this.#endpoints.values()) endpoint.close(reason);
  }

  #viewerPage(page: ViewerPageName, query: string, response: ServerResponse): void {
    const options = { ...this.#options, now: this.#now };
    const { status, html, faults } = viewerPage(page, query, this.#store, options);
    this.#note(page, '', faults);
    sendHtml(response, status, html);
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
      handle: call => Promise.resolve(this.#handle(call)),
    });
  }

  #handle({ operation, parameters }: SoapCall): string {
    switch (operation) {
      case 'CallInterface': {
        const [header = '', body = ''] = soapMethods.CallInterface.map(name => parameters[name] ?? '');
        const options = { ...this.#options, check: this.#check };
        const { service, answer, faults, records } = callInterface(header, body, options);
        if (service !== 'CallInterface') this.#syncs.save(service, records);
        this.#note(service, '', faults);
        return answer;
      }
      case 'ArchiveAutoReport':
        return this.#archive(parameters[reportMethods.ArchiveAutoReport.parameters[0]] ?? '');
      default: {
        const kind = operation === 'GetLabInfo' ? 'lab' : 'exam';
        const { answer, faults } = queryReports(kind, this.#store, parameters, {
          ...this.#options,
          now: this.#now,
        });
        this.#note(operation, '', faults);
        return answer;
      }
    }
  }

  #archive(document: string): string {
    const { kind, reports, faults } = readArchive(document, {
      orgCode: this.#options.orgCode,
      check: this.#check,
    });
    const key = reports.map(({ master }) => master['report_form_no'] ?? '').join(',');
    this.#note(`ArchiveAutoReport (${kind})`, key, faults);
    if (isRefused(faults)) return `失败：${refusalText(faults)}`;
    for (const report of reports) this.#store.save(kind, report);
    return this.#options.answers ?? '1';
  }

  #note(service: string, key: string, faults: Received['violations']): void {
    this.emit('received', this.#journal.add(service, key, faults, this.#now()));
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
