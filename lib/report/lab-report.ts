/** Lab reports in the forms that hospitals have them → reports of the agreement, checked (4.1). */
import { type RecordOf, fieldFinder, recordName } from '../contract/field';
import { normalise } from '../contract/normalise';
import { type Row, findKey, isRow, textAt } from '../contract/row';
import { LAB_JOIN } from '../contract/services';
import { labMaster, labSubitem } from '../contract/tables/lab';
import { type CheckOptions, check, mismatch } from '../contract/validate';
import type { Violation } from '../contract/violation';
import type { Report } from './register';
import { type ReportOptions, asRows, keyOf, notAReport, sameOrg } from './report-rows';

export type LabMaster = RecordOf<typeof labMaster>;
export type LabSubitem = RecordOf<typeof labSubitem>;

export interface LabReport extends Report {
  readonly master: LabMaster;
  readonly items: readonly LabSubitem[];
}

/** Columns of a flat row with this prefix belong to the item where master and item have the same name. */
export const ITEM_PREFIX = /^(?:item_|lab_subitem[._])/i;

/**
 * Takes one report or many, each
 * - nested: `{ …master fields, lab_subitem: [ … ] }` or `{ labmaster: { … }, lab_subitem: [ … ] }`,
 * - as two row sets: `{ labmaster: [ … ], lab_subitem: [ … ] }`, joined by org_code, event_no and report_form_no,
 * - as flat rows, master columns repeated on every item row; columns that both tables have mean the master, and
 *   with the prefix `item_` the item.
 * Empty org_code, key and time columns of an item are taken from its master.
 * @throws {ExchangeError} CONTRACT when the input is none of these.
 */
export function readLabReports(input: unknown, options: ReportOptions): LabReport[] {
  const groups = groupRows(input);
  if (groups.length === 0) throw notAReport();
  return groups.map(({ master, items }) => toReport(master, items, options));
}

interface Group {
  readonly master: Row;
  readonly items: readonly Row[];
}

function groupRows(input: unknown): Group[] {
  if (Array.isArray(input)) {
    const rows = input.filter(isRow);
    if (rows.length !== input.length) throw notAReport();
    return rows.some(row => findKey(row, 'lab_subitem') || findKey(row, 'labmaster'))
      ? rows.flatMap(groupRows)
      : groupFlat(rows);
  }
  if (!isRow(input)) throw notAReport();
  const masterKey = findKey(input, 'labmaster');
  const itemKey = findKey(input, 'lab_subitem');
  const items = itemKey ? asRows(input[itemKey]) : [];
  if (!masterKey) return itemKey ? [{ master: omit(input, itemKey), items }] : groupFlat([input]);
  const masters = asRows(input[masterKey]);
  if (masters.length === 1 && masters[0]) return [{ master: masters[0], items }];
  return masters.map(master => ({ master, items: items.filter(item => joinKey(item) === joinKey(master)) }));
}

function groupFlat(rows: readonly Row[]): Group[] {
  const groups = new Map<string, { master: Row; items: Row[] }>();
  for (const row of rows) {
    const key = joinKey(row);
    const group = groups.get(key) ?? { master: row, items: [] };
    groups.set(key, group);
    const item = itemOf(row);
    if (item) group.items.push(item);
  }
  return [...groups.values()];
}

const inMaster = fieldFinder(labMaster);
const inItem = fieldFinder(labSubitem);

/** The item's part of a flat row; undefined when the row holds none (a master without items, from an outer join). */
function itemOf(row: Row): Row | undefined {
  const item: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(row)) {
    const own = name.replace(ITEM_PREFIX, '');
    if ((own !== name || !inMaster(name)) && inItem(own)) item[own] = value;
  }
  return Object.values(item).some(value => value !== null && value !== undefined && value !== '')
    ? item
    : undefined;
}

const joinKey = (row: Row): string => LAB_JOIN.map(name => textAt(row, name)).join('\u0000');

/** Columns that an item takes from its master when it has none of its own. */
const INHERITED = [...LAB_JOIN, 'last_update_dtime', 'effective_dtime', 'create_time'] as const;

function toReport(masterRow: Row, itemRows: readonly Row[], options: ReportOptions): LabReport {
  const { now, archive } = options;
  const read = normalise(labMaster, masterRow, { now, dateStyle: archive.dateStyle });
  const master: LabMaster = { ...read.record, org_code: read.record.org_code || archive.orgCode };
  const violations = [
    ...check(labMaster, master, options.check, '', read.findings),
    ...sameOrg(labMaster, master.org_code, options),
  ];
  const items = itemRows.map((row, at) => {
    const prefix = `lab_subitem[${at + 1}].`;
    const parsed = normalise(labSubitem, withInherited(row, master), { now, dateStyle: archive.dateStyle });
    violations.push(...check(labSubitem, parsed.record, options.check, prefix, parsed.findings));
    violations.push(...sameReport(parsed.record, master, options.check, prefix));
    return parsed.record;
  });
  return {
    master,
    items,
    reportNo: master.report_form_no,
    key: keyOf(labMaster, master),
    rows: [
      { table: labMaster, records: [master] },
      { table: labSubitem, records: items },
    ],
    violations,
  };
}

function withInherited(row: Row, master: LabMaster): Row {
  const item: Record<string, unknown> = { ...row };
  for (const name of INHERITED) {
    const key = findKey(row, name);
    const value = key === undefined ? undefined : row[key];
    if (value === undefined || value === null || value === '') item[key ?? name] = master[name];
  }
  return item;
}

function sameReport(item: LabSubitem, master: LabMaster, options: CheckOptions, prefix: string): Violation[] {
  return LAB_JOIN.flatMap(name => {
    const field = inItem(name);
    if (!field || item[name] === master[name]) return [];
    return [mismatch(labSubitem, field, item[name], `主表 labmaster.${recordName(field)}`, options, prefix)];
  });
}

const omit = (row: Row, name: string): Row =>
  Object.fromEntries(Object.entries(row).filter(([key]) => key !== name));
