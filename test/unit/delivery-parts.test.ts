/** The small parts of delivery, and the settings of a store. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Circuit } from '../../lib/delivery/circuit';
import { type DeliveryEvent, GroupedEvents } from '../../lib/delivery/events';
import { handIn } from '../../lib/delivery/hand-in';
import { delayAfter } from '../../lib/delivery/policy';
import { type StoreTexts, readStoreOptions } from '../../lib/delivery/store-options';
import { TimeWindows } from '../../lib/delivery/time-windows';
import { verdictOf } from '../../lib/delivery/verdict';
import { ExchangeError, type ErrorCode, type RetryClass } from '../../lib/errors';
import { TestClock } from '../support/test-clock';

const MINUTE = 60_000;
const at = (time: string): number => new Date(`2030-01-02T${time}`).getTime();

describe('pauses between attempts', () => {
  it('double up to the limit, and lie between half and all of that', () => {
    const policy = { firstDelayMs: 1000, maxDelayMs: 60_000 };
    const of = (failures: number, chance: number): number => delayAfter(failures, policy, () => chance);
    assert.deepEqual(
      [1, 2, 3, 7, 100].map(n => of(n, 1)),
      [1000, 2000, 4000, 60_000, 60_000],
    );
    assert.deepEqual(
      [1, 2, 3, 7].map(n => of(n, 0)),
      [500, 1000, 2000, 30_000],
    );
  });
});

describe('sending hours', () => {
  const waits = (text: string, time: string): number | undefined =>
    TimeWindows.parse(text)?.waitFrom(at(time));
  for (const [text, time, minutes] of [
    ['', '03:00:00', 0],
    ['20:00-06:00', '23:59:59', 0],
    ['20:00-06:00', '05:59:59', 0],
    ['20:00-06:00', '06:00:00', 14 * 60],
    ['20:00-06:00', '19:59:30', 0.5],
    ['12:00-13:30，20：00~24:00', '13:30:00', 6.5 * 60],
    ['08:00至09:00; 07:00-07:30', '07:45:00', 15],
    ['00:00-24:00', '12:00:00', 0],
  ] as const) {
    it(`${text || 'always'} at ${time}: ${minutes} minutes`, () =>
      assert.equal(waits(text, time), minutes * MINUTE));
  }
  for (const text of ['8-9', '25:00-26:00', '08:00-08:00', '08:60-09:00', 'night', '08:00-09:00-10:00'])
    it(`refuses ${text}`, () => assert.equal(TimeWindows.parse(text), undefined));
});

describe('the circuit of a destination', () => {
  it('opens at the fifth failure in a row, probes with longer and longer pauses, closes at an answer', () => {
    const circuit = new Circuit();
    for (let n = 0; n < 4; n++) assert.equal(circuit.failed(0), false);
    circuit.answered();
    for (let n = 0; n < 4; n++) circuit.failed(0);
    assert.equal(circuit.open, false);
    assert.equal(circuit.failed(1000), true);
    assert.equal(circuit.probeAt, 6000);
    assert.equal(circuit.failed(6000), false);
    assert.equal(circuit.probeAt, 16_000);
    for (let n = 0; n < 20; n++) circuit.failed(100_000);
    assert.equal(circuit.probeAt, 100_000 + 5 * MINUTE);
    assert.equal(circuit.answered(), true);
    assert.deepEqual([circuit.open, circuit.probeAt, circuit.answered()], [false, 0, false]);
  });
});

describe('what an error means', () => {
  const judge = (code: ErrorCode, retry: RetryClass, httpStatus?: number) => {
    const verdict = verdictOf(
      new ExchangeError({
        code,
        retry,
        text: { zh: '', en: '' },
        ...(httpStatus && { details: { httpStatus } }),
      }),
    );
    if (verdict.kind === 'final') return verdict.state;
    if (verdict.kind === 'again') return verdict.doubtful ? 'again, in doubt' : 'again';
    return verdict.kind;
  };
  for (const [code, retry, status, meaning] of [
    ['TRANSPORT_NOT_SENT', 'retry', undefined, 'again'],
    ['TRANSPORT_UNKNOWN', 'in-doubt', undefined, 'again, in doubt'],
    ['SOAP_FAULT', 'in-doubt', 500, 'again, in doubt'],
    ['SOAP_FAULT', 'never', 500, 'dead'],
    ['HTTP_STATUS', 'auth', 401, 'pause'],
    ['HTTP_STATUS', 'never', 405, 'pause'],
    ['HTTP_STATUS', 'never', 302, 'pause'],
    ['HTTP_STATUS', 'never', 413, 'dead'],
    ['HTTP_STATUS', 'retry', 503, 'again'],
    ['TLS', 'never', undefined, 'pause'],
    ['CONFIG', 'never', undefined, 'pause'],
    ['BUSINESS', 'never', undefined, 'refused'],
    ['CONTRACT', 'never', undefined, 'invalid'],
    ['TOO_LARGE', 'never', undefined, 'dead'],
    ['ABORTED', 'retry', undefined, 'aborted'],
  ] as const)
    it(`${code} ${retry} ${status ?? ''}: ${meaning}`, () =>
      assert.equal(judge(code, retry, status), meaning));
  it('an error of our own code is in doubt, and what it says is not kept', () => {
    const verdict = verdictOf(new TypeError('测试甲 has no length'));
    assert.equal(verdict.kind, 'again');
    assert.doesNotMatch(JSON.stringify(verdict), /测试甲/);
  });
});

describe('events for operators', () => {
  it('the first is told at once, the others are counted and told once an hour', () => {
    const clock = new TestClock();
    const told: DeliveryEvent[] = [];
    const events = new GroupedEvents(clock, event => told.push(event));
    const dead = (destination: string): void =>
      events.add({ kind: 'dead', destination, text: { zh: '', en: '' }, count: 1 });
    for (let n = 0; n < 700; n++) dead('a');
    dead('b');
    assert.deepEqual(
      told.map(({ destination, count }) => [destination, count]),
      [
        ['a', 1],
        ['b', 1],
      ],
    );
    clock.advance(60 * MINUTE);
    assert.deepEqual([told.length, told[2]?.count], [3, 699]);
    clock.advance(24 * 60 * MINUTE);
    assert.equal(told.length, 3);
    dead('a');
    assert.equal(told.length, 4);
    events.close();
  });
});

describe('handing in', () => {
  const item = {
    service: 'S',
    key: 'K',
    label: 'L',
    terms: {},
    content: 'C',
    repeats: 'known',
  } as const;
  it('carries the properties of the input on, but what belongs to this run or to the node', () => {
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    const context = {
      _msgid: 'm',
      topic: 't',
      payload: 'p',
      exchange: {},
      req: circle,
      res: circle,
      error: 'e',
    };
    const [message] = handIn(
      [item],
      { channel: 'n', destination: 'd' },
      { ...context, circle, call() {}, row: { 'a"b': 1 } },
    );
    assert.deepEqual(JSON.parse(message?.context ?? ''), { _msgid: 'm', topic: 't', row: { 'a"b': 1 } });
  });
  it('gives each item an id of its own', () => {
    const messages = handIn([item, item], { channel: 'n', destination: 'd' }, {});
    assert.notEqual(messages[0]?.id, messages[1]?.id);
  });
});

describe('settings of a store', () => {
  let folder: string;
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'options-'));
  });
  afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));
  const read = (texts: StoreTexts, secrets = {}) =>
    readStoreOptions(texts, secrets, file => path.resolve(folder, file));

  it('nothing set: a file in the user directory, with a key that is made once and kept readable for us alone', () => {
    const { settings, retry, repeatMs, keeping } = read({});
    assert.equal(settings.kind === 'embedded' && settings.file, path.join(folder, 'exchange-store.db'));
    const keyFile = path.join(folder, 'exchange-store.db.key');
    assert.equal(fs.readFileSync(keyFile, 'utf8').trim(), settings.secret);
    if (process.platform !== 'win32') assert.equal(fs.statSync(keyFile).mode & 0o077, 0);
    assert.equal(read({}).settings.secret, settings.secret);
    assert.deepEqual([retry.maxTries, retry.firstDelayMs, repeatMs], [12, 5000, 60_000]);
    assert.deepEqual(keeping, { contentDays: 30, messageDays: 90, auditDays: 180 });
  });
  it('a store whose key file is lost gets no new key', () => {
    fs.writeFileSync(path.join(folder, 'exchange-store.db'), '');
    assert.throws(() => read({}), /密钥文件/);
  });
  it('a shared store needs host, database, user and key', () => {
    const texts = { kind: 'postgresql', host: 'db', database: 'exchange' };
    for (const secrets of [{}, { user: 'u' }, { key: 'k' }])
      assert.throws(() => read(texts, secrets), { code: 'CONFIG' });
    const { settings } = read(texts, { user: 'u', password: 'p', key: 'k' });
    assert.deepEqual(settings, {
      kind: 'postgresql',
      host: 'db',
      port: 5432,
      database: 'exchange',
      user: 'u',
      password: 'p',
      tls: 'verify',
      secret: 'k',
    });
  });
  for (const [name, value] of [
    ['maxTries', '0'],
    ['firstDelay', 'soon'],
    ['keepAudit', '30'],
    ['maxAge', '-1'],
    ['maxMiB', '0.5'],
  ] as const)
    it(`names the setting ${name} that is ${value}`, () =>
      assert.throws(() => read({ [name]: value }), new RegExp(`${name} 应为`)));
});
