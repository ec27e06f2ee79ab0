/** Files and rows that the hospital gives: spreadsheets of mappings and codes, names of files, report files. */
import { CodeTables, parseCodeTableCsv } from '../../lib/contract/code-table';
import { reports } from '../../lib/contract/services';
import { compileMapping } from '../../lib/mapping/mapping';
import { readMappingCsv, writeMappingCsv } from '../../lib/mapping/mapping-csv';
import { decodeSheet } from '../../lib/mapping/sheet';
import { inspect } from '../../lib/report-file/inspect';
import { openContent } from '../../lib/report-file/content';
import { NameTemplate } from '../../lib/report-file/name-template';
import { isSafeSegment, safePart } from '../../lib/report-file/safe-name';
import { jpg, pdf } from '../../test/support/report-files';
import { damaged, pick } from '../mutate';
import { Finding, PATIENT, type Target } from '../target';

const bytesOf = (words: readonly string[]): Buffer[] => words.map(word => Buffer.from(word));

const SHEET_TELLING = bytesOf([
  '"', '""', ',', '\t', '\r\n', '\r', '\n', '=', '\'', '\uFEFF', '\0', '列', '常量', '表达式', '代码对照', 'jsonata',
  '1.2E+10', '__proto__', 'constructor', ' ', '$', '(', ')', '[', ']', '{', '}', '..', '/', '\\', PATIENT.name,
]); // prettier-ignore

const TABLES = [
  { table: reports.lab.master, provided: [] },
  { table: reports.lab.items, provided: [] },
];
const sheet = (rows: Parameters<typeof writeMappingCsv>[0]): Buffer =>
  Buffer.from(writeMappingCsv(rows, TABLES).split('\r\n').slice(0, 12).join('\r\n'));
const field = { table: 'labmaster', field: 'name' } as const;
const sheets = [
  sheet([]),
  sheet([{ ...field, source: 'column', value: 'XM' }]),
  Buffer.from('\uFEFFtable,field,source,value\r\nlabmaster,name,jsonata,"a & ""b"""\r\n'),
  Buffer.from('表\t字段\t来源\t值\r\nlabmaster\tname\t列\tXM\r\n'),
];
const codes = [Buffer.from('table,localCode,localName,platformCode,platformName\r\nSTD_SEX,1,男,1,男\r\n')];

export const sheetTarget: Target = {
  name: 'sheet',
  usualCount: 100_000,
  input: chance => damaged(chance, pick(chance, chance.in(0.7) ? sheets : codes), SHEET_TELLING),
  async run(input, tried) {
    const text = decodeSheet(input);
    const row = { XM: PATIENT.name, __proto__: null, constructor: PATIENT.card };
    await tried('readMappingCsv', async () => {
      const { rows } = readMappingCsv(text, [], TABLES);
      const mapping = compileMapping(rows, {
        tables: TABLES,
        sameNames: true,
        compile: () => () => Promise.resolve(null),
      });
      await mapping.of(reports.lab.master).apply(row, { codeTables: new CodeTables() });
    });
    await tried('parseCodeTableCsv', () => new CodeTables(parseCodeTableCsv(text)));
  },
};

const NAME_TELLING = bytesOf([
  '..', '/', '\\', '/../', ':', '~1', 'CON', 'aux', '.', ' ', '\0', '\u202e', '\uff0f', '{', '}', '{yyyy}', '{file}',
  '%2e%2e', '\u0301', 'x'.repeat(80), '测'.repeat(90), '. . ', PATIENT.name,
]); // prettier-ignore

export const nameTarget: Target = {
  name: 'file-name',
  usualCount: 100_000,
  input: chance => damaged(chance, Buffer.from('{yyyy}/{MM}/{report_form_no}.{ext}'), NAME_TELLING),
  async run(input, tried) {
    const text = input.toString();
    await tried('safePart', () => {
      const part = safePart(text);
      if (part !== '' && !isSafeSegment(part)) throw new Finding(`no safe name: ${JSON.stringify(part)}`);
    });
    await tried('NameTemplate', () => {
      // Either is long, not both: thousands of places times thousands of characters is nobody's template.
      const isTemplate = text.length % 2 === 0;
      const value = isTemplate ? text.slice(0, 100) : text;
      const name = new NameTemplate(isTemplate ? text : '{file}/{report_form_no}.{ext}').expand({
        now: new Date(0),
        type: 'pdf',
        file: value,
        lookUp: () => value,
      });
      if (!name.split('/').every(isSafeSegment)) throw new Finding(`leads out: ${JSON.stringify(name)}`);
    });
  },
};

const REPORT_TELLING = bytesOf([
  '%%EOF', 'startxref\n', 'xref\n', 'trailer', '<<', '>>', '/Encrypt 1 0 R', '/Prev 0', '/Prev 99999999999', '(', ')',
  '\\', 'obj', 'stream', '[', ']', '%PDF-1.7', '\xff\xd9', '\n', ' ', '0000000000 65535 f ',
]); // prettier-ignore
const reportFiles = [pdf(), pdf({ xref: 'stream' }), pdf({ trailer: '/Encrypt 9 0 R' }), jpg('x')];

export const reportTarget: Target = {
  name: 'report-file',
  usualCount: 100_000,
  input: chance => damaged(chance, pick(chance, reportFiles), REPORT_TELLING),
  async run(input, tried) {
    await tried('inspect', async () => inspect(await openContent(input, 1024 * 1024)));
  },
};
