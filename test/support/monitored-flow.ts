/** A small flow whose messages the monitor shows, and a platform that refuses what it is told to. */
import http from 'node:http';
import { text } from 'node:stream/consumers';
import type { FlowNode } from './editor';
import { portOf } from './misbehaving-server';
import { profileSettings } from './profile-settings';

/** The platform's ArchiveAutoReport: takes every report, but those whose number begins so. */
const REFUSED = 'TESTREFUSED';

export class ReportPlatform {
  #server: http.Server | undefined;
  #port = 0;
  /** Documents that came, the newest last. */
  readonly received: string[] = [];

  get url(): string {
    return `http://127.0.0.1:${this.#port}/IAutoReport.asmx`;
  }

  /** Listens, after a stop at the same address again. */
  async start(): Promise<void> {
    const server = http.createServer((request, response) => void this.#answer(request, response));
    await new Promise<void>(resolve => server.listen(this.#port, '127.0.0.1', resolve));
    this.#server = server;
    this.#port = portOf(server);
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server) return;
    const closed = new Promise(resolve => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }

  async #answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const document = await text(request);
    this.received.push(document);
    const name = / name=(?:&quot;|")([^&"]*)/.exec(document)?.[1] ?? '';
    const result = document.includes(REFUSED) ? `失败：病人 ${name} 未登记` : '1';
    response.setHeader('Content-Type', 'text/xml; charset=utf-8');
    response.end(
      '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>' +
        '<ArchiveAutoReportResponse xmlns="http://tempuri.org/">' +
        `<ArchiveAutoReportResult>${result}</ArchiveAutoReportResult>` +
        '</ArchiveAutoReportResponse></s:Body></s:Envelope>',
    );
  }
}

const node = (id: string, type: string, at: readonly [number, number], more: object): FlowNode => ({
  id,
  type,
  z: 'flow',
  name: '',
  x: at[0],
  y: at[1],
  wires: [],
  ...more,
});

/** Reports that are posted to `/report` of the HTTP nodes are registered; a debug node shows them and their outcomes. */
export const monitoredFlow = (platformUrl: string, more: readonly FlowNode[] = []): readonly FlowNode[] => [
  { id: 'flow', type: 'tab', label: '测试医院' },
  {
    id: 'profile',
    type: 'exchange-profile',
    name: '测试医院',
    tls: '',
    store: 'store',
    ...profileSettings({ archiveUrl: platformUrl, timeout: '5', connections: '2' }),
  },
  {
    id: 'store',
    type: 'exchange-store',
    name: '本机消息库',
    kind: 'embedded',
    file: 'monitored.db',
    firstDelay: '60',
    maxDelay: '60',
    maxTries: '12',
    maxAge: '168',
    repeatAfter: '60',
    keepContents: '30',
    keepMessages: '90',
    keepAudit: '180',
  },
  node('in', 'http in', [140, 100], { url: '/report', method: 'post', wires: [['lab', 'answer']] }),
  node('answer', 'http response', [400, 60], { statusCode: '202' }),
  node('lab', 'lab-register', [400, 120], {
    name: '检验上传',
    profile: 'profile',
    property: 'payload',
    propertyType: 'msg',
    delivery: 'durable',
    handover: 'sent',
    holdsKey: false,
    mapping: [],
    sameNames: true,
    wires: [['seen'], ['seen']],
  }),
  node('seen', 'debug', [640, 120], {
    name: '结果',
    active: true,
    tosidebar: true,
    console: false,
    tostatus: false,
    complete: 'true',
    targetType: 'full',
  }),
  ...more,
];
