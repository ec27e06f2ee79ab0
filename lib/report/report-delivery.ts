/** Reports on their way through the message store: as items to be delivered, and delivered one at a time (4.1, 4.2). */
import type { Table } from '../contract/field';
import { searchTerms } from '../contract/search-terms';
import { reports } from '../contract/services';
import { errorsOf } from '../contract/validate';
import type { Violation } from '../contract/violation';
import type { Delivered, Work } from '../delivery/channel';
import { type Item, brokenContract } from '../delivery/hand-in';
import type { SoapCaller } from '../soap/caller';
import { type RegistrationRules, type Report, registerReport } from './register';

/** The content of a message: the report in the records of the agreement, as it was checked. */
interface StoredReport {
  readonly reportNo: string;
  readonly key: string;
  readonly rows: readonly { readonly table: string; readonly records: Report['rows'][number]['records'] }[];
  readonly warnings: readonly Violation[];
}

export function reportItem(report: Report): Item {
  const [master] = report.rows;
  const errors = errorsOf(report.violations);
  const invalid = brokenContract(errors);
  const stored: StoredReport = {
    reportNo: report.reportNo,
    key: report.key,
    rows: report.rows.map(({ table, records }) => ({ table: table.name, records })),
    warnings: report.violations,
  };
  return {
    service: 'ArchiveAutoReport',
    key: report.key,
    label: report.reportNo,
    terms: master ? searchTerms(master.table, master.records[0] ?? {}) : {},
    content: JSON.stringify(stored),
    repeats: 'known',
    ...(invalid && { invalid }),
  };
}

/** @throws {ExchangeError} what the call throws */
export async function deliverReport(
  { content }: Pick<Work, 'content'>,
  caller: SoapCaller,
  rules: RegistrationRules,
  signal: AbortSignal,
): Promise<Delivered> {
  const done = await registerReport(readStored(content), caller, rules, signal);
  const { outcome, answer, key, reportNo, warnings, removedCharacters } = done;
  return {
    state: outcome,
    payload: answer,
    exchange: { key, reportNo, warnings, removedCharacters },
    ...(outcome !== 'accepted' && { failure: notAccepted(outcome) }),
  };
}

/** The platform's own words are in the outcome, encrypted: they may quote the report. */
const notAccepted = (outcome: 'refused' | 'unconfirmed') =>
  outcome === 'refused'
    ? { code: 'BUSINESS', text: { zh: '平台拒绝', en: 'the platform refused' } }
    : {
        code: 'UNCONFIRMED',
        text: { zh: '已送达，返回内容无法判断', en: 'delivered, but the answer is not understood' },
      };

const tables = new Map<string, Table>(
  [reports.lab.master, reports.lab.items, reports.exam.master].map(table => [table.name, table]),
);

/** The records of a report that the store keeps. */
export const storedReportRows = (content: string): Report['rows'] => readStored(content).rows;

function readStored(content: string): Report {
  // Written by reportItem.
  const { reportNo, key, rows, warnings } = JSON.parse(content) as StoredReport;
  return {
    reportNo,
    key,
    violations: warnings,
    rows: rows.flatMap(({ table: name, records }) => {
      const table = tables.get(name);
      return table ? [{ table, records }] : [];
    }),
  };
}
