/** Reports that an operator mends: read by the rules that hold for a node's input (4.1, 4.2). */
import type { TableRecords } from '../contract/field';
import { LAB_JOIN } from '../contract/services';
import { labMaster, labSubitem } from '../contract/tables/lab';
import type { Mended, Mending } from '../delivery/mending';
import { type ArchiveOptions, writeArchiveDocument } from '../wire/archive-document';
import { readExamReports } from './exam-report';
import { readLabReports } from './lab-report';
import type { Report } from './register';
import { reportItem } from './report-delivery';
import { type ReportOptions, notAReport } from './report-rows';

/** What mending takes from the hospital's profile. */
export interface MendingRules extends Pick<ReportOptions, 'check'> {
  readonly archive: ArchiveOptions;
}

/** @param rules gives them as they are now; may throw CONFIG */
export const reportMending = (rules: () => MendingRules): Mending => ({
  read(_service, rows): Mended {
    const report = readReport(rows, { ...rules(), now: new Date() });
    return { item: reportItem(report), violations: report.violations };
  },
  document: (_service, rows) => writeArchiveDocument(rows, rules().archive, new Date()).xml,
});

function readReport(rows: readonly TableRecords[], options: ReportOptions): Report {
  const [first, ...others] = rows;
  const [record] = first?.records ?? [];
  if (!first || !record) throw notAReport();
  const reports =
    first.table.name === labMaster.name
      ? readLabReports({ ...record, lab_subitem: itemsOf(others) }, options)
      : readExamReports(record, options);
  const [report] = reports;
  if (!report) throw notAReport();
  return report;
}

type Values = TableRecords['records'][number];

const itemsOf = (rows: readonly TableRecords[]): readonly Values[] =>
  rows.filter(({ table }) => table.name === labSubitem.name).flatMap(({ records }) => records);

/**
 * The columns that tie items to their master follow it: an item that had the master's value before has its new one
 * (A-49e).
 */
export function followMaster(
  before: readonly TableRecords[],
  after: readonly TableRecords[],
): readonly TableRecords[] {
  const [old, master] = [before[0]?.records[0], after[0]?.records[0]];
  if (!old || !master) return after;
  const follow = (record: Values): Values => {
    const followed: Record<string, string> = { ...record };
    for (const name of LAB_JOIN) if (record[name] === old[name]) followed[name] = master[name] ?? '';
    return followed;
  };
  return after.map(({ table, records }) => ({
    table,
    records: table.name === labSubitem.name ? records.map(follow) : records,
  }));
}
