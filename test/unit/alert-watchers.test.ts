/** What watchers find, with real stores, disks, servers, certificates and audit trails. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import fs from 'node:fs';
import https from 'node:https';
import os from 'node:os';
import path from 'node:path';
import type { Alert, AlertTopic, Finding, Watcher } from '../../lib/alert/alert';
import { AlertBook } from '../../lib/alert/alert-book';
import { Patrol } from '../../lib/alert/patrol';
import { type KnownAudit, watchAudit } from '../../lib/alert/watch-audit';
import { endOfOwn, watchCertificates } from '../../lib/alert/watch-certificates';
import { watchDatabases } from '../../lib/alert/watch-databases';
import { type Disks, askOnce, watchDisk } from '../../lib/alert/watch-disk';
import { watchStores } from '../../lib/alert/watch-stores';
import { ConnectionState } from '../../lib/database/connection-state';
import type { DeliveryResult } from '../../lib/delivery/channel';
import { Dispatcher } from '../../lib/delivery/dispatcher';
import { TimeWindows } from '../../lib/delivery/time-windows';
import { ExchangeError, type ErrorCode, type RetryClass } from '../../lib/errors';
import { type StoreEntry, OpenStores } from '../../lib/monitor/open-stores';
import { SqliteDatabase } from '../../lib/sqlite';
import type { MessageStore } from '../../lib/store/message-store';
import { openStore } from '../../lib/store/open-store';
import { measureFile } from '../../lib/store/file-task';
import { type Certificates, makeCertificates, portOf } from '../support/misbehaving-server';
import { needsPeer, works } from '../support/peer';
import { newMessage } from '../support/store-conformance';
import { TestClock } from '../support/test-clock';
import { until } from '../support/until';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const MIB = 1024 * 1024;
const never = new AbortController().signal;

/** Of the audit trail. */
const RECORD = {
  actor: 'test',
  action: 'view',
  message: '',
  channel: '',
  service: '',
  outcome: '',
  code: '',
  durationMs: 0,
};

const look = async (watcher: Watcher): Promise<readonly Finding[]> => (await watcher.look(never)).findings;
const failure = (code: ErrorCode, retry: RetryClass): ExchangeError =>
  new ExchangeError({ code, retry, text: { zh: '连接失败，证件 000000190001010017', en: 'no connection' } });
const kinds = (findings: readonly Finding[]): string[] => findings.map(({ kind }) => kind);

