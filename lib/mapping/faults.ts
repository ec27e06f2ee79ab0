/** What is wrong with a mapping, before any data comes. */
import { type Field, type Table, fieldFinder, recordName } from '../contract/field';
import type { Text } from '../errors';
import { type MappedTable, type MappingRow, mappingName, mustBeMapped } from './mapping-row';

export interface MappingFault {
  readonly table: string;
  readonly field: string;
  /** `unmapped`: no row is wrong, one is missing. */
  readonly kind: 'unknown' | 'repeated' | 'incomplete' | 'unmapped';
  readonly text: Text;
}

/** Faults of the rows themselves: fields that no table has, two rows for one field, rows without column or table. */
export function rowFaults(rows: readonly MappingRow[], tables: readonly MappedTable[]): MappingFault[] {
  const fields = new Map(tables.map(({ table }) => [mappingName(table), fieldFinder(table)] as const));
  const seen = new Set<string>();
  return rows.flatMap(row => {
    const field = fields.get(row.table)?.(row.field);
    if (!field) return [fault(row, 'unknown', `${row.table}.${row.field}`, NO_SUCH_FIELD)];
    const key = `${row.table}.${recordName(field)}`;
    if (seen.has(key)) return [fault(row, 'repeated', titleOf(field), MAPPED_TWICE)];
    seen.add(key);
    const missing = missingPart(row);
    return missing ? [fault(row, 'incomplete', titleOf(field), missing)] : [];
  });
}

/**
 * Fields that must be filled and are neither mapped nor taken by name. A mapping without rows is not in use and has
 * none; `sameNames` means that the column names of the data decide, which are not known here.
 */
export function unmappedFields(
  rows: readonly MappingRow[],
  tables: readonly MappedTable[],
  sameNames: boolean,
): MappingFault[] {
  if (rows.length === 0 || sameNames) return [];
  return tables.flatMap(of => {
    const mapped = mappedFields(rows, of.table);
    return of.table.fields
      .filter(field => mustBeMapped(field, of) && !mapped.has(field))
      .map(field =>
        fault(
          { table: mappingName(of.table), field: recordName(field) },
          'unmapped',
          titleOf(field),
          NOT_MAPPED,
        ),
      );
  });
}

function mappedFields(rows: readonly MappingRow[], table: Table): Set<Field | undefined> {
  const find = fieldFinder(table);
  return new Set(rows.filter(row => row.table === mappingName(table)).map(row => find(row.field)));
}

/** What a row still needs. The editor shows it beside the row. */
export function missingPart(row: Pick<MappingRow, 'source' | 'value' | 'codeTable'>): Text | undefined {
  if (row.value.trim() === '' && row.source !== 'constant')
    return row.source === 'jsonata' ? NO_EXPRESSION : NO_COLUMN;
  return row.source === 'codes' && !row.codeTable?.trim() ? NO_CODE_TABLE : undefined;
}

const NO_SUCH_FIELD: Text = { zh: '不是本节点的字段', en: 'is no field of this node' };
const MAPPED_TWICE: Text = { zh: '映射了两次', en: 'is mapped twice' };
const NOT_MAPPED: Text = { zh: '必填但未映射', en: 'is required and not mapped' };
const NO_COLUMN: Text = { zh: '未填写列名', en: 'lacks a column' };
const NO_EXPRESSION: Text = { zh: '未填写表达式', en: 'lacks an expression' };
const NO_CODE_TABLE: Text = { zh: '未填写代码表', en: 'lacks a code table' };

const titleOf = (field: Field): Text => ({ zh: `${field.zh}(${recordName(field)})`, en: recordName(field) });

function fault(
  { table, field }: Pick<MappingRow, 'table' | 'field'>,
  kind: MappingFault['kind'],
  title: Text | string,
  what: Text,
): MappingFault {
  const name = typeof title === 'string' ? { zh: title, en: title } : title;
  return { table, field, kind, text: { zh: `${name.zh}${what.zh}`, en: `${name.en} ${what.en}` } };
}
