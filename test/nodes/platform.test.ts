import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { child, childrenNamed, readXml } from '../../lib/wire/xml-read';
import type { Registration } from '../../lib/report/register';
import { type Message, TestFlow } from '../support/flow';
import { fixture } from '../support/fixture';
import { misbehave } from '../support/misbehaving-server';

const root = readXml(fixture('ArchiveAutoReport.lab.xml'));
const report = {
  ...child(child(root, 'labmaster') ?? root, 'item')?.attributes,
  lab_subitem: childrenNamed(root, 'lab_subitem').map(wrapper => ({ ...child(wrapper, 'item')?.attributes })),
};

describe('lab-register, viewer-token and platform-simulator', () => {
  const flow = new TestFlow();
  before(() => flow.start());
  after(() => flow.stop());
  afterEach(() => flow.undeploy());

  const helpers = ['accepted', 'other', 'caught', 'received', 'answered', 'completed'].map(id => ({
    id,
    type: 'helper',
    wires: [],
  }));
  const deploy = (settings: Record<string, unknown> = {}, page = 'ClinicExam'): Promise<void> =>
    flow.deploy(
      [
        {
          id: 'lab',
          type: 'lab-register',
          delivery: 'direct',
          profile: 'p',
          property: 'payload',
          propertyType: 'msg',
          wires: [['accepted'], ['other']],
        },
        {
          id: 'view',
          type: 'viewer-token',
          profile: 'p',
          page,
          sendTimestamp: true,
          parameters: [
            { name: 'UserID', value: 'doc01', type: 'str' },
            { name: 'UserName', value: '', type: 'str' },
          ],
          wires: [['accepted']],
        },
        {
          id: 'sim',
          type: 'platform-simulator',
          profile: 'p',
          path: '/simulator',
          bookingUrl: 'http://127.0.0.1:9/',
          wires: [['received'], ['answered']],
        },
        { id: 'catch1', type: 'catch', scope: null, wires: [['caught']] },
        { id: 'complete1', type: 'complete', scope: ['lab'], wires: [['completed']] },
        ...helpers,
      ],
      {
        archiveUrl: `${flow.url}/simulator/sehr.service.auto/IAutoReport.asmx`,
        viewerUrl: `${flow.url}/simulator/IDCAS/Interface`,
        ...settings,
      },
    );
  const errorOf = (msg: Message): { code: string; message: string; cause?: unknown } => msg['error'] as never;

  it('registers a report; the platform receives it, the story is in msg.exchange', async () => {
    await deploy();
    const [out, received, completed] = [flow.next('accepted'), flow.next('received'), flow.next('completed')];
    flow.receive('lab', { payload: report, topic: 'kept' });
    const { payload, topic, exchange } = await out;
    const { service, outcome, reportNo, attempts } = exchange as Registration;
    assert.deepEqual(
      [payload, topic, service, outcome, reportNo, attempts],
      ['1', 'kept', 'ArchiveAutoReport', 'accepted', 'TESTR0001', 1],
    );
    const seen = (await received).payload as { service: string; ok: boolean; key: string };
    assert.deepEqual([seen.service, seen.ok, seen.key], ['ArchiveAutoReport (lab)', true, 'TESTR0001']);
    await completed;
  });

  it('a refused report leaves by the second output', async () => {
    await deploy({ acceptedPattern: '^never$', refusedPattern: '^1$' });
    const out = flow.next('other');
    flow.receive('lab', { payload: report });
    assert.equal(((await out)['exchange'] as Registration).outcome, 'refused');
  });

  it('a report that breaks the contract goes to Catch with every violation, and nothing is sent', async () => {
    await deploy();
    let received = 0;
    flow.each('received', () => received++);
    const caught = flow.next('caught');
    flow.receive('lab', { payload: { ...report, patient_id: '', last_update_dtime: 'x' } });
    const error = errorOf(await caught);
    assert.equal(error.code, 'CONTRACT');
    assert.match(error.message, /病人ID\(patient_id\)/);
    assert.deepEqual(
      (error.cause as { field: string; severity: string }[])
        .filter(({ severity }) => severity === 'error')
        .map(({ field }) => field),
      ['last_update_dtime', 'patient_id'],
    );
    assert.equal(received, 0);
  });

  it('several reports in one message give one message each; the process outlives any input', async () => {
    await deploy();
    const keys: string[] = [];
    flow.each('accepted', ({ exchange }) => keys.push((exchange as Registration).reportNo));
    const completed = flow.next('completed');
    flow.receive('lab', { payload: [report, { ...report, report_form_no: 'R2', lab_subitem: [] }] });
    await completed;
    assert.deepEqual(keys, ['TESTR0001', 'R2']);
    for (const payload of [null, 5, 'x', [1], {}, Buffer.from('x'), { lab_subitem: 'x' }]) {
      const caught = flow.next('caught');
      flow.receive('lab', { payload });
      assert.equal(errorOf(await caught).code, 'CONTRACT');
    }
  });

  it('a platform that is away is a transport error, with no secret and no patient in it', async () => {
    await deploy({ archiveUrl: 'http://127.0.0.1:9/IAutoReport.asmx' });
    const caught = flow.next('caught');
    flow.receive('lab', { payload: report });
    const error = errorOf(await caught);
    assert.equal(error.code, 'TRANSPORT_NOT_SENT');
    assert.doesNotMatch(JSON.stringify(error), /测试甲|000000190001010017|PLACEHOLDER/);
  });

  it('a redeploy aborts a call that hangs', async () => {
    const { promise: closed, resolve } = withResolvers();
    const silent = await misbehave(socket => socket.once('close', resolve));
    await deploy({ archiveUrl: silent.url, timeout: '60' });
    flow.receive('lab', { payload: report });
    while (silent.requests.length === 0) await nextTurn();
    await flow.undeploy();
    await closed;
    await silent.close();
  });

  it('signs an address that the platform accepts, and answers wrong parameters with an error', async () => {
    await deploy();
    const out = flow.next('accepted');
    flow.receive('view', { payload: { AccessionNumber: 'TESTACC0001' } });
    const { payload, token } = await out;
    const address = new URL(String(payload));
    assert.deepEqual(
      [...address.searchParams.keys()],
      [
        'UserUID',
        'UserID',
        'UserOrganizationID',
        'UserOrganizationName',
        'AccessionNumber',
        'OrganizationID',
        'Timestamp',
        'token',
      ],
    );
    assert.equal(address.searchParams.get('token'), token);
    assert.equal((await fetch(address)).status, 200);
    address.searchParams.set('AccessionNumber', 'OTHER');
    assert.equal((await fetch(address)).status, 403);
    const caught = flow.next('caught');
    flow.receive('view', { payload: { Nonsense: 1 } });
    assert.equal(errorOf(await caught).code, 'CONTRACT');
  });

  it('the simulator calls the hospital, and says what a command must look like', async () => {
    await deploy();
    let caught = flow.next('caught');
    flow.receive('sim', { payload: { service: 'nonsense' } });
    assert.match(errorOf(await caught).message, /七个预约服务之一/);
    caught = flow.next('caught');
    flow.receive('sim', { payload: { service: 'getexamitemlist', record: {} } });
    assert.equal(errorOf(await caught).code, 'TRANSPORT_NOT_SENT');
  });

  it('admin routes: hospitals, viewer pages, address test', async () => {
    await deploy();
    const hospitals = (await flow.admin().get('/exchange-profile/hospitals').expect(200)).body as unknown[];
    assert.equal(hospitals.length, 14);
    const pages = (await flow.admin().get('/viewer-token/pages').expect(200)).body as {
      page: string;
      parameters: unknown[];
    }[];
    assert.deepEqual(
      pages.map(({ page, parameters }) => [page, parameters.length]),
      [
        ['ClinicExamView', 12],
        ['ClinicExamList', 32],
        ['RelatedExamList', 22],
        ['ClinicExam', 17],
      ],
    );
    const test = async (url: string): Promise<{ ok: boolean; text: { zh: string } }> =>
      (
        await flow
          .admin()
          .post('/exchange-profile/test')
          .send({ id: 'p', target: 'archive', url, timeout: '5', tls: '' })
          .expect(200)
      ).body as never;
    assert.equal((await test(`${flow.url}/simulator/sehr.service.auto/IAutoReport.asmx`)).ok, true);
    assert.equal((await test('http://127.0.0.1:9/')).ok, false);
    assert.match((await test('nonsense')).text.zh, /http:\/\//);
    // What a foreign page's form could post, or nobody's form holds, tries nothing.
    for (const type of ['application/x-www-form-urlencoded', 'text/plain'])
      await flow
        .admin()
        .post('/exchange-profile/test')
        .type(type)
        .send('url=http://127.0.0.1:9/')
        .expect(415);
    assert.equal((await test({ toString: null } as never)).ok, false);
  });
});

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>(done => (resolve = done));
  return { promise, resolve };
}
