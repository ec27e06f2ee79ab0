import assert from 'node:assert/strict';
import { child, childrenNamed, readXml, valuesOf } from '../../lib/wire/xml-read';
import type { SyncOutcome } from '../../lib/sync/sync';
import { type Message, TestFlow } from '../support/flow';
import { fixture } from '../support/fixture';

const lab = readXml(fixture('ArchiveAutoReport.lab.xml'));
const labReport = {
  ...child(child(lab, 'labmaster') ?? lab, 'item')?.attributes,
  lab_subitem: childrenNamed(lab, 'lab_subitem').map(wrapper => ({ ...child(wrapper, 'item')?.attributes })),
};
const examRoot = readXml(fixture('ArchiveAutoReport.exam.xml'));
const examReport = { ...child(child(examRoot, 'exammaster') ?? examRoot, 'item')?.attributes };

/** The order row of GetExamItemList, in the names of that service. */
const orderRow = valuesOf(
  readXml(
    fixture('GetExamItemList.response.xml')
      .replace(/[\s\S]*<item>/, '<item>')
      .replace(/<\/item>[\s\S]*/, '</item>'),
  ),
);
/** The booking of the sample, in the names of SyncAppointData. */
const bookingRow = valuesOf(
  readXml(
    fixture('SyncAppointData.MsgBody.xml')
      .replace(/[\s\S]*<Item>/, '<Item>')
      .replace(/<\/Item>[\s\S]*/, '</Item>'),
  ),
);

