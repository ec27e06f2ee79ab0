import assert from 'node:assert/strict';
import { CodeTables, parseCodeTableCsv } from '../../lib/contract/code-table';
import { formatSourceId, parseReceiptItems, parseSourceId, splitIds } from '../../lib/contract/composite';
import { formatDateTime, hasZone, normaliseTimeRange, parseDateTime } from '../../lib/contract/dates';
import { type Table, recordName } from '../../lib/contract/field';
import { readResidentId } from '../../lib/contract/identity';
import { normalise } from '../../lib/contract/normalise';
import { examMaster } from '../../lib/contract/tables/exam';
import { labMaster, labSubitem } from '../../lib/contract/tables/lab';
import { getExamItemListRequest, medicalAppointRequest } from '../../lib/contract/tables/booking';
import { gbkLength, utf8Length } from '../../lib/contract/text-length';
import { type CheckOptions, check, contractError } from '../../lib/contract/validate';
import type { Violation } from '../../lib/contract/violation';
import { mask, maskUrl, secretState } from '../../lib/privacy/mask';
import { child, readXml } from '../../lib/wire/xml-read';
import { fixture } from '../support/fixture';

const attributes = (name: string, wrapper: string): Record<string, string> => {
  const root = readXml(fixture(name));
  return { ...child(child(root, wrapper) ?? root, 'item')?.attributes };
};
const lab = attributes('ArchiveAutoReport.lab.xml', 'labmaster');
const item = attributes('ArchiveAutoReport.lab.xml', 'lab_subitem');
const exam = attributes('ArchiveAutoReport.exam.xml', 'exammaster');
const strict: CheckOptions = { validation: 'strict', lengthUnit: 'char' };

const checked = (of: Table, row: Record<string, unknown>, options: CheckOptions = strict): Violation[] => {
  const { record, findings } = normalise(of, row);
  return check(of, record, options, '', findings);
};

/** Base rows that break no rule, so that each case shows its own fault only. */
const clean = {
  lab: { ...lab, class_code: '2345-7', sex_code: '1' },
  item: { ...item, class_code: '2345-7' },
  exam: { ...exam, sex_code: '1', birth_date: '1900-01-01' },
};

