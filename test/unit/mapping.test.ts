import assert from 'node:assert/strict';
import { CodeTables } from '../../lib/contract/code-table';
import { examMaster } from '../../lib/contract/tables/exam';
import { labMaster, labSubitem } from '../../lib/contract/tables/lab';
import { syncAppointData } from '../../lib/contract/tables/sync';
import type { Violation } from '../../lib/contract/violation';
import { ExchangeError } from '../../lib/errors';
import { rowFaults, unmappedFields } from '../../lib/mapping/faults';
import { mapRows } from '../../lib/mapping/map-rows';
import { type Evaluate, type Mapping, type MappingOptions, compileMapping } from '../../lib/mapping/mapping';
import type { MappedTable, MappingRow } from '../../lib/mapping/mapping-row';
import { readProfile } from '../../lib/profile/profile';
import { readExamReports } from '../../lib/report/exam-report';
import { mapLabInput } from '../../lib/report/lab-mapping';
import { type LabReport, readLabReports } from '../../lib/report/lab-report';
import { profileSettings } from '../support/profile-settings';

const LAB: readonly MappedTable[] = [
  { table: labMaster, provided: ['org_code'] },
  { table: labSubitem, provided: ['org_code', 'event_no', 'report_form_no', 'last_update_dtime'] },
];
const EXAM: readonly MappedTable[] = [{ table: examMaster, provided: ['org_code'] }];

/** Synthetic entries; `LOCAL_` tables are a hospital's own, which no field of the agreement names. */
const entry = (table: string, localCode: string, localName: string, platformCode: string) => ({
  table,
  localCode,
  localName,
  platformCode,
  platformName: '',
  confirmed: true,
});
const codeTables = new CodeTables([
  entry('STD_EVENT_TYPE', 'MZ', '门诊', '1'),
  entry('STD_EVENT_TYPE', 'ZY', '住院', '2'),
  entry('LOCAL_MODALITY', '彩超', '', 'US'),
]);
const profile = readProfile(profileSettings(), codeTables);

const master = (
  field: string,
  source: MappingRow['source'],
  value: string,
  codeTable?: string,
): MappingRow => ({
  table: 'labmaster',
  field,
  source,
  value,
  ...(codeTable !== undefined && { codeTable }),
});
const item = (field: string, source: MappingRow['source'], value: string): MappingRow => ({
  table: 'lab_subitem',
  field,
  source,
  value,
});

/** Stands for JSONata: `upper NAME`, `master NAME`, `fail`; anything else is no expression. */
function compile(expression: string): Evaluate {
  const [verb, name = ''] = expression.split(' ');
  switch (verb) {
    case 'upper':
      return row => Promise.resolve(String(row[name]).toUpperCase());
    case 'master':
      return row => Promise.resolve((row['master'] as Record<string, unknown>)[name]);
    case 'fail':
      return row =>
        Promise.reject(
          Object.assign(new Error(`cannot read ${String(row[name])}`), { code: 'D3030', position: 7 }),
        );
    default:
      throw Object.assign(new Error('syntax'), { code: 'S0201', position: 1 });
  }
}

const mappingOf = (
  rows: readonly MappingRow[],
  tables: readonly MappedTable[] = LAB,
  options: Partial<MappingOptions> = {},
): Mapping => compileMapping(rows, { tables, sameNames: true, compile, ...options });

const one = async (
  rows: readonly MappingRow[],
  row: Record<string, unknown>,
  sameNames = true,
): Promise<unknown> => mappingOf(rows, LAB, { sameNames }).of(labMaster).apply(row, { codeTables });

const labReports = async (rows: readonly MappingRow[], input: unknown): Promise<LabReport[]> =>
  readLabReports(await mapLabInput(input, mappingOf(rows), codeTables), {
    check: profile.check,
    archive: profile.archive,
    now: new Date(2030, 0, 2),
  });

const rulesOf = (violations: readonly Violation[]): string[] =>
  violations
    .filter(({ rule }) => ['column', 'expression', 'code'].includes(rule))
    .map(({ rule, path }) => `${rule} ${path}`);

/** A lab report as a hospital's database has it. */
const flat = (no: string, result: string | null, code: string | null): Record<string, unknown> => ({
  检验单号: no,
  BRID: 'TESTP0001',
  就诊类型: '门诊',
  MZH: 'TESTE0001',
  XM: '测试甲',
  BGSJ: '2030-01-02 03:04:05',
  FLBM: '12345-6',
  XMBM: code,
  JG: result,
});
const flatRows: readonly MappingRow[] = [
  master('report_form_no', 'column', '检验单号'),
  master('patient_id', 'column', 'brid'),
  master('event_type', 'codes', '就诊类型', 'STD_EVENT_TYPE'),
  master('event_no', 'column', 'MZH'),
  master('name', 'column', 'XM'),
  master('last_update_dtime', 'column', 'BGSJ'),
  master('retrieve_date', 'column', 'BGSJ'),
  master('class_code', 'column', 'FLBM'),
  item('serial_no', 'column', 'XMBM'),
  item('class_code', 'column', 'XMBM'),
  item('result_value', 'column', 'JG'),
  item('result_type', 'constant', 'NM'),
];

