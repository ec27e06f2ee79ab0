/** The list of messages as a file, page by page; masked, as the list is. */
import { formatDateTime, wallClockOf } from '../contract/dates';
import type { Text } from '../errors';
import type { MessageSummary } from '../store/message';
import type { MessageStore } from '../store/message-store';
import type { MessageFilter } from './request';

export type ExportFormat = 'csv' | 'json';

export interface ExportOptions {
  readonly format: ExportFormat;
  readonly language: keyof Text;
  /** A node's name by its id. */
  readonly nameOf: (channel: string) => string;
  readonly most?: number;
}

/** Messages of one file: a spreadsheet holds a million rows, and a browser keeps the file in memory. */
export const MOST_EXPORTED = 100_000;
const PAGE = 500;

interface Column {
  readonly name: string;
  readonly title: Text;
  readonly value: (message: MessageSummary, options: ExportOptions) => string | number;
}

const COLUMNS: readonly Column[] = [
  { name: 'acceptedAt', title: { zh: '接收时间', en: 'accepted at' }, value: one => timeOf(one.acceptedAt) },
  { name: 'settledAt', title: { zh: '结束时间', en: 'finished at' }, value: one => timeOf(one.settledAt) },
  { name: 'node', title: { zh: '节点', en: 'node' }, value: (one, { nameOf }) => nameOf(one.channel) },
  { name: 'service', title: { zh: '服务', en: 'service' }, value: one => one.service },
  { name: 'key', title: { zh: '业务键', en: 'key' }, value: one => one.label },
  { name: 'version', title: { zh: '版本', en: 'version' }, value: one => one.version },
  { name: 'state', title: { zh: '状态', en: 'state' }, value: one => one.state },
  { name: 'attempts', title: { zh: '发送次数', en: 'attempts' }, value: one => one.calls },
  { name: 'code', title: { zh: '错误代码', en: 'error code' }, value: one => one.code },
  { name: 'reason', title: { zh: '原因', en: 'reason' }, value: (one, { language }) => one.text[language] },
  { name: 'id', title: { zh: '消息编号', en: 'message id' }, value: one => one.id },
];

/** Local time of the server, as a spreadsheet reads it. */
const timeOf = (time: number | null): string =>
  time === null ? '' : formatDateTime(wallClockOf(new Date(time)), 'yyyy-MM-dd HH:mm:ss');

/** Pieces of the file, in UTF-8. @throws {ExchangeError} STORE, also in the middle */
export async function* exportMessages(
  store: MessageStore,
  filter: MessageFilter,
  options: ExportOptions,
): AsyncGenerator<string> {
  const most = options.most ?? MOST_EXPORTED;
  const write = options.format === 'csv' ? csv(options) : json(options);
  yield write.head;
  let beforeSeq: number | undefined;
  let written = 0;
  let more = true;
  while (more && written < most) {
    const limit = Math.min(PAGE, most - written);
    const page = await store.search({ ...filter, limit, ...(beforeSeq !== undefined && { beforeSeq }) });
    if (page.length > 0) yield page.map((one, at) => write.row(one, written + at)).join('');
    written += page.length;
    beforeSeq = page.at(-1)?.seq;
    more = page.length === limit;
  }
  yield write.end(more);
}

interface Writer {
  readonly head: string;
  row(message: MessageSummary, at: number): string;
  end(truncated: boolean): string;
}

/** The mark at the start tells Excel that it is UTF-8. */
const csv = (options: ExportOptions): Writer => ({
  head: `\uFEFF${lineOf(COLUMNS.map(({ title }) => title[options.language]))}`,
  row: message => lineOf(COLUMNS.map(({ value }) => value(message, options))),
  end: truncated => (truncated ? lineOf([truncation[options.language]]) : ''),
});

const json = (options: ExportOptions): Writer => ({
  head: '{"messages":[',
  row: (message, at) =>
    (at === 0 ? '\n' : ',\n') +
    JSON.stringify(Object.fromEntries(COLUMNS.map(({ name, value }) => [name, value(message, options)]))),
  end: truncated => `\n],"truncated":${truncated}}\n`,
});

const truncation: Text = {
  zh: `只导出了最新的 ${MOST_EXPORTED} 条，请缩小筛选范围`,
  en: `only the newest ${MOST_EXPORTED} are exported: narrow the filter`,
};

const lineOf = (cells: readonly (string | number)[]): string => `${cells.map(cellOf).join(',')}\r\n`;

/** Quoted where needed; what a spreadsheet would take for a formula begins with an apostrophe. */
function cellOf(cell: string | number): string {
  const text = typeof cell === 'string' && /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
