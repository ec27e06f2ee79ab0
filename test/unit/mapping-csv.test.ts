import assert from 'node:assert/strict';
import { labMaster, labSubitem } from '../../lib/contract/tables/lab';
import { updateBillingInfo } from '../../lib/contract/tables/sync';
import { readMappingCsv, writeMappingCsv } from '../../lib/mapping/mapping-csv';
import type { MappedTable, MappingRow } from '../../lib/mapping/mapping-row';
import { decodeSheet, readSheet, writeSheet } from '../../lib/mapping/sheet';
import { encodeGbk } from '../support/gbk';

const TABLES: readonly MappedTable[] = [
  { table: labMaster, provided: ['org_code'] },
  { table: labSubitem, provided: [] },
];

const rows: readonly MappingRow[] = [
  { table: 'labmaster', field: 'report_form_no', source: 'column', value: '检验单号' },
  { table: 'labmaster', field: 'event_type', source: 'codes', value: 'JZLX', codeTable: 'STD_EVENT_TYPE' },
  { table: 'labmaster', field: 'name', source: 'jsonata', value: `"a,""b""" & 姓名\t& '\n'` },
  { table: 'labmaster', field: 'sex_code', source: 'constant', value: '' },
  { table: 'lab_subitem', field: 'class_code', source: 'constant', value: '=1+1' },
  { table: 'lab_subitem', field: 'result_value', source: 'constant', value: "'=x" },
  { table: 'lab_subitem', field: 'result_unit', source: 'constant', value: '-1.5' },
  { table: 'lab_subitem', field: 'examine_way', source: 'constant', value: "'quoted" },
];

const reasons = (text: string): string[] =>
  readMappingCsv(text, [], TABLES).refused.map(({ line, text: { zh } }) => `${line} ${zh}`);

describe('a mapping as CSV', () => {
  const csv = writeMappingCsv(rows, TABLES);

  it('holds every field, marked for Excel, and comes back as it was', () => {
    assert.ok(csv.startsWith('\uFEFFtable,field,zh,required,source,value,codeTable\r\n'));
    assert.equal(readSheet(csv).length, 1 + labMaster.fields.length + labSubitem.fields.length);
    assert.match(csv, /^labmaster,patient_id,病人ID,是,,,\r$/m);
    assert.match(csv, /^labmaster,org_code,机构编码,,,,\r$/m);
    assert.deepEqual(readMappingCsv(csv, [], TABLES), { rows, taken: rows.length, refused: [] });
  });

  it('comes back from a file that Excel on Chinese Windows has saved in GBK, and as Unicode text', () => {
    const plain = csv.replace('\uFEFF', '');
    const tabs = writeSheet([
      ['table', 'field', 'value'],
      ['labmaster', 'name', '姓名'],
    ]).replaceAll(',', '\t');
    assert.equal(decodeSheet(encodeGbk(plain)), plain);
    assert.equal(decodeSheet(Buffer.from(csv, 'utf8')), plain, 'the decoder takes the mark away');
    const unicode = decodeSheet(
      Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(tabs.slice(1), 'utf16le')]),
    );
    assert.deepEqual(readMappingCsv(unicode, [], TABLES).rows, [
      { table: 'labmaster', field: 'name', source: 'column', value: '姓名' },
    ]);
  });

  it('writes nothing that Excel computes', () => {
    assert.match(csv, /,'=1\+1,/);
    assert.match(csv, /,-1\.5,/, 'a number stays one');
  });

  it('reads titles and sources in Chinese, in any order, and a value without a source as a column', () => {
    const text =
      '来源,值,字段,表\n固定值?,x,name,labmaster\n常量,男,Sex_Name,检验报告主表\n,BRID,PATIENT_ID,labmaster\n';
    const read = readMappingCsv(text, [], TABLES);
    assert.deepEqual(read.rows, [
      { table: 'labmaster', field: 'sex_name', source: 'constant', value: '男' },
      { table: 'labmaster', field: 'patient_id', source: 'column', value: 'BRID' },
    ]);
    assert.deepEqual(read.refused, [
      { line: 2, text: { zh: '没有来源 固定值?', en: 'there is no source 固定值?' } },
    ]);
  });

  it('takes rows pasted from Excel without their titles', () => {
    const read = readMappingCsv('labmaster\tname\t病人的姓名\t\tcolumn\tXM\t\r\n', [], TABLES);
    assert.deepEqual(read.rows, [{ table: 'labmaster', field: 'name', source: 'column', value: 'XM' }]);
  });

  it('lets a line decide on its field and leaves the others', () => {
    const read = readMappingCsv(
      'table,field,source,value\nlabmaster,report_form_no,column,BGDH\nlabmaster,event_type,,\n',
      rows,
      TABLES,
    );
    assert.equal(read.taken, 1);
    assert.deepEqual(
      read.rows.map(({ field, value }) => [field, value]),
      [['report_form_no', 'BGDH'], ...rows.slice(2).map(({ field, value }) => [field, value])],
    );
  });

  it('says of every line that it does not take why', () => {
    const lines = [
      'table,field,source,value,codeTable',
      'labmaster,none,column,X,',
      'exammaster,name,column,X,',
      ',name,column,"a',
      'b",',
      ',class_code,column,X,',
      'labmaster,sex_code,codes,XB,',
      'labmaster,patient_id,column,,',
      'labmaster,patient_id,constant,3.50203E+17,',
      ',NAME,column,Y,',
    ];
    assert.deepEqual(reasons(lines.join('\n')), [
      '2 没有字段 none',
      '3 没有表 exammaster',
      '6 class_code 在几个表中都有，请写明表名',
      '7 sex_code 未填写代码表',
      '8 patient_id 未填写列名',
      '9 3.50203E+17 是被 Excel 改写的数字，请把单元格设为文本后重填',
      '10 该字段在文件中出现两次',
    ]);
  });

  it('needs no table where the node has one', () => {
    const tables = [{ table: updateBillingInfo, provided: [] }];
    assert.deepEqual(readMappingCsv('field,value\nidno,SFZH\n', [], tables).rows, [
      { table: 'UpdateBillingInfo', field: 'IdNo', source: 'column', value: 'SFZH' },
    ]);
  });
});

describe('spreadsheet text', () => {
  const cells = (text: string): (readonly string[])[] => readSheet(text).map(({ cells: found }) => found);

  it('reads quotes, line breaks in cells, all line ends and a missing last one', () => {
    assert.deepEqual(cells('a,"b ""c"", d","e\r\nf"\r\n1,,\n\n2\r3,'), [
      ['a', 'b "c", d', 'e\r\nf'],
      ['1', '', ''],
      ['2'],
      ['3', ''],
    ]);
  });

  it('counts the lines of the text, not the records', () => {
    assert.deepEqual(
      readSheet('a,"x\ny"\n\nb,c').map(({ line }) => line),
      [1, 4],
    );
  });

  it('ends on any text', () => {
    for (const text of ['', '\uFEFF', ',', '"', '"a', 'a"b"', '\t', '\r\n', '"a"b,c'])
      assert.ok(Array.isArray(readSheet(text)), JSON.stringify(text));
    assert.deepEqual(cells('"a"b,c"d'), [['ab', 'c"d']]);
  });
});
