/** Alerts: each told once, with reminders; what comes and goes, and what comes in crowds, floods nobody. */
import assert from 'node:assert/strict';
import type { Alert, Finding, Sighting, Watcher } from '../../lib/alert/alert';
import { AlertBook, type BookSettings } from '../../lib/alert/alert-book';
import { Patrol } from '../../lib/alert/patrol';
import { readAlertSettings } from '../../lib/alert/settings';
import { testAlert, wordingOf } from '../../lib/alert/wording';
import { TimeWindows } from '../../lib/delivery/time-windows';
import { ExchangeError } from '../../lib/errors';
import { TestClock } from '../support/test-clock';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const SETTINGS: BookSettings = { reminderMs: 4 * HOUR, settleMs: 5 * MINUTE, perHour: 12 };

const finding = (changes: Partial<Finding> = {}): Finding => ({
  kind: 'destination-down',
  key: 'platform',
  group: 'store',
  level: 'error',
  subject: '区域平台',
  text: { zh: '连续无法送达。', en: 'It cannot be reached.' },
  remedy: { zh: '检查网络。', en: 'Check the network.' },
  ...changes,
});
const many = (count: number, changes: Partial<Finding> = {}): Finding[] =>
  Array.from({ length: count }, (_one, n) => finding({ key: `k${n}`, subject: `s${n}`, ...changes }));