describe('a field mapping', () => {
  it('takes columns in any case, constants, expressions and translated codes', async () => {
    const mapped = await one(
      [
        master('patient_id', 'column', 'brid'),
        master('sex_name', 'constant', ' 男 '),
        master('name', 'jsonata', 'upper XM'),
        master('event_type', 'codes', 'LX', 'STD_EVENT_TYPE'),
        master('event_no', 'column', 'MZH'),
      ],
      { BRID: 'P1', XM: 'a', LX: 'zy', MZH: 12, other: 'kept' },
    );
    assert.deepEqual(mapped, {
      BRID: 'P1',
      XM: 'a',
      LX: 'zy',
      MZH: 12,
      other: 'kept',
      patient_id: 'P1',
      sex_name: '男',
      name: 'A',
      event_type: '2',
      event_no: 12,
    });
  });

  it('finds a column whose spelling changes from row to row', async () => {
    const part = mappingOf([master('patient_id', 'column', 'Brid')]).of(labMaster);
    const taken: unknown[] = [];
    for (const row of [{ BRID: '1' }, { brid: '2' }, { Brid: '3' }, { ' BRID ': '4' }])
      taken.push((await part.apply(row, { codeTables }))['patient_id']);
    assert.deepEqual(taken, ['1', '2', '3', '4']);
  });

  it('wins over a column of the same name, also with an empty value', async () => {
    const rows = [master('patient_id', 'column', 'BRID'), master('name', 'constant', '')];
    assert.deepEqual(await one(rows, { PATIENT_ID: 'own', BRID: null, Name: '测试甲', event_no: 'E' }), {
      BRID: null,
      event_no: 'E',
      patient_id: null,
      name: '',
    });
  });

  it('takes no column by its name when names do not count', async () => {
    const rows = [master('patient_id', 'column', 'BRID')];
    const mapped = await one(rows, { BRID: 'P', EVENT_NO: 'E', extra: 1 }, false);
    assert.deepEqual(mapped, { BRID: 'P', extra: 1, patient_id: 'P' });
  });

  it('does not fill a booking by the names of GetExamItemList when names do not count', async () => {
    const tables = [{ table: syncAppointData, provided: [] }];
    const rows: MappingRow[] = [
      { table: 'SyncAppointData', field: 'HisKey', source: 'column', value: 'DJH' },
    ];
    const mapped = await mapRows(syncAppointData)(
      [{ DJH: 'K', LabCode: 'L', Date: '2030-01-02' }],
      mappingOf(rows, tables, { sameNames: false }),
      codeTables,
    );
    assert.deepEqual(mapped, [{ DJH: 'K', HisKey: 'K' }]);
  });

  it('keeps a code without entry, counts it, and lets the platform’s own codes pass', async () => {
    const tables = new CodeTables([
      entry('STD_EVENT_TYPE', 'MZ', '门诊', '1'),
      entry('STD_EVENT_TYPE', 'X', '', '9'),
    ]);
    const read = readProfile(profileSettings({ validation: 'strict' }), tables);
    const reports = async (value: string): Promise<LabReport[]> =>
      readLabReports(
        await mapLabInput({ ...flat('R1', null, null), 就诊类型: value }, mappingOf(flatRows), tables),
        { check: read.check, archive: read.archive, now: new Date(2030, 0, 2) },
      );
    const [known] = await reports('mz');
    assert.equal(known?.master.event_type, '1');
    assert.deepEqual(rulesOf(known?.violations ?? []), []);
    const [unknown] = await reports('急诊');
    assert.equal(unknown?.master.event_type, '急诊');
    assert.deepEqual(rulesOf(unknown?.violations ?? []), ['code event_type']);
    assert.deepEqual(tables.unmapped(), [{ table: 'STD_EVENT_TYPE', code: '急诊', count: 1 }]);
    const [platforms] = await reports('9');
    assert.deepEqual(
      rulesOf(platforms?.violations ?? []),
      ['code event_type'],
      'a platform code that is no local one',
    );
  });

  it('translates by a code table that the agreement does not name', async () => {
    const rows: MappingRow[] = [
      { table: 'exammaster', field: 'class_code', source: 'codes', value: 'SB', codeTable: 'LOCAL_MODALITY' },
    ];
    const read = async (value: string) =>
      readExamReports(await mapRows(examMaster)({ SB: value }, mappingOf(rows, EXAM), codeTables), {
        check: profile.check,
        archive: profile.archive,
        now: new Date(2030, 0, 2),
      })[0];
    assert.equal((await read('彩超'))?.master.class_code, 'US');
    assert.deepEqual(rulesOf((await read('胃镜'))?.violations ?? []), ['code class_code']);
  });

  it('needs the code table to be in the profile', async () => {
    await assert.rejects(
      one([master('sex_code', 'codes', 'XB', 'STD_NONE')], { XB: '1' }),
      (error: ExchangeError) => {
        assert.equal(error.code, 'CONFIG');
        assert.match(error.message, /STD_NONE/);
        return true;
      },
    );
  });

  it('names field, column and the columns present when a column is missing, and no value', async () => {
    const rows = flatRows.with(1, master('patient_id', 'column', 'BRBH'));
    const [report] = await labReports(rows, flat('R1', '5.0', '1'));
    const violation = report?.violations.find(({ rule }) => rule === 'column');
    assert.deepEqual([violation?.severity, violation?.path], ['error', 'patient_id']);
    assert.match(
      violation?.message.zh ?? '',
      /病人ID\(patient_id\)对照的列“BRBH”不在数据中（现有列：检验单号, BRID,/,
    );
    assert.match(violation?.message.en ?? '', /patient_id is mapped to column "BRBH"/);
    assert.doesNotMatch(JSON.stringify(violation), /测试甲|TESTP0001/);
  });

  it('makes a failing expression a fault of its field, without the data that JSONata quotes', async () => {
    const rows = [...flatRows, item('result_unit', 'jsonata', 'fail XM')];
    const [report] = await labReports(rows, flat('R1', '5.0', '1'));
    const violation = report?.violations.find(({ rule }) => rule === 'expression');
    assert.deepEqual([violation?.severity, violation?.path], ['error', 'lab_subitem[1].result_unit']);
    assert.match(violation?.message.zh ?? '', /单位.*JSONata D3030 @7/);
    assert.doesNotMatch(JSON.stringify(report?.violations), /测试甲/);
  });

  it('does not hold up the other reports of a message', async () => {
    const rows = flatRows.with(1, master('patient_id', 'column', 'BRID2'));
    const [good, bad] = [{ ...flat('R1', '1', '1'), BRID2: 'P' }, flat('R2', '1', '1')];
    const reports = await labReports(rows, [good, bad]);
    assert.deepEqual(
      reports.map(({ reportNo, violations }) => [reportNo, rulesOf(violations)]),
      [
        ['R1', []],
        ['R2', ['column patient_id']],
      ],
    );
  });

  it('refuses to start with rows that cannot be used, naming each', () => {
    const rows = [
      master('no_such', 'column', 'X'),
      master('name', 'column', 'XM'),
      master('NAME', 'column', 'XM'),
      master('sex_code', 'codes', 'XB', ' '),
      item('result_unit', 'column', ' '),
    ];
    assert.throws(
      () => mappingOf(rows),
      (error: ExchangeError) => {
        assert.equal(error.code, 'CONFIG');
        for (const part of [
          /labmaster\.no_such/,
          /\(name\)映射了两次/,
          /\(sex_code\)未填写代码表/,
          /\(result_unit\)未填写列名/,
        ])
          assert.match(error.text.zh, part);
        return true;
      },
    );
    assert.throws(
      () => mappingOf([master('name', 'jsonata', '$$(')]),
      /病人的姓名\(name\)的表达式有语法错误 JSONata S0201 @1/,
    );
  });
});