describe('the watch of the message stores', function () {
  this.timeout(60_000);
  let folder: string;
  let clock: TestClock;
  let store: MessageStore;
  let dispatcher: Dispatcher;
  let told: Alert[];
  let patrol: Patrol | undefined;

  beforeEach(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'alerts-'));
    clock = new TestClock(new Date(2030, 0, 2, 12, 0, 0).getTime());
    told = [];
    const file = path.join(folder, 'store.db');
    store = await openStore({ kind: 'embedded', file, secret: 'TEST-SECRET' }, { clock, in: 'caller' });
    dispatcher = new Dispatcher(store, { clock, random: () => 1 });
  });
  afterEach(async () => {
    await patrol?.stop();
    patrol = undefined;
    for (const end of hung.splice(0)) end(accepted);
    await dispatcher.stop(0);
    await store.close();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  const watch = (
    topics: readonly AlertTopic[] = ['delivery', 'queue', 'waiting'],
    opened: StoreEntry['opened'] = { store, dispatcher },
  ): Watcher =>
    watchStores({
      stores: () => [{ id: 's', name: '本机消息库', opened }],
      topics: new Set(topics),
      limits: { queueMs: 30 * MINUTE, waiting: 2 },
      nameOf: id => (id === 'lab' ? '检验报告注册' : ''),
      clock,
    });
  const begin = (watcher = watch()): void => {
    const book = new AlertBook({ reminderMs: 4 * HOUR, settleMs: 5 * MINUTE, perHour: 12 }, clock);
    patrol = new Patrol({
      clock,
      book,
      watchers: [watcher],
      send: alert => told.push(alert),
      onLooked: () => undefined,
      onProblem: problem => assert.fail(String(problem)),
    });
    patrol.start();
  };
  /** Opens the node `lab`, and gives the function that has it take messages. */
  const deliver = (
    result: () => DeliveryResult | Promise<DeliveryResult>,
    hours = '',
  ): ((count: number) => Promise<void>) => {
    const windows = TimeWindows.parse(hours);
    assert.ok(windows);
    const courier = dispatcher.open({
      id: 'lab',
      destination: 'platform',
      destinationTitle: '区域平台',
      rules: { concurrency: 4, perMinute: 0, windows },
      batch: 1,
      idempotent: true,
      holdsKey: false,
      deliver: async () => [await result()],
      emit: () => true,
    });
    return async count => {
      await courier.accept(Array.from({ length: count }, () => newMessage({ channel: 'lab' })));
    };
  };
  const accepted: DeliveryResult = { state: 'accepted', payload: 'ok', exchange: {} };
  /** Work that does not come to an end by itself. */
  const hung: ((result: DeliveryResult) => void)[] = [];
  const hang = (): Promise<DeliveryResult> => new Promise(resolve => void hung.push(resolve));
  const down: DeliveryResult = { error: failure('TRANSPORT_NOT_SENT', 'retry') };

  const settled = async (): Promise<void> => {
    for (let quiet = 0, before = ''; quiet < 8;) {
      await new Promise(resolve => setImmediate(resolve));
      const now = JSON.stringify([await store.tallies({}), told.length, clock.nextAt]);
      quiet = now === before ? quiet + 1 : 0;
      before = now;
    }
  };
  const pass = async (ms: number): Promise<void> => {
    const end = clock.now() + ms;
    await settled();
    while (clock.nextAt !== undefined && clock.nextAt <= end) {
      clock.advance(clock.nextAt - clock.now());
      await settled();
    }
    clock.advance(end - clock.now());
  };
  const lines = (): string[] => told.map(({ kind, state }) => `${kind} ${state}`);

  it('tells three times of a destination that is down for eight hours, and of nothing that follows from it', async () => {
    let isUp = false;
    const send = deliver(() => (isUp ? accepted : down));
    begin();
    await send(6);
    await pass(8 * HOUR);
    isUp = true;
    await pass(20 * MINUTE);
    assert.deepEqual(lines(), [
      'destination-down raised',
      'destination-down ongoing',
      'destination-down cleared',
    ]);
    const [first] = told;
    assert.deepEqual([first?.subject, first?.level, first?.count], ['区域平台', 'error', 6]);
    assert.match(first?.text.zh ?? '', /6 条消息.*原因：连接失败/);
    assert.doesNotMatch(JSON.stringify(told), /000000190001010017|测试甲/);
  });

  it('does not flood when a destination comes and goes for hours', async () => {
    let n = 0;
    const send = deliver(() => (Math.floor(n++ / 12) % 2 === 0 ? down : accepted));
    begin();
    for (let round = 0; round < 180; round++) {
      await send(2);
      await pass(MINUTE);
    }
    assert.ok(told.length >= 1 && told.length <= 3 * 12, String(told.length));
    assert.equal(told[0]?.state, 'raised');
  });

  it('tells that sending is stopped, until it goes on', async () => {
    let isMended = false;
    const send = deliver(() => (isMended ? accepted : { error: failure('BUSINESS', 'auth') }));
    begin();
    await send(3);
    await pass(MINUTE);
    isMended = true;
    dispatcher.resume('platform');
    await pass(10 * MINUTE);
    assert.deepEqual(lines(), ['destination-paused raised', 'destination-paused cleared']);
  });

  it('says nothing of a circuit that is open while nothing waits', async () => {
    const send = deliver(() => down);
    await send(6);
    await pass(HOUR);
    assert.deepEqual(kinds(await look(watch())), ['destination-down']);
    const messages = await store.search({ limit: 10 });
    await store.cancel({ ids: messages.map(({ id }) => id), actor: 'test' });
    assert.deepEqual(await look(watch()), []);
  });

  it('tells what waits too long though the peer answers, or though nobody watches the peer', async () => {
    const send = deliver(hang);
    await send(5);
    await pass(29 * MINUTE);
    assert.deepEqual(await look(watch()), []);
    await pass(2 * MINUTE);
    const [found] = await look(watch());
    assert.deepEqual([found?.kind, found?.subject, found?.count], ['queue', '检验报告注册 → 区域平台', 5]);
    assert.match(found?.text.zh ?? '', /31 分钟/);
  });

  it('gives what waited for the sending hours its time from then on', async () => {
    const send = deliver(hang, '20:00-06:00');
    const watcher = watch();
    await send(1);
    for (let minute = 0; minute <= 8 * 60; minute++) {
      assert.deepEqual(await look(watcher), []);
      await pass(MINUTE);
    }
    await pass(27 * MINUTE);
    assert.deepEqual(await look(watcher), []);
    await pass(5 * MINUTE);
    assert.deepEqual(kinds(await look(watcher)), ['queue']);
  });

  it('tells of messages whose node is gone', async () => {
    await store.accept({ messages: [newMessage({ channel: 'gone' })] });
    await pass(31 * MINUTE);
    const [found] = await look(watch());
    assert.deepEqual([found?.kind, found?.subject], ['queue', 'gone']);
    assert.match(found?.remedy.zh ?? '', /节点已不在/);
  });

  it('tells what was given up, and when too much waits for an operator', async () => {
    const send = deliver(() => ({ error: failure('TOO_LARGE', 'never') }));
    await send(2);
    await pass(MINUTE);
    assert.deepEqual(
      (await look(watch())).map(({ kind, count }) => [kind, count]),
      [['dead', 2]],
    );
    await send(1);
    await pass(MINUTE);
    assert.deepEqual(
      (await look(watch())).map(({ kind, count, subject }) => [kind, count, subject]),
      [
        ['dead', 3, '检验报告注册 → 区域平台'],
        ['waiting', 3, '本机消息库'],
      ],
    );
    assert.deepEqual(kinds(await look(watch(['waiting']))), ['waiting'], 'only what is asked for');
  });

  it('tells that a store does not work, and keeps what it knew of its messages', async () => {
    const failing: MessageStore = { ...store, tallies: () => Promise.reject(failure('STORE', 'retry')) };
    const { findings, unknown } = await watch(undefined, { store: failing, dispatcher }).look(never);
    assert.deepEqual([kinds(findings), [...(unknown ?? [])]], [['store'], ['s']]);
    const wrong = await look(watch(undefined, { zh: '设置有误', en: 'wrong setting' }));
    assert.match(wrong[0]?.text.zh ?? '', /设置有误/);
    assert.deepEqual(await look(watch(['queue'], { zh: '设置有误', en: 'wrong setting' })), []);
  });
});

