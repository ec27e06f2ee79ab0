import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { register } from 'prom-client';
import type { Channel, DeliveryResult, Work } from '../../lib/delivery/channel';
import { Dispatcher } from '../../lib/delivery/dispatcher';
import { TimeWindows } from '../../lib/delivery/time-windows';
import { type ErrorCode, ExchangeError, type RetryClass } from '../../lib/errors';
import { OpenStores } from '../../lib/monitor/open-stores';
import type { MessageState, NewMessage } from '../../lib/store/message';
import type { MessageStore } from '../../lib/store/message-store';
import { openStore } from '../../lib/store/open-store';
import { counted } from '../../lib/telemetry/counted-store';
import { OTHER } from '../../lib/telemetry/label-values';
import { OpenList } from '../../lib/telemetry/open-list';
import { Telemetry } from '../../lib/telemetry/telemetry';
import { Exposition } from '../support/exposition';
import { done, newMessage } from '../support/store-conformance';
import { TestClock } from '../support/test-clock';
import { until } from '../support/until';

const SERVICES = ['ArchiveAutoReport', 'SyncAppointData', 'C-STORE'] as const;
/** What must never be in a metric, wherever it comes in. */
const PATIENT = /测试甲|TESTP0001|TESTC0001|TEST-SECRET/;
const PLANTED = '测试甲 TESTP0001 TESTC0001';

const error = (code: ErrorCode, retry: RetryClass): DeliveryResult => ({
  error: new ExchangeError({ code, retry, text: { zh: PLANTED, en: PLANTED } }),
});
const end = (state: 'accepted' | 'refused' | 'unconfirmed', code = ''): DeliveryResult => ({
  state,
  payload: PLANTED,
  exchange: { key: PLANTED },
  ...(code && { failure: { code, text: { zh: PLANTED, en: PLANTED } } }),
});

/** What the peer does with the nth message, in its turns. */
const BEHAVIOURS: readonly (readonly [DeliveryResult, ...DeliveryResult[]])[] = [
  [end('accepted')],
  [error('TRANSPORT_NOT_SENT', 'retry'), error('TRANSPORT_UNKNOWN', 'in-doubt'), end('accepted')],
  [end('accepted')],
  [end('refused', 'BUSINESS')],
  [end('unconfirmed')],
  [end('accepted')],
  [error('EMPTY_RESULT', 'never')],
  [end('accepted')],
  [error('CONTRACT', 'never')],
  [end('accepted')],
];

