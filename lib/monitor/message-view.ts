/** One message as the monitor shows it: masked, or whole for those who may see it. */
import { type Field, type TableRecords, recordName } from '../contract/field';
import type { Violation } from '../contract/violation';
import type { Mended, Mending } from '../delivery/mending';
import { ExchangeError, type Text } from '../errors';
import type { AuditEntry } from '../privacy/audit-chain';
import { shownText } from '../privacy/shown-text';
import { type MessageDetails, type MessageSummary, operable } from '../store/message';
import type { Look, MessageStore } from '../store/message-store';
import { readXml } from '../wire/xml-read';
import { isPrivate } from './field-names';
import { masked, maskedDocument, maskedRecords } from './masking';
import { printXml } from './print-xml';
import { recordPath, recordsOf } from './records';
import { noSuchMessage } from './refusal';

export interface ShownText {
  readonly format: 'xml' | 'json' | 'text';
  readonly text: string;
}

export interface TableView {
  readonly name: string;
  readonly title: Text;
  readonly fields: readonly {
    readonly name: string;
    readonly title: Text;
    /** A fault when it is empty. */
    readonly required: boolean;
    /** Its values are masked. */
    readonly masked: boolean;
  }[];
  readonly records: readonly {
    /** What stands before the names of its fields in the path of a violation. */
    readonly path: string;
    /** In the order of `fields`. */
    readonly values: readonly string[];
  }[];
}

export interface HistoryEntry extends Pick<
  AuditEntry,
  'at' | 'actor' | 'action' | 'outcome' | 'code' | 'durationMs'
> {}

export interface MessageView {
  readonly message: MessageSummary;
  readonly masked: boolean;
  /** Its contents are past their time of keeping. */
  readonly pruned: boolean;
  readonly violations: readonly Violation[];
  readonly tables: readonly TableView[];
  readonly request: ShownText | null;
  readonly reply: ShownText | null;
  /** Oldest first; of a long one the newest part. */
  readonly history: readonly HistoryEntry[];
  readonly canMend: boolean;
  /** Why it cannot be mended although its state allows it. */
  readonly whyNot: Text | null;
}

export interface Looker {
  readonly actor: string;
  readonly action: Look;
}

/**
 * Looks at a message, which is audited.
 * @param mendingOf what the message's channel has for mending; undefined when it is not running, or has none
 * @throws {ExchangeError} REQUEST when there is none, STORE
 */
export async function viewMessage(
  store: MessageStore,
  id: string,
  looker: Looker,
  mendingOf: (channel: string) => Mending | undefined,
): Promise<MessageView> {
  const details = await store.read({ id, ...looker });
  if (!details) throw noSuchMessage();
  const { content, outcome, ...message } = details;
  const rows = content === null ? [] : recordsOf(message.service, content);
  const mending = mendingOf(message.channel);
  const readAnew = rows.length > 0 && mending ? readRecords(mending, message.service, rows) : undefined;
  const isMasked = looker.action !== 'unmask';
  const shown = isMasked ? maskedRecords(rows) : rows;
  const whyNot = whyNotMended(details, rows, mending, readAnew);
  return {
    message,
    masked: isMasked,
    pruned: content === null,
    violations: !readAnew || readAnew instanceof ExchangeError ? [] : readAnew.violations,
    tables: shown.map((of, at) => tableView(of, (record: number) => recordPath(rows, at, record))),
    request: requestOf(details, shown, mending, isMasked),
    reply: outcome === null ? null : replyOf(outcome, content ?? '', isMasked),
    history: await historyOf(store, id),
    canMend: operable.amend.has(message.state) && whyNot === null,
    whyNot: operable.amend.has(message.state) ? whyNot : null,
  };
}

/** What is wrong with them by the rules that hold now, or why that cannot be said. */
function readRecords(
  mending: Mending,
  service: string,
  rows: readonly TableRecords[],
): Mended | ExchangeError {
  try {
    return mending.read(service, rows);
  } catch (error) {
    if (error instanceof ExchangeError) return error;
    throw error;
  }
}

function whyNotMended(
  { content }: MessageDetails,
  rows: readonly TableRecords[],
  mending: Mending | undefined,
  readAnew: Mended | ExchangeError | undefined,
): Text | null {
  if (content === null) return words.pruned;
  if (rows.length === 0) return words.noRecords;
  if (!mending) return words.noNode;
  // A record that is not taken as it stands may be once it is changed; settings that cannot be used stay.
  return readAnew instanceof ExchangeError && readAnew.code !== 'CONTRACT' ? readAnew.text : null;
}

