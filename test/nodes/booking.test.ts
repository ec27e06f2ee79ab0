import assert from 'node:assert/strict';
import { bookingServiceNames } from '../../lib/contract/services';
import { BookingCaller } from '../../lib/simulator/platform/booking-caller';
import { type Message, SECRETS, TestFlow } from '../support/flow';
import { envelope, request } from '../support/raw-soap';
import { until } from '../support/until';

const PATH = '/exchange/AppointmentDealInterface';
const outputs = bookingServiceNames.map(name => [name]);

describe('booking-request and booking-response', () => {
  const flow = new TestFlow();
  before(() => flow.start());
  after(() => flow.stop());
  afterEach(() => flow.undeploy());

  /** The two nodes with a helper node for each service between them. */
  const deploy = (changes: Record<string, unknown> = {}): Promise<void> =>
    flow.deploy([
      {
        id: 'in',
        type: 'booking-request',
        profile: 'p',
        path: PATH,
        baseUrl: '',
        timeout: '5',
        maxPending: '8',
        repeatMinutes: '30',
        wires: outputs,
        ...changes,
      },
      ...bookingServiceNames.map(id => ({ id, type: 'helper', wires: [] })),
      {
        id: 'out',
        type: 'booking-response',
        property: 'payload',
        propertyType: 'msg',
        maxItems: '10',
        receiptDateStyle: 'dash',
        mergePdf: true,
        wires: [['done']],
      },
      { id: 'done', type: 'helper', wires: [] },
      { id: 'catch1', type: 'catch', scope: null, wires: [['caught']] },
      { id: 'caught', type: 'helper', wires: [] },
    ]);
  const caller = (certificate = SECRETS.certificate): BookingCaller =>
    new BookingCaller({ url: flow.url + PATH, certificate, timeoutMs: 8000 });
  const answerWith = (service: string, change: (msg: Message) => object): void =>
    flow.each(service, msg => flow.receive('out', { ...msg, ...change(msg) }));

  it('gives every service its output, and its rows back without a deviation', async () => {
    await deploy();
    const platform = caller();
    const rows: Record<string, unknown> = {
      GetExamItemList: [{ HISKEY: '0001', labname: '测试<彩超>', AppointmentStatus: '1' }],
      GetSignalSourceList: [
        { Frequency: 1, SourceId: '1|99|T|88|2|2030-01-02 08:20|08:00~09:00', Date: '2030/1/2' },
      ],
      MedicalAppoint: {},
      CancelAppoint: {},
      GetAppointReceipt: Buffer.from('%PDF-1.4 test'),
      GetAppointReceiptXml: [{ PatientID: '1', Diagnosis: 'a<b' }],
      GetAppointItemInfo: [{ examDeptCode: 'E1', examItemCode: 'T1', hisItemCode: 'H1' }],
    };
    const asked = {
      clientType: '7',
      patientType: '1',
      patientNo: 'Z00000000',
      startDate: '2030-01-01',
      endDate: '2030-12-31',
      labCode: 'T',
      departCode: 'D',
      bookDate: '2030-01-02',
      itemIDs: 'A',
      receiptItems: 'g|1|2|0|T|99|P|1|Z00000000',
      examItemName: 'CSCC',
    };
    for (const service of bookingServiceNames) {
      answerWith(service, () => ({ payload: rows[service] }));
      const done = flow.next('done');
      const answer = await platform.call(service, asked);
      assert.deepEqual([service, answer.success, answer.deviations], [service, true, []]);
      const { exchange, booking } = await done;
      assert.equal((booking as { service: string }).service, service);
      assert.equal((exchange as { outcome: string }).outcome, 'accepted');
    }
    await platform.close();
  });

  it('the message carries the request record and what was taken apart', async () => {
    await deploy();
    const platform = caller();
    const asked = flow.next('MedicalAppoint');
    answerWith('MedicalAppoint', () => ({ payload: { success: 'No', error: '号源已被占用' } }));
    const answer = await platform.call('MedicalAppoint', {
      clientType: '7',
      patientType: '1',
      patientNo: 'Z00000000',
      startDate: '2030/1/1',
      endDate: '2030-12-31',
      itemIDs: 'A，B',
      sourceid: '',
    });
    const { payload, booking } = await asked;
    assert.equal((payload as Record<string, string>)['startDate'], '2030-01-01');
    assert.deepEqual((booking as { itemIds: string[] }).itemIds, ['A', 'B']);
    assert.deepEqual([answer.success, answer.error, answer.deviations], [false, '号源已被占用', []]);
    await platform.close();
  });

  it('a caller without the certificate never reaches the flow', async () => {
    await deploy();
    let reached = 0;
    for (const service of bookingServiceNames) flow.each(service, () => reached++);
    const platform = caller('wrong');
    for (const service of bookingServiceNames) {
      const answer = await platform.call(service, {});
      assert.deepEqual([answer.success, answer.error], [false, '凭证号(certificate)无效']);
    }
    assert.equal(reached, 0);
    await platform.close();
  });

  it('a caller of another network is not heard; behind a proxy its own address counts', async () => {
    const ask = (forwarded = ''): Promise<number> =>
      request(flow.url + PATH, {
        body: envelope('<x/>'),
        headers: { 'Content-Type': 'text/xml', ...(forwarded && { 'X-Forwarded-For': forwarded }) },
      }).then(({ status }) => status);
    await deploy({ allowedNetworks: '10.0.0.0/8' });
    assert.deepEqual([await ask(), await ask('10.0.0.7')], [403, 403]);
    await until('it says so', () => flow.statuses('in').includes('stranger'));
    await flow.undeploy();
    await deploy({ allowedNetworks: '10.0.0.0/8', trustProxy: true });
    assert.deepEqual([await ask('10.0.0.7'), await ask('10.0.0.7, 11.0.0.1')], [500, 403]);
  });
  it('with networks that are none it says so and listens nowhere', async () => {
    await deploy({ allowedNetworks: '10.0.0.0/99' });
    assert.equal((await request(flow.url + PATH, { body: envelope('<x/>') })).status, 404);
    assert.ok(flow.statuses('in').includes('networks'));
  });
  it('a failed flow is answered neutrally, and its error reaches Catch', async () => {
    await deploy();
    const platform = caller();
    answerWith('GetExamItemList', () => ({ payload: 'no rows' }));
    const caught = flow.next('caught');
    const answer = await platform.call('GetExamItemList', {
      patientNo: 'Z00000000',
      startDate: '2030-01-01',
      endDate: '2030-01-01',
    });
    assert.deepEqual([answer.success, answer.error], [false, '医院内部处理失败，请稍后重试']);
    assert.equal(((await caught)['error'] as { code: string }).code, 'CONTRACT');
    await platform.close();
  });

  it("a Catch node's message becomes a neutral No, a text in msg.error the reason", async () => {
    await deploy();
    const platform = caller();
    const ask = { patientNo: 'Z00000000', startDate: '2030-01-01', endDate: '2030-01-01' };
    const errors: unknown[] = [{ message: 'patient 测试甲 not found', source: { id: 'x' } }, '查无此卡'];
    answerWith('GetExamItemList', () => ({ error: errors.shift() }));
    assert.equal((await platform.call('GetExamItemList', ask)).error, '医院内部处理失败，请稍后重试');
    assert.equal((await platform.call('GetExamItemList', ask)).error, '查无此卡');
    await platform.close();
  });

  it('an answer to nobody is an error, not a crash', async () => {
    await deploy();
    for (const booking of [undefined, { id: 'unknown' }]) {
      const caught = flow.next('caught');
      flow.receive('out', { payload: [], booking });
      assert.match(((await caught)['error'] as { message: string }).message, /没有等待应答的预约请求/);
    }
  });

  it('a flow that does not answer in time: fault, and the repeated booking gets the late answer without a second booking', async () => {
    await deploy({ timeout: '1' });
    const platform = caller();
    const calls: Message[] = [];
    flow.each('MedicalAppoint', msg => calls.push(msg));
    const ask = {
      clientType: '7',
      patientType: '1',
      patientNo: 'Z00000000',
      startDate: '2030-01-01',
      endDate: '2030-01-02',
      itemIDs: 'A',
    };
    await assert.rejects(platform.call('MedicalAppoint', ask), { code: 'SOAP_FAULT' });
    assert.equal(calls.length, 1);
    flow.receive('out', { ...calls[0], payload: {} });
    await flow.next('done');
    assert.equal((await platform.call('MedicalAppoint', ask)).success, true);
    assert.equal(calls.length, 1);
    await platform.close();
  });

  it('a redeploy answers the waiting call with a fault at once, and the path works again', async () => {
    await deploy({ timeout: '60' });
    const platform = caller();
    const reached = flow.next('GetExamItemList');
    const ask = { patientNo: 'Z00000000', startDate: '2030-01-01', endDate: '2030-01-01' };
    const waiting = assert.rejects(
      platform.call('GetExamItemList', ask),
      (error: unknown) =>
        /重新部署|redeploy/.test(JSON.stringify(error)) && (error as { code: string }).code === 'SOAP_FAULT',
    );
    await reached;
    await flow.undeploy();
    await waiting;
    assert.equal((await request(flow.url + PATH, { method: 'GET' })).status, 404);
    await deploy();
    answerWith('GetExamItemList', () => ({ payload: [] }));
    assert.equal((await platform.call('GetExamItemList', ask)).success, true);
    await platform.close();
  });

  it('twenty redeploys leave one route', async () => {
    for (let n = 0; n < 20; n++) {
      await deploy();
      await flow.undeploy();
    }
    await deploy();
    assert.equal((await request(`${flow.url}${PATH}?WSDL`, { method: 'GET' })).status, 200);
    await flow.undeploy();
    assert.equal((await request(`${flow.url}${PATH}?wsdl`, { method: 'GET' })).status, 404);
  });

  it('two nodes on one path: the second says so', async () => {
    await flow.deploy(
      ['a', 'b'].map(id => ({
        id,
        type: 'booking-request',
        profile: 'p',
        path: PATH,
        timeout: '5',
        maxPending: '8',
        repeatMinutes: '1',
        wires: [],
      })),
    );
    assert.deepEqual([flow.statuses('a'), flow.statuses('b')], [['listening'], ['path-taken']]);
  });

  it('with a faulty profile it says so and listens nowhere', async () => {
    await flow.deploy([{ id: 'in', type: 'booking-request', profile: 'p', path: PATH, wires: [] }], {
      timeout: 'soon',
    });
    assert.deepEqual(flow.statuses('in'), ['faulty-profile']);
    assert.equal((await request(flow.url + PATH, { body: envelope('') })).status, 404);
  });

  it('without a profile it says so and listens nowhere', async () => {
    await flow.deploy([{ id: 'in', type: 'booking-request', profile: '', path: PATH, wires: [] }]);
    assert.deepEqual(flow.statuses('in'), ['no-profile']);
    assert.equal((await request(flow.url + PATH, { body: envelope('') })).status, 404);
  });
});
