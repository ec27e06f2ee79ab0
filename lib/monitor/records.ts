/** The records of the agreement that a stored message holds, and their mending. */
import { type TableRecords, fieldFinder, recordName } from '../contract/field';
import { isRow } from '../contract/row';
import { type SyncServiceName, syncServices } from '../contract/services';
import { storedReportRows } from '../report/report-delivery';
import { followMaster } from '../report/mend-report';
import { badRequest } from './refusal';

type Values = TableRecords['records'][number];

/** The records of a message; none where it holds no records, as one of images. */
export function recordsOf(service: string, content: string): readonly TableRecords[] {
  if (service === 'ArchiveAutoReport') return storedReportRows(content);
  if (!isSync(service)) return [];
  // Written by syncItem.
  return [{ table: syncServices[service].record, records: [JSON.parse(content) as Values] }];
}

const isSync = (service: string): service is SyncServiceName => Object.hasOwn(syncServices, service);

/** Path of a record's fields in violations: empty for the only record of a message, and for the master of several. */
export const recordPath = (rows: readonly TableRecords[], table: number, record: number): string =>
  table === 0 ? '' : `${rows[table]?.table.row ?? rows[table]?.table.name}[${record + 1}].`;

/** A new value of one field, by places from 0. */
export interface FieldChange {
  readonly table: number;
  readonly record: number;
  readonly field: string;
  readonly value: string;
}

const MOST_CHANGES = 2000;
const LONGEST_VALUE = 64 * 1024;

/**
 * The records with changes made to them, either field by field, or all records anew by the names of their tables.
 * @param asked the body of a request: `changes` or `records`
 * @throws {ExchangeError} REQUEST when they do not fit the records
 */
export function changedRecords(
  rows: readonly TableRecords[],
  asked: { readonly changes: unknown; readonly records: unknown },
): readonly TableRecords[] {
  const changed =
    asked.records === undefined ? withChanges(rows, asked.changes) : replaced(rows, asked.records);
  return followMaster(rows, changed);
}

function withChanges(rows: readonly TableRecords[], given: unknown): readonly TableRecords[] {
  if (!Array.isArray(given) || given.length > MOST_CHANGES)
    throw badRequest('changes', {
      zh: `应为不超过 ${MOST_CHANGES} 处修改的数组`,
      en: `must be an array of at most ${MOST_CHANGES} changes`,
    });
  const changed = rows.map(({ table, records }) => ({
    table,
    records: records.map(record => ({ ...record })),
  }));
  for (const change of given as readonly unknown[]) {
    const { table, record, field, value } = readChange(change);
    const of = changed[table];
    const target = of?.records[record];
    const known = of && fieldFinder(of.table)(field);
    if (!target || !known) throw noSuchField();
    target[recordName(known)] = value;
  }
  return changed;
}

function readChange(given: unknown): FieldChange {
  if (!isRow(given)) throw noSuchField();
  const { table, record, field, value } = given;
  if (typeof table !== 'number' || typeof record !== 'number' || typeof field !== 'string')
    throw noSuchField();
  if (typeof value !== 'string' || value.length > LONGEST_VALUE)
    throw badRequest(field, { zh: '应为文本', en: 'must be text' });
  return { table, record, field, value };
}

/** All tables at once, as `{ "lab_master": [ … ], "lab_subitem": [ … ] }`. */
function replaced(rows: readonly TableRecords[], given: unknown): readonly TableRecords[] {
  if (!isRow(given))
    throw badRequest('records', {
      zh: '应为以表名为键的对象',
      en: 'must be an object with the names of the tables',
    });
  const names = new Set(rows.map(({ table }) => table.name));
  const stranger = Object.keys(given).find(name => !names.has(name));
  if (stranger !== undefined)
    throw badRequest('records', {
      zh: `含有未知的表，应为 ${[...names].join('、')}`,
      en: `name an unknown table: there are ${[...names].join(', ')}`,
    });
  return rows.map(({ table }) => {
    const value = given[table.name] ?? [];
    const records: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (!records.every(isRow))
      throw badRequest(table.name, { zh: '应为记录的数组', en: 'must be an array of records' });
    // Whatever stands in them is read, and checked, like the input of a node.
    return { table, records: records as readonly Values[] };
  });
}

const noSuchField = (): Error =>
  badRequest('changes', { zh: '指向不存在的字段', en: 'name a field that there is not' });