describe('contract rules', () => {
  it('finds nothing in the clean samples', () => {
    assert.deepEqual(checked(labMaster, clean.lab), []);
    assert.deepEqual(checked(labSubitem, clean.item), []);
    assert.deepEqual(checked(examMaster, clean.exam), []);
  });

  // One broken value each: the table, the change, the rule, the severity in lenient, and what its Chinese text must say.
  const cases: [string, Table, Record<string, unknown>, string, 'error' | 'warning', RegExp][] = [
    [
      'empty key',
      labMaster,
      { ...clean.lab, report_form_no: '' },
      'key',
      'error',
      /检验报告单号\(report_form_no\)是主键/,
    ],
    ['key of blanks', labMaster, { ...clean.lab, patient_id: ' \u3000 ' }, 'key', 'error', /病人ID/],
    ['null key', labMaster, { ...clean.lab, event_no: null }, 'key', 'error', /事件号/],
    ['empty required', labMaster, { ...clean.lab, class_code: '' }, 'required', 'warning', /不能为空/],
    ['missing required', labMaster, omit(clean.lab, 'retrieve_date'), 'required', 'warning', /归档检索日期/],
    [
      '129 characters in 128',
      labMaster,
      { ...clean.lab, class_name: 'x'.repeat(129) },
      'length',
      'error',
      /超过长度上限 128/,
    ],
    [
      '43 Chinese characters in 128 bytes',
      labMaster,
      { ...clean.lab, class_name: '测'.repeat(43) },
      'bytes',
      'warning',
      /UTF-8 字节/,
    ],
    [
      'letters in a number',
      labMaster,
      { ...clean.lab, event_type: 'A1' },
      'number',
      'warning',
      /不超过 2 位的整数/,
    ],
    ['too many digits', labMaster, { ...clean.lab, event_type: '100' }, 'number', 'warning', /不超过 2 位/],
    ['decimal', labSubitem, { ...clean.item, serial_no: '1.5' }, 'number', 'warning', /不超过 4 位/],
    [
      '30 February',
      labMaster,
      { ...clean.lab, effective_dtime: '2030-02-30 00:00:00' },
      'date',
      'error',
      /不是有效的日期时间/,
    ],
    [
      'hour 24',
      labMaster,
      { ...clean.lab, effective_dtime: '2030-01-02 24:00:00' },
      'date',
      'error',
      /不是有效的日期时间/,
    ],
    [
      'word for a date',
      labMaster,
      { ...clean.lab, author_dtime: '昨天' },
      'date',
      'error',
      /格式 yyyy-MM-dd HH:mm:ss/,
    ],
    [
      'time with a zone',
      labMaster,
      { ...clean.lab, author_dtime: '2030-01-02T03:04:05.000Z' },
      'zone',
      'error',
      /时区/,
    ],
    [
      'rounded number',
      labMaster,
      { ...clean.lab, report_form_no: 12345678901234568 },
      'precision',
      'error',
      /CAST|超出精度/,
    ],
    ['object for text', labMaster, { ...clean.lab, name: { given: '甲' } }, 'type', 'error', /必须是文本/],
    ['list for text', labMaster, { ...clean.lab, name: ['甲'] }, 'type', 'error', /必须是文本/],
    [
      'unknown state',
      examMaster,
      { ...clean.exam, state: '5' },
      'value',
      'warning',
      /0=登记完成、1=检查完成/,
    ],
    [
      'examined without a study UID',
      examMaster,
      { ...clean.exam, state: '1', study_instance_uid: '' },
      'state',
      'warning',
      /检查状态 ≥ 1/,
    ],
    [
      'written without an author',
      examMaster,
      { ...clean.exam, state: '2', author_name: '' },
      'state',
      'warning',
      /检查状态 ≥ 2/,
    ],
    [
      'reviewed without a reviewer',
      examMaster,
      { ...clean.exam, authenticator_id: '' },
      'state',
      'warning',
      /检查状态 ≥ 3/,
    ],
    ['no UID', examMaster, { ...clean.exam, study_instance_uid: '1.2.840.x' }, 'uid', 'warning', /DICOM UID/],
    [
      'UID with a leading zero',
      examMaster,
      { ...clean.exam, study_instance_uid: '1.2.03' },
      'uid',
      'warning',
      /DICOM UID/,
    ],
    ['no modality', examMaster, { ...clean.exam, class_code: '彩超' }, 'modality', 'warning', /Modality/],
    [
      'long accession number',
      examMaster,
      { ...clean.exam, pacs_id: 'A'.repeat(17) },
      'accession',
      'warning',
      /AccessionNumber 的 16 个字符/,
    ],
    ['local lab code', labMaster, { ...clean.lab, class_code: 'T001' }, 'loinc', 'warning', /LOINC/],
    [
      'wrong check digit',
      labMaster,
      { ...clean.lab, id_no: '000000190001010018' },
      'identity',
      'warning',
      /校验位不符/,
    ],
    [
      'ID of 17 digits',
      labMaster,
      { ...clean.lab, id_no: '00000019000101001' },
      'identity',
      'warning',
      /应为 18 位/,
    ],
    [
      'sex against the ID',
      labMaster,
      { ...clean.lab, sex_code: '2' },
      'identity-agreement',
      'warning',
      /性别不一致/,
    ],
    [
      'birth date against the ID',
      examMaster,
      { ...clean.exam, birth_date: '1900-01-02' },
      'identity-agreement',
      'warning',
      /出生日期不一致/,
    ],
    ['card of another form', labMaster, { ...clean.lab, card_no: '12345' }, 'card', 'warning', /社保卡号/],
    [
      'no patient number',
      getExamItemListRequest,
      { clientType: '7', patientType: '1', startDate: '2030-01-01', endDate: '2030-01-01' },
      'essential',
      'error',
      /患者社保卡号\(patientNo\)不能为空/,
    ],
    [
      'other patient type',
      medicalAppointRequest,
      {
        clientType: '3',
        patientType: '2',
        patientNo: 'Z00000000',
        startDate: '2030-01-01',
        endDate: '2030-01-01',
        itemIDs: '1',
      },
      'value',
      'warning',
      /1=门诊、3=体检/,
    ],
  ];
  for (const [what, table, row, rule, lenientSeverity, words] of cases) {
    it(`${what}: ${rule}`, () => {
      const violations = checked(table, row);
      assert.deepEqual(
        violations.map(violation => violation.rule),
        [rule],
      );
      const [violation] = violations;
      assert.ok(violation);
      assert.match(`${violation.message.zh} ${violation.remedy.zh}`, words);
      assert.ok(violation.message.en.length > 10 && violation.remedy.en.length > 5);
      assert.equal(violation.section, table.section);
      const [lenient] = checked(table, row, { ...strict, validation: 'lenient' });
      assert.equal(lenient?.severity, lenientSeverity);
    });
  }

  it('counts lengths in the unit chosen (A-40)', () => {
    const name = '测'.repeat(64);
    const rules = (lengthUnit: CheckOptions['lengthUnit']): string[] =>
      checked(labMaster, { ...clean.lab, class_name: name }, { ...strict, lengthUnit }).map(
        ({ rule }) => rule,
      );
    assert.deepEqual(rules('char'), ['bytes']);
    assert.deepEqual(rules('gbk'), []);
    assert.deepEqual(rules('utf8'), ['length']);
    assert.equal(gbkLength('a测𠮷'), 1 + 2 + 4);
    assert.equal(utf8Length('a测𠮷'), 1 + 3 + 4);
  });

  it('shows no patient data and no long text in a violation', () => {
    const secret = ['000000190001010018', '测试甲乙丙', 'Z99999999', '左肺结节'.repeat(1500)];
    const rows: [Table, Record<string, unknown>][] = [
      [labMaster, { ...clean.lab, id_no: secret[0], card_no: `${secret[2]}9` }],
      [examMaster, { ...clean.exam, image_descr: secret[3], name: (secret[1] ?? '').repeat(40) }],
    ];
    const said = JSON.stringify(rows.flatMap(([table, row]) => checked(table, row)));
    for (const text of ['000000190001010018', '测试甲', 'Z99999999', '左肺'])
      assert.ok(!said.includes(text), text);
    assert.match(said, /000\*+18/);
  });

  it('sums up an error with the first three faults and all in cause', () => {
    const violations = checked(labMaster, {});
    const error = contractError(violations);
    assert.ok(violations.length > 5);
    assert.equal(error.cause, violations);
    assert.match(error.text.zh, new RegExp(`另有 ${violations.length - 3} 处$`));
    assert.equal(error.retry, 'never');
  });

  it('reads names in any printed form, keeps what it does not know', () => {
    const { record, extra } = normalise(examMaster, {
      PACS_ID: 'A1',
      ReportFilePath: 'x',
      REPORT_FORM_NO: '001',
      Patient_local_Id: 'L1',
      备注: 'y',
    });
    assert.deepEqual(
      [record.pacs_id, record.reportfilepath, record.report_form_no, record.patient_local_id],
      ['A1', 'x', '001', 'L1'],
    );
    assert.deepEqual({ ...extra }, { 备注: 'y' });
    assert.deepEqual(Object.keys(record), examMaster.fields.map(recordName));
  });

  it('reads rows of changing shape, each by its own names', () => {
    const names = labMaster.fields.map(recordName);
    for (let round = 0; round < 40; round++) {
      const row = Object.fromEntries(
        [...names.slice(round % 11), 'x'.repeat(round), ...names.slice(0, round % 11)].map(name => [
          name.toUpperCase(),
          `${name} ${round}`,
        ]),
      );
      const { record, extra } = normalise(labMaster, row);
      assert.equal(record.report_form_no, `report_form_no ${round}`);
      assert.deepEqual(Object.keys(extra), ['X'.repeat(round)]);
    }
  });

  it('brings codes and times to half width, and leaves free text to the letter', () => {
    const { record } = normalise(examMaster, {
      class_code: 'ＣＴ',
      last_update_dtime: '２０３０／１／２　３：０４',
      image_descr: '所见：（１）正常；',
      name: '测试　甲',
    });
    assert.equal(record.class_code, 'CT');
    assert.equal(record.last_update_dtime, '2030-01-02 03:04:00');
    assert.equal(record.image_descr, '所见：（１）正常；');
    assert.equal(record.name, '测试　甲');
  });

  it('fills defaults only where nothing stands', () => {
    const now = new Date(2030, 0, 2, 3, 4, 5);
    const { record } = normalise(labMaster, { upload_status: '1' }, { now });
    assert.deepEqual(
      [record.create_time, record.upload_status, record.data_status, record.is_correct],
      ['2030-01-02 03:04:05', '1', '1', '0'],
    );
    assert.equal(normalise(labMaster, {}).record.data_status, '');
  });

  it('turns driver values into text without changing them', () => {
    const { record, findings } = normalise(labMaster, {
      report_form_no: 12345678901234567n,
      event_type: 1,
      last_update_dtime: new Date(2030, 11, 31, 23, 59, 59),
      checked: true,
    });
    assert.deepEqual(
      [record.report_form_no, record.event_type, record.last_update_dtime],
      ['12345678901234567', '1', '2030-12-31 23:59:59'],
    );
    assert.deepEqual(findings, []);
  });
});