describe('the book of alerts', () => {
  let clock: TestClock;
  let book: AlertBook;
  let told: Alert[];

  const open = (settings: Partial<BookSettings> = {}): void => {
    clock = new TestClock(new Date('2030-01-02T12:00:00').getTime());
    book = new AlertBook({ ...SETTINGS, ...settings }, clock);
    told = [];
  };
  const see = (findings: readonly Finding[], more: Partial<Sighting> = {}): void => {
    book.see('stores', { findings, ...more });
    told.push(...book.takeDue());
  };
  /** One look a minute. */
  const pass = (ms: number, findings: readonly Finding[]): void => {
    for (let minute = 0; minute < ms / MINUTE; minute++) {
      clock.advance(MINUTE);
      see(findings);
    }
  };
  const states = (): string[] => told.map(({ state }) => state);
  beforeEach(() => open());

  it('tells what is found once, reminds of it, and tells its end', () => {
    see([finding({ count: 3 })]);
    pass(12 * HOUR, [finding({ count: 7 })]);
    pass(10 * MINUTE, []);
    assert.deepEqual(states(), ['raised', 'ongoing', 'ongoing', 'cleared']);
    assert.deepEqual(
      told.map(({ count, level }) => [count, level]),
      [
        [3, 'error'],
        [7, 'error'],
        [7, 'error'],
        [7, 'info'],
      ],
    );
    const [first, , , last] = told;
    assert.equal(first?.since, new Date('2030-01-02T12:00:00').toISOString());
    assert.equal(last?.since, first?.since);
    assert.equal(
      last?.at,
      new Date('2030-01-03T00:01:00').toISOString(),
      'when it ended, not when that was told',
    );
    assert.equal(book.raised, 0);
  });

  it('reminds less and less often, and once a day in the end', () => {
    const at: number[] = [];
    for (let minute = 0; minute <= 4 * 24 * 60; minute++) {
      see([finding()]);
      if (at.length < told.length) at.push(minute / 60);
      clock.advance(MINUTE);
    }
    assert.deepEqual(at, [0, 4, 12, 28, 52, 76]);
  });

  it('counts what comes back before it is settled, and tells nothing of it', () => {
    see([finding()]);
    for (let n = 0; n < 500; n++) {
      clock.advance(3000);
      see(n % 2 === 0 ? [] : [finding()]);
    }
    assert.deepEqual(states(), ['raised']);
    pass(4 * HOUR, [finding()]);
    assert.deepEqual(states(), ['raised', 'ongoing']);
    assert.equal(told[1]?.count, 251);
    assert.match(told[1]?.text.zh ?? '', /反复 251 次/);
  });

  it('tells an alert that comes back after its end anew', () => {
    see([finding()]);
    pass(6 * MINUTE, []);
    see([finding()]);
    assert.deepEqual(states(), ['raised', 'cleared', 'raised']);
  });

  it('tells at once that it has become worse', () => {
    see([finding({ level: 'warning' })]);
    pass(MINUTE, [finding()]);
    pass(HOUR, [finding()]);
    assert.deepEqual(states(), ['raised', 'ongoing']);
  });

  it('waits until something lasts, where that is asked for', () => {
    const brief = finding({ patienceMs: 5 * MINUTE });
    see([brief]);
    pass(4 * MINUTE, [brief]);
    pass(MINUTE, []);
    pass(4 * MINUTE, [brief]);
    assert.deepEqual(told, [], 'nor is the end of that told');
    pass(3 * MINUTE, [brief]);
    assert.deepEqual(states(), ['raised']);
  });

  it('keeps what is known of a group that could not be looked at, and of other watchers', () => {
    see([finding()]);
    for (let n = 0; n < 20; n++) {
      clock.advance(MINUTE);
      see([], { unknown: new Set(['store']) });
      book.see('disk', { findings: [] });
    }
    assert.deepEqual([states(), book.raised], [['raised'], 1]);
  });

  it('sends no more than the limit within an hour, names the rest in the last one, and repeats none of it', () => {
    open({ perHour: 3 });
    see([...many(6, { level: 'warning' }), finding()]);
    assert.equal(told.length, 3);
    assert.equal(told[0]?.level, 'error', 'the worst first');
    assert.deepEqual(told[2]?.more, { count: 4, subjects: ['s2', 's3', 's4', 's5'] });
    pass(59 * MINUTE, [...many(8, { level: 'warning' }), finding()]);
    assert.equal(told.length, 3);
    pass(2 * MINUTE, [...many(8, { level: 'warning' }), finding()]);
    assert.deepEqual(
      told.slice(3).map(({ subject }) => subject),
      ['s6', 's7'],
      'those that came meanwhile',
    );
  });

  it('never exceeds the limit, whatever comes and goes', () => {
    open({ perHour: 10, settleMs: 0, reminderMs: HOUR });
    const times: number[] = [];
    for (let n = 0; n < 24 * 60; n++) {
      clock.advance(MINUTE);
      see(many(40).filter((_one, at) => (at + n) % 3 === 0));
      while (times.length < told.length) times.push(clock.now());
    }
    assert.ok(times.length >= 200, 'it goes on telling');
    for (const [at, time] of times.entries())
      assert.ok(time - (times[at - 10] ?? -Infinity) >= HOUR, `the ten before ${at} are an hour old`);
  });

  it('tells only errors in quiet hours, the rest afterwards if it still holds', () => {
    const quiet = TimeWindows.parse('12:00-14:00');
    assert.ok(quiet);
    open({ quiet });
    const lasting = finding({ kind: 'disk', key: '/data', level: 'warning' });
    const brief = finding({ kind: 'dead', key: 'lab', level: 'warning' });
    see([finding(), lasting, brief]);
    pass(HOUR, [finding(), lasting]);
    assert.deepEqual(
      told.map(({ kind }) => kind),
      ['destination-down'],
    );
    pass(HOUR, [finding(), lasting]);
    assert.deepEqual(
      told.map(({ kind, state }) => `${kind} ${state}`),
      ['destination-down raised', 'disk raised'],
    );
  });

  it('goes on with new settings, and forgets what is no longer watched', () => {
    see([finding(), finding({ kind: 'audit' })]);
    book.configure({ ...SETTINGS, reminderMs: HOUR }, (_watcher, { kind }) => kind !== 'audit');
    pass(HOUR, [finding()]);
    assert.deepEqual(
      told.map(({ kind, state }) => `${kind} ${state}`),
      ['destination-down raised', 'audit raised', 'destination-down ongoing'],
    );
  });
});

describe('the rounds of the watchers', () => {
  const clock = new TestClock();
  const watcher = (name: string, look: Watcher['look']): Watcher => ({
    name,
    firstMs: 1000,
    everyMs: MINUTE,
    look,
  });

  it('go on in their time, one at a time each, until they are stopped', async () => {
    let looks = 0;
    let finish: (sighting: Sighting) => void = () => undefined;
    const sent: Alert[] = [];
    const problems: unknown[] = [];
    const book = new AlertBook(SETTINGS, clock);
    const patrol = new Patrol({
      clock,
      book,
      watchers: [
        watcher('slow', () => {
          looks++;
          return new Promise(resolve => (finish = resolve));
        }),
        watcher('faulty', () => Promise.reject(new Error('a fault of its own'))),
      ],
      send: alert => sent.push(alert),
      onLooked: () => undefined,
      onProblem: problem => problems.push(problem),
    });
    patrol.start();
    clock.advance(1000);
    const asked = patrol.look('slow');
    assert.equal(looks, 1, 'who asks meanwhile gets the look that is under way');
    finish({ findings: [finding()] });
    await asked;
    assert.deepEqual([sent.length, problems.length], [1, 1]);
    clock.advance(MINUTE);
    assert.equal(looks, 2);
    finish({ findings: [] });
    await patrol.look('faulty');
    // The end is told without a look of the watcher.
    clock.advance(5 * MINUTE + 30_000);
    finish({ findings: [] });
    await patrol.stop();
    const before = looks;
    clock.advance(HOUR);
    await patrol.look();
    assert.equal(looks, before);
  });
});