describe('billing-sync, exam-register and report-query', () => {
  const flow = new TestFlow();
  before(() => flow.start());
  after(() => flow.stop());
  afterEach(() => flow.undeploy());

  const deploy = (
    changes: Record<string, unknown> = {},
    settings: Record<string, unknown> = {},
  ): Promise<void> =>
    flow.deploy(
      [
        {
          id: 'sync',
          type: 'billing-sync',
          delivery: 'direct',
          profile: 'p',
          service: 'SyncAppointData',
          property: 'payload',
          propertyType: 'msg',
          maxItems: '2',
          statuses: '1,2,3,4,5,6,7',
          rangeDays: '30',
          debounce: '0',
          wires: [['ok'], ['no']],
          ...changes,
        },
        {
          id: 'exam',
          type: 'exam-register',
          delivery: 'direct',
          profile: 'p',
          property: 'payload',
          propertyType: 'msg',
          wires: [['ok'], ['no']],
        },
        {
          id: 'lab',
          type: 'lab-register',
          delivery: 'direct',
          profile: 'p',
          property: 'payload',
          propertyType: 'msg',
          wires: [['ok'], ['no']],
        },
        {
          id: 'query',
          type: 'report-query',
          profile: 'p',
          service: 'msg',
          property: 'payload',
          propertyType: 'msg',
          idArguments: 'documented',
          fillRange: false,
          output: 'array',
          wires: [['found']],
          ...changes,
        },
        {
          id: 'sim',
          type: 'platform-simulator',
          profile: 'p',
          path: '/simulator',
          bookingUrl: '',
          wires: [['received'], []],
        },
        { id: 'catch1', type: 'catch', scope: null, wires: [['caught']] },
        { id: 'complete1', type: 'complete', scope: ['sync', 'exam', 'query'], wires: [['completed']] },
        ...['ok', 'no', 'found', 'received', 'caught', 'completed'].map(id => ({
          id,
          type: 'helper',
          wires: [],
        })),
      ],
      {
        archiveUrl: `${flow.url}/simulator/sehr.service.auto/IAutoReport.asmx`,
        callInterfaceUrl: `${flow.url}/simulator/CallInterface.asmx`,
        ...settings,
      },
    );
  const errorOf = (msg: Message): { code: string; message: string; cause?: unknown } => msg['error'] as never;
  const exchangeOf = (msg: Message): SyncOutcome => msg['exchange'] as never;
  const receivedBy = (): { service: string; ok: boolean }[] => {
    const seen: { service: string; ok: boolean }[] = [];
    flow.each('received', ({ payload }) => seen.push(payload as { service: string; ok: boolean }));
    return seen;
  };

  describe('SyncAppointData (3.3.2)', () => {
    it('tells bookings in the names of either service, in batches, and leaves out what is not booked', async () => {
      await deploy();
      const seen = receivedBy();
      const out: SyncOutcome[] = [];
      flow.each('ok', msg => out.push(exchangeOf(msg)));
      const completed = flow.next('completed');
      flow.receive('sync', {
        payload: [
          bookingRow,
          orderRow,
          { ...orderRow, Hiskey: 'B', AppointmentStatus: '已签到' },
          { ...orderRow, Hiskey: 'C', AppointmentStatus: '7', AppointmentTime: '2030/1/2 17：00～17：30' },
        ],
      });
      await completed;
      assert.deepEqual(
        out.map(({ items, skipped, outcome, key }) => [items, skipped, outcome, key]),
        [
          [2, 1, 'accepted', 'TEST2030000001,B'],
          [1, 1, 'accepted', 'C'],
        ],
      );
      assert.deepEqual(
        seen.map(({ service, ok }) => [service, ok]),
        [
          ['SyncAppointData', true],
          ['SyncAppointData', true],
        ],
      );
    });
    it('nothing booked: nothing is called, and the message says so', async () => {
      await deploy();
      const seen = receivedBy();
      const ok = flow.next('ok');
      flow.receive('sync', { payload: orderRow });
      const { payload, ...msg } = await ok;
      assert.deepEqual(
        [payload, exchangeOf(msg as Message).items, exchangeOf(msg as Message).skipped, seen],
        [null, 0, 1, []],
      );
    });
    it('a record without its number is named, the others are told', async () => {
      await deploy();
      const [ok, caught] = [flow.next('ok'), flow.next('caught')];
      flow.receive('sync', { payload: [{ ...bookingRow, HisKey: '' }, bookingRow] });
      assert.equal(exchangeOf(await ok).items, 1);
      const error = errorOf(await caught);
      assert.equal(error.code, 'CONTRACT');
      assert.match(error.message, /Item\[1\]\.HisKey/);
    });
    it('a refusal leaves by the second output, with the words of the platform', async () => {
      await deploy({}, { organCode: 'XM-00000-TEST' });
      const no = flow.next('no');
      flow.receive('sync', { payload: { ...bookingRow, OrganCode: 'XM-99999-OTHER' } });
      const { payload, ...msg } = await no;
      assert.equal(exchangeOf(msg as Message).outcome, 'refused');
      assert.notEqual((payload as { message: string }).message, '');
    });
  });

  describe('UpdateBillingInfo (3.3.1)', () => {
    const notify = { service: 'UpdateBillingInfo' };
    it('fills institution and range, from the order where it names a day', async () => {
      await deploy(notify);
      const seen = receivedBy();
      const ok = flow.next('ok');
      flow.receive('sync', { payload: orderRow });
      assert.equal(exchangeOf(await ok).key, '*****0000');
      assert.deepEqual(
        seen.map(({ service, ok: fine }) => [service, fine]),
        [['UpdateBillingInfo', true]],
      );
    });
    it('becomes one call for several of one patient within the time; all inputs complete (A-20)', async () => {
      await deploy({ ...notify, debounce: '1' });
      const seen = receivedBy();
      const out: SyncOutcome[] = [];
      flow.each('ok', msg => out.push(exchangeOf(msg)));
      let completed = 0;
      const all = new Promise<void>(resolve => flow.each('completed', () => ++completed === 4 && resolve()));
      for (const SerialNo of ['Z00000001', 'Z00000001', 'Z00000002', 'Z00000001'])
        flow.receive('sync', { payload: { SerialNo, PatientType: '1' } });
      await all;
      assert.deepEqual(out.map(({ key }) => key).toSorted(), ['*****0001', '*****0002']);
      assert.equal(seen.length, 2);
    });
    it('what waits is told at a redeploy', async () => {
      await deploy({ ...notify, debounce: '60' });
      const told = flow.next('received');
      flow.receive('sync', { payload: { SerialNo: 'Z00000001' } });
      await flow.redeployOnly('sync');
      await told;
    });
    it('names nobody: a contract error', async () => {
      await deploy(notify);
      const caught = flow.next('caught');
      flow.receive('sync', { payload: { PatientType: '1' } });
      assert.match(errorOf(await caught).message, /SerialNo/);
    });
  });

  it('the service may come with the message; a wrong one is said', async () => {
    await deploy({ service: 'msg' });
    const ok = flow.next('ok');
    flow.receive('sync', { service: 'syncappointdata', payload: bookingRow });
    assert.equal(exchangeOf(await ok).service, 'SyncAppointData');
    const caught = flow.next('caught');
    flow.receive('sync', { service: 'other', payload: bookingRow });
    assert.match(errorOf(await caught).message, /UpdateBillingInfo 或 SyncAppointData/);
  });

  it('an answer that is no JSON is no success', async () => {
    await deploy({}, { callInterfaceUrl: `${flow.url}/simulator/` });
    const caught = flow.next('caught');
    flow.receive('sync', { payload: bookingRow });
    assert.ok(['HTTP_STATUS', 'NOT_SOAP'].includes(errorOf(await caught).code));
  });

  describe('exam-register and report-query', () => {
    it('registers an exam, by a word for its state, and finds it again', async () => {
      await deploy();
      const ok = flow.next('ok');
      flow.receive('exam', {
        payload: {
          ...examReport,
          state: '已审核',
          study_instance_uid: ['1.2.3.4', '1.2.3.5'],
          PACS_ID: undefined,
          pacs_id: 'A1',
        },
      });
      assert.deepEqual([exchangeOf(await ok).outcome], ['accepted']);
      const found = flow.next('found');
      flow.receive('query', {
        service: 'GetExamInfo',
        payload: { cardNo: 'Z00000000', startTime: '2029-01-01', endTime: '2031-01-01' },
      });
      const reports = (await found).payload as Record<string, string>[];
      assert.deepEqual(
        reports.map(report => [report['report_form_no'], report['study_instance_uid'], report['pacs_id']]),
        [['TESTR0002', '1.2.3.4,1.2.3.5', 'A1']],
      );
    });
    it('rows of one exam with several studies become one report', async () => {
      await deploy();
      const seen = receivedBy();
      const completed = flow.next('completed');
      flow.receive('exam', {
        payload: ['1.2.3', '1.2.4'].map(uid => ({
          ...examReport,
          STUDY_INSTANCE_UID: uid,
          study_instance_uid: undefined,
        })),
      });
      await completed;
      assert.equal(seen.length, 1);
    });
    it('finds lab reports with their items, as one message or a sequence', async () => {
      await deploy({ output: 'sequence', service: 'GetLabInfo' });
      for (const no of ['R1', 'R2']) {
        const ok = flow.next('ok');
        flow.receive('lab', {
          payload: {
            ...labReport,
            report_form_no: no,
            lab_subitem: labReport.lab_subitem.map(item => ({ ...item, report_form_no: no })),
          },
        });
        await ok;
      }
      const messages: Message[] = [];
      flow.each('found', msg => messages.push(msg));
      const completed = flow.next('completed');
      flow.receive('query', {
        payload: { cardNo: 'Z00000000', startTime: '2029-01-01', endTime: '2031-01-01' },
      });
      await completed;
      assert.deepEqual(
        messages.map(({ payload }) => [
          (payload as { report_form_no: string }).report_form_no,
          (payload as { lab_subitem: object[] }).lab_subitem.length,
        ]),
        [
          ['R1', 2],
          ['R2', 2],
        ],
      );
      const parts = messages.map(msg => msg['parts'] as { id: string; index: number; count: number });
      assert.deepEqual(
        parts.map(({ index, count }) => [index, count]),
        [
          [0, 2],
          [1, 2],
        ],
      );
      assert.equal(parts[0]?.id, parts[1]?.id);
    });
    it('finds by the ID number in the argument of the card when the platform has them swapped', async () => {
      await deploy({ service: 'GetLabInfo', idArguments: 'auto' });
      const ok = flow.next('ok');
      flow.receive('lab', { payload: labReport });
      await ok;
      const found = flow.next('found');
      // The simulator follows the documented reading, so an ID given as the card is what a swapped platform looks like.
      flow.receive('query', {
        payload: { cardNo: '000000190001010017', startTime: '2029-01-01', endTime: '2031-01-01' },
      });
      const { payload, ...msg } = await found;
      assert.equal((payload as object[]).length, 1);
      assert.equal((msg as { exchange?: { idArguments: string } }).exchange?.idArguments, 'swapped');
    });
    it('nothing found is an empty list', async () => {
      await deploy({ service: 'GetLabInfo' });
      const found = flow.next('found');
      flow.receive('query', { payload: { cardNo: 'Z99999999' } });
      assert.deepEqual((await found).payload, []);
    });
    it('a query of nobody and a wrong input are contract errors', async () => {
      await deploy({ service: 'GetLabInfo' });
      for (const payload of [{}, 'x', null, [1]]) {
        const caught = flow.next('caught');
        flow.receive('query', { payload });
        assert.equal(errorOf(await caught).code, 'CONTRACT');
      }
    });
  });
});
