/** Metrics and health of a whole Node-RED, with users and without, at its admin server and at a port of their own. */
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import type { NodeAPI } from 'node-red';
import { showHealth } from '../../plugins/exchange-monitor/health';
import { ensureBuilt } from '../support/built-editor';
import { NodeRed } from '../support/editor';
import { Exposition } from '../support/exposition';
import { labInput } from '../support/lab-report';
import { ReportPlatform, monitoredFlow } from '../support/monitored-flow';
import { freePort } from '../support/port';
import { until } from '../support/until';

const USERS = {
  admin: { password: 'admin-for-tests', permissions: '*' },
  reader: { password: 'reader-for-tests', permissions: 'read' },
  stranger: { password: 'stranger-for-tests', permissions: 'flows.read' },
};
const TOKEN = 'TEST-TOKEN-0123456789';
const PATIENT = /测试甲|TESTP0001|TESTC0001/;

const write = (folder: string, name: string, content: object): void =>
  fs.writeFileSync(path.join(folder, name), JSON.stringify(content));

describe('metrics and health of Node-RED', function () {
  this.timeout(60_000);
  const platform = new ReportPlatform();
  let nodeRed: NodeRed;
  let port: number;
  const tokens: Partial<Record<keyof typeof USERS, string>> = {};

  before(async () => {
    ensureBuilt();
    await platform.start();
    port = await freePort();
    nodeRed = await NodeRed.start(folder => {
      write(folder, 'test-users.json', USERS);
      write(folder, 'test-settings.json', { exchangeMonitor: { metricsPort: port, metricsToken: TOKEN } });
    });
    for (const name of ['admin', 'reader', 'stranger'] as const)
      tokens[name] = await nodeRed.login(name, USERS[name].password);
  });
  after(async () => {
    await nodeRed?.stop();
    await platform.stop();
  });

  const get = (url: string, token?: string): Promise<Response> =>
    fetch(url, token ? { headers: { authorization: `Bearer ${token}` } } : {});
  const admin = (route: string, user?: keyof typeof USERS): Promise<Response> =>
    get(`${nodeRed.url}exchange-monitor/${route}`, user && tokens[user]);
  const own = (route: string, token?: string): Promise<Response> =>
    get(`http://127.0.0.1:${port}/${route}`, token);
  const handIn = async (changes: object): Promise<void> => {
    await until('the flow takes the report', async () => {
      const answer = await fetch(`${nodeRed.url}hie/report`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ...labInput, ...changes }),
      });
      return answer.status === 202;
    });
  };

  it('tell what the flow has done, to those who may read', async () => {
    await nodeRed.deploy(monitoredFlow(platform.url), tokens.admin);
    for (const changes of [
      {},
      { report_form_no: 'TESTREFUSED1' },
      { report_form_no: 'TESTR0003', event_no: '' },
    ])
      await handIn(changes);
    const node = { store_name: '本机消息库', node: 'lab', node_name: '检验上传' };
    let text = '';
    await until('all came to an end', async () => {
      text = await (await admin('metrics', 'reader')).text();
      const metrics = new Exposition(text);
      return ['accepted', 'refused', 'invalid'].every(
        state => metrics.sum('exchange_store_messages', { ...node, state }) === 1,
      );
    });
    const metrics = new Exposition(text);
    const service = 'ArchiveAutoReport';
    for (const outcome of ['accepted', 'refused', 'invalid'])
      assert.equal(metrics.sum('exchange_message_outcomes_total', { service, outcome }), 1, outcome);
    assert.equal(metrics.sum('exchange_messages_taken_total', { destination: '测试医院 IAutoReport' }), 3);
    assert.equal(metrics.sum('exchange_call_duration_seconds_count', { service }), 2);
    assert.ok(metrics.sum('nodejs_eventloop_lag_seconds') >= 0);
    assert.doesNotMatch(text, PATIENT);
    assert.equal(
      await (await own('metrics', TOKEN)).text().then(other => other.includes('exchange_store_up')),
      true,
    );
  });

  it('are closed to everybody without the permission, and without the token', async () => {
    assert.equal((await admin('metrics')).status, 401);
    assert.equal((await admin('metrics', 'stranger')).status, 401);
    assert.equal((await own('metrics')).status, 401);
    assert.equal((await own('metrics', tokens.admin)).status, 401);
  });

  it('say to everybody that the process lives', async () => {
    for (const answer of [await admin('healthz'), await own('healthz')])
      assert.deepEqual([answer.status, await answer.text()], [200, 'ok']);
  });

  it('say to everybody whether it is ready, and why not to those who may read', async () => {
    await until('the flows run', async () => (await admin('readyz')).status === 200);
    assert.deepEqual(await (await admin('readyz')).json(), { ready: true });
    assert.deepEqual(await (await admin('readyz', 'reader')).json(), { ready: true, reasons: [] });
    const broken = { id: 'broken', type: 'exchange-store', name: '坏库', kind: 'embedded', keepAudit: '1' };
    await nodeRed.deploy(monitoredFlow(platform.url, [broken]), tokens.admin);
    await until('it is not ready', async () => (await admin('readyz')).status === 503);
    assert.deepEqual(await (await admin('readyz')).json(), { ready: false });
    assert.deepEqual(await (await own('readyz')).json(), { ready: false });
    assert.equal((await admin('readyz', 'stranger')).status, 401);
    const answers = [await admin('readyz', 'reader'), await own('readyz', TOKEN)];
    for (const answer of answers) {
      assert.equal(answer.status, 503);
      const { reasons } = (await answer.json()) as {
        reasons: { code: string; store: string; text: { zh: string } }[];
      };
      assert.deepEqual(
        reasons.map(({ code, store }) => [code, store]),
        [['CONFIG', '坏库']],
      );
      assert.match(reasons[0]?.text.zh ?? '', /keepAudit/);
    }
    await nodeRed.deploy(monitoredFlow(platform.url), tokens.admin);
    await until('it is ready again', async () => (await own('readyz')).status === 200);
  });

  it('do without their port where it is taken, and need no login where Node-RED has no users', async () => {
    const other = await NodeRed.start(folder =>
      write(folder, 'test-settings.json', { exchangeMonitor: { metricsPort: port } }),
    );
    try {
      const answer = await get(`${other.url}exchange-monitor/metrics`);
      assert.match(answer.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4; charset=utf-8$/);
      assert.ok(new Exposition(await answer.text()).families.has('exchange_messages_taken_total'));
      // Of an empty Node-RED: it has nothing that could fail.
      await until(
        'its flows run',
        async () => (await get(`${other.url}exchange-monitor/readyz`)).status === 200,
      );
      const told = (await (await get(`${other.url}exchange-monitor/readyz`)).json()) as object;
      assert.deepEqual(told, { ready: true, reasons: [] });
    } finally {
      await other.stop();
    }
    assert.equal((await own('healthz')).status, 200);
  });
});

describe('metrics and health whose settings cannot be used', () => {
  /** What is written to the log as an error. */
  async function errorsWith(exchangeMonitor: object): Promise<string[]> {
    const errors: string[] = [];
    const events = new EventEmitter();
    const end = showHealth({
      settings: { exchangeMonitor },
      events,
      log: { error: (text: string) => void errors.push(text) },
      httpAdmin: { get: () => undefined },
      auth: { needsPermission: () => () => undefined },
    } as unknown as NodeAPI);
    await until('an error is said', () => errors.length > 0);
    end();
    assert.equal(events.eventNames().length, 0, 'nothing is left behind');
    return errors;
  }

  it('say so in the log, in both languages, and open no port', async () => {
    const port = await freePort();
    const [open = ''] = await errorsWith({ metricsPort: port, metricsHost: '0.0.0.0' });
    assert.match(open, /^\[exchange-monitor\] .*必须设置 metricsToken.* \| .*set metricsToken/);
    await assert.rejects(fetch(`http://127.0.0.1:${port}/healthz`));
    assert.equal((await errorsWith({ metricsPort: 'x', readyOldestHours: 'x' })).length, 2);
  });
});