describe('dates of the agreement (A-37)', () => {
  const forms: [string, string][] = [
    ['2030-01-02 03:04:05', '2030-01-02 03:04:05'],
    ['2030/1/2 3:04:05', '2030-01-02 03:04:05'],
    ['2030-1-2', '2030-01-02 00:00:00'],
    ['2030.1.2', '2030-01-02 00:00:00'],
    ['20300102', '2030-01-02 00:00:00'],
    ['20300102030405', '2030-01-02 03:04:05'],
    ['203001020304', '2030-01-02 03:04:00'],
    ['2030年1月2日', '2030-01-02 00:00:00'],
    ['2030-01-02T03:04:05.123', '2030-01-02 03:04:05'],
    ['1989/8/16 0:00:00', '1989-08-16 00:00:00'],
    ['2028-02-29', '2028-02-29 00:00:00'],
  ];
  for (const [given, expected] of forms) {
    it(given, () => {
      const value = parseDateTime(given);
      assert.ok(value);
      assert.equal(formatDateTime(value, 'yyyy-MM-dd HH:mm:ss'), expected);
    });
  }
  for (const wrong of [
    '2030-13-01',
    '2030-02-29',
    '2030-00-10',
    '2030',
    '10:00',
    '2030-01-02 3:4',
    '2030-01-02 03:60:00',
    'x',
    '2030-01-02Z03',
    '2030-02-30 00:00:00',
    '2030-01-02 24:00:00',
  ]) {
    it(`${wrong} is none`, () => assert.equal(parseDateTime(wrong), null));
  }
  it('writes the slash form of the samples', () => {
    assert.equal(
      formatDateTime(
        { year: 2030, month: 1, day: 2, hour: 3, minute: 4, second: 5 },
        'yyyy-MM-dd HH:mm:ss',
        'slash',
      ),
      '2030/1/2 3:04:05',
    );
  });
  it('tells a zone from a date', () => {
    assert.deepEqual(
      ['2030-01-02T03:04:05Z', '2030-01-02 03:04:05+08:00', '2030-01-02', '2030-01-02 03:04'].map(hasZone),
      [true, true, false, false],
    );
  });
  it('normalises time ranges (A-28)', () => {
    assert.equal(normaliseTimeRange('8：00～9：30'), '08:00~09:30');
    assert.equal(normaliseTimeRange('10:00'), '10:00');
    assert.equal(normaliseTimeRange('25:00'), null);
  });
});

