/** A mapping as a spreadsheet: every field of the node on a line of its own, to be filled in Excel and read again. */
import { type Field, fieldFinder, recordName } from '../contract/field';
import type { Text } from '../errors';
import { missingPart } from './faults';
import {
  MAPPING_SOURCES,
  type MappedTable,
  type MappingRow,
  type MappingSource,
  mappingName,
  mustBeMapped,
} from './mapping-row';
import { type SheetLine, readSheet, writeSheet } from './sheet';

const COLUMNS = ['table', 'field', 'zh', 'required', 'source', 'value', 'codeTable'] as const;

type Column = (typeof COLUMNS)[number];

/** Column titles and sources as people write them. */
const TITLES: Readonly<Record<string, Column>> = {
  表: 'table',
  表名: 'table',
  字段: 'field',
  字段名: 'field',
  中文名: 'zh',
  必填: 'required',
  来源: 'source',
  值: 'value',
  列名: 'value',
  代码表: 'codeTable',
};
const SOURCES: Readonly<Record<string, MappingSource>> = {
  列: 'column',
  常量: 'constant',
  表达式: 'jsonata',
  代码对照: 'codes',
  代码表: 'codes',
};

/** The whole contract of the node as CSV, with what is mapped; fields without a mapping have empty cells. */
export function writeMappingCsv(rows: readonly MappingRow[], tables: readonly MappedTable[]): string {
  const lines = tables.flatMap(of =>
    of.table.fields.map(field => {
      const [table, name] = [mappingName(of.table), recordName(field)];
      const row = rows.find(candidate => candidate.table === table && candidate.field === name);
      const required = mustBeMapped(field, of) ? '是' : '';
      return [table, name, field.zh, required, row?.source ?? '', row?.value ?? '', row?.codeTable ?? ''];
    }),
  );
  return writeSheet([COLUMNS, ...lines]);
}

export interface MappingImport {
  /** The mapping after the import: a line decides on its field, other fields stay as they were. */
  readonly rows: readonly MappingRow[];
  /** Fields that the import has mapped. */
  readonly taken: number;
  readonly refused: readonly { readonly line: number; readonly text: Text }[];
}

/**
 * Reads a spreadsheet into a mapping. The first line names the columns, in Chinese or English, in any order; without
 * such a line the columns stand as {@link writeMappingCsv} writes them. A line with a value and no source names a
 * column; one with neither takes the field's mapping away.
 */
export function readMappingCsv(
  text: string,
  present: readonly MappingRow[],
  tables: readonly MappedTable[],
): MappingImport {
  const [first, ...others] = readSheet(text);
  const titles = first?.cells.map(titleOf) ?? [];
  const headed = titles.includes('field');
  const columns: readonly (Column | undefined)[] = headed ? titles : COLUMNS;
  const lines = headed || !first ? others : [first, ...others];
  const find = finderOf(tables);
  const rows = new Map(present.map(row => [keyOf(row), row]));
  const read = new Set<string>();
  const taken = new Set<string>();
  const refused: { line: number; text: Text }[] = [];
  for (const { line, cells } of lines) {
    const result = readLine(columns, cells, find);
    if ('zh' in result) {
      refused.push({ line, text: result });
    } else if (read.has(keyOf(result.of))) {
      refused.push({
        line,
        text: { zh: '该字段在文件中出现两次', en: 'the field stands in the file twice' },
      });
    } else {
      const key = keyOf(result.of);
      read.add(key);
      if (result.row) rows.set(key, result.row);
      else rows.delete(key);
      if (result.row) taken.add(key);
    }
  }
  return { rows: [...rows.values()], taken: taken.size, refused };
}

type FieldOf = Pick<MappingRow, 'table' | 'field'>;
type Find = (table: string, field: string) => FieldOf | Text;

const keyOf = ({ table, field }: FieldOf): string => `${table}.${field}`;

const titleOf = (cell: string): Column | undefined => {
  const title = cell.trim();
  return COLUMNS.find(column => column.toLowerCase() === title.toLowerCase()) ?? TITLES[title];
};

/** Finds a field by its name in any form, and its table by name or Chinese name; one table needs no naming. */
function finderOf(tables: readonly MappedTable[]): Find {
  const finders = tables.map(({ table }) => ({
    names: [mappingName(table), table.name, table.zh].map(name => name.toLowerCase()),
    table: mappingName(table),
    find: fieldFinder(table),
  }));
  return (tableName, name) => {
    const wanted = tableName.toLowerCase();
    const named = wanted === '' ? finders : finders.filter(({ names }) => names.includes(wanted));
    if (named.length === 0) return { zh: `没有表 ${tableName}`, en: `there is no table ${tableName}` };
    const found = named.flatMap(({ table, find }) => {
      const field: Field | undefined = find(name);
      return field ? [{ table, field: recordName(field) }] : [];
    });
    if (found.length > 1)
      return {
        zh: `${name} 在几个表中都有，请写明表名`,
        en: `${name} stands in several tables: name the table`,
      };
    return found[0] ?? { zh: `没有字段 ${name}`, en: `there is no field ${name}` };
  };
}

function readLine(
  columns: readonly (Column | undefined)[],
  cells: SheetLine['cells'],
  find: Find,
): { readonly of: FieldOf; readonly row?: MappingRow } | Text {
  const cell = (name: Column): string => cells[columns.indexOf(name)]?.trim() ?? '';
  const of = find(cell('table'), cell('field'));
  if ('zh' in of) return of;
  const [value, codeTable] = [cell('value'), cell('codeTable')];
  if (cell('source') === '' && value === '') return { of };
  const source = sourceOf(cell('source'));
  if (!source) return { zh: `没有来源 ${cell('source')}`, en: `there is no source ${cell('source')}` };
  if (source === 'constant' && /^\d(?:\.\d+)?E\+\d+$/i.test(value))
    return {
      zh: `${value} 是被 Excel 改写的数字，请把单元格设为文本后重填`,
      en: `${value} is a number that Excel has changed: make the cell text and fill it in again`,
    };
  const row: MappingRow = { ...of, source, value, ...(source === 'codes' && { codeTable }) };
  const missing = missingPart(row);
  return missing ? { zh: `${of.field} ${missing.zh}`, en: `${of.field} ${missing.en}` } : { of, row };
}

const sourceOf = (text: string): MappingSource | undefined =>
  text === '' ? 'column' : (MAPPING_SOURCES.find(source => source === text.toLowerCase()) ?? SOURCES[text]);
