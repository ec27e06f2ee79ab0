/** Hospital columns through the real node and its expressions to the platform. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { MappingRow } from '../../lib/mapping/mapping-row';
import type { Registration } from '../../lib/report/register';
import { type FlowNode, TestFlow } from '../support/flow';

const row = (
  table: string,
  field: string,
  source: MappingRow['source'],
  value: string,
  codeTable?: string,
): MappingRow => ({ table, field, source, value, ...(codeTable !== undefined && { codeTable }) });

const mapping: readonly MappingRow[] = [
  row('labmaster', 'report_form_no', 'column', '检验单号'),
  row('labmaster', 'patient_id', 'column', 'BRID'),
  row('labmaster', 'event_type', 'codes', 'JZLX', 'STD_EVENT_TYPE'),
  row('labmaster', 'event_no', 'jsonata', `$uppercase(MZH)`),
  row('labmaster', 'last_update_dtime', 'column', 'BGSJ'),
  row('labmaster', 'retrieve_date', 'jsonata', `$substring(BGSJ, 0, 10)`),
  row('labmaster', 'class_code', 'constant', '12345-6'),
  row('labmaster', 'name', 'column', 'XM'),
  row('lab_subitem', 'serial_no', 'column', 'XH'),
  row('lab_subitem', 'class_code', 'column', 'XMBM'),
  row('lab_subitem', 'class_local_name', 'jsonata', `XMMC & "（" & master.BB & "）"`),
  row('lab_subitem', 'result_value', 'column', 'JG'),
];

/** One row of a join, as a LIS has it. */
const lisRow = (reportNo: string, item: number): Record<string, unknown> => ({
  检验单号: reportNo,
  BRID: 'TESTP0001',
  JZLX: 'MZ',
  MZH: 'teste0001',
  BGSJ: '2030-01-02 03:04:05',
  XM: '测试甲',
  BB: '血清',
  XH: item,
  XMBM: `1234${item}-1`,
  XMMC: '葡萄糖',
  JG: '5.0',
});