describe('a mapped lab report', () => {
  it('comes from flat rows of a hospital’s own columns', async () => {
    const reports = await labReports(flatRows, [
      flat('R1', '5.0', '1'),
      flat('R2', '7', '1'),
      flat('R1', '阴性', '2'),
    ]);
    assert.deepEqual(
      reports.map(
        ({ master: { report_form_no, patient_id, event_type, name, retrieve_date, class_code }, items }) => [
          [report_form_no, patient_id, event_type, name, retrieve_date, class_code],
          ...items.map(row => [
            row.serial_no,
            row.class_code,
            row.result_value,
            row.result_type,
            row.report_form_no,
          ]),
        ],
      ),
      [
        [
          ['R1', 'TESTP0001', '1', '测试甲', '2030-01-02', '12345-6'],
          ['1', '1', '5.0', 'NM', 'R1'],
          ['2', '2', '阴性', 'NM', 'R1'],
        ],
        [
          ['R2', 'TESTP0001', '1', '测试甲', '2030-01-02', '12345-6'],
          ['1', '1', '7', 'NM', 'R2'],
        ],
      ],
    );
    assert.deepEqual(
      reports.flatMap(({ violations }) => violations.filter(({ severity }) => severity === 'error')),
      [],
    );
  });

  it('has no item from an outer join, although a constant is mapped', async () => {
    const [report] = await labReports(flatRows, [flat('R1', null, null)]);
    assert.deepEqual(report?.items, []);
  });

  it('keeps an item whose only values come by name', async () => {
    const rows = [...flatRows.slice(0, 8), item('result_type', 'constant', 'NM')];
    const [report] = await labReports(rows, [
      { ...flat('R1', null, null), serial_no: '1', ITEM_CLASS_CODE: 'C' },
    ]);
    assert.deepEqual(
      report?.items.map(row => [row.serial_no, row.class_code, row.result_type]),
      [['1', 'C', 'NM']],
    );
  });

  it('does not take an item’s prefixed column when the item’s field is mapped', async () => {
    const [report] = await labReports(flatRows, [{ ...flat('R1', '5', '1'), ITEM_CLASS_CODE: 'other' }]);
    assert.deepEqual(
      report?.items.map(row => row.class_code),
      ['1'],
    );
  });

  const items = [
    { XMBM: '1', JG: '5.0' },
    { XMBM: '2', JG: '6.0' },
  ];
  const nestedRows = [...flatRows, item('examine_way', 'jsonata', 'master FLBM')];
  const nested: readonly [string, unknown][] = [
    ['with lab_subitem', { ...flat('R1', null, null), lab_subitem: items }],
    ['in an array', [{ ...flat('R1', null, null), LAB_SUBITEM: items }]],
    ['with labmaster', { labmaster: flat('R1', null, null), lab_subitem: items }],
    ['as two row sets', { labmaster: [flat('R1', null, null)], lab_subitem: items }],
  ];
  for (const [form, input] of nested) {
    it(`comes from a nested report ${form}, its items seeing their master`, async () => {
      const [report] = await labReports(nestedRows, input);
      assert.equal(report?.master.patient_id, 'TESTP0001');
      assert.deepEqual(
        report?.items.map(row => [row.serial_no, row.result_value, row.result_type, row.examine_way]),
        [
          ['1', '5.0', 'NM', '12345-6'],
          ['2', '6.0', 'NM', '12345-6'],
        ],
      );
    });
  }

  it('leaves what is no row to the reader, which refuses it', async () => {
    for (const input of [null, 5, 'x', [1], { lab_subitem: 'x' }, Buffer.from('x')])
      await assert.rejects(labReports(flatRows, input), { code: 'CONTRACT' });
  });
});