describe('the list of open stores', () => {
  it('passes events of deliveries on, as long as somebody listens', () => {
    const stores = new OpenStores();
    const heard: string[] = [];
    const end = stores.onEvent((id, { kind }) => heard.push(`${id} ${kind}`));
    const event = { kind: 'down', destination: 'p', text: { zh: '', en: '' }, count: 1 } as const;
    stores.tell('s', event);
    end();
    stores.tell('s', event);
    assert.deepEqual(heard, ['s down']);
  });
});

describe('the watch of the disks', () => {
  const limits = { diskPercent: 10, diskMiB: 1000 };
  const disks = (free: Record<string, number>, more: Partial<Disks> = {}): Disks => ({
    space: folder => {
      const mib = free[folder];
      return mib === undefined
        ? Promise.reject(Object.assign(new Error('no such folder'), { code: 'ENOENT' }))
        : Promise.resolve({ disk: folder.slice(0, 2), free: mib * MIB, size: 8000 * MIB });
    },
    fileBytes: () => Promise.resolve(0),
    usedBytes: () => Promise.resolve(undefined),
    ...more,
  });
  const storeOf = (maxMiB?: number): StoreEntry => ({
    id: 's',
    name: '消息库',
    opened: { place: { file: '/a/store.db', ...(maxMiB && { maxMiB }) } } as StoreEntry['opened'],
  });

  it('tells a disk once, whatever lies on it, and how bad it is', async () => {
    const found = await look(
      watchDisk({
        folders: () => ['/a/images', '/b/reports/2030', '/c'],
        stores: () => [storeOf()],
        limits,
        disks: disks({ '/a': 900, '/a/images': 900, '/b': 300, '/c': 1001 }),
      }),
    );
    assert.deepEqual(
      found.map(({ subject, level }) => [subject, level]),
      [
        ['/a', 'warning'],
        ['/b/reports/2030', 'error'],
      ],
    );
    assert.match(found[0]?.text.zh ?? '', /900 MiB \(11.3%\).*\/a\/images、\/a$/);
  });

  it('looks at nothing without limits', async () => {
    const none = { diskPercent: 0, diskMiB: 0 };
    assert.deepEqual(
      await look(
        watchDisk({ folders: () => ['/a'], stores: () => [], limits: none, disks: disks({ '/a': 0 }) }),
      ),
      [],
    );
  });

  it('asks a share that does not answer no second time, until it has', async () => {
    let asked = 0;
    let answer: () => void = () => undefined;
    const space = askOnce(() => {
      asked++;
      return new Promise(resolve => (answer = () => resolve({ disk: 'd', free: 1, size: 2 })));
    }, 5);
    await assert.rejects(space('/share'), /no answer$/);
    await assert.rejects(space('/share'), /no answer yet/);
    answer();
    await new Promise(resolve => setImmediate(resolve));
    const again = space('/share');
    answer();
    assert.deepEqual([await again, asked], [{ disk: 'd', free: 1, size: 2 }, 2]);
  });

  it('asks the real file system', async () => {
    const folder = path.join(os.tmpdir(), 'not', 'made', 'yet');
    const all = { diskPercent: 0, diskMiB: 1_048_576 };
    const { bavail, bsize } = fs.statfsSync(os.tmpdir());
    const found = await look(watchDisk({ folders: () => [folder], stores: () => [], limits: all }));
    assert.deepEqual(found.length, bavail * bsize < 1_048_576 * MIB ? 1 : 0);
  });

  it('tells a store near its limit, by what is in use of its file', async () => {
    const found = (bytes: number, used?: number): Promise<readonly Finding[]> =>
      look(
        watchDisk({
          folders: () => [],
          stores: () => [storeOf(100)],
          limits: { diskPercent: 0, diskMiB: 0 },
          disks: disks(
            { '/a': 5000 },
            {
              fileBytes: () => Promise.resolve(bytes * MIB),
              usedBytes: () => Promise.resolve(used === undefined ? undefined : used * MIB),
            },
          ),
        }),
      );
    assert.deepEqual(await found(89), []);
    assert.deepEqual(await found(100, 20), [], 'a file does not shrink');
    assert.deepEqual([(await found(95, 91))[0]?.level, (await found(99))[0]?.level], ['warning', 'error']);
  });

  it('measures the file of a store that is in use', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'measure-'));
    try {
      const file = path.join(folder, 'some.db');
      const database = SqliteDatabase.open(file);
      database.exec('create table t (x blob)');
      for (let n = 0; n < 100; n++) database.run('insert into t values (zeroblob(10000))');
      const full = (await measureFile(file)) ?? 0;
      assert.ok(full >= MIB * 0.95, String(full));
      database.exec('delete from t');
      assert.ok(((await measureFile(file)) ?? Infinity) < full / 10);
      database.close();
      assert.equal(await measureFile(path.join(folder, 'no', 'such.db')), undefined);
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  });
});