describe('composites (A-23)', () => {
  it('SourceId: seven parts, there and back', () => {
    const text = '1|99|TEST0001|88|2|2030-01-02 08:20|08:00~09:00';
    const parts = parseSourceId(text);
    assert.ok(parts);
    assert.equal(parts['LabCode'], 'TEST0001');
    assert.equal(formatSourceId(parts), text);
    assert.equal(parseSourceId('1|99|TEST0001'), null);
  });
  it('receiptItems: trimmed, none empty (A-29c)', () => {
    const { records, broken } = parseReceiptItems(
      'g|1|90001|0|T|99|P|1| Z00000000;g|2|90002|0|T|99|P|1|Z00000000;',
    );
    assert.deepEqual([records.length, records[0]?.serialNo, broken.length], [2, 'Z00000000', 0]);
    assert.deepEqual(parseReceiptItems('g|1||0|T|99|P|1|Z;g|1|2|0|T|99|P|1|Z;x').broken, [1, 3]);
  });
  it('id lists by any separator', () => {
    assert.deepEqual(splitIds('a,b；c|d， e、'), ['a', 'b', 'c', 'd', 'e']);
  });
});

describe('code tables', () => {
  const csv =
    'table,localCode,localName,platformCode,platformName,confirmed\r\nSTD_EVENT_TYPE,MZ,门诊,1,"门诊, 普通",是\r\nSTD_EVENT_TYPE,ZY,住院,3,住院,\r\n';
  it('maps by code or name, and counts what is missing', () => {
    const tables = new CodeTables(parseCodeTableCsv(`\uFEFF${csv}`));
    assert.equal(tables.lookup('STD_EVENT_TYPE', 'mz')?.platformCode, '1');
    assert.equal(tables.lookup('STD_EVENT_TYPE', '住院')?.platformCode, '3');
    assert.equal(tables.lookup('STD_SEX', '男')?.platformCode, '1');
    for (const code of ['JZ', 'TJ', 'JZ']) assert.equal(tables.lookup('STD_EVENT_TYPE', code), undefined);
    assert.deepEqual(tables.unmapped(), [
      { table: 'STD_EVENT_TYPE', code: 'JZ', count: 2 },
      { table: 'STD_EVENT_TYPE', code: 'TJ', count: 1 },
    ]);
  });
  it('tells what a file lacks', () => {
    assert.throws(() => parseCodeTableCsv('table,localCode\nx,y\n'), /代码表缺少列 localName/);
  });
});

