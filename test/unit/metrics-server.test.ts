import assert from 'node:assert/strict';
import http from 'node:http';
import net from 'node:net';
import { MetricsServer } from '../../lib/telemetry/metrics-server';
import type { Readiness } from '../../lib/telemetry/readiness';
import { type ListenerSettings, TelemetrySettings } from '../../lib/telemetry/settings';
import { freePort } from '../support/port';
import { until } from '../support/until';

const TOKEN = 'TEST-TOKEN-0123456789';
const NOT_READY: Readiness = {
  ready: false,
  reasons: [{ code: 'STORE_FULL', store: 'db', text: { zh: '已满', en: 'full' } }],
};

describe('the port for metrics alone', () => {
  let server: MetricsServer | undefined;
  let port: number;
  let readiness: Readiness;
  let metrics: () => Promise<string>;

  beforeEach(() => {
    readiness = { ready: true, reasons: [] };
    metrics = () => Promise.resolve('exchange_test 1\n');
  });
  afterEach(async () => {
    await server?.close();
    server = undefined;
  });

  const impatient = {
    headersTimeout: 200,
    requestTimeout: 300,
    connectionsCheckingInterval: 50,
    silenceMs: 400,
    connections: 2,
  };
  const open = async (changes: Partial<ListenerSettings> = {}, limits?: typeof impatient): Promise<void> => {
    port = await freePort();
    const shown = {
      contentType: 'text/plain; version=0.0.4; charset=utf-8',
      metrics: () => metrics(),
      readiness: () => Promise.resolve(readiness),
    };
    server = new MetricsServer({ port, host: '127.0.0.1', ...changes }, shown, limits);
    await server.listen();
  };
  const ask = (path: string, authorization?: string, method = 'GET'): Promise<Response> =>
    fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      ...(authorization && { headers: { authorization } }),
    });

  it('gives the metrics, without a token where none is set', async () => {
    await open();
    const answer = await ask('/metrics?x=1');
    assert.equal(answer.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
    assert.equal(answer.headers.get('cache-control'), 'no-store');
    assert.equal(await answer.text(), 'exchange_test 1\n');
  });

  it('gives them to those alone who have the token', async () => {
    await open({ token: TOKEN });
    for (const wrong of [undefined, 'Bearer', `Basic ${TOKEN}`, 'Bearer x', `Bearer ${TOKEN}x`, TOKEN]) {
      const answer = await ask('/metrics', wrong);
      assert.deepEqual([answer.status, await answer.text()], [401, 'unauthorized'], wrong);
      assert.match(answer.headers.get('www-authenticate') ?? '', /^Bearer/);
    }
    assert.equal((await ask('/metrics', `Bearer ${TOKEN}`)).status, 200);
    assert.equal((await ask('/metrics', `bearer ${TOKEN}`)).status, 200);
  });

  it('says that it lives and whether it is ready to everybody, and the reasons to those who have the token', async () => {
    await open({ token: TOKEN });
    assert.deepEqual(await (await ask('/readyz')).json(), { ready: true });
    readiness = NOT_READY;
    const brief = await ask('/readyz', 'Bearer x');
    assert.deepEqual([brief.status, await brief.json()], [503, { ready: false }]);
    const whole = await ask('/readyz', `Bearer ${TOKEN}`);
    assert.deepEqual([whole.status, await whole.json()], [503, NOT_READY]);
    const living = await ask('/healthz');
    assert.deepEqual([living.status, await living.text()], [200, 'ok']);
  });

  it('gives no reasons where nobody can show who he is', async () => {
    await open();
    readiness = NOT_READY;
    assert.deepEqual(await (await ask('/readyz', 'Bearer undefined')).json(), { ready: false });
  });

  it('takes GET and HEAD, and no other address', async () => {
    await open();
    const head = await ask('/metrics', undefined, 'HEAD');
    assert.deepEqual([head.status, head.headers.get('content-length'), await head.text()], [200, '16', '']);
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const answer = await ask('/metrics', undefined, method);
      assert.deepEqual([answer.status, answer.headers.get('allow')], [405, 'GET, HEAD'], method);
    }
    for (const path of ['/', '/metrics/', '/../metrics/x', '/exchange-monitor/metrics'])
      assert.equal((await ask(path)).status, 404, path);
  });

  it('answers 500 and goes on when the metrics cannot be read', async () => {
    await open();
    metrics = () => Promise.reject(new Error('测试甲'));
    const answer = await ask('/metrics');
    assert.deepEqual([answer.status, await answer.text()], [500, 'error']);
    assert.equal((await ask('/healthz')).status, 200);
  });

  const connect = (): Promise<net.Socket> =>
    new Promise(resolve => {
      const socket = net.connect(port, '127.0.0.1', () => resolve(socket));
      socket.on('error', () => undefined).resume();
    });
  const closed = (socket: net.Socket): Promise<unknown> =>
    new Promise(resolve => socket.once('close', resolve));

  it('closes a connection whose headers do not come to an end', async () => {
    await open({}, impatient);
    const socket = await connect();
    const end = closed(socket);
    let sent = 0;
    socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\n');
    const dripping = setInterval(() => socket.write(`X-${sent++}: y\r\n`), 20);
    await end;
    clearInterval(dripping);
    assert.ok(sent < 100, String(sent));
    assert.equal((await ask('/healthz')).status, 200);
  });

  it('closes a connection whose body does not come', async () => {
    await open();
    const socket = await connect();
    const end = closed(socket);
    socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n');
    await end;
  });

  it('closes a connection that asks and does not read', async () => {
    await open({}, impatient);
    metrics = () => Promise.resolve('x'.repeat(16 * 1024 * 1024));
    const sockets = await Promise.all(Array.from({ length: impatient.connections }, connect));
    for (const socket of sockets) {
      socket.once('data', () => socket.pause());
      socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n');
    }
    // They were all that is admitted.
    await until('there is room again', async () => (await ask('/healthz').catch(() => null))?.status === 200);
    for (const socket of sockets) socket.destroy();
  });

  it('refuses headers that are far too long', async () => {
    await open();
    const answer = await ask(`/metrics`, 'x'.repeat(20_000));
    assert.equal(answer.status, 431);
  });

  it('has a limit of connections', async () => {
    await open();
    const sockets = await Promise.all(Array.from({ length: 32 }, connect));
    const [first] = sockets;
    // One more is closed at once; with one less it is served.
    await closed(await connect());
    first?.destroy();
    await until('there is room again', async () => (await ask('/healthz').catch(() => null))?.status === 200);
    for (const socket of sockets) socket.destroy();
  });

  it('says that the port is taken, and leaves the other alone', async () => {
    await open();
    const other = new MetricsServer(
      { port, host: '127.0.0.1' },
      { contentType: '', metrics, readiness: () => Promise.resolve(readiness) },
    );
    await assert.rejects(other.listen(), {
      code: 'CONFIG',
      message: /无法监听（EADDRINUSE）.*cannot be listened at/,
    });
    assert.equal((await ask('/healthz')).status, 200);
  });

  it('keeps no process alive, and is closed with its connections', async () => {
    await open();
    const agent = new http.Agent({ keepAlive: true });
    await new Promise<void>((resolve, reject) =>
      http
        .get({ port, host: '127.0.0.1', path: '/healthz', agent }, answer =>
          answer.resume().on('end', resolve),
        )
        .on('error', reject),
    );
    await server?.close();
    agent.destroy();
    await assert.rejects(ask('/healthz'));
  });
});