describe('the watch of the audit trail', () => {
  let folder: string;
  let store: MessageStore;
  let clock: TestClock;
  let checks: number;
  let known: Map<string, KnownAudit>;
  const file = (): string => path.join(folder, 'store.db');
  const open = async (): Promise<void> => {
    store = await openStore({ kind: 'embedded', file: file(), secret: 'TEST-SECRET' }, { in: 'caller' });
  };
  beforeEach(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'audit-'));
    clock = new TestClock(new Date(2030, 0, 2, 12, 0, 0).getTime());
    checks = 0;
    known = new Map();
    await open();
    for (let n = 0; n < 5; n++) await store.audit(RECORD);
  });
  afterEach(async () => {
    await store.close();
    fs.rmSync(folder, { recursive: true, force: true });
  });
  const watch = (): Watcher => {
    const counting: MessageStore = {
      ...store,
      auditStart: input => {
        checks++;
        return store.auditStart(input);
      },
    };
    const dispatcher = {} as Dispatcher;
    const stores = (): StoreEntry[] => [{ id: 's', name: '消息库', opened: { store: counting, dispatcher } }];
    return watchAudit({ stores, clock, known });
  };

  it('checks it at the start and once each night, whatever is deployed meanwhile', async () => {
    for (let quarter = 0; quarter < 3 * 24 * 4; quarter++) {
      assert.deepEqual(await look(watch()), []);
      clock.advance(15 * MINUTE);
    }
    assert.equal(checks, 4);
  });

  it('tells a record that somebody has changed, and does not read it again and again', async () => {
    await store.close();
    const database = SqliteDatabase.open(file());
    database.exec("update audit set actor = 'somebody' where seq = 3");
    database.close();
    await open();
    for (let n = 0; n < 3; n++) {
      const [found] = await look(watch());
      assert.deepEqual([found?.kind, found?.level, found?.subject], ['audit', 'error', '消息库']);
      assert.match(found?.text.zh ?? '', /第 3 条/);
    }
    assert.equal(checks, 1);
  });

  it('goes in steps, and ends when the watch does', async () => {
    const stop = new AbortController();
    for (let n = 0; n < 1100; n++) await store.audit(RECORD);
    const looking = watch().look(stop.signal);
    await until('the first step is done', () => clock.nextAt !== undefined, 5000);
    clock.advance(200);
    assert.deepEqual((await looking).findings, []);
    assert.equal(known.get('s')?.brokenAt, null);
    known.clear();
    const ended = watch().look(stop.signal);
    await until('the first step is done again', () => clock.nextAt !== undefined, 5000);
    stop.abort();
    await assert.rejects(ended, /has ended/);
    assert.equal(clock.nextAt, undefined);
  });
});

