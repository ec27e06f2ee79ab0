/** GetLabInfo and GetExamInfo on the platform's side (4.3, 4.4). */
import { formatDateTime, parseDateTime, wallClockOf } from '../../contract/dates';
import { type Table, queryFields, recordName } from '../../contract/field';
import { reports } from '../../contract/services';
import { type Fault, fault, isRefused, refusalText } from './fault';
import type { ReportKind, ReportRow, ReportStore, StoredReport } from './report-store';
import { element, sameSecret } from './text';

export interface QueryOptions {
  readonly strCredential: string;
  readonly strKey: string;
  readonly now: () => Date;
}

/** The six parameters by name; null where absent. */
export type QueryParameters = Readonly<Record<string, string | null>>;

export interface QueryResult {
  readonly answer: string;
  readonly faults: readonly Fault[];
}

/** The agreement defines no form for an error: a text without XML (A-49f). */
export function queryReports(
  kind: ReportKind,
  store: ReportStore,
  given: QueryParameters,
  options: QueryOptions,
): QueryResult {
  const value = (name: string): string => given[name]?.trim() ?? '';
  const faults: Fault[] = [];
  const known = [
    sameSecret(value('strCredential'), options.strCredential),
    sameSecret(value('strKey'), options.strKey),
  ];
  if (known.includes(false)) faults.push(fault('身份标识或对称钥匙无效', 'wrong strCredential or strKey'));
  // As printed: strIDNO is the card number, strSSID the ID number (A-49a).
  const [card, idNo] = [value('strIDNO'), value('strSSID')];
  if (card === '' && idNo === '')
    faults.push(fault('卡号、身份证号必填其一', 'strIDNO or strSSID must be filled'));
  const from = day('strStartTime', value('strStartTime'), threeMonthsBefore(options.now()), faults);
  const to = day('strEndTime', value('strEndTime'), options.now(), faults);
  if (isRefused(faults)) return { answer: `失败：${refusalText(faults)}`, faults };
  const found = store.find(kind, { card, idNo, from, to });
  return { answer: `<root>${found.map(report => writeReport(kind, report)).join('')}</root>`, faults };
}

/** 开始、结束时间不填默认查询近三个月数据. The setting back of a month never ends in the month after. */
function threeMonthsBefore(now: Date): Date {
  const lastOfMonth = new Date(now.getFullYear(), now.getMonth() - 2, 0).getDate();
  return new Date(now.getFullYear(), now.getMonth() - 3, Math.min(now.getDate(), lastOfMonth));
}

function day(name: string, text: string, fallback: Date, faults: Fault[]): string {
  const time = text === '' ? wallClockOf(fallback) : parseDateTime(text);
  if (time) return formatDateTime(time, 'yyyy-MM-dd');
  faults.push(fault(`${name} 不是有效时间`, `${name} is no valid time`));
  return '';
}

/** Flat rows, elements in upper case, a master followed by its items. */
function writeReport(kind: ReportKind, { master, items }: StoredReport): string {
  return (
    writeRow(reports[kind].master, master) + items.map(item => writeRow(reports.lab.items, item)).join('')
  );
}

function writeRow(of: Table, row: ReportRow): string {
  const cells = queryFields(of).map(field =>
    element(field.element ?? field.name, row[recordName(field)] ?? ''),
  );
  const name = of.row ?? of.name;
  return `<${name}>${cells.join('')}</${name}>`;
}
