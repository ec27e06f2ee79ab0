/** When a poller reads, and when it waits. */
import assert from 'node:assert/strict';
import { Poller } from '../../lib/database/poll/poller';
import { parkedRow, readPollInput } from '../../lib/database/poll/poll-delivery';
import { readPollPlan } from '../../lib/database/poll/settings';
import type { PollSource, Round } from '../../lib/database/poll/source';
import { ExchangeError } from '../../lib/errors';
import { TestClock } from '../support/test-clock';

const SECOND = 1000;

const failure = (retry: 'retry' | 'never'): ExchangeError =>
  new ExchangeError({ code: 'DATABASE', retry, text: { zh: '失败', en: 'failed' } });

describe('a poller', () => {
  const clock = new TestClock();
  let rooms: number[];
  let backlog: number;
  let answer: () => Promise<Round> | Round;
  let conditions: string[];
  let opened: number;
  let poller: Poller;
  const start = clock.now();

  const source: PollSource = {
    round: async room => {
      rooms.push(room);
      return await answer();
    },
    acknowledge: () => Promise.resolve(true),
    backfill: () => Promise.resolve(),
  };
  beforeEach(() => {
    [rooms, backlog, conditions, opened] = [[], 0, [], 0];
    answer = () => ({ taken: 0, more: false });
    poller = new Poller({
      pace: { intervalMs: 10 * SECOND, page: 100, mostInFlight: 50 },
      clock,
      open: () => {
        opened++;
        return Promise.resolve(source);
      },
      backlog: () => Promise.resolve(backlog),
      take: () => Promise.resolve(),
      onCondition: ({ kind }) => conditions.push(kind),
    });
  });
  afterEach(() => poller.close());
  const settled = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn++) await new Promise(resolve => setImmediate(resolve));
  };
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms);
    await settled();
  };

  it('reads at its interval, at once when it is asked or when there is more', async () => {
    poller.poll();
    await settled();
    await pass(9 * SECOND);
    assert.equal(rooms.length, 1);
    await pass(SECOND);
    assert.equal(rooms.length, 2);
    poller.poll();
    await settled();
    assert.equal(rooms.length, 3);
    let rest = 3;
    answer = () => ({ taken: 50, more: --rest > 0 });
    await pass(10 * SECOND);
    for (let turn = 0; turn < 5; turn++) await pass(0);
    assert.equal(rooms.length, 6);
  });

  it('never runs two rounds at once: a wish during a round is one more round', async () => {
    let release = (): void => undefined;
    let running = 0;
    answer = async () => {
      assert.equal(++running, 1);
      await new Promise<void>(resolve => (release = resolve));
      running--;
      return { taken: 0, more: false };
    };
    poller.poll();
    await settled();
    poller.poll();
    poller.poll();
    release();
    await settled();
    release();
    await settled();
    assert.equal(rooms.length, 2);
  });

  it('gives the room that the flow has left, and waits when there is none', async () => {
    backlog = 42;
    poller.poll();
    await settled();
    assert.deepEqual(rooms, [8]);
    backlog = 50;
    await pass(10 * SECOND);
    assert.deepEqual([rooms.length, conditions.at(-1)], [1, 'waiting']);
    backlog = 0;
    await pass(SECOND);
    assert.deepEqual(rooms, [8, 50]);
  });

  it('tries again with pauses that grow to a minute, and works on as soon as it can', async () => {
    answer = () => Promise.reject(failure('retry'));
    const at: number[] = [];
    poller.poll();
    await settled();
    for (let second = 0; second < 240; second++) {
      const before = rooms.length;
      await pass(SECOND);
      if (rooms.length > before) at.push(second + 1);
    }
    assert.deepEqual(at, [10, 30, 70, 130, 190]);
    assert.equal(conditions.at(-1), 'failed');
    answer = () => ({ taken: 0, more: false });
    poller.poll();
    await settled();
    await pass(10 * SECOND);
    assert.equal(conditions.at(-1), 'idle');
  });

  it('asks seldom when only a person can mend it', async () => {
    answer = () => Promise.reject(failure('never'));
    poller.poll();
    await settled();
    await pass(59 * SECOND);
    assert.equal(rooms.length, 1);
    await pass(SECOND);
    assert.equal(rooms.length, 2);
  });

  it('opens a source that could not be opened again', async () => {
    let fails = true;
    const again = new Poller({
      pace: { intervalMs: SECOND, page: 1, mostInFlight: 1 },
      clock,
      open: () => {
        opened++;
        return fails ? Promise.reject(failure('retry')) : Promise.resolve(source);
      },
      backlog: () => Promise.resolve(0),
      take: () => Promise.resolve(),
      onCondition: () => undefined,
    });
    await assert.rejects(again.source(), /failed/);
    fails = false;
    assert.equal(await again.source(), source);
    assert.equal(await again.source(), source);
    assert.equal(opened, 2);
    await again.close();
  });

  it('ends the round that is under way when it is closed, and begins no other', async () => {
    answer = () =>
      new Promise((_resolve, reject) => {
        poller.signal.addEventListener('abort', () => reject(failure('retry')));
      });
    poller.poll();
    await settled();
    await poller.close();
    poller.poll();
    await pass(120 * SECOND);
    assert.deepEqual([rooms.length, conditions.includes('failed')], [1, false]);
    assert.ok(clock.now() > start);
  });
});