describe('the watch of the databases', () => {
  it('tells one that is out of reach for a minute, or refuses us, with the reason', async () => {
    const state = new ConnectionState();
    const driver = {
      get state() {
        return state.now;
      },
      onChange: (listener: Parameters<ConnectionState['onChange']>[0]) => state.onChange(listener),
    };
    const watcher = watchDatabases(() => [{ id: 'his', name: '医院数据库', driver }]);
    assert.deepEqual(await look(watcher), []);
    state.connecting();
    state.failed(failure('DATABASE', 'retry'));
    const [down] = await look(watcher);
    assert.deepEqual([down?.kind, down?.subject, down?.patienceMs], ['database', '医院数据库', MINUTE]);
    assert.match(down?.text.zh ?? '', /原因：连接失败/);
    assert.doesNotMatch(JSON.stringify(down), /000000190001010017/);
    state.failed(failure('CONFIG', 'never'));
    assert.equal((await look(watcher))[0]?.patienceMs, 0);
    state.up();
    assert.deepEqual(await look(watcher), []);
  });
});

describe('the watch of the certificates', function () {
  this.timeout(60_000);
  let certificates: Certificates;
  before(function () {
    needsPeer(this, 'openssl', works('openssl', 'version'));
    certificates = makeCertificates();
  });

  const watch = (
    days: number,
    own: Parameters<typeof watchCertificates>[0]['own'],
    urls: readonly string[] = [],
    clock = new TestClock(Date.now()),
  ): Watcher => watchCertificates({ own, called: () => urls.map(url => ({ url })), days, clock });

  it('tells our own that runs out, as PEM and as PFX', async () => {
    const { client, clientPfx, expired } = certificates;
    const own = () => [
      { id: 'pem', name: '证书', options: client },
      { id: 'pfx', name: 'PFX', options: { pfx: clientPfx, passphrase: 'secret-pass' } },
      { id: 'old', name: '旧证书', options: expired },
      { id: 'none', name: '仅 CA', options: { ca: certificates.ca } },
      { id: 'bad', name: '坏文件', options: { pfx: clientPfx, passphrase: 'wrong' } },
    ];
    const found = await look(watch(30, own));
    assert.deepEqual(
      found.map(({ subject, level }) => [subject, level]),
      [
        ['证书', 'error'],
        ['PFX', 'error'],
        ['旧证书', 'error'],
      ],
    );
    assert.match(found[0]?.text.zh ?? '', /[12] 天后到期/);
    assert.match(found[2]?.text.zh ?? '', /已过期/);
    assert.equal(endOfOwn(client), endOfOwn({ pfx: clientPfx, passphrase: 'secret-pass' }));
    assert.deepEqual(kinds(await look(watch(1, () => own().slice(0, 2)))), []);
  });

  it('asks a server for its certificate and for nothing else', async () => {
    let requests = 0;
    const { cert, key } = certificates.selfSigned;
    const server = https.createServer({ cert, key }, (_request, response) => {
      requests++;
      response.end();
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const at = `127.0.0.1:${portOf(server)}`;
    const urls = [`https://${at}/a.asmx`, `https://${at}/b?secret=1`, 'http://127.0.0.1:9/', 'no address'];
    try {
      const found = await look(watch(30, () => [], urls));
      assert.deepEqual(
        found.map(({ kind, subject, level }) => [kind, subject, level]),
        [['certificate', at, 'error']],
      );
      assert.deepEqual(await look(watch(1, () => [], urls)), []);
      const before = new TestClock(Date.now() - 20 * DAY);
      assert.equal((await look(watch(30, () => [], urls, before)))[0]?.level, 'warning');
      assert.equal(requests, 0);
    } finally {
      server.close();
    }
    const gone = await watch(30, () => [], urls).look(never);
    assert.deepEqual(
      [gone.findings, [...(gone.unknown ?? [])]],
      [[], [at]],
      'who is away is no alert of this kind',
    );
  });
});
