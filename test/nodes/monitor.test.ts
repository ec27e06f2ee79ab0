/** The monitor's admin routes and the masking of debug nodes, in a whole Node-RED with users. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import type { MessageView } from '../../lib/monitor/message-view';
import type { Overview } from '../../lib/monitor/overview';
import type { MessageSummary } from '../../lib/store/message';
import { ensureBuilt } from '../support/built-editor';
import { type FlowNode, NodeRed } from '../support/editor';
import { labInput } from '../support/lab-report';
import { ReportPlatform, monitoredFlow } from '../support/monitored-flow';
import { until } from '../support/until';

const USERS = {
  admin: { password: 'admin-for-tests', permissions: '*' },
  operator: { password: 'operator-for-tests', permissions: ['read', 'exchange-monitor.write'] },
  reader: { password: 'reader-for-tests', permissions: 'read' },
};

const READING = ['stores', 'overview', 'list', 'message', 'export'];
const WRITING = ['cancel', 'resend', 'resend-failed', 'mend', 'send-now'];

interface Refusal {
  readonly code: string;
  readonly text: { readonly zh: string; readonly en: string };
}

const node = (id: string, type: string, more: object): FlowNode => ({
  id,
  type,
  z: 'flow',
  x: 0,
  y: 0,
  wires: [],
  ...more,
});

/** Hands a report in, as soon as the flow that was deployed last runs. */
const handIn = (host: NodeRed, changes: object): Promise<void> =>
  until('the flow takes the report', async () => {
    const answer = await fetch(`${host.url}hie/report`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...labInput, ...changes }),
    });
    return answer.status === 202;
  });

describe('the admin routes of the monitor', function () {
  this.timeout(60_000);
  const platform = new ReportPlatform();
  let nodeRed: NodeRed;
  const tokens: Partial<Record<keyof typeof USERS, string>> = {};

  before(async () => {
    ensureBuilt();
    await platform.start();
    nodeRed = await NodeRed.start(folder => {
      fs.writeFileSync(path.join(folder, 'test-users.json'), JSON.stringify(USERS));
      // The whole of a status, so that nothing is left out only because it is long.
      fs.writeFileSync(
        path.join(folder, 'test-settings.json'),
        JSON.stringify({ debugStatusLength: 10_000 }),
      );
    });
    for (const name of ['admin', 'operator', 'reader'] as const)
      tokens[name] = await nodeRed.login(name, USERS[name].password);
    const broken = { id: 'broken', type: 'exchange-store', name: '坏库', kind: 'embedded', keepAudit: '1' };
    await nodeRed.deploy(monitoredFlow(platform.url, [broken]), tokens.admin);
    for (const changes of [
      {},
      { report_form_no: 'TESTREFUSED1' },
      { report_form_no: 'TESTR0003', event_no: '' },
    ])
      await post(changes);
    await until('all came to an end', async () => {
      const { counts } = await ask<Overview>('overview', { store: 'store' });
      return (counts.accepted ?? 0) + (counts.refused ?? 0) + (counts.invalid ?? 0) === 3;
    });
  });
  after(async () => {
    await nodeRed?.stop();
    await platform.stop();
  });

  const post = (changes: object): Promise<void> => handIn(nodeRed, changes);
  const call = (route: string, body: unknown, user: keyof typeof USERS | '' = 'admin'): Promise<Response> =>
    nodeRed.post(`exchange-monitor/${route}`, body, user === '' ? undefined : tokens[user]);
  const ask = async <T>(route: string, body: unknown): Promise<T> =>
    (await (await call(route, body)).json()) as T;
  const refusal = async (route: string, body: unknown, status: number): Promise<Refusal> => {
    const answer = await call(route, body);
    assert.equal(answer.status, status, route);
    return (await answer.json()) as Refusal;
  };
  const find = async (label: string): Promise<MessageSummary> => {
    const { messages } = await ask<{ messages: MessageSummary[] }>('list', { store: 'store' });
    const found = messages.find(message => message.label === label);
    assert.ok(found, label);
    return found;
  };

  it('are closed to everybody without the permission', async () => {
    for (const route of [...READING, ...WRITING, 'message/unmasked'])
      assert.equal((await call(route, { store: 'store' }, '')).status, 401, route);
    for (const route of [...WRITING, 'message/unmasked'])
      assert.equal((await call(route, { store: 'store' }, 'reader')).status, 401, route);
    assert.equal((await call('list', { store: 'store' }, 'reader')).status, 200);
    assert.equal((await call('message/unmasked', { store: 'store' }, 'operator')).status, 401);
  });

  it('take JSON alone: the form of a foreign page is refused', async () => {
    const answer = await fetch(`${nodeRed.url}exchange-monitor/cancel`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${tokens.admin}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: 'store=store&ids=1',
    });
    assert.equal(answer.status, 415);
  });

  it('say in both languages what is wrong with a request', async () => {
    const wrong: [string, object, number][] = [
      ['list', {}, 400],
      ['list', { store: 'no such store' }, 404],
      ['list', { store: 'store', filter: { states: ['gone'] } }, 400],
      ['list', { store: 'store', limit: 5000 }, 400],
      ['message', { store: 'store', id: 'no such message' }, 404],
      ['cancel', { store: 'store', ids: [] }, 400],
      ['export', { store: 'store', format: 'xlsx', language: 'zh' }, 400],
      ['resend-failed', { store: 'store', perMinute: 0 }, 400],
    ];
    for (const [route, body, status] of wrong) {
      const { code, text } = await refusal(route, body, status);
      assert.equal(code, 'REQUEST');
      assert.match(text.zh, /\p{Script=Han}/u);
      assert.doesNotMatch(text.en, /\p{Script=Han}/u);
    }
  });

  it('list a store whose settings cannot be used, with the reason', async () => {
    const stores = await ask<{ id: string; failure: { zh: string } | null }[]>('stores', {});
    assert.deepEqual(
      stores.map(({ id, failure }) => [id, failure === null]),
      [
        ['store', true],
        ['broken', false],
      ],
    );
    const { code, text } = await refusal('list', { store: 'broken' }, 409);
    assert.equal(code, 'CONFIG');
    assert.match(text.zh, /keepAudit/);
  });

  it('write down by which user something was looked at and done', async () => {
    const { id } = await find('TESTREFUSED1');
    await call('message', { store: 'store', id }, 'reader');
    await call('message/unmasked', { store: 'store', id }, 'admin');
    await call('resend', { store: 'store', ids: [id] }, 'operator');
    const { history } = await ask<MessageView>('message', { store: 'store', id });
    const actions = history.map(({ actor, action }) => `${actor} ${action}`);
    for (const expected of ['reader view', 'admin unmask', 'operator resend'])
      assert.ok(actions.includes(expected), `${expected} in ${actions.join()}`);
  });

  it('tell what a mended record still breaks, with status 200, and take a right one', async () => {
    const { id } = await find('TESTR0003');
    const change = (value: string) => ({
      store: 'store',
      id,
      changes: [{ table: 0, record: 0, field: 'event_no', value }],
    });
    const checked = await ask<{ newId: string | null; violations: unknown[] }>(
      'mend',
      change('x'.repeat(200)),
    );
    assert.deepEqual([checked.newId, checked.violations.length > 0], [null, true]);
    const taken = await ask<{ newId: string | null }>('mend', change('TESTE0003'));
    assert.ok(taken.newId);
  });

  /** What debug nodes show of two messages, by their status, and what the flow itself gets. */
  async function debugged(host: NodeRed, token?: string): Promise<{ kept: string; shown: string }> {
    await host.deploy(debuggedFlow(platform.url), token);
    await handIn(host, { report_form_no: 'TESTREFUSED2' });
    await handIn(host, { report_form_no: 'TESTR0009', event_no: '' });
    let found: { kept?: object[]; shown?: string[] } = {};
    const has = (part: unknown, ...words: string[]): boolean =>
      words.every(word => JSON.stringify(part ?? []).includes(word));
    await until('the debug nodes have shown both', async () => {
      found = (await (await fetch(`${host.url}hie/kept`)).json()) as typeof found;
      return has(found.kept, 'TESTREFUSED2') && has(found.shown, 'TESTREFUSED2', 'CONTRACT');
    });
    return { kept: JSON.stringify(found.kept), shown: JSON.stringify(found.shown) };
  }

  it('mask what debug nodes get of our messages, and nothing that a flow gets', async () => {
    const { kept, shown } = await debugged(nodeRed, tokens.admin);
    assert.match(kept, /测试甲/, 'the flow has the words of the platform');
    assert.doesNotMatch(shown, PATIENT);
  });

  it('mask nothing where settings.js says so', async () => {
    const plain = await NodeRed.start(folder =>
      fs.writeFileSync(
        path.join(folder, 'test-settings.json'),
        JSON.stringify({ exchange: { maskDebug: false }, debugStatusLength: 10_000 }),
      ),
    );
    try {
      assert.match((await debugged(plain)).shown, PATIENT);
    } finally {
      await plain.stop();
    }
  });
});