describe('a watcher that hangs', () => {
  it('keeps nobody from ending', async () => {
    const clock = new TestClock();
    const patrol = new Patrol({
      clock,
      book: new AlertBook(SETTINGS, clock),
      watchers: [
        { name: 'disk', firstMs: 0, everyMs: MINUTE, look: () => new Promise<Sighting>(() => undefined) },
      ],
      send: () => undefined,
      onLooked: () => assert.fail('nothing was seen'),
      onProblem: problem => assert.fail(String(problem)),
    });
    patrol.start();
    clock.advance(0);
    await patrol.stop();
    assert.equal(clock.nextAt, undefined);
  });
});

describe('the words of an alert', () => {
  const alert: Alert = {
    ...testAlert(new Date('2030-01-02T03:04:00').getTime()),
    kind: 'destination-down',
    level: 'error',
    subject: '区域平台',
    text: { zh: '连续无法送达，12 条消息等待。', en: 'It cannot be reached; 12 messages wait.' },
    remedy: { zh: '检查网络。', en: 'Check the network.' },
    more: { count: 2, subjects: ['消息库', '/data'] },
  };

  it('say in the language asked for what has happened, what to do, and when', () => {
    const zh = wordingOf(alert, { hospital: '测试医院', language: 'zh' });
    assert.equal(zh.topic, '【告警】测试医院 对方无应答：区域平台');
    assert.deepEqual(zh.payload.split('\n'), [
      zh.topic,
      '连续无法送达，12 条消息等待。',
      '处理：检查网络。',
      '时间：2030-01-02 03:04',
      '另有 2 项告警因限速未单独发送：消息库、/data',
    ]);
    const both = wordingOf(alert, { hospital: '', language: 'both' });
    assert.equal(both.topic, '【告警】对方无应答：区域平台');
    assert.match(both.payload, /^【告警】[\s\S]*\n\n\[ALERT\] 区域平台: does not answer\n/);
  });

  it('have marks for a warning, a reminder and an end', () => {
    const topic = (changes: Partial<Alert>): string =>
      wordingOf({ ...alert, ...changes }, { hospital: '', language: 'zh' }).topic.slice(0, 6);
    assert.equal(topic({ level: 'warning' }), '【提醒】对方');
    assert.equal(topic({ state: 'ongoing' }), '【仍未解除】');
    assert.equal(topic({ state: 'cleared', level: 'info' }), '【已解除】对');
    assert.equal(topic({ kind: 'test' }), '【告警】测试');
  });

  it('fit into a text message, both languages alike', () => {
    const long = { zh: '长'.repeat(600), en: 'long '.repeat(200) };
    for (const language of ['zh', 'en', 'both'] as const) {
      const { payload } = wordingOf(
        { ...alert, text: long },
        { hospital: '测试医院', language, longest: 500 },
      );
      assert.ok([...payload].length <= 500, language);
      assert.equal(payload.split('\n').length, language === 'both' ? 2 : 1);
      assert.ok([...payload].length >= 490, 'no more is cut off than must be');
    }
  });
});

describe('the settings of alerts', () => {
  it('have defaults', () => {
    assert.deepEqual(readAlertSettings({}), {
      limits: { queueMs: 30 * MINUTE, waiting: 20, diskPercent: 0, diskMiB: 0, certificateDays: 30 },
      book: { reminderMs: 4 * HOUR, settleMs: 5 * MINUTE, perHour: 12 },
    });
    assert.equal(
      readAlertSettings({ quietHours: '22:00-07:00' }).book.quiet?.waitFrom(0) !== undefined,
      true,
    );
  });
  for (const [name, value] of [
    ['queueMinutes', '0'],
    ['diskPercent', '100'],
    ['reminderHours', 'often'],
    ['quietHours', 'at night'],
  ] as const)
    it(`name ${name} when it cannot be used`, () =>
      assert.throws(
        () => readAlertSettings({ [name]: value }),
        (error: unknown) =>
          error instanceof ExchangeError && error.code === 'CONFIG' && error.text.en.includes(name),
      ));
});
