import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ExchangeError, type ErrorCode, type RetryClass } from '../../lib/errors';
import type { Channel, DeliveryResult, Emission, Work } from '../../lib/delivery/channel';
import { Dispatcher } from '../../lib/delivery/dispatcher';
import type { DeliveryEvent } from '../../lib/delivery/events';
import { resendAll } from '../../lib/delivery/resend-all';
import type { Courier } from '../../lib/delivery/courier';
import { TimeWindows } from '../../lib/delivery/time-windows';
import type { MessageState, NewMessage } from '../../lib/store/message';
import type { MessageStore } from '../../lib/store/message-store';
import { openStore } from '../../lib/store/open-store';
import { newMessage } from '../support/store-conformance';
import { TestClock } from '../support/test-clock';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const failure = (
  code: ErrorCode,
  retry: RetryClass,
  details: Readonly<Record<string, unknown>> = {},
): ExchangeError => new ExchangeError({ code, retry, text: { zh: '失败', en: 'failed' }, details });

const down = failure('TRANSPORT_NOT_SENT', 'retry');
const lostAnswer = failure('TRANSPORT_UNKNOWN', 'in-doubt');
const accepted: DeliveryResult = { state: 'accepted', payload: 'ok', exchange: {} };

describe('delivery', () => {
  let folder: string;
  let clock: TestClock;
  let store: MessageStore;
  let dispatcher: Dispatcher;
  let events: DeliveryEvent[];
  let emitted: Emission[];
  /** Contents in the order in which the peer got them. */
  let sent: string[];

  const open = async (): Promise<void> => {
    store = await openStore(
      { kind: 'embedded', file: path.join(folder, 'store.db'), secret: 'TEST-SECRET' },
      { clock, in: 'caller' },
    );
    dispatcher = new Dispatcher(store, { clock, random: () => 1, onEvent: event => events.push(event) });
  };
  beforeEach(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'delivery-'));
    clock = new TestClock(new Date(2030, 0, 2, 12, 0, 0).getTime());
    [events, emitted, sent] = [[], [], []];
    await open();
  });
  afterEach(async () => {
    await dispatcher.stop(0);
    await store.close();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  type Deliver = (work: Work, signal: AbortSignal) => DeliveryResult | Promise<DeliveryResult>;

  const channel = (deliver: Deliver, changes: Partial<Channel> = {}): Channel => ({
    id: 'node',
    destination: 'platform',
    destinationTitle: 'platform',
    rules: { concurrency: 4, perMinute: 0, windows: windows('') },
    batch: 1,
    idempotent: true,
    holdsKey: false,
    deliver: async (works, signal) => {
      sent.push(...works.map(({ content }) => content));
      return Promise.all(works.map(async work => deliver(work, signal)));
    },
    emit: emission => {
      emitted.push(emission);
      return true;
    },
    ...changes,
  });
  const message = (content: string, changes: Partial<NewMessage> = {}): NewMessage =>
    newMessage({ content, ...changes });
  const send = (courier: Courier, ...contents: string[]) =>
    courier.accept(contents.map(text => message(text)));

  /** Resolves when nothing more happens without the clock being moved. */
  const settled = async (): Promise<void> => {
    for (let quiet = 0, before = ''; quiet < 8;) {
      await new Promise(resolve => setImmediate(resolve));
      const now = JSON.stringify([await store.tallies({}), sent.length, emitted.length, clock.nextAt]);
      quiet = now === before ? quiet + 1 : 0;
      before = now;
    }
  };
  /** Lets time pass from timer to timer, with everything that happens in between. */
  const pass = async (ms: number): Promise<void> => {
    const end = clock.now() + ms;
    await settled();
    while (clock.nextAt !== undefined && clock.nextAt <= end) {
      clock.advance(clock.nextAt - clock.now());
      await settled();
    }
    clock.advance(end - clock.now());
  };
  const states = async (): Promise<Partial<Record<MessageState, number>>> =>
    Object.fromEntries((await store.tallies({})).map(({ state, count }) => [state, count]));

  it('delivers, tells the story, and keeps the properties of the input', async () => {
    const courier = dispatcher.open(
      channel(() => ({ state: 'accepted', payload: '成功', exchange: { key: 'K' } })),
    );
    const [one] = await courier.accept([message('a', { context: '{"topic":"t"}' })]);
    await settled();
    const [emission] = emitted;
    assert.deepEqual(
      [emission?.state, emission?.payload, emission?.context],
      ['accepted', '成功', { topic: 't' }],
    );
    assert.deepEqual(
      [emission?.exchange.id, emission?.exchange['key'], emission?.exchange['attempts']],
      [one?.id, 'K', 1],
    );
    assert.deepEqual(await states(), { accepted: 1 });
  });

  it('tries again with growing pauses what did not leave', async () => {
    const at: number[] = [];
    const start = clock.now();
    const courier = dispatcher.open(
      channel(() => {
        at.push((clock.now() - start) / 1000);
        return at.length < 4 ? { error: down } : accepted;
      }),
    );
    await send(courier, 'a');
    await pass(HOUR);
    assert.deepEqual(at, [0, 5, 15, 35]);
    assert.equal(emitted[0]?.exchange['attempts'], 4);
  });

  it('tries at once when an operator says so, what waits as well as a peer that did not answer', async () => {
    let isUp = false;
    const courier = dispatcher.open(channel(() => (isUp ? accepted : { error: down })));
    await send(courier, 'a', 'b', 'c', 'd', 'e', 'f');
    await pass(HOUR);
    assert.equal(dispatcher.channels()[0]?.condition?.kind, 'down');
    isUp = true;
    const now = clock.now();
    await dispatcher.sendNow('node');
    await settled();
    assert.deepEqual(await states(), { accepted: 6 });
    assert.equal(clock.now(), now, 'no time had to pass');
    assert.equal(await dispatcher.sendNow('no such node'), 0);
  });
  it('ends the pause of a destination when an operator says so', async () => {
    let isMended = false;
    const wrong = failure('CONFIG', 'never');
    const courier = dispatcher.open(channel(() => (isMended ? accepted : { error: wrong })));
    await send(courier, 'a');
    await settled();
    assert.equal(dispatcher.channels()[0]?.condition?.kind, 'paused');
    isMended = true;
    await dispatcher.sendNow('node');
    await settled();
    assert.deepEqual(await states(), { accepted: 1 });
  });
  it('obeys the pause that the peer asks for', async () => {
    const at: number[] = [];
    const busy = failure('HTTP_STATUS', 'retry', { httpStatus: 503, retryAfterSeconds: 90 });
    const start = clock.now();
    const courier = dispatcher.open(
      channel(() => {
        at.push((clock.now() - start) / 1000);
        return at.length === 1 ? { error: busy } : accepted;
      }),
    );
    await send(courier, 'a');
    await pass(HOUR);
    assert.deepEqual(at, [0, 90]);
  });

  for (const [what, result, state] of [
    ['a refusal of the platform', { state: 'refused', payload: '', exchange: {} }, 'refused'],
    ['an answer that nobody understands', { state: 'unconfirmed', payload: '', exchange: {} }, 'unconfirmed'],
    ['a breach of the contract', { error: failure('CONTRACT', 'never') }, 'invalid'],
    ['an answer too large', { error: failure('TOO_LARGE', 'never') }, 'dead'],
  ] as const) {
    it(`${what} is final and never sent again`, async () => {
      const courier = dispatcher.open(channel(() => result));
      await send(courier, 'a');
      await pass(24 * HOUR);
      assert.deepEqual([sent.length, await states(), emitted[0]?.state], [1, { [state]: 1 }, state]);
    });
  }

  it('gives up after the limit of tries, but not for what never reached the peer', async () => {
    const courier = dispatcher.open(
      channel(({ content }) => (content === 'poison' ? { error: lostAnswer } : accepted)),
    );
    await send(courier, 'poison');
    // Others get through, so that it is the message and not the destination.
    for (let at = 0; at < 200; at++) {
      await send(courier, `other ${at}`);
      await pass(MINUTE);
    }
    assert.equal(sent.filter(content => content === 'poison').length, 12);
    assert.equal((await states()).dead, 1);
    assert.deepEqual(
      events.map(({ kind }) => kind),
      ['dead'],
    );
  });

  it('delivers what was claimed and never came: the answer of the store was lost', async () => {
    await dispatcher.stop(0);
    let losses = 1;
    const losing: MessageStore = {
      ...store,
      claim: async input => {
        const result = await store.claim(input);
        if (result.messages.length > 0 && losses-- > 0) throw failure('STORE', 'retry');
        return result;
      },
    };
    dispatcher = new Dispatcher(losing, { clock, random: () => 1, onEvent: event => events.push(event) });
    const courier = dispatcher.open(channel(() => accepted));
    await send(courier, 'a', 'b');
    await pass(MINUTE);
    assert.deepEqual([sent, await states()], [['a', 'b'], { accepted: 2 }]);
  });

  it('gives up at the limit of age', async () => {
    const courier = dispatcher.open(channel(() => ({ error: down })));
    await send(courier, 'a');
    await pass(6 * 24 * HOUR);
    assert.deepEqual(await states(), { pending: 1 });
    await pass(25 * HOUR);
    assert.deepEqual(await states(), { dead: 1 });
  });

  describe('a destination that is down for eight hours', () => {
    it('is tried now and then; three alerts at most; then all comes in order, within the rate', async () => {
      let isDown = true;
      const at: number[] = [];
      const courier = dispatcher.open(
        channel(
          () => {
            at.push(clock.now());
            return isDown ? { error: down } : accepted;
          },
          { rules: { concurrency: 4, perMinute: 60, windows: windows('') } },
        ),
      );
      const messages = Array.from({ length: 60 }, (_, n) => message(`${n}`, { key: `key ${n % 20}` }));
      await courier.accept(messages);
      await pass(8 * HOUR);
      assert.ok(at.length < 8 * 15 + 20, `${at.length} attempts in 8 hours`);
      isDown = false;
      sent.length = 0;
      at.length = 0;
      await pass(HOUR);
      assert.deepEqual(await states(), { accepted: 60 });
      for (let key = 0; key < 20; key++) {
        const ofKey = sent.map(Number).filter(n => n % 20 === key);
        assert.deepEqual(ofKey, [key, key + 20, key + 40]);
      }
      const pauses = at.slice(1).map((time, n) => time - (at[n] ?? 0));
      assert.ok(Math.min(...pauses) >= 1000, 'at most 60 a minute');
      assert.ok(events.length <= 3, JSON.stringify(events.map(({ kind }) => kind)));
      assert.deepEqual(
        events.map(({ kind }) => kind),
        ['down', 'up'],
      );
    });
    it('counts none of it against the messages', async () => {
      let isDown = true;
      const courier = dispatcher.open(channel(() => (isDown ? { error: lostAnswer } : accepted)));
      await send(courier, 'a', 'b', 'c', 'd', 'e', 'f');
      await pass(2 * 24 * HOUR);
      isDown = false;
      await pass(HOUR);
      assert.deepEqual(await states(), { accepted: 6 });
    });
  });

  for (const [what, error] of [
    ['login refused', failure('HTTP_STATUS', 'auth', { httpStatus: 401 })],
    ['setting missing', failure('CONFIG', 'never')],
    ['wrong method', failure('HTTP_STATUS', 'never', { httpStatus: 405 })],
  ] as const) {
    it(`${what}: pauses the destination, says it once, and goes on when the node is deployed again`, async () => {
      let isWrong = true;
      const asked = channel(() => (isWrong ? { error } : accepted));
      const courier = dispatcher.open({ ...asked, rules: { ...asked.rules, concurrency: 1 } });
      await send(courier, 'a', 'b');
      await pass(24 * HOUR);
      assert.deepEqual([sent.length, await states()], [1, { pending: 2 }]);
      assert.deepEqual(
        events.map(({ kind }) => kind),
        ['paused'],
      );
      isWrong = false;
      await courier.close(0);
      dispatcher.open(asked);
      await pass(MINUTE);
      assert.deepEqual(await states(), { accepted: 2 });
    });
  }

  it('sends only in the hours that are allowed', async () => {
    const rules = { concurrency: 4, perMinute: 0, windows: windows('20:00-06:00, 13:00-13:30') };
    const at: string[] = [];
    const courier = dispatcher.open(
      channel(
        () => {
          at.push(new Date(clock.now()).toTimeString().slice(0, 5));
          return accepted;
        },
        { rules },
      ),
    );
    await send(courier, 'a');
    await pass(2 * HOUR);
    await send(courier, 'b');
    await pass(8 * HOUR);
    assert.deepEqual(at, ['13:00', '20:00']);
  });

  it('sends no more at a time than the destination may have, over all its channels', async () => {
    let [running, most] = [0, 0];
    const release: (() => void)[] = [];
    const slow: Deliver = async () => {
      most = Math.max(most, ++running);
      await new Promise<void>(resolve => release.push(resolve));
      running--;
      return accepted;
    };
    const rules = { concurrency: 3, perMinute: 0, windows: windows('') };
    const one = dispatcher.open(channel(slow, { rules }));
    const two = dispatcher.open(channel(slow, { rules, id: 'other' }));
    await send(one, 'a', 'b', 'c', 'd');
    await two.accept(['e', 'f', 'g'].map(text => message(text, { channel: 'other' })));
    while (emitted.length < 7) {
      await settled();
      release.splice(0).forEach(go => go());
    }
    assert.equal(most, 3);
  });

  it('sends batches, each message with a result of its own', async () => {
    const batches: number[] = [];
    const courier = dispatcher.open(
      channel(() => accepted, {
        batch: 3,
        deliver: async works => {
          batches.push(works.length);
          return works.map(({ content }) =>
            content === 'b' ? { state: 'refused', payload: '', exchange: {} } : accepted,
          );
        },
      }),
    );
    await send(courier, 'a', 'b', 'c', 'd');
    await settled();
    assert.deepEqual([batches, await states()], [[3, 1], { accepted: 3, refused: 1 }]);
  });

  describe('a call that must not be made twice', () => {
    it('asks first whether it was processed', async () => {
      let answer: 'unknown' | 'not-processed' = 'unknown';
      const courier = dispatcher.open(
        channel(() => (sent.length === 1 ? { error: lostAnswer } : accepted), {
          idempotent: false,
          ask: async () => answer,
        }),
      );
      await send(courier, 'a');
      await pass(10 * MINUTE);
      assert.deepEqual([sent.length, await states()], [1, { 'in-doubt': 1 }]);
      answer = 'not-processed';
      await pass(HOUR);
      assert.deepEqual([sent.length, await states()], [2, { accepted: 1 }]);
    });
    it('is done when the peer says so', async () => {
      const courier = dispatcher.open(
        channel(() => ({ error: lostAnswer }), {
          idempotent: false,
          ask: async () => ({ state: 'accepted', payload: 'asked', exchange: {} }),
        }),
      );
      await send(courier, 'a');
      await pass(HOUR);
      assert.deepEqual([sent.length, emitted[0]?.payload], [1, 'asked']);
    });
    it('waits for an operator when nobody can be asked', async () => {
      const courier = dispatcher.open(
        channel(() => (sent.length === 1 ? { error: lostAnswer } : accepted), { idempotent: false }),
      );
      const [one] = await send(courier, 'a');
      await pass(30 * 24 * HOUR);
      assert.deepEqual([sent.length, await states()], [1, { 'in-doubt': 1 }]);
      await store.resend({ ids: [one?.id ?? ''], actor: 'test', spacingMs: 0 });
      dispatcher.wakeAll();
      await pass(MINUTE);
      assert.deepEqual([sent.length, await states()], [2, { accepted: 1 }]);
    });
  });

  it('sends all failed again, throttled, and of one key only the newest version', async () => {
    let isBroken = true;
    const at: number[] = [];
    const courier = dispatcher.open(
      channel(() => {
        at.push(clock.now());
        return isBroken ? { error: failure('TOO_LARGE', 'never') } : accepted;
      }),
    );
    await courier.accept([
      message('old', { key: 'a' }),
      message('new', { key: 'a' }),
      ...Array.from({ length: 500 }, (_, n) => message(`${n}`)),
    ]);
    await pass(MINUTE);
    assert.deepEqual(await states(), { dead: 502 });
    isBroken = false;
    [sent.length, at.length] = [0, 0];
    const asked = { filter: { states: ['dead'] as const }, actor: 'test', perMinute: 60 };
    const { done, left } = await resendAll(store, asked);
    dispatcher.wakeAll();
    await pass(HOUR);
    assert.deepEqual([done.length, left.map(({ why }) => why)], [501, ['superseded']]);
    assert.deepEqual(await states(), { accepted: 501, dead: 1 });
    assert.equal(sent.includes('old'), false);
    assert.ok((at.at(-1) ?? 0) - (at[0] ?? 0) >= 500 * 1000, 'one a second');
  });

  describe('outcomes', () => {
    it('come again until they are handed over, with longer and longer pauses', async () => {
      const at: number[] = [];
      const start = clock.now();
      const courier = dispatcher.open(
        channel(() => accepted, {
          emit: emission => {
            at.push(Math.round((clock.now() - start) / MINUTE));
            emitted.push(emission);
            return false;
          },
        }),
      );
      await send(courier, 'a');
      await pass(20 * MINUTE);
      assert.equal(emitted[0]?.exchange['repeated'], undefined);
      assert.equal(emitted[1]?.exchange['repeated'], 1);
      assert.ok(at.length >= 3 && at.length <= 5, at.join());
      await courier.accept([], [emitted[0]?.exchange.id ?? '']);
      const before = at.length;
      await pass(24 * HOUR);
      assert.equal(at.length, before);
    });
    it('of an old state of a thing do not come after the new one', async () => {
      const courier = dispatcher.open(
        channel(({ content }) => ({ state: 'accepted', payload: content, exchange: {} }), {
          newestOnly: true,
          emit: emission => {
            emitted.push(emission);
            return false;
          },
        }),
      );
      await courier.accept([message('old', { key: 'row' })]);
      await settled();
      await courier.accept([message('new', { key: 'row' })]);
      await pass(20 * MINUTE);
      const [first, ...later] = emitted.map(({ payload }) => payload);
      assert.equal(first, 'old');
      assert.ok(later.length > 2 && later.every(payload => payload === 'new'), later.join());
    });
    it('are given up where nobody takes them over, said and kept for an operator', async () => {
      const parked: Emission[] = [];
      const parking = {
        afterEmissions: 3,
        onParked: (emission: Emission): void => {
          parked.push(emission);
        },
      };
      const courier = dispatcher.open(
        channel(() => ({ state: 'accepted', payload: '一行', exchange: {} }), {
          parking,
          emit: emission => {
            emitted.push(emission);
            return false;
          },
        }),
      );
      await send(courier, 'a');
      await pass(24 * HOUR);
      assert.deepEqual([emitted.length, await states()], [3, { dead: 1 }]);
      assert.deepEqual(
        parked.map(({ payload, exchange }) => [payload, exchange.id]),
        [['一行', emitted[0]?.exchange.id]],
      );
      assert.match(
        events.map(({ kind, text }) => `${kind} ${text.zh}`).join('\n'),
        /^dead .*3 次都没有接收/m,
      );
      await store.resend({ ids: [emitted[0]?.exchange.id ?? ''], actor: 'test', spacingMs: 0 });
      courier.wake();
      await pass(MINUTE / 2);
      assert.equal(emitted.length, 4);
    });
    it('that an ended process has not handed over come again at the start, in order', async () => {
      const courier = dispatcher.open(channel(() => accepted, { emit: () => false }));
      await send(courier, 'a', 'b', 'c');
      await settled();
      await dispatcher.stop(0);
      await store.close();
      await open();
      dispatcher.open(channel(() => accepted));
      await pass(MINUTE);
      assert.equal(emitted.length, 3);
      assert.deepEqual([sent.length, await states()], [3, { accepted: 3 }]);
    });
  });

  describe('stopping', () => {
    it('lets what is being sent finish', async () => {
      let finish: (() => void) | undefined;
      const courier = dispatcher.open(
        channel(async () => {
          await new Promise<void>(resolve => (finish = resolve));
          return accepted;
        }),
      );
      await send(courier, 'a');
      await settled();
      const closed = courier.close(8000);
      await settled();
      finish?.();
      await closed;
      assert.deepEqual(await states(), { accepted: 1 });
    });
    it('ends what does not finish in time, and leaves it to the store', async () => {
      const courier = dispatcher.open(
        channel(
          (_work, signal) =>
            new Promise(resolve => {
              signal.addEventListener('abort', () => resolve({ error: failure('ABORTED', 'in-doubt') }));
            }),
        ),
      );
      await send(courier, 'a', 'b');
      await settled();
      const closed = courier.close(8000);
      await pass(8000);
      await closed;
      assert.deepEqual(await states(), { 'in-doubt': 2 });
    });
    it('does not disturb other channels', async () => {
      const one = dispatcher.open(channel(() => accepted));
      const two = dispatcher.open(channel(() => accepted, { id: 'other' }));
      await one.close(0);
      await two.accept([message('b', { channel: 'other' })]);
      await settled();
      assert.deepEqual(sent, ['b']);
    });
  });
});

function windows(text: string): TimeWindows {
  const parsed = TimeWindows.parse(text);
  assert.ok(parsed);
  return parsed;
}