const PATIENT = /测试甲|TESTP0001|TESTC0001/;

/** Debug nodes whose whole message is their status, behind our node, behind a function, and behind a Catch node. */
function debuggedFlow(platformUrl: string): readonly FlowNode[] {
  const debug = (id: string): FlowNode =>
    node(id, 'debug', {
      active: true,
      tosidebar: false,
      console: false,
      tostatus: true,
      complete: 'true',
      statusType: 'jsonata',
      // Without the request of the HTTP node, which JSONata cannot write.
      statusVal: '$string({"payload": payload, "exchange": exchange, "error": error})',
    });
  const keepIn = (name: string, what: string): object => ({
    func: `global.set('${name}', (global.get('${name}') ?? []).concat(${what})); return msg;`,
    outputs: 1,
  });
  return monitoredFlow(platformUrl, [
    node('keep', 'function', { ...keepIn('kept', 'msg'), wires: [['afterwards']] }),
    node('status', 'status', { scope: ['direct', 'afterwards', 'caught'], wires: [['shown']] }),
    node('shown', 'function', keepIn('shown', `msg.status.text ? [msg.status.text] : []`)),
    debug('direct'),
    debug('afterwards'),
    debug('caught'),
    node('catch', 'catch', { scope: ['lab'], wires: [['caught']] }),
    node('read', 'http in', { url: '/kept', method: 'get', wires: [['tell']] }),
    node('tell', 'function', {
      func: `msg.payload = { kept: global.get('kept'), shown: global.get('shown') }; return msg;`,
      outputs: 1,
      wires: [['answer']],
    }),
  ]).map(one =>
    one.id === 'lab'
      ? {
          ...one,
          wires: [
            ['direct', 'keep'],
            ['direct', 'keep'],
          ],
        }
      : one,
  );
}