describe('resident ID numbers (GB 11643)', () => {
  it('reads date and sex', () => {
    assert.deepEqual(readResidentId('000000190001010017'), { birthDate: '1900-01-01', sexCode: '1' });
    assert.deepEqual(readResidentId('000000190001010025'), { birthDate: '1900-01-01', sexCode: '2' });
    assert.deepEqual(readResidentId('000000190001020039'), { birthDate: '1900-01-02', sexCode: '1' });
    assert.deepEqual(readResidentId('000000000101001'), { birthDate: '1900-01-01', sexCode: '1' });
  });
  it('notices every single changed digit', () => {
    const id = '000000190001010017';
    for (let at = 0; at < 18; at++) {
      const other = String((Number(id[at]) + 1) % 10);
      assert.ok('problem' in readResidentId(id.slice(0, at) + other + id.slice(at + 1)), `digit ${at + 1}`);
    }
  });
});

describe('masking', () => {
  it('follows the kinds', () => {
    assert.equal(mask('测试甲', 'name'), '测**');
    assert.equal(mask('甲', 'name'), '*');
    assert.equal(mask('000000190001010017', 'id'), '000*************17');
    assert.equal(mask('Z00001234', 'card'), '*****1234');
    assert.equal(mask('123', 'card'), '***');
    assert.equal(mask('1.2.3.4.5.6.7.8.1', 'uid'), '*********.6.7.8.1');
    assert.equal(mask('所见正常', 'text'), '(4 字)');
  });
  it('shows of a secret only whether it is set', () => {
    assert.match(secretState('PLACEHOLDER'), /^set #[0-9a-f]{4}$/);
    assert.equal(secretState(''), 'not set');
  });
  it('cuts query, user and password off an address', () => {
    assert.equal(maskUrl('http://user:pw@host/a/b?IDCardNO=1&token=2'), 'http://host/a/b?…');
    assert.equal(maskUrl('ftp://u@host/a'), 'ftp://host/a');
  });
});

function omit(row: Record<string, unknown>, name: string): Record<string, unknown> {
  const { [name]: _left, ...rest } = row;
  return rest;
}
