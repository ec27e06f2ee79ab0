/**
 * A chain of durable nodes as a hospital has it: a report comes in by HTTP and is answered when it is on disk, is
 * registered, then its booking is told, then the end is reported. And the peer that all its steps reach.
 */
import fs from 'node:fs';
import path from 'node:path';
import { readXml, valuesOf } from '../../lib/wire/xml-read';
import type { Received } from './flaky-peer';
import { fixture } from './fixture';
import { labReport } from './lab-report';
import { profileSettings } from './profile-settings';
import { envelope } from './raw-soap';
import { readStrictly } from './strict-xml';

export const STORE_FILE = 'exchange-store.db';
export const STORE_SECRET = 'TEST-STORE-KEY';

/** Where the peer sees the steps of a chain, in their order. */
export const STEPS = ['/archive', '/between', '/call', '/end'] as const;
export type Step = (typeof STEPS)[number];
/** Reached by what the platform has not accepted; nothing of that kind happens here. */
export const REFUSED = '/refused';

const booking = valuesOf(
  readXml(
    fixture('SyncAppointData.MsgBody.xml')
      .replace(/[\s\S]*<Item>/, '<Item>')
      .replace(/<\/Item>[\s\S]*/, '</Item>'),
  ),
);

export const writeChain = (userDir: string, peer: string): void =>
  writeUserFolder(userDir, [...configuration(peer), ...chain(peer)]);

/** Fills a user folder of Node-RED. */
export function writeUserFolder(userDir: string, flow: readonly object[]): void {
  fs.writeFileSync(path.join(userDir, 'flows.json'), JSON.stringify(flow));
  fs.writeFileSync(
    path.join(userDir, 'flows_cred.json'),
    JSON.stringify({ store: { key: STORE_SECRET }, profile: { appId: 'PLACEHOLDER-APPID' } }),
  );
  fs.writeFileSync(
    path.join(userDir, 'package.json'),
    JSON.stringify({ name: 'project', dependencies: { '@regional-exchange/node-red-hospital': '*' } }),
  );
}

export const node = (id: string, type: string, wires: string[][], more: object = {}): object => ({
  id,
  type,
  z: 'tab',
  wires,
  ...more,
});

const code = (id: string, func: string, to: string): object =>
  node(id, 'function', [[to]], { func, outputs: 1, libs: [] });

export const delivering = (id: string, type: string, wires: string[][], more: object = {}): object =>
  node(id, type, wires, {
    profile: 'profile',
    property: 'payload',
    propertyType: 'msg',
    delivery: 'durable',
    handover: 'auto',
    ...more,
  });

/** Makes a lab report of `key` and `version` in the payload; they stay in `msg.report`. */
export const reportMaker = (id: string, to: string): object =>
  code(
    id,
    `const { key, version } = msg.payload;
     msg.report = { key, version };
     msg.payload = { ...${JSON.stringify(labReport)}, report_form_no: key, event_no: key,
       report_title: '测试报告单 v' + version };
     for (const item of msg.payload.lab_subitem) Object.assign(item, { report_form_no: key, event_no: key });
     return msg;`,
    to,
  );

/** What every chain needs: its tab, the store, and the profile of the platform that the peer is. */
export const configuration = (peer: string): object[] => [
  { id: 'tab', type: 'tab', label: 'crash' },
  {
    id: 'store',
    type: 'exchange-store',
    kind: 'embedded',
    file: STORE_FILE,
    firstDelay: '1',
    maxDelay: '1',
    maxTries: '1000',
    repeatAfter: '3',
  },
  {
    id: 'profile',
    type: 'exchange-profile',
    name: '',
    tls: '',
    store: 'store',
    ...profileSettings({
      archiveUrl: `${peer}/archive`,
      callInterfaceUrl: `${peer}/call`,
      connections: '8',
    }),
  },
];

function chain(peer: string): object[] {
  // With `senderr` an answer that did not come is an error, and the chain does not go on.
  const post = (id: string, step: string, to: string[]): object =>
    node(id, 'http request', [to], { method: 'POST', ret: 'txt', url: peer + step, senderr: true });
  return [
    node('in', 'http in', [['row']], { url: '/reports', method: 'post' }),
    reportMaker('row', 'register'),
    delivering('register', 'lab-register', [['said'], ['refused']]),
    node('onDisk', 'complete', [['taken']], { scope: ['register'] }),
    node('taken', 'http response', [], { statusCode: '200' }),
    node('failed', 'catch', [['words']], { scope: ['row', 'register'] }),
    code('words', 'msg.payload = msg.error.message; return msg;', 'notTaken'),
    node('notTaken', 'http response', [], { statusCode: '500' }),
    code('said', 'msg.payload = msg.report; return msg;', 'between'),
    post('between', '/between', ['book']),
    code(
      'book',
      `msg.payload = { ...${JSON.stringify(booking)}, HisKey: msg.report.key + '-' + msg.report.version };
       return msg;`,
      'sync',
    ),
    delivering('sync', 'billing-sync', [['told'], ['refused']], {
      service: 'SyncAppointData',
      maxItems: '10',
      statuses: '1,2,3,4,5,6,7',
      rangeDays: '30',
      debounce: '0',
    }),
    code('told', 'msg.payload = msg.report; return msg;', 'end'),
    post('end', '/end', ['handover']),
    node('handover', 'exchange-handover', []),
    code('refused', 'msg.payload = msg.report; return msg;', 'refusal'),
    post('refusal', REFUSED, []),
  ];
}

/** What the peer understands of a request, and answers. */
export function readStep(step: string, body: string): Received {
  if (step === '/archive') {
    const [, key = '', version = ''] =
      /report_form_no="([^"]*)"[\s\S]*report_title="测试报告单 v(\d+)"/.exec(
        argument(body, 'strReportInfo'),
      ) ?? [];
    return { items: [{ step, key, version: Number(version) }], ...answer('ArchiveAutoReport', '1') };
  }
  if (step === '/call') {
    const keys = [...argument(body, 'MsgBody').matchAll(/<HisKey>([^<]*)-(\d+)<\/HisKey>/g)];
    const items = keys.map(([, key = '', version]) => ({ step, key, version: Number(version) }));
    return { items, ...answer('CallInterface', '{"Status":1,"Msg":"","Total":1,"Rows":"1"}') };
  }
  const { key, version } = JSON.parse(body) as { key: string; version: number };
  return { items: [{ step, key, version }], answer: 'ok' };
}

/** One parameter of a SOAP call. */
function argument(body: string, name: string): string {
  const call = readStrictly(body).children.find(part => part.name === 'Body')?.children[0];
  return call?.children.find(part => part.name === name)?.text ?? '';
}

const answer = (method: string, result: string): Pick<Received, 'answer' | 'type'> => ({
  answer: envelope(
    `<${method}Response xmlns="http://tempuri.org/"><${method}Result>${result}</${method}Result></${method}Response>`,
  ),
  type: 'text/xml; charset=utf-8',
});
