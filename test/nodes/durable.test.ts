/** Delivering nodes with a message store, in a real flow. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { child, childrenNamed, readXml, valuesOf } from '../../lib/wire/xml-read';
import { openStore } from '../../lib/store/open-store';
import type { MessageState } from '../../lib/store/message';
import { type FlowNode, type Message, TestFlow } from '../support/flow';
import { fixture } from '../support/fixture';
import { listen } from '../support/raw-soap';

const lab = readXml(fixture('ArchiveAutoReport.lab.xml'));
const labReport = {
  ...child(child(lab, 'labmaster') ?? lab, 'item')?.attributes,
  lab_subitem: childrenNamed(lab, 'lab_subitem').map(wrapper => ({ ...child(wrapper, 'item')?.attributes })),
};
const bookingRow = valuesOf(
  readXml(
    fixture('SyncAppointData.MsgBody.xml')
      .replace(/[\s\S]*<Item>/, '<Item>')
      .replace(/<\/Item>[\s\S]*/, '</Item>'),
  ),
);

interface Exchange {
  readonly id: string;
  readonly outcome: string;
  readonly attempts: number;
  readonly version: number;
  readonly handover?: string;
  readonly repeated?: number;
  readonly duplicate?: boolean;
  readonly error?: { readonly code: string };
}
const exchangeOf = (msg: Message): Exchange => msg['exchange'] as Exchange;

const SECRET = 'TEST-STORE-KEY';

