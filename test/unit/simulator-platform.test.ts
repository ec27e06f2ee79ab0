import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { Received } from '../../lib/simulator/platform/journal';
import { PlatformSimulator } from '../../lib/simulator/platform/platform-simulator';
import { readDocument } from '../../lib/simulator/platform/xml-document';
import { SoapClient } from '../../lib/soap/client';
import { viewerToken } from '../../lib/viewer/viewer-address';
import { exchangeBytes } from '../support/raw-soap';

const sample = (name: string): string =>
  fs.readFileSync(path.resolve('test/fixtures/agreement', name), 'utf8');

const OPTIONS = {
  operator: 'TESTYYApi',
  appId: 'PLACEHOLDER-APPID',
  organCode: 'XM-00000-TEST',
  orgCode: '000000T0001',
  strCredential: 'PLACEHOLDER-CREDENTIAL',
  strKey: 'PLACEHOLDER-KEY',
  viewerKey: 'TEST-KEY',
  validation: 'lenient',
  now: () => new Date(2030, 0, 3, 9),
} as const;

describe('platform simulator', () => {
  let simulator: PlatformSimulator | undefined;
  let server: http.Server | undefined;
  let base: string;
  let received: Received[];
  const clients: SoapClient[] = [];

  async function start(
    options: Partial<ConstructorParameters<typeof PlatformSimulator>[0]> = {},
  ): Promise<void> {
    await stop();
    simulator = new PlatformSimulator({ ...OPTIONS, ...options });
    received = [];
    simulator.on('received', event => received.push(event));
    const listening = http.createServer(simulator.handler);
    await new Promise<void>(resolve => listening.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(listening.address() as AddressInfo).port}`;
    server = listening;
  }
  async function stop(): Promise<void> {
    await Promise.all(clients.splice(0).map(client => client.close()));
    simulator?.close();
    await new Promise<unknown>(resolve => (server ? server.close(resolve) : resolve(undefined)));
    server = undefined;
  }
  beforeEach(() => start());
  afterEach(stop);

  it('answers an address that is none, and goes on', async () => {
    const answer = await exchangeBytes(
      Number(new URL(base).port),
      'GET // HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    );
    assert.match(answer, /^HTTP\/1\.1 400 /);
    assert.equal((await fetch(base)).status, 200);
  });

  async function call(service: string, method: string, parameters: Record<string, string>): Promise<string> {
    const client = new SoapClient({ url: base + service });
    clients.push(client);
    return (await client.call(method, Object.entries(parameters))).result ?? '';
  }
  const archive = (document: string) =>
    call('/sehr.service.auto/IAutoReport.asmx', 'ArchiveAutoReport', { strReportInfo: document });
  const query = (method: string, parameters: Record<string, string>) =>
    call('/sehr.service.auto/IAutoReport.asmx', method, {
      strIDNO: '',
      strSSID: '',
      strStartTime: '',
      strEndTime: '',
      strCredential: OPTIONS.strCredential,
      strKey: OPTIONS.strKey,
      ...parameters,
    });
  const platform = (header: string, body: string) =>
    call('/CallInterface.asmx', 'CallInterface', { MsgHeader: header, MsgBody: body });
  const faults = (): string =>
    received.flatMap(({ violations }) => violations.map(({ zh }) => zh)).join('\n');

  describe('ArchiveAutoReport', () => {
    it("accepts the agreement's samples", async () => {
      assert.equal(await archive(sample('ArchiveAutoReport.lab.xml')), '1', faults());
      assert.equal(await archive(sample('ArchiveAutoReport.exam.xml')), '1', faults());
      assert.deepEqual(
        received.map(({ service, ok, key }) => [service, ok, key]),
        [
          ['ArchiveAutoReport (lab)', true, 'TESTR0001'],
          ['ArchiveAutoReport (exam)', true, 'TESTR0002'],
        ],
      );
    });

    it('answers with the words it was given', async () => {
      await start({ answers: '归档成功' });
      assert.equal(await archive(sample('ArchiveAutoReport.lab.xml')), '归档成功');
    });

    const broken: readonly (readonly [string, (xml: string) => string, RegExp])[] = [
      ['an empty key', xml => xml.replace('patient_id="TESTP0001"', 'patient_id=""'), /patient_id.*主键/],
      [
        'a value too long',
        xml => xml.replace('name="测试甲"', `name="${'测'.repeat(129)}"`),
        /name.*长度上限 128/,
      ],
      [
        'a wrong date',
        xml => xml.replace('author_dtime="2030-01-02', 'author_dtime="2030-02-30'),
        /author_dtime.*有效的日期/,
      ],
      [
        'an unknown attribute',
        xml => xml.replace('name="测试甲"', 'name="测试甲" nickname="甲"'),
        /未知属性 nickname/,
      ],
      ['an attribute in upper case', xml => xml.replace('sex_code=', 'Sex_Code='), /未知属性 Sex_Code/],
      ['a missing attribute', xml => xml.replace(' order_id=""', ''), /缺少属性 order_id/],
      [
        'another institution',
        xml => xml.replaceAll('000000T0001', '000000T0002'),
        /orgcode 不是已登记的机构/,
      ],
      [
        'rows of another institution',
        xml => xml.replace('org_code="000000T0001"', 'org_code="000000T0002"'),
        /org_code 与机构编码不一致/,
      ],
      [
        'an item without master',
        xml => xml.replaceAll(/(<lab_subitem>\s*<item [^>]*report_form_no=")TESTR0001/g, '$1TESTR0009'),
        /没有对应的主表/,
      ],
      ['a repeated item', xml => xml.replace('serial_no="2"', 'serial_no="1"'), /子项序号重复/],
      ['no master', xml => xml.replace(/<labmaster>[^]*<\/labmaster>/, ''), /没有主表记录/],
      ['an unknown element', xml => xml.replace('</root>', '<remark/></root>'), /未知元素 remark/],
      ['a wrong time', xml => xml.replace('root time="2030-01-02', 'root time="yesterday'), /root 的 time/],
      ['malformed XML', xml => xml.replace('</labmaster>', ''), /XML 格式错误/],
    ];
    for (const [name, breakIt, said] of broken) {
      it(`refuses ${name}, and says so`, async () => {
        const document = sample('ArchiveAutoReport.lab.xml');
        assert.notEqual(breakIt(document), document, 'the sample has changed');
        assert.match(await archive(breakIt(document)), said);
        assert.match(await archive(breakIt(document)), /^失败：/);
        assert.equal(received[0]?.ok, false);
        assert.equal(
          await query('GetLabInfo', { strIDNO: 'Z00000000' }),
          '<root></root>',
          'nothing was stored',
        );
      });
    }

    it('refuses in strict what is a warning in lenient', async () => {
      const lacking = sample('ArchiveAutoReport.exam.xml').replace(
        'body_part_name="测试部位"',
        'body_part_name=""',
      );
      assert.equal(await archive(lacking), '1');
      assert.deepEqual(
        received[0]?.violations
          .filter(({ zh }) => zh.includes('body_part_name'))
          .map(({ severity }) => severity),
        ['warning'],
      );
      await start({ validation: 'strict' });
      assert.match(await archive(lacking), /body_part_name.*不能为空/);
    });

    it('shows no value of a patient in a refusal', async () => {
      const answer = await archive(
        sample('ArchiveAutoReport.lab.xml').replace(
          'id_no="000000190001010017"',
          `id_no="000000190001010017${'0'.repeat(128)}"`,
        ),
      );
      assert.match(answer, /id_no/);
      assert.doesNotMatch(answer, /190001/);
    });
  });

  describe('GetLabInfo and GetExamInfo', () => {
    it('give back what was registered, as the agreement prints it', async () => {
      await archive(sample('ArchiveAutoReport.exam.xml'));
      const printed = readDocument(sample('GetExamInfo.response.xml'));
      const given = readDocument(await query('GetExamInfo', { strIDNO: 'Z00000000' }));
      assert.deepEqual(
        given.children[0]?.children.map(({ name }) => name),
        printed.children[0]?.children.map(({ name }) => name),
      );
      const value = (name: string) => given.children[0]?.children.find(child => child.name === name)?.text;
      assert.equal(value('IMAGE_DESCR'), '测试所见 <5mm & "正常"');
      assert.equal(value('REPORT_FORM_NO'), 'TESTR0002');
    });

    it('give masters with their items, each row in the printed order', async () => {
      await archive(sample('ArchiveAutoReport.lab.xml'));
      const printed = readDocument(sample('GetLabInfo.response.xml'));
      const given = readDocument(await query('GetLabInfo', { strSSID: '000000190001010017' }));
      assert.deepEqual(
        given.children.map(({ name }) => name),
        ['labmaster', 'lab_subitem', 'lab_subitem'],
      );
      for (const at of [0, 1]) {
        assert.deepEqual(
          given.children[at]?.children.map(({ name }) => name),
          printed.children[at]?.children.map(({ name }) => name),
        );
      }
    });

    it('replace a report of the same key', async () => {
      await archive(sample('ArchiveAutoReport.lab.xml'));
      await archive(
        sample('ArchiveAutoReport.lab.xml').replaceAll('result_value="5.0"', 'result_value="4.9&#10;*"'),
      );
      const rows = readDocument(await query('GetLabInfo', { strIDNO: 'Z00000000' })).children;
      const results = rows
        .slice(1)
        .map(row => row.children.find(({ name }) => name === 'RESULT_VALUE')?.text);
      assert.deepEqual([rows.length, ...results], [3, '4.9\n*', '4.9\n*']);
    });

    it('look at three months unless told otherwise', async () => {
      const old = sample('ArchiveAutoReport.lab.xml').replace(
        'retrieve_date="2030-01-02"',
        'retrieve_date="2029-10-02"',
      );
      await archive(old);
      const count = async (parameters: Record<string, string>) =>
        readDocument(await query('GetLabInfo', { strIDNO: 'Z00000000', ...parameters })).children.length;
      assert.equal(await count({}), 0);
      assert.equal(await count({ strStartTime: '2029-10-02 00:00:00' }), 3);
      assert.equal(await count({ strStartTime: '2029/10/2', strEndTime: '2029/10/2 23:59:59' }), 3);
      assert.equal(await count({ strStartTime: '2029-10-03 00:00:00' }), 0);
    });

    it('refuse wrong credentials and an empty person', async () => {
      assert.match(
        await query('GetLabInfo', { strIDNO: 'Z00000000', strKey: 'wrong' }),
        /^失败：身份标识或对称钥匙无效/,
      );
      assert.match(await query('GetExamInfo', {}), /必填其一/);
      assert.match(
        await query('GetExamInfo', { strIDNO: 'Z00000000', strStartTime: 'soon' }),
        /strStartTime/,
      );
    });

    it('never accept a credential that is not set', async () => {
      await start({ strKey: '' });
      assert.match(await query('GetLabInfo', { strIDNO: 'Z00000000', strKey: '' }), /^失败/);
    });
  });

  describe('CallInterface', () => {
    const header = (service: string): string =>
      sample('platform.MsgHeader.xml').replace('UpdateBillingInfo', service);

    for (const service of ['UpdateBillingInfo', 'SyncAppointData']) {
      it(`accepts the agreement's sample of ${service}`, async () => {
        const answer = await platform(header(service), sample(`${service}.MsgBody.xml`));
        assert.deepEqual(JSON.parse(answer), JSON.parse(sample('platform.response.ok.json')));
        assert.deepEqual(
          received.map(event => [event.service, event.ok]),
          [[service, true]],
        );
      });
    }

    const broken: readonly (readonly [
      string,
      string,
      (header: string, body: string) => [string, string],
      RegExp,
    ])[] = [
      [
        'a wrong AppId',
        'UpdateBillingInfo',
        (h, b) => [h.replace('PLACEHOLDER-APPID', 'x'), b],
        /^凭证无效$/,
      ],
      ['a wrong operator', 'UpdateBillingInfo', (h, b) => [h.replace('TESTYYApi', 'x'), b], /^凭证无效$/],
      [
        'an unknown service',
        'UpdateBillingInfo',
        (h, b) => [h.replace('UpdateBillingInfo', 'x'), b],
        /ServerName/,
      ],
      [
        'another institution',
        'UpdateBillingInfo',
        (h, b) => [h, b.replace('XM-00000-TEST', 'XM-00001-TEST')],
        /OrganCode 不是已登记的机构/,
      ],
      [
        'elements in another order',
        'UpdateBillingInfo',
        (h, b) => [h, b.replace(/(<IdNo>.*<\/IdNo>)\s*(<SerialNo>.*<\/SerialNo>)/, '$2$1')],
        /依次/,
      ],
      [
        'elements in another case',
        'SyncAppointData',
        (h, b) => [h, b.replaceAll('HisKey', 'Hiskey')],
        /依次/,
      ],
      [
        'a status that is no code',
        'SyncAppointData',
        (h, b) => [h, b.replace('<AppointmentStatus>1', '<AppointmentStatus>已预约')],
        /AppointmentStatus/,
      ],
      ['an empty list', 'SyncAppointData', (h, b) => [h, b.replace(/<Item>[^]*<\/Item>/, '')], /没有 Item/],
      [
        'a body of another form',
        'SyncAppointData',
        (h, b) => [h, b.replaceAll('Params', 'params')],
        /MsgBody\/Params/,
      ],
      ['malformed XML', 'SyncAppointData', (h, b) => [h, b.replace('</Item>', '')], /XML 格式错误/],
    ];
    for (const [name, service, breakIt, said] of broken) {
      it(`refuses ${name}`, async () => {
        await start({ validation: 'strict' });
        const [h, b] = breakIt(header(service), sample(`${service}.MsgBody.xml`));
        const answer = JSON.parse(await platform(h, b)) as { Status: number; Msg: string };
        assert.equal(answer.Status, 0);
        assert.match(answer.Msg, said);
      });
    }
  });

  describe('viewer pages', () => {
    const addresses = sample('viewer.urls.txt').trim().split('\n');
    const at = (address: string): string => address.replace('http://URL', base);

    for (const [index, address] of addresses.slice(0, 4).entries()) {
      it(`accepts the sample address ${index + 1}`, async () => {
        const response = await fetch(at(address));
        const html = await response.text();
        assert.equal(response.status, 200, html);
        assert.equal(response.headers.get('referrer-policy'), 'no-referrer');
        assert.match(html, /检查/);
        assert.deepEqual(
          received.map(({ ok, violations }) => [ok, violations]),
          [[true, []]],
        );
      });
    }

    it('takes a key in Chinese, and shows values as text', async () => {
      await start({ viewerKey: '密钥-TEST' });
      const address = at(addresses[4] ?? '');
      const html = await (await fetch(address)).text();
      assert.match(html, /A&amp;B\+1 %2/);
      assert.equal((await fetch(address.replace('A%26B', '%3Cb%3E'))).status, 403);
    });

    it('answers 403 to a changed value, a missing token, and with no key', async () => {
      const address = at(addresses[0] ?? '');
      assert.equal((await fetch(address.replace('T0001', 'T0002'))).status, 403);
      assert.equal((await fetch(address.replace(/&token=.*/, ''))).status, 403);
      await start({ viewerKey: '' });
      const refused = await fetch(at(addresses[0] ?? ''));
      assert.equal(refused.status, 403);
      assert.match(await refused.text(), /token 校验不通过/);
    });

    it('looks at the age of the Timestamp when asked to', async () => {
      await start({ timestampTolerance: 300, now: () => new Date(1_893_456_000_000 + 299_000) });
      assert.equal((await fetch(at(addresses[0] ?? ''))).status, 200);
      await start({ timestampTolerance: 300, now: () => new Date(1_893_456_000_000 + 301_000) });
      assert.equal((await fetch(at(addresses[0] ?? ''))).status, 403);
    });

    it('hints at parameters that the page does not list, and at another order', async () => {
      const token = viewerToken(['Z00000000', '000000190001010017', 'x'], OPTIONS.viewerKey);
      const response = await fetch(
        `${base}/IDCAS/Interface/RelatedExamList?HealthCardNO=Z00000000&IDCardNO=000000190001010017&UserID=x&token=${token}`,
      );
      assert.equal(response.status, 200);
      assert.match(faults(), /未列出的参数 UserID/);
      assert.match(faults(), /顺序/);
    });

    it('shows the exams of the patient', async () => {
      await archive(sample('ArchiveAutoReport.exam.xml'));
      const html = await (await fetch(at(addresses[2] ?? ''))).text();
      assert.match(html, /检查 1 份.*TESTACC0001/s);
    });
  });

  it('shows what it received, without patient data', async () => {
    await archive(sample('ArchiveAutoReport.lab.xml'));
    await archive('no XML');
    const html = await (await fetch(`${base}/`)).text();
    assert.match(html, /ArchiveAutoReport \(lab\)/);
    const summary = (await (await fetch(`${base}/`, { headers: { accept: 'application/json' } })).json()) as {
      counts: unknown;
    };
    assert.deepEqual(summary.counts, [{ service: 'ArchiveAutoReport (lab)', accepted: 1, refused: 1 }]);
    assert.deepEqual(simulator?.counts(), summary.counts);
    for (const patient of ['测试甲', 'Z00000000', '000000190001010017', 'TESTP0001']) {
      assert.ok(!html.includes(patient) && !JSON.stringify(summary).includes(patient), patient);
    }
  });

  describe('holdings', () => {
    const login = (user: string, password: string) => ({
      headers: { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` },
    });
    const operator = login(OPTIONS.operator, OPTIONS.appId);
    const held = async (name: string) =>
      (await (await fetch(`${base}/holdings/${name}`, operator)).json()) as Record<string, unknown>[];
    const tell = (service: string, body = sample(`${service}.MsgBody.xml`)) =>
      platform(sample('platform.MsgHeader.xml').replace('UpdateBillingInfo', service), body);

    it('are the reports as they were registered, every field of them', async () => {
      await archive(sample('ArchiveAutoReport.lab.xml'));
      await archive(sample('ArchiveAutoReport.exam.xml'));
      const [lab, exam] = [await held('lab'), await held('exam')];
      assert.deepEqual(
        lab.map(report => [report['report_form_no'], (report['lab_subitem'] as unknown[]).length]),
        [['TESTR0001', 2]],
      );
      assert.deepEqual(
        [exam.length, exam[0]?.['state'], exam[0]?.['apply_form_no'], exam[0]?.['reportfilepath']],
        [1, '3', 'TESTA0001', '\\\\fileserver\\reports\\2030\\TESTR0002.pdf'],
      );
    });

    it('are the newest state of each booking, and every notification once', async () => {
      const body = sample('SyncAppointData.MsgBody.xml');
      await tell('SyncAppointData');
      await tell('SyncAppointData', body.replace('<AppointmentStatus>1', '<AppointmentStatus>2'));
      await tell('UpdateBillingInfo');
      await tell('UpdateBillingInfo');
      assert.deepEqual(
        (await held('SyncAppointData')).map(row => [row['HisKey'], row['AppointmentStatus']]),
        [['TEST2030000001', '2']],
      );
      assert.deepEqual(
        (await held('UpdateBillingInfo')).map(row => [row['SerialNo'], row['EndDate']]),
        [['Z00000000', '2030-12-31']],
      );
    });

    it('hold nothing that was refused', async () => {
      const body = sample('SyncAppointData.MsgBody.xml');
      await tell('SyncAppointData', body.replace('XM-00000-TEST', 'XM-00001-TEST'));
      await archive(sample('ArchiveAutoReport.exam.xml').replace('patient_id="TESTP0001"', 'patient_id=""'));
      assert.deepEqual([await held('SyncAppointData'), await held('exam')], [[], []]);
    });

    it('are shown to the operator only', async () => {
      await archive(sample('ArchiveAutoReport.exam.xml'));
      const others = [{}, login(OPTIONS.operator, 'x'), login('x', OPTIONS.appId), login('', '')];
      for (const options of [...others, { headers: { authorization: 'Basic %' } }]) {
        const response = await fetch(`${base}/holdings/exam`, options);
        assert.equal(response.status, 401);
        assert.match(response.headers.get('www-authenticate') ?? '', /^Basic /);
        assert.equal(await response.text(), '');
      }
      assert.equal((await fetch(`${base}/holdings/other`, operator)).status, 404);
      await start({ appId: '' });
      assert.equal((await fetch(`${base}/holdings/exam`, login(OPTIONS.operator, ''))).status, 401);
    });

    it('are counted for everybody', async () => {
      await archive(sample('ArchiveAutoReport.exam.xml'));
      const options = { headers: { accept: 'application/json' } };
      const { holdings } = (await (await fetch(`${base}/`, options)).json()) as { holdings: unknown };
      assert.deepEqual(holdings, [
        { name: 'lab', records: 0, withFile: 0 },
        { name: 'exam', records: 1, withFile: 1 },
        { name: 'UpdateBillingInfo', records: 0, withFile: 0 },
        { name: 'SyncAppointData', records: 0, withFile: 0 },
      ]);
      const html = await (await fetch(`${base}/`)).text();
      assert.match(html, /<td>检查报告<\/td><td>1<\/td><td>1<\/td>/);
      assert.match(html, /<a href="\/holdings\/exam">/);
    });
  });

  it('knows no other address and no other method', async () => {
    assert.equal((await fetch(`${base}/elsewhere`)).status, 404);
    assert.equal((await fetch(`${base}/`, { method: 'POST' })).status, 405);
    assert.match(await (await fetch(`${base}/CallInterface.asmx?wsdl`)).text(), /wsdl:definitions/);
  });
});
