/** Lab reports in the forms that hospitals have them → reports of the agreement, checked (4.1). */
import { type RecordOf, type Table, fieldFinder, recordName } from '../contract/field';
import { normalise } from '../contract/normalise';
import { LAB_JOIN } from '../contract/services';
import { labMaster, labSubitem } from '../contract/tables/lab';
import { type CheckOptions, check, mismatch } from '../contract/validate';
import type { Violation } from '../contract/violation';
import { ExchangeError } from '../errors';
import type { ArchiveOptions, ArchiveRows } from '../wire/archive-document';

export type LabMaster = RecordOf<typeof labMaster>;
export type LabSubitem = RecordOf<typeof labSubitem>;

export interface LabReport {
  readonly master: LabMaster;
  readonly items: readonly LabSubitem[];
  readonly violations: readonly Violation[];
}

type Row = Readonly<Record<string, unknown>>;

export interface LabReportOptions {
  readonly check: CheckOptions;
  readonly archive: Pick<ArchiveOptions, 'orgCode' | 'dateStyle'>;
  readonly now: Date;
}

/** Columns of a flat row with this prefix belong to the item where master and item have the same name. */
const ITEM_PREFIX = /^(?:item_|lab_subitem[._])/i;

/**
 * Takes one report or many, each
 * - nested: `{ …master fields, lab_subitem: [ … ] }` or `{ labmaster: { … }, lab_subitem: [ … ] }`,
 * - as two row sets: `{ labmaster: [ … ], lab_subitem: [ … ] }`, joined by org_code, event_no and report_form_no,
 * - as flat rows, master columns repeated on every item row; columns that both tables have mean the master, and
 *   with the prefix `item_` the item.
 * Empty org_code, key and time columns of an item are taken from its master.
 * @throws {ExchangeError} CONTRACT when the input is none of these.
 */
export function readLabReports(input: unknown, options: LabReportOptions): LabReport[] {
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

function joinKey(row: Row): string {
  return LAB_JOIN.map(name => {
    const key = findKey(row, name);
    const value = key && row[key];
    return typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint'
      ? String(value).trim()
      : '';
  }).join('\u0000');
}

/** Columns that an item takes from its master when it has none of its own. */
const INHERITED = [...LAB_JOIN, 'last_update_dtime', 'effective_dtime', 'create_time'] as const;

function toReport(masterRow: Row, itemRows: readonly Row[], options: LabReportOptions): LabReport {
  const { now, archive } = options;
  const read = normalise(labMaster, masterRow, { now, dateStyle: archive.dateStyle });
  const master: LabMaster = { ...read.record, org_code: read.record.org_code || archive.orgCode };
  const violations = [
    ...check(labMaster, master, options.check, '', read.findings),
    ...sameOrg(master.org_code, options),
  ];
  const items = itemRows.map((row, at) => {
    const prefix = `lab_subitem[${at + 1}].`;
    const parsed = normalise(labSubitem, withInherited(row, master), { now, dateStyle: archive.dateStyle });
    violations.push(...check(labSubitem, parsed.record, options.check, prefix, parsed.findings));
    violations.push(...sameReport(parsed.record, master, options.check, prefix));
    return parsed.record;
  });
  return { master, items, violations };
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

/** org_code of the rows must equal orgcode of the document, which is the profile's (A-49g). */
function sameOrg(orgCode: string, { check: options, archive }: LabReportOptions): Violation[] {
  const field = inMaster('org_code');
  if (!field || orgCode === archive.orgCode) return [];
  return [mismatch(labMaster, field, orgCode, `接入配置的机构编码 orgCode ${archive.orgCode}`, options)];
}

function sameReport(item: LabSubitem, master: LabMaster, options: CheckOptions, prefix: string): Violation[] {
  return LAB_JOIN.flatMap(name => {
    const field = inItem(name);
    if (!field || item[name] === master[name]) return [];
    return [mismatch(labSubitem, field, item[name], `主表 labmaster.${recordName(field)}`, options, prefix)];
  });
}

/** The rows of a report for the archive document. */
export const archiveRows = (report: LabReport): ArchiveRows[] => [
  { table: labMaster, records: [report.master] },
  { table: labSubitem, records: report.items },
];

/** The report's key towards the platform: what a repeated or corrected registration replaces. */
export const labReportKey = ({ master }: LabReport): string => keyOf(labMaster, master);

const keyOf = (of: Table, record: Readonly<Record<string, string>>): string =>
  of.fields
    .filter(field => field.key)
    .map(field => record[recordName(field)] ?? '')
    .join('|');

const isRow = (value: unknown): value is Row =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !Buffer.isBuffer(value);

function asRows(value: unknown): Row[] {
  const rows = Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];
  if (!rows.every(isRow)) throw notAReport();
  return rows;
}

const findKey = (row: Row, name: string): string | undefined =>
  Object.keys(row).find(key => key.trim().toLowerCase() === name);

const omit = (row: Row, name: string): Row =>
  Object.fromEntries(Object.entries(row).filter(([key]) => key !== name));

const notAReport = (): ExchangeError =>
  new ExchangeError({
    code: 'CONTRACT',
    retry: 'never',
    text: {
      zh: '输入不是检验报告：应为报告对象、报告数组或数据库行',
      en: 'the input is no lab report: give a report object, an array of them, or database rows',
    },
  });