describe('what a poll node is asked', () => {
  const poll = { node: 'n', key: ['A', '1'], version: 'v' };
  const ask = (msg: Record<string, unknown>) => readPollInput(msg, 'n');

  it('tells an outcome, with its reason, from a wish', () => {
    const told = (msg: Record<string, unknown>): unknown[] => {
      const input = ask({ poll, ...msg });
      return input.kind === 'acknowledge' ? [input.given.state, input.given.message] : [input.kind];
    };
    assert.deepEqual(told({ exchange: { outcome: 'accepted' } }), ['done', '']);
    assert.deepEqual(told({ exchange: { outcome: 'unconfirmed' } }), ['done', '']);
    const error = { code: 'REFUSED', zh: '平台拒绝：卡号不存在', en: 'refused' };
    assert.deepEqual(told({ exchange: { outcome: 'refused', error } }), ['rejected', '平台拒绝：卡号不存在']);
    assert.deepEqual(told({ error: { message: '缺少字段' } }), ['rejected', '缺少字段']);
    assert.deepEqual(told({ exchange: { outcome: 'dead' } }), ['rejected', '未成功，原因见消息库']);
    assert.equal(ask({ payload: 1 }).kind, 'poll');
    assert.deepEqual(ask({ topic: 'backfill', payload: { from: ' 2030-01-02 ', to: '' } }), {
      kind: 'backfill',
      from: '2030-01-02',
      to: null,
    });
    assert.deepEqual(parkedRow({ poll })?.key, ['A', '1']);
    assert.equal(parkedRow({}), undefined);
  });

  it('refuses what is about a row of nobody, or of another node', () => {
    for (const msg of [
      { exchange: {} },
      { poll: { ...poll, node: 'other' } },
      { poll: 'x' },
      { poll: { node: 'n' } },
    ])
      assert.throws(() => ask(msg), /不是本节点读出的行/);
  });
});

describe('the settings of a poll', () => {
  const table = { source: 'dbo.[检验 主表]', keys: 'no，part', watermark: 'changed' };
  it('reads names as SQL writes them', () => {
    const plan = readPollPlan({ ...table, mode: 'watermark' }, 'n');
    assert.equal(plan.mode, 'watermark');
    assert.deepEqual(plan.mode === 'watermark' && [plan.table.source, plan.table.keys, plan.overlap], [
      ['dbo', '检验 主表'],
      ['no', 'part'],
      600_000,
    ]);
  });
  for (const [texts, setting] of [
    [{ mode: 'other' }, /mode/],
    [{ ...table, source: 'a.b.c.d' }, /source/],
    [{ ...table, source: 'dbo.' }, /source/],
    [{ ...table, source: "x' or 1=1 --\u0000" }, /source/],
    [{ ...table, keys: '' }, /keys/],
    [{ ...table, keys: ' , ' }, /keys/],
    [{ ...table, watermark: '' }, /watermark/],
    [{ ...table, watermark: 't.changed' }, /watermark/],
    [{ ...table, watermarkKind: 'rowversion' }, /watermarkKind/],
    [{ ...table, start: 'yesterday' }, /yesterday/],
    [{ ...table, start: '2030-02-30' }, /2030-02-30/],
    [{ ...table, page: '0' }, /page/],
    [{ ...table, shape: 'two' }, /shape/],
    [{ ...table, shape: 'detail' }, /detailSource/],
    [{ ...table, shape: 'detail', detailSource: 'd', detailKeys: 'a' }, /detailKeys/],
    [{ ...table, mode: 'claim' }, /statusColumn/],
    [{ ...table, mode: 'claim', statusColumn: 's', ackMoment: 'never' }, /ackMoment/],
    [{ ...table, mode: 'procedure' }, /fetchProcedure/],
  ] as const)
    it(`says that ${setting.source} cannot be used: ${JSON.stringify(texts).slice(0, 60)}`, () => {
      assert.throws(
        () => readPollPlan(texts, 'n'),
        (error: ExchangeError) => {
          assert.deepEqual([error.code, error.retry], ['CONFIG', 'never']);
          assert.match(error.text.zh, setting);
          assert.match(error.text.zh, /\p{Script=Han}/u);
          return true;
        },
      );
    });
});