describe('metrics', function () {
  this.timeout(60_000);
  let folder: string;
  let clock: TestClock;
  let stores: OpenStores;
  let telemetry: Telemetry;
  let store: MessageStore;
  let dispatcher: Dispatcher;
  const attempts = new Map<string, number>();
  let calls: number;
  let takesAll: boolean;

  beforeEach(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'telemetry-'));
    clock = new TestClock();
    stores = new OpenStores();
    telemetry = new Telemetry({ stores, databases: new OpenList(), stations: new OpenList() }, clock);
    const file = path.join(folder, 'store.db');
    const plain = await openStore({ kind: 'embedded', file, secret: 'TEST-SECRET' }, { clock, in: 'caller' });
    store = counted(plain, telemetry.messages, channel => dispatcher.titleOf(channel));
    dispatcher = new Dispatcher(store, { clock });
    stores.add({ id: 'db', name: '本机消息库', opened: { store, dispatcher, place: { file } } });
    attempts.clear();
    [calls, takesAll] = [0, false];
  });
  afterEach(async () => {
    await dispatcher.stop(0);
    await store.close();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  const read = async (): Promise<Exposition> => new Exposition(await telemetry.expose());
  const deliver = ({ id, content }: Work): DeliveryResult => {
    calls++;
    const turn = attempts.get(id) ?? 0;
    attempts.set(id, turn + 1);
    const { n } = JSON.parse(content) as { n: number };
    const turns = BEHAVIOURS[n % BEHAVIOURS.length] ?? [end('accepted')];
    return takesAll ? end('accepted') : (turns[turn] ?? turns.at(-1) ?? end('accepted'));
  };
  const channel = (id: string, title: string): Channel => ({
    id,
    destination: `${id}/peer`,
    destinationTitle: title,
    rules: { concurrency: 64, perMinute: 0, windows: TimeWindows.parse('')! },
    batch: 1,
    idempotent: true,
    holdsKey: false,
    deliver: works => Promise.resolve(works.map(deliver)),
    emit: () => true,
  });
  const message = (n: number, id: string, changes: Partial<NewMessage> = {}): NewMessage =>
    newMessage({
      channel: id,
      destination: `${id}/peer`,
      service: SERVICES[n % SERVICES.length]!,
      key: `${PLANTED} ${n}`,
      label: PLANTED,
      terms: { patient: 'TESTP0001' },
      content: JSON.stringify({ n, name: PLANTED }),
      context: JSON.stringify({ name: PLANTED }),
      ...changes,
    });
  const states = async (): Promise<Partial<Record<MessageState, number>>> => {
    const sums: Partial<Record<MessageState, number>> = {};
    for (const { state, count } of await store.tallies({})) sums[state] = (sums[state] ?? 0) + count;
    return sums;
  };
  const untilDone = (): Promise<void> =>
    until('all is finished', async () => {
      // Longer than the longest pause of a destination whose answers are lost in a row.
      clock.advance(5 * 60_000);
      const { pending = 0, inflight = 0, 'in-doubt': inDoubt = 0 } = await states();
      return pending + inflight + inDoubt === 0;
    });

  it('equal what the store has, after thousands of messages and all that can become of them', async () => {
    const all: NewMessage[] = [];
    const couriers = {
      lab: dispatcher.open(channel('lab', '测试医院 IAutoReport')),
      exam: dispatcher.open(channel('exam', 'PACS')),
    };
    const invalid = { code: 'CONTRACT', text: { zh: PLANTED, en: PLANTED } };
    for (let n = 0; n < 2000; n += 100) {
      const id = n % 200 === 0 ? 'lab' : 'exam';
      const some = Array.from({ length: 100 }, (_, at) => message(n + at, id));
      all.push(...some);
      await couriers[id].accept([
        ...some,
        ...(n % 500 === 0 ? [message(n, id, { key: `i${n}`, invalid })] : []),
      ]);
    }
    await untilDone();
    // What was accepted is known: the same again is none.
    const again = all.filter((_, n) => n % 10 === 0).map(one => ({ ...one, id: newMessage().id }));
    await couriers.lab.accept(again);

    const before = await states();
    const refused = await store.search({ states: ['refused'], limit: 40 });
    const dead = await store.search({ states: ['dead'], limit: 30 });
    takesAll = true;
    const ids = (some: readonly { readonly id: string }[]): string[] => some.map(({ id }) => id);
    await store.resend({ ids: ids(refused), actor: 'test', spacingMs: 0 });
    await store.cancel({ ids: ids(dead), actor: 'test' });
    const [broken] = await store.search({ states: ['invalid'], limit: 1 });
    await store.amend({ id: broken!.id, by: message(0, 'lab', { key: 'mended' }), actor: 'test' });
    dispatcher.wakeAll();
    await untilDone();

    const now = await states();
    const metrics = await read();
    const outcomes = (outcome: string): number => metrics.sum('exchange_message_outcomes_total', { outcome });
    const rows = Object.values(now).reduce((sum, count) => sum + count, 0);
    assert.equal(metrics.sum('exchange_messages_taken_total'), rows);
    assert.equal(metrics.sum('exchange_messages_duplicate_total'), again.length);
    assert.deepEqual(
      {
        accepted: outcomes('accepted'),
        refused: outcomes('refused') - refused.length,
        unconfirmed: outcomes('unconfirmed'),
        dead: outcomes('dead') - dead.length,
        invalid: outcomes('invalid') - 1,
      },
      {
        accepted: now.accepted,
        refused: now.refused,
        unconfirmed: now.unconfirmed,
        dead: now.dead,
        invalid: now.invalid,
      },
    );
    assert.deepEqual([before.accepted, before.refused, before.dead], [1200, 200, 200]);
    const failed = (code: string): number => metrics.sum('exchange_message_attempts_failed_total', { code });
    assert.deepEqual(
      ['TRANSPORT_NOT_SENT', 'TRANSPORT_UNKNOWN', 'BUSINESS', 'EMPTY_RESULT', 'CONTRACT'].map(failed),
      [200, 200, 200, 200, 200],
    );
    assert.equal(metrics.sum('exchange_call_duration_seconds_count'), calls);
    assert.equal(metrics.sum('exchange_call_duration_seconds_count', { outcome: 'again' }), 400);
    for (const service of SERVICES)
      assert.ok(
        metrics.sum('exchange_message_outcomes_total', { service, outcome: 'accepted' }) > 300,
        service,
      );
    assert.equal(metrics.sum('exchange_operator_actions_total', { action: 'resend' }), refused.length);
    assert.equal(metrics.sum('exchange_operator_actions_total', { action: 'cancel' }), dead.length);

    // The gauges are the store's own counters, one by one.
    for (const { channel: node, state, count } of await store.tallies({}))
      assert.equal(metrics.sum('exchange_store_messages', { node, state }), count, `${node} ${state}`);
    assert.equal(metrics.sum('exchange_store_messages'), rows);
    const ofLab = metrics.samples('exchange_store_messages', {
      node: 'lab',
      destination: '测试医院 IAutoReport',
    });
    assert.equal(ofLab.length, 9);
    assert.equal(metrics.sum('exchange_messages_taken_total', { destination: 'PACS' }), 1000 + 2);
  });

  it('hold nothing of a patient, and no text of a peer', async () => {
    const courier = dispatcher.open(channel('lab', 'platform'));
    await courier.accept(BEHAVIOURS.map((_, n) => message(n, 'lab')));
    await untilDone();
    // Codes are ours; a label takes nothing else.
    telemetry.messages.directCall({ service: 'GetLabInfo', outcome: 'failed', code: PLANTED, durationMs: 5 });
    const text = await telemetry.expose();
    assert.doesNotMatch(text, PATIENT);
    assert.equal(new Exposition(text).sum('exchange_direct_calls_total', { code: 'OTHER' }), 1);
  });

  it('are in the rules of the text format, with help in both languages', async () => {
    telemetry.watchProcess();
    telemetry.watchProcess();
    telemetry.images.add('received', 'AE"\\\n测试', { result: 'success', bytes: 5 });
    const { families } = await read();
    for (const { name, help, type } of families.values()) {
      if (!name.startsWith('exchange_')) continue;
      assert.match(help, /^[\x20-\x7e]+ \p{Script=Han}/u, name);
      assert.equal(name.endsWith('_total'), type === 'counter', name);
    }
    assert.ok(families.has('nodejs_eventloop_lag_p99_seconds'));
    assert.ok(families.has('process_resident_memory_bytes'));
    assert.equal(register.getMetricsAsArray().length, 0, 'the registry of others stays empty');
  });

  it('have the limits of the assessment among the bounds of the durations', async () => {
    telemetry.messages.directCall({ service: 'GetLabInfo', outcome: 'accepted', code: '', durationMs: 2500 });
    const metrics = await read();
    const within = (le: string): number =>
      metrics.sum('exchange_call_duration_seconds_bucket', { service: 'GetLabInfo', le });
    assert.deepEqual(['1', '3', '5', '10', '+Inf'].map(within), [0, 1, 1, 1, 1]);
    assert.equal(metrics.samples('exchange_call_duration_seconds_bucket', { le: '0.05' }).length, 1);
  });

  it('tell the age of the oldest unfinished message, the condition of channels, and the room on the disk', async () => {
    let answer: () => void = () => undefined;
    const answered = new Promise<void>(resolve => (answer = resolve));
    const slow = async (works: readonly Work[]) => answered.then(() => works.map(deliver));
    dispatcher.open({ ...channel('lab', 'platform'), deliver: slow });
    await store.accept({ messages: [message(0, 'lab')] });
    clock.advance(90_000);
    dispatcher.wakeAll();
    const condition = { node: 'lab', condition: 'sending' };
    await until(
      'it is sending',
      async () => (await read()).sum('exchange_channel_condition', condition) === 1,
    );
    const metrics = await read();
    assert.equal(metrics.sum('exchange_channel_condition'), 1);
    assert.equal(metrics.sum('exchange_store_oldest_unfinished_seconds', { node: 'lab' }), 90);
    assert.ok(metrics.sum('exchange_store_file_bytes') >= 4096);
    assert.ok(metrics.sum('exchange_store_disk_free_bytes') > 0);
    assert.equal(metrics.sum('exchange_store_up', { store: 'db', store_name: '本机消息库' }), 1);
    answer();
  });

  it('go on without a store that fails, and show it as down', async () => {
    const { opened } = stores.find('db')!;
    assert.ok('store' in opened);
    const failing = { ...opened.store, tallies: () => Promise.reject(new Error('gone')) };
    stores.add({ id: 'broken', name: '', opened: { ...opened, store: failing } });
    stores.add({ id: 'wrong', name: '', opened: { zh: '设置有误', en: 'wrong' } });
    const metrics = await read();
    const up = metrics.samples('exchange_store_up').map(({ labels, value }) => [labels['store'], value]);
    assert.deepEqual(up, [
      ['db', 1],
      ['broken', 0],
      ['wrong', 0],
    ]);
  });

  it('leave out a store that does not answer in time, and ask it no second time meanwhile', async () => {
    let asked = 0;
    const { opened } = stores.find('db')!;
    assert.ok('store' in opened);
    const silent = { ...opened.store, tallies: () => (asked++, new Promise<never>(() => undefined)) };
    stores.add({ id: 'db', name: '', opened: { ...opened, store: silent } });
    for (let turn = 0; turn < 3; turn++) {
      const exposed = read();
      clock.advance(5000);
      assert.equal((await exposed).sum('exchange_store_up'), 0);
    }
    assert.equal(asked, 1);
  });

  it('count images and bytes by peer, and not more peers than there is room for', async () => {
    for (let n = 0; n < 150; n++)
      telemetry.images.add('received', `AE${n}`, { result: 'success', bytes: 1000 });
    telemetry.images.add('retrieved', 'ARCHIVE', { result: 'failed', bytes: 0, objects: 3 });
    const metrics = await read();
    assert.equal(metrics.sum('exchange_dicom_objects_total', { direction: 'received' }), 150);
    assert.equal(metrics.sum('exchange_dicom_bytes_total', { peer: 'AE1' }), 1000);
    assert.equal(metrics.sum('exchange_dicom_objects_total', { direction: 'received', peer: OTHER }), 50);
    assert.equal(
      metrics.sum('exchange_dicom_objects_total', { direction: 'retrieved', result: 'failed' }),
      3,
    );
    assert.ok(metrics.samples('exchange_dicom_objects_total').length <= 103);
  });

  it('count no attempt that another process had taken over, and forget what a channel no longer sends', async () => {
    const [one, other] = [message(0, 'lab'), message(1, 'lab')];
    const claimed = (from: NewMessage) => ({
      ...from,
      version: 1,
      acceptedAt: 0,
      tries: 0,
      calls: 0,
      doubtful: false,
    });
    const given = [[claimed(one)], [claimed(other)], []];
    const fake = {
      claim: () => Promise.resolve({ messages: given.shift() ?? [], nextDue: null }),
      settle: () => Promise.resolve([other.id]),
    } as unknown as MessageStore;
    const watching = counted(fake, telemetry.messages, () => 'platform');
    const claim = (holding: string[]) =>
      watching.claim({ channel: 'lab', limit: 1, owner: 'one', leaseMs: 1000, holding });
    await claim([]);
    await claim([]);
    await watching.settle({ owner: 'one', settlements: [done(one.id), done(other.id)] });
    const metrics = await read();
    const ended = metrics.samples('exchange_message_outcomes_total', { outcome: 'accepted' });
    assert.deepEqual(
      ended.map(({ labels, value }) => [labels['service'], value]),
      [['', 1]],
    );
  });
});
