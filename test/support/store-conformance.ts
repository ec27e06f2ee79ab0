/** What every message store must do, whatever database it lies in. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Claimed, Finished, NewMessage, Settlement } from '../../lib/store/message';
import type { MessageStore } from '../../lib/store/message-store';

export const OWNER = 'one';
export const LEASE_MS = 30_000;

export const newMessage = (changes: Partial<NewMessage> = {}): NewMessage => ({
  id: randomUUID(),
  channel: 'node',
  destination: 'platform',
  service: 'ArchiveAutoReport',
  key: randomUUID(),
  label: 'TESTR0001',
  terms: {},
  content: JSON.stringify({ name: '测试甲', n: randomUUID() }),
  context: '{}',
  repeats: 'known',
  ...changes,
});

export const done = (
  id: string,
  state: Finished['state'] = 'accepted',
  changes: Partial<Finished> = {},
): Settlement => ({
  id,
  startedAt: 0,
  durationMs: 5,
  next: { state, outcome: '{"payload":"ok"}', repeatAt: Number.MAX_SAFE_INTEGER, ...changes },
});

export const later = (id: string, dueAt: number, state: 'pending' | 'in-doubt' = 'pending'): Settlement => ({
  id,
  startedAt: 0,
  durationMs: 5,
  failure: { code: 'TRANSPORT_NOT_SENT', text: { zh: '连接失败', en: 'no connection' } },
  next: { state, dueAt, counts: true },
});

export const settle = (store: MessageStore, ...settlements: Settlement[]): Promise<readonly string[]> =>
  store.settle({ owner: OWNER, settlements });

export interface StoreUnderTest {
  readonly store: MessageStore;
  /** Moves the store's clock. */
  advance(ms: number): void;
  now(): number;
}

