/** The routes that nodes and the monitor give the editor, over real HTTP and Express. */
import fs from 'node:fs';
import path from 'node:path';
import express from 'express';
import type { NodeAPI } from 'node-red';
import { Dispatcher } from '../../lib/delivery/dispatcher';
import { openStores } from '../../lib/monitor/open-stores';
import { messageStates } from '../../lib/store/message';
import type { MessageStore } from '../../lib/store/message-store';
import { openStore } from '../../lib/store/open-store';
import dicomPeer from '../../nodes/dicom-peer/dicom-peer';
import exchangeProfile from '../../nodes/exchange-profile/exchange-profile';
import hospitalDatabase from '../../nodes/hospital-database/hospital-database';
import viewerToken from '../../nodes/viewer-token/viewer-token';
import { mountRoutes } from '../../plugins/exchange-monitor/routes';
import type { Chance } from '../../test/support/chance';
import { temporaryFolder } from '../../test/support/report-files';
import { type Asked, LocalServer, readAsked, written } from '../local-server';
import { anything, damaged, object, pick } from '../mutate';
import { Finding, PATIENT, type Target } from '../target';

const MONITOR = [
  'stores', 'overview', 'list', 'message', 'message/unmasked', 'cancel', 'resend', 'resend-failed', 'mend', 'send-now',
  'export',
].map(name => `/exchange-monitor/${name}`); // prettier-ignore
const BUTTONS = ['/exchange-profile/test', '/dicom-peer/echo', '/hospital-database/test'];
const READING = ['/exchange-profile/hospitals', '/viewer-token/pages'];

const NAMES = [
  'store', 'id', 'ids', 'filter', 'format', 'language', 'states', 'term', 'channel', 'service', 'code', 'limit',
  'acceptedFrom', 'acceptedTo', 'beforeSeq', 'perMinute', 'already', 'changes', 'records', 'checkOnly', 'force',
  'aeTitle', 'timeout', 'connectTimeout', 'target', 'kind', 'instance', 'database', 'user', 'password', '__proto__',
  'constructor', 'characterSet', 'associations', 'tls', 'wait',
]; // prettier-ignore
const WORDS = [
  '', 'store', 'x', 'csv', 'json', 'zh', 'en', 'sqlite', 'sqlserver', '__proto__', 'toString', '\0', '%', "' OR 1=1 --",
  '${PATH}', '${', 'lab', PATIENT.name, PATIENT.card, PATIENT.id, ...messageStates,
]; // prettier-ignore

/** Only addresses of this machine where nobody listens, and what is no address. */
const NOWHERE = {
  host: ['127.0.0.1', '', null, 5, {}],
  url: [
    'http://127.0.0.1:1/x',
    'https://127.0.0.1:1/',
    'x',
    '',
    5,
    null,
    [],
    'http://',
    'http://[',
    '${PATH}',
  ],
  port: ['1', '', 'x', '0', '99999', 1, null, '-1'],
  file: ['fuzz.db', '', 5, null],
} as const;

class AdminTarget implements Target {
  readonly name = 'admin';
  readonly usualCount = 20_000;
  readonly mostGrowthMiB = 48;
  #folder = '';
  #server: LocalServer | undefined;
  #store: MessageStore | undefined;
  #dispatcher: Dispatcher | undefined;
  #forget: () => void = () => undefined;

  input(chance: Chance): Buffer {
    const isButton = chance.in(0.1);
    const asked: Asked = {
      method: chance.in(0.97) ? 'POST' : pick(chance, ['GET', 'PUT']),
      path: pick(chance, chance.in(0.03) ? READING : isButton ? BUTTONS : MONITOR),
      headers: {
        'content-type': chance.in(0.95)
          ? 'application/json'
          : pick(chance, ['text/plain', 'application/x-www-form-urlencoded', '']),
      },
    };
    const where = Object.fromEntries(
      Object.entries(NOWHERE).map(([name, values]) => [name, pick<unknown>(chance, values)]),
    );
    const given = { ...object(chance, NAMES, WORDS), ...(isButton ? where : { store: 'store' }) };
    if (!isButton && chance.in(0.3)) Object.assign(given, { filter: object(chance, NAMES, WORDS) });
    const text = Buffer.from(JSON.stringify(chance.in(0.97) ? given : anything(chance, WORDS)));
    const body =
      !isButton && chance.in(0.1)
        ? damaged(chance, text, [Buffer.from('{'), Buffer.from('"__proto__":')])
        : text;
    return written(asked, body);
  }

  async open(): Promise<void> {
    this.#folder = temporaryFolder('fuzz-admin');
    const file = path.join(this.#folder, 'store.db');
    this.#store = await openStore({ kind: 'embedded', file, secret: 'TEST-STORE-KEY' }, { in: 'caller' });
    this.#dispatcher = new Dispatcher(this.#store);
    this.#forget = openStores.add({
      id: 'store',
      name: 'store',
      opened: { store: this.#store, dispatcher: this.#dispatcher },
    });
    const app = express().set('env', 'test'); // Express prints errors otherwise
    app.use(express.json({ limit: '5mb' }), express.urlencoded({ limit: '5mb', extended: true }));
    const RED = editorOf(app, this.#folder);
    mountRoutes(RED);
    for (const register of [exchangeProfile, dicomPeer, hospitalDatabase, viewerToken]) register(RED);
    this.#server = new LocalServer(app);
    await this.#server.start();
  }

  async run(input: Buffer): Promise<void> {
    const { asked, body } = readAsked(input);
    const { status, text } = (await this.#server?.ask(asked, body)) ?? { status: 0, text: '' };
    const answer = `${asked.path} ${status}: ${text.slice(0, 300)}`;
    // What Express itself refuses, such as broken JSON, is a 400 of its own, with a stack outside of production.
    if (status === 400 && /SyntaxError/.test(text)) return;
    if (status >= 500 && !(status === 503 || status === 507)) throw new Finding(answer);
    if (/"UNEXPECTED"|TypeError|node:internal/.test(text)) throw new Finding(answer);
    if (status >= 400 && Object.values(PATIENT).some(value => text.includes(value)))
      throw new Finding(answer);
  }

  async close(): Promise<void> {
    this.#forget();
    await this.#server?.stop();
    await this.#dispatcher?.stop(0);
    await this.#store?.close();
    fs.rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** As much of Node-RED as the routes need. */
function editorOf(app: express.Express, userDir: string): NodeAPI {
  return {
    httpAdmin: app,
    auth: { needsPermission: () => (_request: unknown, _response: unknown, next: () => void) => next() },
    nodes: { registerType: () => undefined, getNode: () => null, getCredentials: () => null },
    settings: { userDir },
    util: { evaluateNodeProperty: () => '' },
    _: (key: string) => key,
  } as unknown as NodeAPI;
}

export const adminTarget: Target = new AdminTarget();