const words = {
  pruned: { zh: '内容已过保存期限', en: 'its content is past its time of keeping' },
  noRecords: {
    zh: '影像类消息没有可修改的字段：改正文件或 PACS 后重新发送',
    en: 'a message of images has no fields to edit: mend the files or the archive, then send it again',
  },
  noNode: {
    zh: '发送它的节点不在运行中的流程里，请先恢复并部署该节点',
    en: 'the node that sends it is not in the running flows: bring it back and deploy first',
  },
} satisfies Record<string, Text>;

const tableView = ({ table, records }: TableRecords, pathOf: (record: number) => string): TableView => ({
  name: table.name,
  title: { zh: table.zh, en: table.en },
  fields: table.fields.map(field => ({
    name: recordName(field),
    title: { zh: field.zh, en: field.en },
    required: isRequired(field),
    masked: isPrivate(field),
  })),
  records: records.map((record, at) => ({
    path: pathOf(at),
    values: table.fields.map(field => record[recordName(field)] ?? ''),
  })),
});

const isRequired = ({ required, essential, key }: Field): boolean =>
  required === true || essential === true || key === true;

/** The document as it is sent; for messages without records their content. */
function requestOf(
  { service, content }: MessageDetails,
  shown: readonly TableRecords[],
  mending: Mending | undefined,
  isMasked: boolean,
): ShownText | null {
  if (content === null) return null;
  if (shown.length === 0) return json(JSON.parse(content), isMasked);
  try {
    if (mending) return { format: 'xml', text: printXml(readXml(mending.document(service, shown))) };
  } catch (error) {
    // Settings that cannot be used: the records are shown as they are kept.
    if (!(error instanceof ExchangeError)) throw error;
  }
  return json(Object.fromEntries(shown.map(({ table, records }) => [table.name, records])), false);
}

const json = (value: unknown, isMasked: boolean): ShownText => ({
  format: 'json',
  text: JSON.stringify(isMasked ? masked(value) : value, null, 2),
});

/** The peer's words; of a delivery that has none, its story. */
function replyOf(outcome: string, content: string, isMasked: boolean): ShownText {
  // Written by the delivery.
  const { payload, exchange } = JSON.parse(outcome) as { payload: unknown; exchange: unknown };
  if (payload === null || payload === undefined) return json({ exchange }, isMasked);
  if (typeof payload !== 'string') return json(payload, isMasked);
  const start = payload.trimStart().slice(0, 1);
  const format = start === '<' ? 'xml' : start === '{' || start === '[' ? 'json' : 'text';
  if (!isMasked) return { format, text: prettyOf(payload, format) };
  const document = maskedDocument(payload);
  return document === null
    ? { format: 'text', text: shownText(payload, textsOf(content)) }
    : { format, text: document };
}

function prettyOf(text: string, format: ShownText['format']): string {
  try {
    if (format === 'xml') return printXml(readXml(text));
    // Numbers of many digits would lose some when they are read: such a text stays as it came.
    if (format === 'json' && !/\d{16}/.test(text)) return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    // It only looks like a document.
  }
  return text;
}

/** Everything of a content that a peer may quote. */
function textsOf(content: string): readonly string[] {
  const texts: string[] = [];
  const collect = (value: unknown): void => {
    if (typeof value === 'string') texts.push(value);
    else if (typeof value === 'object' && value !== null) Object.values(value).forEach(collect);
  };
  if (content !== '') collect(JSON.parse(content));
  return texts.filter(text => text.length > 1);
}

const HISTORY_PAGE = 500;
const HISTORY_SHOWN = 200;
/** Pages of a history that are read: a message that is tried for a week has less. */
const MOST_PAGES = 20;

async function historyOf(store: MessageStore, message: string): Promise<readonly HistoryEntry[]> {
  const history: AuditEntry[] = [];
  for (let page = 0; page < MOST_PAGES; page++) {
    const afterSeq = history.at(-1)?.seq ?? 0;
    const entries = await store.auditTrail({ afterSeq, limit: HISTORY_PAGE, message });
    history.push(...entries);
    if (entries.length < HISTORY_PAGE) break;
  }
  return history.slice(-HISTORY_SHOWN).map(({ at, actor, action, outcome, code, durationMs }) => ({
    at,
    actor,
    action,
    outcome,
    code,
    durationMs,
  }));
}
