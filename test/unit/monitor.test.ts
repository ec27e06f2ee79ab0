/** The message monitor without Node-RED: what is asked, what is shown, what is mended, what is exported. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Dispatcher } from '../../lib/delivery/dispatcher';
import { handIn, type Item } from '../../lib/delivery/hand-in';
import { TimeWindows } from '../../lib/delivery/time-windows';
import { ExchangeError } from '../../lib/errors';
import { exportMessages } from '../../lib/monitor/export';
import { mendMessage } from '../../lib/monitor/mend-message';
import { viewMessage } from '../../lib/monitor/message-view';
import { OpenStores, watched } from '../../lib/monitor/open-stores';
import { overview } from '../../lib/monitor/overview';
import { RequestBody } from '../../lib/monitor/request';
import { throttle } from '../../lib/monitor/throttle';
import { readProfile } from '../../lib/profile/profile';
import { CodeTables } from '../../lib/contract/code-table';
import { readLabReports } from '../../lib/report/lab-report';
import { reportMending } from '../../lib/report/mend-report';
import { reportItem } from '../../lib/report/report-delivery';
import type { MessageStore } from '../../lib/store/message-store';
import { openStore } from '../../lib/store/open-store';
import { syncMending } from '../../lib/sync/mend-sync';
import { syncItem } from '../../lib/sync/sync-delivery';
import { readSyncRecords } from '../../lib/sync/sync-records';
import { labInput } from '../support/lab-report';
import { profileSettings } from '../support/profile-settings';
import { done, newMessage, settle, OWNER } from '../support/store-conformance';
import { TestClock } from '../support/test-clock';

const profile = readProfile(profileSettings(), new CodeTables());
const rules = { ...profile, now: new Date('2030-01-02T03:04:05') };

/** Everything of the synthetic patient that must not be seen. */
const PATIENT = ['测试甲', 'TESTP0001', 'TESTE0001', 'TESTC0001', '7.1'];

const lab = (changes: object = {}): Item => {
  const [report] = readLabReports({ ...labInput, ...changes }, rules);
  assert.ok(report);
  return reportItem(report);
};
const booking = (changes: object = {}): Item => {
  const row = { HisKey: 'TESTH0001', PatientId: 'TESTP0001', AppointmentStatus: '1', ...changes };
  const [record] = readSyncRecords('SyncAppointData', row, syncRules).records;
  assert.ok(record);
  return syncItem('SyncAppointData', record);
};
const syncRules = {
  organCode: 'XM-00000-TEST',
  check: profile.check,
  statuses: new Set(['1', '2']),
  rangeDays: 30,
  now: rules.now,
};