describe('the field mapping of the register and sync nodes', () => {
  const flow = new TestFlow();
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'regional-exchange-mapping-'));
  const codeTableFile = path.join(folder, 'codes.csv');
  fs.writeFileSync(
    codeTableFile,
    'table,localCode,localName,platformCode,platformName,confirmed\nSTD_EVENT_TYPE,MZ,门诊,1,门诊,1\n',
  );
  before(() => flow.start());
  after(async () => {
    await flow.stop();
    fs.rmSync(folder, { recursive: true });
  });
  afterEach(() => flow.undeploy());

  const deploy = (
    rows: readonly MappingRow[],
    more: Record<string, unknown> = {},
    others: readonly FlowNode[] = [],
  ): Promise<void> =>
    flow.deploy(
      [
        {
          id: 'lab',
          type: 'lab-register',
          delivery: 'direct',
          profile: 'p',
          property: 'payload',
          propertyType: 'msg',
          mapping: rows,
          sameNames: true,
          wires: [['accepted'], []],
          ...more,
        },
        ...others,
        {
          id: 'sim',
          type: 'platform-simulator',
          profile: 'p',
          path: '/simulator',
          wires: [['received'], []],
        },
        { id: 'catch1', type: 'catch', scope: null, wires: [['caught']] },
        ...['accepted', 'received', 'caught'].map(id => ({ id, type: 'helper', wires: [] })),
      ],
      {
        archiveUrl: `${flow.url}/simulator/sehr.service.auto/IAutoReport.asmx`,
        callInterfaceUrl: `${flow.url}/simulator/CallInterface.asmx`,
        codeTableFile,
      },
    );
  const errorOf = (msg: Record<string, unknown>): { code: string; message: string; cause?: unknown } =>
    msg['error'] as never;

  it('brings flat rows of a hospital’s columns to the platform', async () => {
    await deploy(mapping);
    const [accepted, received] = [flow.next('accepted'), flow.next('received')];
    flow.receive('lab', { payload: [lisRow('BG01', 1), lisRow('BG01', 2)] });
    const { outcome, reportNo, key } = (await accepted)['exchange'] as Registration;
    assert.deepEqual(
      [outcome, reportNo, key],
      ['accepted', 'BG01', '000000T0001|BG01|TESTP0001|1|TESTE0001'],
    );
    const seen = JSON.stringify((await received).payload);
    assert.match(seen, /BG01/);
  });

  it('tells the field whose expression fails, and sends nothing', async () => {
    await deploy(mapping.with(3, row('labmaster', 'event_no', 'jsonata', '$number(XM)')));
    const caught = flow.next('caught');
    flow.receive('lab', { payload: lisRow('BG01', 1) });
    const error = errorOf(await caught);
    assert.equal(error.code, 'CONTRACT');
    assert.match(error.message, /event_no\)的映射表达式出错（JSONata D3030/);
    assert.doesNotMatch(JSON.stringify([error.message, error.cause]), /测试甲/);
  });

  it('says at the start, and with every message, that a mapping cannot be used', async () => {
    await deploy([row('labmaster', 'event_no', 'jsonata', '$uppercase(')]);
    const caught = flow.next('caught');
    flow.receive('lab', { payload: lisRow('BG01', 1) });
    const error = errorOf(await caught);
    assert.equal(error.code, 'CONFIG');
    assert.match(error.message, /event_no\)的表达式有语法错误 JSONata S0203/);
    assert.deepEqual(flow.statuses('lab').at(-1), 'invalid');
  });

  it('takes names as they are without a mapping, also in a flow older than it', async () => {
    await deploy([], { mapping: undefined, sameNames: undefined });
    const accepted = flow.next('accepted');
    flow.receive('lab', {
      payload: {
        REPORT_FORM_NO: 'BG02',
        Patient_Id: 'TESTP0001',
        event_type: '1',
        event_no: 'TESTE0001',
        last_update_dtime: '2030-01-02 03:04:05',
        retrieve_date: '2030-01-02',
        class_code: '12345-6',
      },
    });
    assert.equal(((await accepted)['exchange'] as Registration).reportNo, 'BG02');
  });

  const common = {
    profile: 'p',
    property: 'payload',
    propertyType: 'msg',
    sameNames: true,
    wires: [['accepted'], []],
  };

  it('maps exam reports', async () => {
    const rows = [
      row('exammaster', 'report_form_no', 'column', 'BGDH'),
      row('exammaster', 'class_code', 'jsonata', `JCLX = "彩超" ? "US" : "CT"`),
    ];
    await deploy([], {}, [
      { id: 'exam', type: 'exam-register', delivery: 'direct', ...common, mapping: rows },
    ]);
    const accepted = flow.next('accepted');
    flow.receive('exam', {
      payload: {
        BGDH: 'JC01',
        JCLX: '彩超',
        patient_id: 'TESTP0001',
        event_type: '1',
        event_no: 'TESTE0001',
        state: '0',
        pacs_id: 'TESTACC0001',
        body_part_name: '腹部',
        last_update_dtime: '2030-01-02 03:04:05',
        performer_dtime: '2030-01-02 03:04:05',
        participant_dtime: '2030-01-02 03:04:05',
        retrieve_date: '2030-01-02',
      },
    });
    const { reportNo, warnings } = (await accepted)['exchange'] as Registration;
    assert.equal(reportNo, 'JC01');
    assert.deepEqual(
      warnings.filter(({ field }) => field === 'class_code'),
      [],
      'US is a modality, 彩超 is none',
    );
  });

  it('maps the records of the service that the message names', async () => {
    const rows = [
      row('SyncAppointData', 'HisKey', 'column', 'DJH'),
      row('SyncAppointData', 'AppointmentStatus', 'constant', '已预约'),
      row('UpdateBillingInfo', 'SerialNo', 'column', 'KH'),
    ];
    const sync = {
      service: 'msg',
      maxItems: '50',
      statuses: '',
      rangeDays: '30',
      debounce: '0',
      mapping: rows,
    };
    await deploy([], {}, [{ id: 'sync', type: 'billing-sync', delivery: 'direct', ...common, ...sync }]);
    for (const [service, payload, key] of [
      ['SyncAppointData', [{ DJH: 'D1', HisKey: 'other' }], 'D1'],
      ['UpdateBillingInfo', { KH: 'Z00000001' }, '0001'],
    ] as const) {
      const accepted = flow.next('accepted');
      flow.receive('sync', { service, payload });
      const story = (await accepted)['exchange'] as { outcome: string; key: string };
      assert.deepEqual([story.outcome, story.key.slice(-key.length)], ['accepted', key]);
    }
  });
});