describe('settings of metrics and health', () => {
  const listener = (given: unknown, environment: NodeJS.ProcessEnv = {}): ListenerSettings | undefined =>
    new TelemetrySettings(given, environment).listener();

  it('open no port unless one is named', () => {
    assert.equal(listener(undefined), undefined);
    assert.equal(listener({ metricsToken: TOKEN }), undefined);
  });
  it('are those of settings.js, or else of the environment', () => {
    assert.deepEqual(listener({ metricsPort: 9464 }), { port: 9464, host: '127.0.0.1' });
    const environment = {
      EXCHANGE_METRICS_PORT: '9465',
      EXCHANGE_METRICS_HOST: '0.0.0.0',
      EXCHANGE_METRICS_TOKEN: TOKEN,
    };
    assert.deepEqual(listener(undefined, environment), { port: 9465, host: '0.0.0.0', token: TOKEN });
    assert.deepEqual(listener({ metricsPort: '9464', metricsHost: '::1' }, environment), {
      port: 9464,
      host: '::1',
      token: TOKEN,
    });
  });
  it('open a port to other machines only with a token', () => {
    for (const metricsHost of [
      '0.0.0.0',
      '::',
      '192.0.2.1',
      'hospital.example',
      '::ffff:192.0.2.1',
      '1270.0.0.1',
    ])
      assert.throws(
        () => listener({ metricsPort: 9464, metricsHost }),
        {
          code: 'CONFIG',
          message: /必须设置 metricsToken.*set metricsToken/,
        },
        metricsHost,
      );
    assert.throws(
      () => listener({ metricsPort: 9464, metricsHost: '::', metricsToken: '  ' }),
      /metricsToken/,
    );
    for (const metricsHost of ['127.0.0.1', '127.1.2.3', '::1', 'localhost'])
      assert.equal(listener({ metricsPort: 9464, metricsHost })?.host, metricsHost);
  });
  it('that are wrong are named', () => {
    for (const metricsPort of ['x', -1, 70_000])
      assert.throws(() => listener({ metricsPort }), { code: 'CONFIG', message: /metricsPort/ });
    const oldest = (readyOldestHours: unknown): number =>
      new TelemetrySettings({ readyOldestHours }, {}).oldestMs();
    assert.equal(oldest(undefined), 24 * 3_600_000);
    assert.equal(oldest('0.5'), 1_800_000);
    assert.throws(() => oldest('0'), /readyOldestHours/);
  });
});