describe('the message monitor', () => {
  let folder: string;
  let store: MessageStore;
  let dispatcher: Dispatcher;
  const clock = new TestClock();
  before(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'monitor-'));
  });
  after(() => fs.rmSync(folder, { recursive: true, force: true }));
  beforeEach(async () => {
    const file = path.join(folder, `${randomUUID()}.db`);
    store = await openStore({ kind: 'embedded', file, secret: 'TEST-STORE-KEY' }, { in: 'caller' });
    dispatcher = new Dispatcher(store, { clock });
  });
  afterEach(async () => {
    await dispatcher.stop(0);
    await store.close();
  });

  /** A node that delivers nothing, since its hours are over, and whose messages can be mended. */
  const openChannel = (id: string, mending = reportMending(() => profile)): void => {
    const later = String((new Date(clock.now()).getHours() + 2) % 24).padStart(2, '0');
    const windows = TimeWindows.parse(`${later}:00-${later}:01`);
    assert.ok(windows);
    dispatcher.open({
      id,
      destination: 'platform',
      destinationTitle: '测试医院 archiveUrl',
      rules: { concurrency: 1, perMinute: 0, windows },
      batch: 1,
      idempotent: true,
      holdsKey: false,
      mending,
      deliver: () => Promise.resolve([]),
      emit: () => true,
    });
  };
  const accept = async (item: Item, channel = 'lab', context: object = {}): Promise<string> => {
    const [message] = handIn([item], { channel, destination: 'platform' }, { ...context });
    assert.ok(message);
    await store.accept({ messages: [message] });
    return message.id;
  };
  /** Ends the delivery of the only message that waits. */
  const finish = async (state: 'refused' | 'accepted', payload: unknown, channel = 'lab'): Promise<void> => {
    const { messages } = await store.claim({ channel, limit: 1, owner: OWNER, leaseMs: 1000 });
    const outcome = JSON.stringify({ payload, exchange: { outcome: state } });
    await settle(store, done(messages[0]?.id ?? '', state, { outcome }));
  };
  const look = (id: string, action: 'view' | 'unmask' = 'view') =>
    viewMessage(
      store,
      id,
      { actor: '测试员', action },
      channel => dispatcher.channels().find(open => open.id === channel)?.mending,
    );

  describe('one message', () => {
    it('shows request, reply, faults and history, and nothing of the patient', async () => {
      openChannel('lab');
      const id = await accept(lab({ sex_code: '1', event_no: '' }));
      const view = await look(id);
      assert.equal(view.message.state, 'invalid');
      assert.deepEqual([view.masked, view.canMend, view.whyNot], [true, true, null]);
      assert.ok(view.violations.some(fault => fault.path === 'event_no' && fault.severity === 'error'));
      assert.equal(view.request?.format, 'xml');
      assert.match(view.request?.text ?? '', /<labmaster>/);
      assert.match(view.request?.text ?? '', /report_form_no="TESTR0001"/);
      const text = JSON.stringify(view);
      for (const value of PATIENT) assert.ok(!text.includes(value), value);
    });
    it('shows all of it to one who may see it, and writes down who looked', async () => {
      openChannel('lab');
      const id = await accept(lab());
      const view = await look(id, 'unmask');
      for (const value of PATIENT) assert.ok(view.request?.text.includes(value), value);
      assert.deepEqual(
        view.history.map(({ actor, action }) => [actor, action]),
        [['测试员', 'unmask']],
      );
    });
    it('shows what the platform said, without what it quotes', async () => {
      openChannel('lab');
      const id = await accept(lab());
      await finish('refused', '病人测试甲(TESTP0001)不存在，报告单号 20300102030405');
      const { reply } = await look(id);
      assert.deepEqual(reply, { format: 'text', text: '病人***(***)不存在，报告单号 ***' });
      assert.match((await look(id, 'unmask')).reply?.text ?? '', /测试甲.*20300102030405/);
    });
    it('shows an answer of XML or JSON with its structure', async () => {
      const id = await accept(lab());
      await finish(
        'accepted',
        '<root><name>测试甲</name><note>测试甲</note><report_form_no>R1</report_form_no></root>',
      );
      const text =
        '<root>\n  <name>测**</name>\n  <note>(3 字)</note>\n  <report_form_no>R1</report_form_no>\n</root>';
      assert.deepEqual((await look(id)).reply, { format: 'xml', text });
    });
    it('says why a message cannot be mended', async () => {
      const id = await accept(lab({ event_no: '' }));
      const { canMend, whyNot } = await look(id);
      assert.equal(canMend, false);
      assert.match(whyNot?.zh ?? '', /节点不在运行/);
    });
    it('of images shows paths and keys masked', async () => {
      const content = JSON.stringify({
        studyInstanceUid: '1.2.3.4.5.6.7.8.9.10',
        objects: [{ patientId: 'TESTP0001', data: '/images/测试甲.dcm' }],
      });
      const message = newMessage({ service: 'C-STORE', content });
      await store.accept({ messages: [message] });
      const { request } = await look(message.id);
      assert.equal(request?.format, 'json');
      for (const value of PATIENT) assert.ok(!request?.text.includes(value), value);
    });
    it('that there is not, is said', async () => {
      await assert.rejects(look('no such id'), (error: ExchangeError) => error.details['httpStatus'] === 404);
    });
  });

  describe('mending', () => {
    const mend = (id: string, asked: object) =>
      mendMessage(
        { store, dispatcher },
        {
          id,
          actor: '测试员',
          changes: undefined,
          records: undefined,
          checkOnly: false,
          ...asked,
        },
      );

    it('takes a changed field over, leaves the others as they are, and keeps what the flow goes on with', async () => {
      openChannel('lab');
      const id = await accept(lab({ event_no: '' }), 'lab', { row: 7 });
      const changes = [{ table: 0, record: 0, field: 'event_no', value: 'TESTE0002' }];
      const { newId, result, violations } = await mend(id, { changes });
      assert.deepEqual(result?.done, [id]);
      assert.deepEqual(
        violations.filter(({ severity }) => severity === 'error'),
        [],
      );
      const view = await look(newId ?? '', 'unmask');
      assert.match(view.request?.text ?? '', /event_no="TESTE0002"/);
      assert.match(view.request?.text ?? '', /name="测试甲"/);
      assert.deepEqual([view.message.state, view.message.origin], ['pending', id]);
      assert.equal((await look(id)).message.state, 'cancelled');
      const { messages } = await store.claim({ channel: 'lab', limit: 1, owner: OWNER, leaseMs: 1000 });
      assert.deepEqual(JSON.parse(messages[0]?.context ?? ''), { row: 7 });
    });
    it('takes nothing over that still breaks the contract, and says what', async () => {
      openChannel('lab');
      const id = await accept(lab({ event_no: '' }));
      const answer = await mend(id, {
        changes: [{ table: 0, record: 0, field: 'last_update_dtime', value: 'yesterday' }],
      });
      assert.deepEqual([answer.newId, answer.result], [null, null]);
      const errors = answer.violations.filter(({ severity }) => severity === 'error');
      assert.ok(errors.some(({ rule }) => rule === 'date'));
      assert.equal((await look(id)).message.state, 'invalid');
    });
    it('only checks when it is asked to', async () => {
      openChannel('lab');
      const id = await accept(lab({ event_no: '' }));
      const changes = [{ table: 0, record: 0, field: 'event_no', value: 'TESTE0002' }];
      assert.equal((await mend(id, { changes, checkOnly: true })).newId, null);
      assert.equal((await look(id)).message.state, 'invalid');
    });
    it('lets the items follow a key of their master', async () => {
      openChannel('lab');
      const id = await accept(lab());
      await finish('refused', '重复');
      const { newId } = await mend(id, {
        changes: [{ table: 0, record: 0, field: 'report_form_no', value: 'TESTR0002' }],
      });
      const view = await look(newId ?? '', 'unmask');
      assert.equal(view.request?.text.match(/report_form_no="TESTR0002"/g)?.length, 2);
      assert.equal(view.message.label, 'TESTR0002');
      assert.equal((await look(id)).message.state, 'refused', 'the refusal stays on record');
    });
    it('takes whole records, and a booking as well', async () => {
      openChannel(
        'sync',
        syncMending(() => syncRules),
      );
      const id = await accept(booking({ HisKey: '' }), 'sync');
      const records = {
        SyncAppointData: [{ HisKey: 'TESTH0002', PatientId: 'TESTP0001', AppointmentStatus: '1' }],
      };
      const { newId } = await mend(id, { records });
      assert.equal((await look(newId ?? '')).message.label, 'TESTH0002');
    });
    it('refuses what does not fit the records', async () => {
      openChannel('lab');
      const id = await accept(lab({ event_no: '' }));
      const wrong = [
        { changes: 'all' },
        { changes: [{ table: 5, record: 0, field: 'event_no', value: '' }] },
        { changes: [{ table: 0, record: 0, field: 'no_such', value: '' }] },
        { changes: [{ table: 0, record: 0, field: 'event_no', value: 7 }] },
        { records: { secrets: [] } },
        { records: { lab_master: ['text'] } },
      ];
      for (const asked of wrong)
        await assert.rejects(
          mend(id, asked),
          (error: ExchangeError) => error.code === 'REQUEST',
          JSON.stringify(asked),
        );
      assert.equal((await look(id)).message.state, 'invalid');
    });
  });

  describe('the counters', () => {
    it('are given by state and by node, with the age of the queue', async () => {
      openChannel('lab');
      const id = await accept(lab());
      await accept(booking(), 'gone');
      const found = await overview(store, dispatcher.channels(), channel => `node ${channel}`);
      assert.deepEqual(found.counts, { pending: 2 });
      const [first] = found.channels;
      assert.deepEqual([first?.id, first?.running, first?.destination], ['lab', true, '测试医院 archiveUrl']);
      const gone = found.channels.find(channel => channel.id === 'gone');
      assert.deepEqual([gone?.running, gone?.counts], [false, { pending: 1 }]);
      assert.equal(found.oldest, (await look(id)).message.acceptedAt);
    });
    it('tell why a node does not send', async () => {
      openChannel('lab');
      await accept(lab());
      dispatcher.wakeAll();
      const until = Date.now() + 5000;
      let kind: string | undefined;
      while (kind !== 'closed-hours' && Date.now() < until) {
        await new Promise(setImmediate);
        kind = (await overview(store, dispatcher.channels(), channel => `node ${channel}`)).channels[0]
          ?.condition?.kind;
      }
      assert.equal(kind, 'closed-hours');
    });
  });

  describe('the export', () => {
    const all = async (options: { format: 'csv' | 'json'; most?: number }): Promise<string> => {
      const pieces: string[] = [];
      const nameOf = (): string => '检验, 上传';
      for await (const piece of exportMessages(store, {}, { language: 'zh', nameOf, ...options }))
        pieces.push(piece);
      return pieces.join('');
    };
    it('is a sheet that Excel reads, and that runs no formula', async () => {
      await accept({ ...lab(), label: '=1+1' });
      const [head, row, ...rest] = (await all({ format: 'csv' })).split('\r\n');
      assert.match(head ?? '', /^\uFEFF接收时间,结束时间,节点,/);
      assert.match(row ?? '', /,"检验, 上传",ArchiveAutoReport,'=1\+1,1,pending,0,/);
      assert.deepEqual(rest, ['']);
    });
    it('is whole JSON, page after page, and says when it is not all', async () => {
      for (let n = 0; n < 3; n++) await accept({ ...lab(), key: `${n}` });
      const read = (text: string) => JSON.parse(text) as { messages: unknown[]; truncated: boolean };
      assert.deepEqual(read(await all({ format: 'json' })).messages.length, 3);
      const some = read(await all({ format: 'json', most: 2 }));
      assert.deepEqual([some.messages.length, some.truncated], [2, true]);
    });
  });

  describe('what changed', () => {
    it('is told for operations that change messages, not for those that look', async () => {
      let told = 0;
      const seen = watched(store, () => told++);
      await seen.search({ limit: 1 });
      await seen.claim({ channel: 'lab', limit: 1, owner: OWNER, leaseMs: 1000 });
      assert.equal(told, 0, 'nothing was claimed');
      const [message] = handIn([lab()], { channel: 'lab', destination: 'platform' }, {});
      assert.ok(message);
      await seen.accept({ messages: [message] });
      await seen.claim({ channel: 'lab', limit: 1, owner: OWNER, leaseMs: 1000 });
      await seen.cancel({ ids: [message.id], actor: 'test' });
      assert.equal(told, 3);
    });
    it('is told once a second at most, and never lost', () => {
      const told: (readonly string[])[] = [];
      const tell = throttle<string>(1000, clock, values => told.push(values));
      tell('one');
      tell('one');
      tell('two');
      assert.deepEqual(told, [['one']]);
      clock.advance(1000);
      assert.deepEqual(told, [['one'], ['one', 'two']]);
      clock.advance(5000);
      tell('one');
      assert.equal(told.length, 3);
    });
    it('comes with the list of stores, where a new deploy is not taken out by the old one', () => {
      const stores = new OpenStores();
      const told: string[] = [];
      const end = stores.onChange(id => told.push(id));
      const entry = { id: 's', name: '', opened: { zh: '坏', en: 'bad' } };
      const leaveFirst = stores.add(entry);
      const leaveSecond = stores.add({ ...entry, name: 'again' });
      leaveFirst();
      assert.equal(stores.find('s')?.name, 'again');
      leaveSecond();
      assert.deepEqual(stores.all(), []);
      end();
      stores.changed('s');
      assert.deepEqual(told, ['s', 's', 's']);
    });
  });

  describe('a request', () => {
    const refused = (body: unknown, read: (body: RequestBody) => unknown): void =>
      assert.throws(
        () => read(new RequestBody(body)),
        (error: ExchangeError) => error.code === 'REQUEST' && error.details['httpStatus'] === 400,
        JSON.stringify(body),
      );
    it('is read with its limits', () => {
      const filter = { states: ['dead'], term: ' R1 ', channel: '', acceptedFrom: 1, acceptedTo: 2 };
      const body = new RequestBody({ filter, limit: 20, beforeSeq: 9 });
      assert.deepEqual(body.filter(), { states: ['dead'], term: 'R1', acceptedFrom: 1, acceptedTo: 2 });
      assert.deepEqual(body.page(), { limit: 20, beforeSeq: 9 });
      assert.deepEqual(new RequestBody({ ids: ['a', 'b', 'a'] }).ids(), ['a', 'b']);
    });
    it('that is none is refused', () => {
      refused(null, () => undefined);
      refused([], () => undefined);
      for (const filter of [
        'x',
        { states: ['gone'] },
        { states: [{}] },
        { term: 7 },
        { term: 'x'.repeat(201) },
        { acceptedFrom: 2, acceptedTo: 1 },
        { acceptedFrom: '1' },
      ])
        refused({ filter }, body => body.filter());
      for (const limit of [0, 501, 1.5, '1']) refused({ limit }, body => body.page());
      for (const ids of [[], [7], 'a', Array.from({ length: 501 }, (_, n) => `${n}`)])
        refused({ ids }, body => body.ids());
    });
  });
});
