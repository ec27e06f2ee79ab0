/** The prebuilt flow of alerts: what its channels send, once somebody has drawn the wire. */
import assert from 'node:assert/strict';
import http from 'node:http';
import { once } from 'node:events';
import { json } from 'node:stream/consumers';
import { ensureBuilt } from '../support/built-editor';
import { type FlowNode, NodeRed } from '../support/editor';
import { portOf } from '../support/misbehaving-server';
import { until } from '../support/until';

interface Received {
  readonly path: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: unknown;
}

const SCRIPT = '../../scripts/flows.mjs';

describe('the flow of alerts', function () {
  this.timeout(60_000);
  const received: Received[] = [];
  const environment: Record<string, string> = { EXCHANGE_ALERT_SMS_TO: '00000000000' };
  let server: http.Server;
  let nodeRed: NodeRed;
  let nodes: readonly FlowNode[];

  before(async () => {
    ensureBuilt();
    server = http.createServer((request, response) => {
      void json(request).then(body => {
        received.push({ path: request.url ?? '', headers: request.headers, body });
        response.setHeader('content-type', 'application/json');
        response.end('{"errcode":0}');
      });
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const url = `http://127.0.0.1:${portOf(server)}`;
    environment['EXCHANGE_ALERT_WECOM_URL'] = `${url}/wecom`;
    environment['EXCHANGE_ALERT_SMS_URL'] = `${url}/sms`;
    Object.assign(process.env, environment);
    nodeRed = await NodeRed.start();
    const { flowFiles, withConfiguration } = (await import(SCRIPT)) as {
      readonly flowFiles: () => { readonly name: string; readonly nodes: FlowNode[] }[];
      readonly withConfiguration: (nodes: FlowNode[]) => FlowNode[];
    };
    const alerts = flowFiles().find(({ name }) => name === '7-alerts')?.nodes ?? [];
    nodes = withConfiguration(alerts);
  });
  after(async () => {
    for (const name of Object.keys(environment)) delete process.env[name];
    await nodeRed?.stop();
    server?.close();
  });
  beforeEach(() => {
    received.length = 0;
  });

  const idOf = (type: string, name: string): string => {
    const found = nodes.find(node => node.type === type && String(node['name']).startsWith(name));
    assert.ok(found, `${type} ${name}`);
    return found.id;
  };
  /** Deploys the flow with these channels wired to the way in. */
  const wire = (...channels: string[]): Promise<void> => {
    const wires = [channels.map(name => idOf('change', name))];
    const wayIn = idOf('link in', '▶ 告警渠道');
    return nodeRed.deploy([
      ...nodes.map(node => (node.id === wayIn ? { ...node, wires } : node)),
      {
        id: 'reported',
        type: 'inject',
        z: String(nodes.find(({ id }) => id === wayIn)?.['z']),
        props: [
          {
            p: 'error',
            v: '{"code":"TRANSPORT_NOT_SENT","message":"平台无应答","source":{"name":"上传"}}',
            vt: 'json',
          },
          { p: 'headers', v: '{"authorization":"Bearer of-a-caller","x-test":"1"}', vt: 'json' },
          { p: 'url', v: 'http://127.0.0.1:9/', vt: 'str' },
        ],
        repeat: '',
        once: false,
        x: 0,
        y: 0,
        wires: [[idOf('switch', '谁来处理')]],
      },
    ]);
  };
  const test = async (): Promise<void> =>
    until('the node runs', async () => {
      const answer = await nodeRed.post('exchange-alert/test', { id: idOf('exchange-alert', '') });
      return ((await answer.json()) as { ok: boolean }).ok;
    });

  it('sends to no channel as long as none is wired', async () => {
    await wire();
    await test();
    await wire('企业微信');
    await test();
    await until('the second has come', () => received.length > 0);
    assert.equal(received.length, 1);
  });

  it('sends to 企业微信 and to a gateway of text messages what they take', async () => {
    await wire('企业微信', '短信网关');
    await test();
    await until('both have come', () => received.length >= 2);
    const of = (path: string): unknown => received.find(one => one.path === path)?.body;
    const { msgtype, text } = of('/wecom') as { msgtype: string; text: { content: string } };
    assert.equal(msgtype, 'text');
    assert.match(text.content, /^【提醒】.*测试告警[\s\S]*告警渠道可用/);
    assert.deepEqual(of('/sms'), { mobile: '00000000000', content: text.content });
  });

  it('passes errors of other flows on, and nothing of the call in which they arose', async () => {
    await wire('企业微信');
    await until('the inject node is there', async () => (await nodeRed.post('inject/reported', {})).ok);
    await until('it has come', () => received.length > 0);
    const [one] = received;
    assert.match(JSON.stringify(one?.body), /区域互联告警 TRANSPORT_NOT_SENT：平台无应答（上传）/);
    assert.deepEqual([one?.headers['authorization'], one?.headers['x-test']], [undefined, undefined]);
  });
});