export function storeConformance(open: () => Promise<StoreUnderTest>): void {
  let under: StoreUnderTest;
  let store: MessageStore;
  beforeEach(async () => {
    under = await open();
    ({ store } = under);
  });
  afterEach(() => store.close());

  const accept = (...messages: NewMessage[]) => store.accept({ messages });
  const claim = async (limit = 10, channel = 'node', owner = OWNER): Promise<readonly Claimed[]> =>
    (await store.claim({ channel, limit, owner, leaseMs: LEASE_MS })).messages;
  const ids = (claimed: readonly { id: string }[]): string[] => claimed.map(({ id }) => id);
  const stateOf = async (id: string): Promise<string | undefined> =>
    (await store.read({ id, actor: 'test' }))?.state;

  it('gives back what it took, content and context to the letter', async () => {
    const message = newMessage({ content: '{"text":"第一行\\r\\n𠮷<&\\u0000"}', context: '{"topic":"x"}' });
    assert.deepEqual(await accept(message), [{ id: message.id, fate: 'queued', version: 1 }]);
    const [got] = await claim();
    assert.deepEqual(
      [got?.content, got?.context, got?.label],
      [message.content, message.context, message.label],
    );
  });

  it('the same hand-in twice is one message', async () => {
    const message = newMessage();
    await accept(message);
    const [again] = await accept({ ...message, content: 'other' });
    assert.deepEqual(again, {
      id: message.id,
      fate: 'duplicate',
      version: 1,
      original: { id: message.id, state: 'pending' },
    });
    assert.equal((await claim()).length, 1);
  });

  describe('order per key', () => {
    it('only the oldest of a key is due; other keys are not held up', async () => {
      const [a1, a2, b1] = [newMessage({ key: 'a' }), newMessage({ key: 'a' }), newMessage({ key: 'b' })];
      await accept(a1, a2, b1);
      assert.deepEqual(ids(await claim()), [a1.id, b1.id]);
      assert.deepEqual(await claim(), []);
      await settle(store, done(a1.id));
      assert.deepEqual(ids(await claim()), [a2.id]);
    });
    it('a message that waits for its next attempt keeps its key waiting, also when later ones are due', async () => {
      const [a1, a2] = [newMessage({ key: 'a' }), newMessage({ key: 'a' })];
      await accept(a1, a2);
      await claim();
      await settle(store, later(a1.id, under.now() + 60_000));
      assert.deepEqual(await claim(), []);
      const { nextDue } = await store.claim({ channel: 'node', limit: 1, owner: OWNER, leaseMs: LEASE_MS });
      assert.equal(nextDue, under.now() + 60_000);
      under.advance(60_000);
      assert.deepEqual(ids(await claim()), [a1.id]);
    });
    it('services and destinations have keys of their own', async () => {
      await accept(
        newMessage({ key: 'a' }),
        newMessage({ key: 'a', service: 'SyncAppointData' }),
        newMessage({ key: 'a', destination: 'other' }),
      );
      assert.equal((await claim()).length, 3);
    });
    it('a dead message lets its key go on, or holds it until an operator decides', async () => {
      const [a1, a2] = [newMessage({ key: 'a' }), newMessage({ key: 'a' })];
      const [b1, b2] = [newMessage({ key: 'b' }), newMessage({ key: 'b' })];
      await accept(a1, a2, b1, b2);
      await claim();
      await settle(store, done(a1.id, 'dead'), done(b1.id, 'dead', { holdsKey: true }));
      assert.deepEqual(ids(await claim()), [a2.id]);
      assert.deepEqual(await store.cancel({ ids: [b1.id], actor: 'test' }), { done: [b1.id], left: [] });
      assert.deepEqual(ids(await claim()), [b2.id]);
    });
    it('numbers the versions of a key', async () => {
      const fates = await accept(
        newMessage({ key: 'a' }),
        newMessage({ key: 'a' }),
        newMessage({ key: 'a' }),
      );
      assert.deepEqual(
        fates.map(({ version }) => version),
        [1, 2, 3],
      );
    });
  });

  describe('repetitions', () => {
    const same = { key: 'a', content: '{"same":1}' };
    for (const state of ['pending', 'inflight', 'accepted', 'unconfirmed'] as const) {
      it(`the content of a message that is ${state} is a duplicate of it`, async () => {
        const first = newMessage(same);
        await accept(first);
        if (state !== 'pending') await claim();
        if (state === 'accepted' || state === 'unconfirmed') await settle(store, done(first.id, state));
        const [again] = await accept(newMessage(same));
        assert.deepEqual([again?.fate, again?.original], ['duplicate', { id: first.id, state }]);
      });
    }
    for (const state of ['refused', 'dead'] as const) {
      it(`the content of a message that is ${state} may be sent again`, async () => {
        const first = newMessage(same);
        await accept(first);
        await claim();
        await settle(store, done(first.id, state));
        assert.deepEqual((await accept(newMessage(same)))[0]?.fate, 'queued');
      });
    }
    it('old content after new is a new version', async () => {
      await accept(newMessage(same), newMessage({ key: 'a' }));
      assert.deepEqual((await accept(newMessage(same)))[0]?.version, 3);
    });
    it('what was forgotten is a new message when it comes again', async () => {
      await accept(newMessage(same));
      await claim();
      await store.forget({ destination: 'platform', service: 'ArchiveAutoReport', key: 'a' });
      await store.forget({ destination: 'platform', service: 'ArchiveAutoReport', key: 'unknown' });
      const [again] = await accept(newMessage(same));
      assert.deepEqual([again?.fate, again?.version], ['queued', 2]);
      assert.equal((await accept(newMessage(same)))[0]?.fate, 'duplicate');
    });
    it('broken content that waits to be mended already is no second message', async () => {
      const broken = {
        ...same,
        invalid: { code: 'CONTRACT', text: { zh: '缺字段', en: 'a field is missing' } },
      };
      const first = newMessage(broken);
      assert.equal((await accept(first))[0]?.fate, 'invalid');
      const [again] = await accept(newMessage(broken));
      assert.deepEqual([again?.fate, again?.original], ['duplicate', { id: first.id, state: 'invalid' }]);
      assert.equal((await accept(newMessage({ ...broken, content: '{"other":1}' })))[0]?.fate, 'invalid');
    });
    it('a notification is repeated once it is on its way', async () => {
      const notification = { ...same, repeats: 'waits' } as const;
      await accept(newMessage(notification));
      assert.equal((await accept(newMessage(notification)))[0]?.fate, 'duplicate');
      await claim();
      assert.equal((await accept(newMessage(notification)))[0]?.fate, 'queued');
    });
  });

  it('keeps how far a source was read, in the step that takes its messages over', async () => {
    const at = (name: string): Promise<string | null> => store.position({ name });
    assert.equal(await at('poll'), null);
    await store.accept({
      messages: [newMessage()],
      position: { name: 'poll', value: '2030-01-02 03:04:05' },
    });
    await store.accept({ messages: [], position: { name: 'other', value: '{}' } });
    await store.accept({ messages: [], position: { name: 'poll', value: '2030-01-02 03:04:06' } });
    assert.deepEqual([await at('poll'), await at('other')], ['2030-01-02 03:04:06', '{}']);
  });

  describe('leases', () => {
    it('a message whose sender is gone is in doubt, and taken over', async () => {
      const message = newMessage();
      await accept(message);
      await claim();
      assert.equal(await store.recover({ owner: 'two' }), 0);
      under.advance(LEASE_MS + 1);
      assert.equal(await store.recover({ owner: 'two' }), 1);
      assert.equal(await stateOf(message.id), 'in-doubt');
      const [again] = await claim(1, 'node', 'two');
      assert.deepEqual([again?.id, again?.doubtful], [message.id, true]);
      // The first sender was only slow: its word does not count any more.
      assert.deepEqual(await settle(store, done(message.id)), [message.id]);
      assert.equal(await stateOf(message.id), 'inflight');
    });
    it('renewing keeps it; giving back makes it due again', async () => {
      const message = newMessage();
      await accept(message);
      await claim();
      under.advance(LEASE_MS - 1);
      await store.renew({ owner: OWNER, leaseMs: LEASE_MS });
      under.advance(LEASE_MS - 1);
      assert.equal(await store.recover({ owner: 'two' }), 0);
      await store.release({ owner: OWNER, ids: [message.id] });
      assert.deepEqual(ids(await claim()), [message.id]);
    });
    it('the only user of a store takes over at once what its predecessor left', async () => {
      await accept(newMessage());
      await claim();
      assert.equal(await store.recover({ owner: 'two', goneOwners: 'all-others' }), 1);
    });
    it('what its sender knows nothing of is in doubt, and comes again', async () => {
      const [kept, unknown, other] = [newMessage(), newMessage(), newMessage({ channel: 'other' })];
      await accept(kept, unknown, other);
      await claim(10, 'other');
      // The answer was lost: of these two the sender has only one.
      await claim();
      const again = await store.claim({
        channel: 'node',
        limit: 10,
        owner: OWNER,
        leaseMs: LEASE_MS,
        holding: [kept.id],
      });
      assert.deepEqual(
        again.messages.map(({ id, doubtful }) => [id, doubtful]),
        [[unknown.id, true]],
      );
      assert.deepEqual([await stateOf(kept.id), await stateOf(other.id)], ['inflight', 'inflight']);
    });
    it('once in doubt, it stays so until it is finished', async () => {
      const message = newMessage();
      await accept(message);
      await claim();
      await settle(store, later(message.id, under.now(), 'in-doubt'));
      const [again] = await claim();
      assert.equal(again?.doubtful, true);
      await settle(store, later(message.id, under.now()));
      assert.equal(await stateOf(message.id), 'in-doubt');
    });
  });

  describe('outcomes', () => {
    const finish = async (...messages: NewMessage[]): Promise<void> => {
      await accept(...messages);
      await claim(messages.length);
      await settle(
        store,
        ...messages.map(({ id }) => done(id, 'accepted', { repeatAt: under.now() + 1000 })),
      );
    };
    const due = async (all = false) =>
      (await store.outcomes({ channel: 'node', limit: 10, repeatMs: 1000, all })).outcomes;

    it('is sent on again until it is handed over', async () => {
      const message = newMessage({ context: '{"row":7}' });
      await finish(message);
      assert.deepEqual(await due(), []);
      under.advance(1000);
      const [again] = await due();
      assert.deepEqual(
        [again?.id, again?.state, again?.outcome, again?.context, again?.emissions],
        [message.id, 'accepted', '{"payload":"ok"}', '{"row":7}', 1],
      );
      assert.deepEqual(await due(), []);
      under.advance(1000);
      assert.equal((await due())[0]?.emissions, 2);
      under.advance(1000);
      assert.deepEqual(await due(), [], 'the pauses become longer');
      await store.handOver({ ids: [message.id] });
      under.advance(5000);
      assert.deepEqual(await due(), []);
    });
    it('is parked when nobody takes it over, and sent on again once an operator says so', async () => {
      const [kept, taken] = [newMessage(), newMessage()];
      await finish(kept, taken);
      await store.handOver({ ids: [taken.id] });
      const failure = { code: 'NOT_TAKEN_OVER', text: { zh: '未接收', en: 'not taken' } };
      assert.deepEqual(await store.park({ ids: [kept.id, taken.id], failure }), [kept.id]);
      assert.deepEqual([await stateOf(kept.id), await stateOf(taken.id)], ['dead', 'accepted']);
      const [found] = await store.search({ states: ['dead'], limit: 10 });
      assert.deepEqual([found?.id, found?.code, found?.text], [kept.id, 'NOT_TAKEN_OVER', failure.text]);
      assert.deepEqual(await due(true), []);
      assert.deepEqual((await store.resend({ ids: [kept.id], actor: 'test', spacingMs: 0 })).done, [kept.id]);
      assert.deepEqual(ids(await claim()), [kept.id]);
      const tallies = await store.tallies({});
      assert.equal(tallies.find(({ state }) => state === 'dead')?.count ?? 0, 0);
    });
    it('of several of a key only the newest is sent on again, where that is asked for', async () => {
      const [old, other] = [newMessage({ key: 'a' }), newMessage({ key: 'b' })];
      await finish(old, other);
      const young = newMessage({ key: 'a' });
      await finish(young);
      under.advance(5000);
      const { outcomes } = await store.outcomes({
        channel: 'node',
        limit: 10,
        repeatMs: 1000,
        newestOnly: true,
      });
      assert.deepEqual(ids(outcomes), [other.id, young.id]);
      assert.equal(await store.backlog({ channel: 'node' }), 2);
    });
    it('counts what is not finished and what is not handed over', async () => {
      const backlog = (): Promise<number> => store.backlog({ channel: 'node' });
      assert.equal(await backlog(), 0);
      const messages = [newMessage(), newMessage(), newMessage()];
      await finish(...messages);
      await accept(newMessage(), newMessage({ channel: 'other' }));
      assert.equal(await backlog(), 4);
      await store.handOver({ ids: ids(messages) });
      assert.equal(await backlog(), 1);
    });
    it('at the start of a process all that were not handed over come again', async () => {
      const messages = [newMessage(), newMessage()];
      await finish(...messages);
      assert.deepEqual(ids(await due(true)), ids(messages));
    });
    it('is handed over by the step that accepts the next message', async () => {
      const message = newMessage();
      await finish(message);
      await store.accept({ messages: [newMessage({ channel: 'next' })], handedOver: [message.id] });
      under.advance(5000);
      assert.deepEqual(await due(), []);
    });
  });

  describe('operators', () => {
    const finished = async (
      state: Finished['state'],
      changes: Partial<NewMessage> = {},
    ): Promise<NewMessage> => {
      const message = newMessage(changes);
      await accept(message);
      await claim(1);
      await settle(store, done(message.id, state));
      return message;
    };
    it('withdraws what waits, not what is delivered', async () => {
      const accepted = await finished('accepted');
      const [sending, waiting] = [newMessage(), newMessage()];
      await accept(sending);
      await claim();
      await accept(waiting);
      const asked = [sending.id, accepted.id, 'none', waiting.id];
      assert.deepEqual(await store.cancel({ ids: asked, actor: 'test' }), {
        done: [waiting.id],
        left: [
          { id: sending.id, why: 'state' },
          { id: accepted.id, why: 'state' },
          { id: 'none', why: 'unknown' },
        ],
      });
      assert.deepEqual(await claim(), []);
    });
    it('sends again, one after the other', async () => {
      const messages = [await finished('dead'), await finished('refused'), await finished('accepted')];
      const result = await store.resend({ ids: ids(messages), actor: 'test', spacingMs: 100 });
      assert.deepEqual(result.done, ids(messages));
      assert.equal((await claim()).length, 1);
      under.advance(100);
      assert.equal((await claim()).length, 1);
      under.advance(100);
      const [last] = await claim();
      assert.deepEqual([last?.id, last?.tries], [messages[2]?.id, 0]);
    });
    it('never puts an old version over a new one, unless told to', async () => {
      const old = await finished('dead', { key: 'a' });
      await finished('accepted', { key: 'a' });
      const asked = { ids: [old.id], actor: 'test', spacingMs: 0 };
      assert.deepEqual(await store.resend(asked), { done: [], left: [{ id: old.id, why: 'superseded' }] });
      assert.deepEqual((await store.resend({ ...asked, force: true })).done, [old.id]);
      assert.deepEqual(ids(await claim()), [old.id]);
    });
    it('sends an older message of a key before the waiting ones', async () => {
      const dead = await finished('dead', { key: 'a' });
      const next = newMessage({ key: 'a' });
      await accept(next);
      await store.resend({ ids: [dead.id], actor: 'test', spacingMs: 0, force: true });
      assert.deepEqual(ids(await claim()), [dead.id]);
      await settle(store, done(dead.id));
      assert.deepEqual(ids(await claim()), [next.id]);
    });
    it('replaces an invalid message by a mended one that names it', async () => {
      const why = { code: 'CONTRACT', text: { zh: '缺少', en: 'missing' } };
      const broken = newMessage({ key: '', invalid: why, context: '{"row":7}' });
      assert.deepEqual(await accept(broken), [{ id: broken.id, fate: 'invalid', version: 0 }]);
      assert.deepEqual(await claim(), []);
      const { context: _context, ...mended } = newMessage({ key: 'a' });
      assert.deepEqual((await store.amend({ id: broken.id, by: mended, actor: 'test' })).done, [broken.id]);
      assert.equal(await stateOf(broken.id), 'cancelled');
      assert.equal((await store.read({ id: mended.id, actor: 'test' }))?.origin, broken.id);
      const [claimed] = await claim();
      assert.deepEqual([claimed?.id, claimed?.context], [mended.id, '{"row":7}'], 'the flow goes on with it');
    });
  });

  describe('search, counters, audit', () => {
    it('is tried by a write that changes nothing', async () => {
      await accept(newMessage());
      await store.probe({});
      await store.probe({});
      assert.deepEqual(await store.tallies({}), [{ channel: 'node', state: 'pending', count: 1 }]);
      assert.equal((await claim()).length, 1);
    });
    it('finds by what people know, and keeps none of it readable', async () => {
      const terms = { report: 'TESTR0001', patient: 'TESTP0001', accession: 'TESTA0001' };
      const message = newMessage({ terms });
      await accept(message, newMessage({ terms: { report: 'TESTR0002' } }), newMessage());
      for (const [name, value] of Object.entries(terms))
        assert.deepEqual(ids(await store.search({ terms: { [name]: value }, limit: 10 })), [message.id]);
      assert.deepEqual(await store.search({ terms: { report: 'TESTR0003' }, limit: 10 }), []);
      assert.equal((await store.search({ states: ['pending'], channel: 'node', limit: 2 })).length, 2);
    });
    it('finds by any of the terms, or by the id, without being told which', async () => {
      const message = newMessage({
        terms: { report: 'TESTR0001', patient: 'TESTP0001', accession: 'TESTA0001' },
      });
      await accept(message, newMessage({ terms: { report: 'TESTR0002' } }));
      for (const term of ['TESTR0001', 'TESTP0001', 'TESTA0001', message.id])
        assert.deepEqual(ids(await store.search({ term, limit: 10 })), [message.id]);
      assert.deepEqual(await store.search({ term: 'TESTR0001', states: ['dead'], limit: 10 }), []);
    });
    it('filters by all that a list shows, the newest first, page by page', async () => {
      const of = (channel: string, service: string): NewMessage => newMessage({ channel, service });
      const [a, b, c, d] = [of('one', 'A'), of('one', 'B'), of('two', 'A'), of('one', 'A')];
      await accept(a, b, c, d);
      await claim(1, 'one');
      await settle(store, later(a.id, under.now() + 60_000));
      const found = async (filter: object): Promise<string[]> =>
        ids(await store.search({ limit: 10, ...filter }));
      assert.deepEqual(await found({ channel: 'one' }), [d.id, b.id, a.id]);
      assert.deepEqual(await found({ service: 'A' }), [d.id, c.id, a.id]);
      assert.deepEqual(await found({ channel: 'one', service: 'A' }), [d.id, a.id]);
      assert.deepEqual(await found({ code: 'TRANSPORT_NOT_SENT' }), [a.id]);
      assert.deepEqual(await found({ states: ['pending', 'dead'], service: 'B' }), [b.id]);
      assert.deepEqual(await found({ states: ['dead'] }), []);
      const [first, second] = await store.search({ channel: 'one', limit: 2 });
      assert.deepEqual([first?.id, second?.id], [d.id, b.id]);
      assert.deepEqual(await found({ channel: 'one', beforeSeq: second?.seq }), [a.id]);
    });
    it('finds by the time of acceptance, also after the clock was set back', async () => {
      const messages: NewMessage[] = [];
      const times: number[] = [];
      for (const hours of [0, 10, -0.5, 10]) {
        under.advance(hours * 3_600_000);
        const message = newMessage();
        await accept(message);
        messages.push(message);
        times.push(under.now());
      }
      const [a, b, c, d] = ids(messages);
      const [t0 = 0, t1 = 0, t2 = 0, t3 = 0] = times;
      const found = async (acceptedFrom?: number, acceptedTo?: number): Promise<string[]> =>
        ids(
          await store.search({
            limit: 10,
            ...(acceptedFrom !== undefined && { acceptedFrom }),
            ...(acceptedTo !== undefined && { acceptedTo }),
          }),
        );
      assert.deepEqual(await found(t1), [d, b]);
      assert.deepEqual(await found(t2), [d, c, b]);
      assert.deepEqual(await found(undefined, t2), [a]);
      assert.deepEqual(await found(t2, t3), [c, b]);
      assert.deepEqual([await found(t3 + 1), await found(undefined, t0)], [[], []]);
    });
    it('writes down what a message was looked at for', async () => {
      const message = newMessage();
      await accept(message);
      await store.read({ id: message.id, actor: '测试员' });
      await store.read({ id: message.id, actor: '测试员', action: 'unmask' });
      const trail = await store.auditTrail({ afterSeq: 0, limit: 10, message: message.id });
      assert.deepEqual(
        trail.map(({ actor, action }) => [actor, action]),
        [
          ['测试员', 'view'],
          ['测试员', 'unmask'],
        ],
      );
    });
    it('counts by channel and state, through every change', async () => {
      const [a, b, c] = [
        newMessage(),
        newMessage(),
        newMessage({ invalid: { code: 'X', text: { zh: '', en: '' } } }),
      ];
      await accept(a, b, c);
      await claim(2);
      await settle(store, done(a.id), later(b.id, under.now() + 5));
      const counts = Object.fromEntries((await store.tallies({})).map(({ state, count }) => [state, count]));
      assert.deepEqual(counts, { accepted: 1, pending: 1, invalid: 1 });
      assert.equal(await store.oldest({ channel: 'node' }), under.now());
    });
    it('writes one audit record for each call and each action, in a chain', async () => {
      const message = newMessage();
      await accept(message);
      await claim();
      await settle(store, later(message.id, under.now()));
      await claim();
      await settle(store, done(message.id, 'refused'));
      await store.resend({ ids: [message.id], actor: '测试员', spacingMs: 0 });
      const trail = await store.auditTrail({ afterSeq: 0, limit: 10, message: message.id });
      assert.deepEqual(
        trail.map(({ actor, action, outcome, code }) => [actor, action, outcome, code]),
        [
          ['system', 'deliver', 'pending', 'TRANSPORT_NOT_SENT'],
          ['system', 'deliver', 'refused', ''],
          ['测试员', 'resend', 'done', ''],
        ],
      );
      const check = await store.checkAudit({ ...(await store.auditStart({})), limit: 2 });
      assert.deepEqual([check.done, check.brokenAt, check.seq], [false, null, 2]);
      assert.deepEqual((await store.checkAudit({ ...check, limit: 2 })).brokenAt, null);
    });
    it('puts the calls of a time together by result and duration', async () => {
      const [first, second] = [newMessage(), newMessage()];
      const from = under.now();
      await accept(first, second);
      await claim();
      await settle(store, done(first.id), later(second.id, from));
      const call = { actor: 'system', action: 'call', message: '', channel: 'node', code: '', durationMs: 7 };
      await store.audit({ ...call, service: 'GetLabInfo', outcome: 'accepted' });
      // What operators do is no call.
      await store.audit({ ...call, action: 'export', service: 'GetLabInfo', outcome: 'done' });
      under.advance(86_400_000);
      await claim();
      await settle(store, done(second.id));
      const to = under.now() + 1;
      const shown = (await store.callStatistics({ from, to })).map(
        ({ channel, service, outcome, code, durationMs, count }) =>
          [channel, service, outcome, code, durationMs, count].join(' '),
      );
      assert.deepEqual(shown.toSorted(), [
        'node ArchiveAutoReport accepted  5 2',
        'node ArchiveAutoReport pending TRANSPORT_NOT_SENT 5 1',
        'node GetLabInfo accepted  7 1',
      ]);
      const ofFirstDay = await store.callStatistics({ from, to: from + 1 });
      assert.equal(
        ofFirstDay.reduce((sum, { count }) => sum + count, 0),
        3,
      );
      assert.deepEqual(await store.callStatistics({ from: to, to: to + 1000 }), []);
    });
    it('gives samples of what was delivered, page by page, and writes down who took them', async () => {
      const messages = Array.from({ length: 3 }, () => newMessage());
      const from = under.now();
      await accept(...messages, newMessage({ service: 'C-STORE' }), newMessage());
      const claimed = await claim();
      await settle(
        store,
        ...ids(claimed.filter(({ id }) => messages.some(one => one.id === id))).map(id => done(id)),
      );
      const asked = {
        service: 'ArchiveAutoReport',
        actor: '测试员',
        acceptedFrom: from,
        acceptedTo: from + 1,
      };
      const first = await store.samples({ ...asked, limit: 2 });
      const rest = await store.samples({ ...asked, limit: 2, beforeSeq: first.at(-1)?.seq ?? 0 });
      assert.deepEqual(
        [...first, ...rest].map(({ content }) => content).toSorted(),
        messages.map(({ content }) => content).toSorted(),
      );
      assert.deepEqual(await store.samples({ ...asked, acceptedTo: from, limit: 2 }), []);
      const trail = await store.auditTrail({ afterSeq: 0, limit: 100 });
      assert.equal(
        trail.filter(({ actor, action }) => actor === '测试员' && action === 'evidence').length,
        3,
      );
    });
    it('removes in slices what is delivered and old, never what waits or failed; the chain stays whole', async () => {
      const kept = [newMessage(), newMessage()];
      await accept(...kept);
      await claim();
      await settle(store, done(kept[0]?.id ?? '', 'dead'), later(kept[1]?.id ?? '', under.now() + 60_000));
      const old = Array.from({ length: 5 }, () => newMessage());
      await accept(...old);
      await claim(5);
      await settle(store, ...old.map(({ id }) => done(id)));
      await store.handOver({ ids: ids(old) });
      under.advance(1000);
      const step = (contentBefore: number, messageBefore: number, auditBefore: number): Promise<number> =>
        store.prune({ contentBefore, messageBefore, auditBefore, limit: 2 });
      assert.deepEqual([await step(under.now(), 0, 0), await step(under.now(), 0, 0)], [2, 2]);
      while ((await step(under.now(), 0, 0)) > 0);
      const emptied = await store.read({ id: old[0]?.id ?? '', actor: 'test' });
      assert.deepEqual([emptied?.state, emptied?.content, emptied?.outcome], ['accepted', null, null]);
      while ((await step(under.now(), under.now(), under.now())) > 0);
      assert.deepEqual((await store.search({ limit: 10 })).map(({ state }) => state).toSorted(), [
        'dead',
        'pending',
      ]);
      await store.audit({
        actor: 'test',
        action: 'look',
        message: '',
        channel: '',
        service: '',
        outcome: 'done',
        code: '',
        durationMs: 0,
      });
      const check = await store.checkAudit({ ...(await store.auditStart({})), limit: 100 });
      assert.deepEqual([check.done, check.brokenAt], [true, null]);
      assert.deepEqual(
        (await store.tallies({}))
          .map(({ state, count }) => [state, count])
          .toSorted(([one = ''], [other = '']) => (one < other ? -1 : 1)),
        [
          ['dead', 1],
          ['pending', 1],
        ],
      );
    });
  });
}
