/** What a store that several processes share must do, whatever database it lies in. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Claimed } from '../../lib/store/message';
import type { MessageStore } from '../../lib/store/message-store';
import { LEASE_MS, done, newMessage } from './store-conformance';
import { TestClock } from './test-clock';

/** @param open gives two stores on one database that is new to each test */
export function sharedStoreConformance(
  open: (clock: TestClock) => Promise<[MessageStore, MessageStore]>,
): void {
  let clock: TestClock;
  let stores: [MessageStore, MessageStore];
  beforeEach(async () => {
    clock = new TestClock();
    stores = await open(clock);
  });
  afterEach(() => Promise.all(stores.map(store => store.close())));

  const claim = async (store: MessageStore, owner: string, limit = 7): Promise<readonly Claimed[]> =>
    (await store.claim({ channel: 'node', limit, owner, leaseMs: LEASE_MS })).messages;

  it('gives every message to one of them', async () => {
    const messages = Array.from({ length: 200 }, () => newMessage());
    await stores[0].accept({ messages });
    const takeAll = async (store: MessageStore, at: number): Promise<string[]> => {
      const taken: string[] = [];
      for (;;) {
        const claimed = await claim(store, `owner-${at}`);
        if (claimed.length === 0) return taken;
        taken.push(...claimed.map(({ id }) => id));
      }
    };
    const taken = (await Promise.all(stores.map(takeAll))).flat();
    // A process that finds rows locked may stop early; what is left is for the next look.
    for (let more = await claim(stores[0], 'one'); more.length > 0; more = await claim(stores[0], 'one'))
      taken.push(...more.map(({ id }) => id));
    assert.deepEqual(taken.toSorted(), messages.map(({ id }) => id).toSorted());
  });

  it('keeps the order of each key, whoever sends', async () => {
    const keys = Array.from({ length: 12 }, () => randomUUID());
    const sent = new Map<string, number[]>(keys.map(key => [key, []]));
    const sending = new Set<string>();
    const count = 8 * keys.length * stores.length;
    let delivered = 0;
    const produce = async (store: MessageStore): Promise<void> => {
      for (let round = 0; round < 8; round++) {
        const messages = keys.map(key =>
          newMessage({ key, content: JSON.stringify({ key, n: randomUUID() }) }),
        );
        await Promise.all(messages.map(message => store.accept({ messages: [message] })));
      }
    };
    const keyOf = ({ content }: Claimed): string => (JSON.parse(content) as { key: string }).key;
    const deliver = async (store: MessageStore, at: number): Promise<void> => {
      const owner = `owner-${at}`;
      while (delivered < count) {
        const claimed = await claim(store, owner);
        for (const message of claimed) {
          assert.ok(!sending.has(keyOf(message)), 'two messages of one key are sent at once');
          sending.add(keyOf(message));
          sent.get(keyOf(message))?.push(message.version);
        }
        await pause(1);
        for (const message of claimed) sending.delete(keyOf(message));
        await store.settle({ owner, settlements: claimed.map(({ id }) => done(id)) });
        delivered += claimed.length;
      }
    };
    await Promise.all([...stores.map(deliver), ...stores.map(produce)]);
    const expected = Array.from({ length: 16 }, (_, at) => at + 1);
    for (const versions of sent.values()) assert.deepEqual(versions, expected);
  });

  it('two producers of one key make one lane with one head', async () => {
    const keys = Array.from({ length: 4 }, () => randomUUID());
    for (let round = 0; round < 40; round++) {
      // Each hands in the keys in another order, in one transaction.
      const orders = [keys, keys.toReversed()];
      await Promise.all(
        stores.map((store, at) =>
          store.accept({ messages: (orders[at] ?? []).map(key => newMessage({ key, label: key })) }),
        ),
      );
    }
    const messages = (await stores[0].search({ limit: 500 })).toReversed();
    for (const key of keys) {
      const versions = messages.filter(({ label }) => label === key).map(({ version }) => version);
      assert.deepEqual(
        versions,
        Array.from({ length: 80 }, (_, at) => at + 1),
      );
    }
    const heads = await claim(stores[1], 'one', 100);
    assert.deepEqual(heads.map(({ label }) => label).toSorted(), keys.toSorted());
    assert.ok(heads.every(({ version }) => version === 1));
  });

  it('another one takes over when a lease is over, and the word of the first does not count any more', async () => {
    const message = newMessage();
    await stores[0].accept({ messages: [message] });
    await claim(stores[0], 'one');
    clock.advance(LEASE_MS);
    assert.equal(await stores[1].recover({ owner: 'two' }), 0);
    clock.advance(1);
    assert.equal(await stores[1].recover({ owner: 'two' }), 1);
    const [again] = await claim(stores[1], 'two');
    assert.deepEqual([again?.id, again?.doubtful], [message.id, true]);
    assert.deepEqual(await stores[0].settle({ owner: 'one', settlements: [done(message.id)] }), [message.id]);
    assert.deepEqual(await stores[1].settle({ owner: 'two', settlements: [done(message.id)] }), []);
  });

  it('an operator never withdraws or resends what another process has just begun to send', async () => {
    for (let round = 0; round < 40; round++) {
      const [old, next] = [newMessage({ key: `${round}` }), newMessage({ key: `${round}` })];
      await stores[0].accept({ messages: [old] });
      await claim(stores[0], 'one');
      await stores[0].settle({ owner: 'one', settlements: [done(old.id, 'dead')] });
      await stores[0].accept({ messages: [next] });
      const [claimed, resent] = await Promise.all([
        claim(stores[0], 'one', 1),
        stores[1].resend({ ids: [old.id], actor: 'test', spacingMs: 0, force: true }),
      ]);
      const more = await claim(stores[1], 'two', 1);
      assert.equal(resent.done.length, 1);
      assert.equal(claimed.length + more.length, 1, 'two messages of one key are sent at once');
      const first = [...claimed, ...more][0]?.id ?? '';
      const owner = claimed.length > 0 ? 'one' : 'two';
      const goOn = async (): Promise<readonly Claimed[]> => {
        await stores[0].settle({ owner, settlements: [done(first)] });
        return claim(stores[0], 'one', 1);
      };
      const other = first === old.id ? next.id : old.id;
      const [cancelled, second] = await Promise.all([
        stores[1].cancel({ ids: [other], actor: 'test' }),
        goOn(),
      ]);
      assert.equal(cancelled.done.length + second.length, 1, 'sent although it was withdrawn');
      await stores[0].settle({ owner: 'one', settlements: second.map(({ id }) => done(id)) });
    }
    const counts = new Map<string, number>();
    for (const { state } of await stores[0].search({ limit: 500 }))
      counts.set(state, (counts.get(state) ?? 0) + 1);
    const tallies = await stores[0].tallies({});
    assert.deepEqual(new Map(tallies.map(({ state, count }) => [state, count])), counts);
  });

  it('two that clean up at once count right, and keep the chain of audit records whole', async () => {
    const messages = Array.from({ length: 60 }, () => newMessage());
    await stores[0].accept({ messages });
    await claim(stores[0], 'one', 60);
    await stores[0].settle({ owner: 'one', settlements: messages.map(({ id }) => done(id)) });
    await stores[0].handOver({ ids: messages.map(({ id }) => id) });
    const end = clock.now() + 1;
    const clean = async (store: MessageStore): Promise<void> => {
      while ((await store.prune({ contentBefore: end, messageBefore: end, auditBefore: end, limit: 5 })) > 0);
    };
    await Promise.all(stores.map(clean));
    assert.deepEqual(await stores[0].tallies({}), []);
    await stores[0].audit({
      actor: 'test',
      action: 'look',
      message: '',
      channel: '',
      service: '',
      outcome: 'done',
      code: '',
      durationMs: 0,
    });
    const check = await stores[0].checkAudit({ ...(await stores[0].auditStart({})), limit: 100 });
    assert.deepEqual([check.done, check.brokenAt], [true, null]);
  });
}