describe('durable delivery', () => {
  const flow = new TestFlow();
  let folder: string;
  const storeFile = (): string => path.join(folder, 'store.db');
  before(() => flow.start());
  after(() => flow.stop());
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'durable-'));
  });
  afterEach(async () => {
    await flow.undeploy();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  const node = (id: string, type: string, wires: string[][], changes: object = {}): FlowNode => ({
    id,
    type,
    profile: 'p',
    property: 'payload',
    propertyType: 'msg',
    delivery: 'durable',
    handover: 'auto',
    wires,
    ...changes,
  });
  const helpers = (...ids: string[]): FlowNode[] => ids.map(id => ({ id, type: 'helper', wires: [] }));
  const sync = (changes: object = {}): FlowNode =>
    node('sync', 'billing-sync', [['ok'], ['no']], {
      service: 'SyncAppointData',
      maxItems: '2',
      statuses: '1,2,3,4,5,6,7',
      rangeDays: '30',
      debounce: '0',
      ...changes,
    });

  const deploy = (
    nodes: readonly FlowNode[],
    settings: Record<string, unknown> = {},
    store: Record<string, unknown> = {},
  ): Promise<void> =>
    flow.deploy(
      [
        { id: 's', type: 'exchange-store', kind: 'embedded', file: storeFile(), firstDelay: '1', ...store },
        {
          id: 'sim',
          type: 'platform-simulator',
          profile: 'p',
          path: '/simulator',
          bookingUrl: '',
          wires: [['received'], []],
        },
        { id: 'catch1', type: 'catch', scope: null, wires: [['caught']] },
        { id: 'complete1', type: 'complete', scope: nodes.map(({ id }) => id), wires: [['completed']] },
        ...helpers('ok', 'no', 'received', 'caught', 'completed'),
        ...nodes,
      ],
      {
        store: 's',
        archiveUrl: `${flow.url}/simulator/sehr.service.auto/IAutoReport.asmx`,
        callInterfaceUrl: `${flow.url}/simulator/CallInterface.asmx`,
        ...settings,
      },
      { s: { key: SECRET } },
    );
  /** States of all messages, looked up in the store's file after the flow was taken down. */
  const statesAfterwards = async (): Promise<Partial<Record<MessageState, number>>> => {
    await flow.undeploy();
    const store = await openStore({ kind: 'embedded', file: storeFile(), secret: SECRET });
    const tallies = await store.tallies({});
    await store.close();
    const states: Partial<Record<MessageState, number>> = {};
    for (const { state, count } of tallies) states[state] = (states[state] ?? 0) + count;
    return states;
  };

  it('completes when the report is on disk; the outcome comes as a message of its own', async () => {
    await deploy([node('lab', 'lab-register', [['ok'], ['no']])]);
    const [completed, ok] = [flow.next('completed'), flow.next('ok')];
    flow.receive('lab', { payload: labReport, topic: 'kept', row: { id: 7 } });
    await completed;
    const msg = await ok;
    const { outcome, attempts, version, handover } = exchangeOf(msg);
    assert.deepEqual([outcome, attempts, version, handover], ['accepted', 1, 1, undefined]);
    assert.deepEqual([msg['topic'], msg['row']], ['kept', { id: 7 }]);
    assert.deepEqual(await statesAfterwards(), { accepted: 1 });
  });

  it('keeps what the platform does not take now, and delivers it after a new start', async () => {
    const nodes = [node('lab', 'lab-register', [['ok'], ['no']])];
    await deploy(nodes, { archiveUrl: 'http://127.0.0.1:9/closed' });
    const completed = flow.next('completed');
    flow.receive('lab', { payload: labReport, row: { id: 7 } });
    await completed;
    await flow.undeploy();
    await deploy(nodes);
    const msg = await flow.next('ok');
    assert.deepEqual([exchangeOf(msg).outcome, msg['row']], ['accepted', { id: 7 }]);
  });

  it('a broken report is an error for the flow, and is kept to be mended', async () => {
    await deploy([node('lab', 'lab-register', [['ok'], ['no']])]);
    const caught = flow.next('caught');
    flow.receive('lab', { payload: { ...labReport, event_no: '' } });
    const error = (await caught)['error'] as { code: string; cause: unknown };
    assert.equal(error.code, 'CONTRACT');
    assert.deepEqual(await statesAfterwards(), { invalid: 1 });
  });

  it('a refusal goes out by the second output, with the words of the platform', async () => {
    await deploy([node('lab', 'lab-register', [['ok'], ['no']])], { refusedPattern: '.' });
    const no = flow.next('no');
    flow.receive('lab', { payload: labReport });
    const msg = await no;
    assert.deepEqual([exchangeOf(msg).outcome, exchangeOf(msg).error?.code], ['refused', 'BUSINESS']);
    assert.equal(typeof msg.payload, 'string');
  });

  it('the same report again is not sent again, and says so; a changed one is a new version', async () => {
    await deploy([node('lab', 'lab-register', [['ok'], ['no']])]);
    let received = 0;
    flow.each('received', () => received++);
    const send = async (payload: unknown): Promise<Exchange> => {
      const ok = flow.next('ok');
      flow.receive('lab', { payload });
      return exchangeOf(await ok);
    };
    await send(labReport);
    const again = await send(labReport);
    assert.deepEqual([again.duplicate, again.outcome, received], [true, 'accepted', 1]);
    const changed = await send({ ...labReport, last_update_dtime: '2030-01-02 04:05:06' });
    assert.deepEqual([changed.duplicate, changed.version, received], [undefined, 2, 2]);
  });

  it('bookings go together, each with an outcome; one that is refused does not keep the others', async () => {
    await deploy([sync({ maxItems: '10' })]);
    const out: [string, string][] = [];
    const all = new Promise<void>(resolve => {
      const note = (msg: Message): void => {
        out.push([exchangeOf(msg).outcome, String(msg['row'])]);
        if (out.length === 3) resolve();
      };
      flow.each('ok', note);
      flow.each('no', note);
    });
    flow.receive('sync', {
      row: 'all',
      payload: ['A', 'B', 'C'].map(HisKey => ({
        ...bookingRow,
        HisKey,
        ...(HisKey === 'B' && { OrganCode: 'XM-99999-OTHER' }),
      })),
    });
    await all;
    assert.deepEqual(out.map(([outcome]) => outcome).toSorted(), ['accepted', 'accepted', 'refused']);
  });

  it('notifications of a patient within the time become one, and none is done before it is on disk', async () => {
    await deploy([sync({ service: 'UpdateBillingInfo', debounce: '1' })]);
    let [calls, completed] = [0, 0];
    flow.each('received', () => calls++);
    const ok = flow.next('ok');
    const all = new Promise<void>(resolve => flow.each('completed', () => ++completed === 3 && resolve()));
    for (let n = 0; n < 3; n++)
      flow.receive('sync', { payload: { SerialNo: 'Z00000001', PatientType: '1' } });
    await all;
    await ok;
    assert.equal(calls, 1);
  });

  it('without a store the node says what to do, and takes nothing over', async () => {
    await deploy([node('lab', 'lab-register', [['ok'], ['no']])], { store: '' });
    const caught = flow.next('caught');
    flow.receive('lab', { payload: labReport });
    const error = (await caught)['error'] as { code: string; message: string };
    assert.equal(error.code, 'CONFIG');
    assert.match(error.message, /消息库/);
  });

  describe('hand-over', () => {
    it('is asked for where the wires lead to a node that takes over, and ended by it', async () => {
      await deploy(
        [
          node('lab', 'lab-register', [['end', 'ok'], ['no']]),
          { id: 'end', type: 'exchange-handover', wires: [] },
        ],
        {},
        { repeatAfter: '1' },
      );
      const seen: Message[] = [];
      flow.each('ok', msg => seen.push(msg));
      const ended = flow.next('completed');
      flow.receive('lab', { payload: labReport });
      await flow.next('ok');
      await ended;
      assert.match((seen[0] && exchangeOf(seen[0]).handover) ?? '', /^s\//);
      await flow.undeploy();
      const store = await openStore({ kind: 'embedded', file: storeFile(), secret: SECRET });
      const left = await store.outcomes({ channel: 'lab', limit: 10, repeatMs: 1, all: true });
      await store.close();
      assert.deepEqual(left.outcomes, []);
    });
    it('of each of several messages that become one notification is ended', async () => {
      await deploy([
        node('lab', 'lab-register', [['sync'], ['no']]),
        sync({ service: 'UpdateBillingInfo', debounce: '1', property: 'patient' }),
      ]);
      const notified = new Promise<void>(resolve => {
        let waiting = 4;
        flow.each('completed', () => --waiting === 0 && resolve());
      });
      for (const order_id of ['TEST-ONE', 'TEST-TWO'])
        flow.receive('lab', {
          payload: { ...labReport, order_id },
          patient: { SerialNo: 'Z00000001', PatientType: '1' },
        });
      await notified;
      await flow.undeploy();
      const store = await openStore({ kind: 'embedded', file: storeFile(), secret: SECRET });
      const left = await store.outcomes({ channel: 'lab', limit: 10, repeatMs: 1, all: true });
      const tallies = await store.tallies({});
      await store.close();
      assert.deepEqual(left.outcomes, []);
      assert.equal(tallies.find(({ channel, state }) => channel === 'lab' && state === 'accepted')?.count, 2);
    });
    it('that nobody ends is repeated after a new start', async () => {
      const nodes = [node('lab', 'lab-register', [['ok'], ['no']], { handover: 'taken' })];
      await deploy(nodes);
      const first = flow.next('ok');
      flow.receive('lab', { payload: labReport, row: 1 });
      const { handover } = exchangeOf(await first);
      await flow.undeploy();
      await deploy(nodes);
      const again = exchangeOf(await flow.next('ok'));
      assert.deepEqual([again.handover, again.repeated], [handover, 1]);
    });
    it('a chain goes on from the outcome: the second node takes over by the step that accepts', async () => {
      await deploy([node('lab', 'lab-register', [['sync'], ['no']]), sync({ property: 'booking' })]);
      const ok = flow.next('ok');
      flow.receive('lab', { payload: labReport, booking: bookingRow });
      assert.equal(exchangeOf(await ok).outcome, 'accepted');
      assert.deepEqual(await statesAfterwards(), { accepted: 2 });
    });
  });

  it('a call that is made directly stands in the audit trail, without a word of the patient', async () => {
    await deploy([node('lab', 'lab-register', [['ok'], ['no']], { delivery: 'direct' })]);
    const ok = flow.next('ok');
    flow.receive('lab', { payload: labReport });
    await ok;
    await flow.undeploy();
    const store = await openStore({ kind: 'embedded', file: storeFile(), secret: SECRET });
    const trail = await store.auditTrail({ afterSeq: 0, limit: 10 });
    await store.close();
    assert.deepEqual(
      trail.map(({ actor, action, channel, service, outcome }) => [actor, action, channel, service, outcome]),
      [['system', 'call', 'lab', 'ArchiveAutoReport', 'accepted']],
    );
  });

  it('a deploy while the platform is silent ends within 10 s, and the report is sent afterwards', async () => {
    const silent = await listen(() => undefined);
    await deploy([node('lab', 'lab-register', [['ok'], ['no']])], { archiveUrl: silent.url, timeout: '60' });
    const completed = flow.next('completed');
    flow.receive('lab', { payload: labReport });
    await completed;
    const startedAt = Date.now();
    await flow.undeploy();
    assert.ok(Date.now() - startedAt < 10_000);
    await silent.close();
    await deploy([node('lab', 'lab-register', [['ok'], ['no']])]);
    assert.equal(exchangeOf(await flow.next('ok')).outcome, 'accepted');
  });

  it('a partial deploy of one node leaves the queues of others alone', async () => {
    await deploy([node('lab', 'lab-register', [['ok'], ['no']]), sync()]);
    await flow.redeployOnly('lab');
    const ok = flow.next('ok');
    flow.receive('sync', { payload: bookingRow });
    assert.equal(exchangeOf(await ok).outcome, 'accepted');
    const again = flow.next('ok');
    flow.receive('lab', { payload: labReport });
    assert.equal(exchangeOf(await again).outcome, 'accepted');
  });

  it('nothing of a patient can be read in the file', async () => {
    await deploy([node('lab', 'lab-register', [['ok'], ['no']])]);
    const ok = flow.next('ok');
    flow.receive('lab', { payload: { ...labReport, name: '测试明文', patient_id: 'PLAINPATIENT' } });
    await ok;
    await flow.undeploy();
    for (const name of fs.readdirSync(folder)) {
      const bytes = fs.readFileSync(path.join(folder, name));
      for (const text of ['测试明文', 'PLAINPATIENT', SECRET])
        assert.equal(bytes.includes(text), false, name);
    }
  });
});