describe('a mapped exam report', () => {
  it('keeps the fault of a mapped study UID', async () => {
    const rows: MappingRow[] = [
      { table: 'exammaster', field: 'study_instance_uid', source: 'column', value: 'UID' },
    ];
    const read = async (input: object) =>
      readExamReports(await mapRows(examMaster)({ exammaster: input }, mappingOf(rows, EXAM), codeTables), {
        check: profile.check,
        archive: profile.archive,
        now: new Date(2030, 0, 2),
      })[0];
    assert.equal((await read({ uid: '1.2.3;1.2.4' }))?.master.study_instance_uid, '1.2.3,1.2.4');
    assert.deepEqual(rulesOf((await read({ other: '1.2.3' }))?.violations ?? []), [
      'column study_instance_uid',
    ]);
  });
});

describe('faults of a mapping before any data', () => {
  const unmapped = (rows: readonly MappingRow[], sameNames: boolean): string[] =>
    unmappedFields(rows, LAB, sameNames).map(({ table, field }) => `${table}.${field}`);

  it('flags required fields without a mapping only when a mapping is in use and names do not count', () => {
    assert.deepEqual(unmapped([], false), []);
    assert.deepEqual(unmapped([master('name', 'column', 'XM')], true), []);
    assert.deepEqual(
      unmapped([master('PATIENT_ID', 'column', 'BRID'), item('serial_no', 'column', 'XH')], false),
      [
        'labmaster.last_update_dtime',
        'labmaster.report_form_no',
        'labmaster.event_type',
        'labmaster.event_no',
        'labmaster.retrieve_date',
        'labmaster.class_code',
        'lab_subitem.class_code',
      ],
    );
  });

  it('says in both languages what is wrong with a row', () => {
    const [fault] = rowFaults([master('name', 'jsonata', '')], LAB);
    assert.deepEqual(fault, {
      table: 'labmaster',
      field: 'name',
      kind: 'incomplete',
      text: { zh: '病人的姓名(name)未填写表达式', en: 'name lacks an expression' },
    });
    assert.deepEqual(rowFaults([master('name', 'constant', '')], LAB), []);
  });
});
