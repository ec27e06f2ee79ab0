/** GetLabInfo and GetExamInfo: what the platform holds of one patient (4.3, 4.4). */
import type { DateFormat, RecordOf, Table } from '../contract/field';
import { formatDateTime, parseDateTime, wallClockOf } from '../contract/dates';
import { normalise } from '../contract/normalise';
import { type Row, findKey } from '../contract/row';
import { LAB_JOIN, reportMethods } from '../contract/services';
import type { labSubitem } from '../contract/tables/lab';
import { ExchangeError } from '../errors';
import { shownText } from '../privacy/shown-text';
import type { SoapCaller } from '../soap/caller';
import type { SoapParameter } from '../wire/soap-types';
import { type Repair, repairXml } from '../wire/xml-repair';
import { type Remarks, type XmlRow, readRows } from '../wire/xml-rows';

export type QueryService = 'GetLabInfo' | 'GetExamInfo';

/** Which argument carries the card number: the agreement prints strIDNO, the names suggest strSSID (A-49a). */
export type IdArguments = 'documented' | 'swapped';

export interface ReportQuery {
  readonly cardNo: string;
  readonly idNo: string;
  /** `yyyy-MM-dd HH:mm:ss`, or empty: the last three months, reckoned by the platform (A-49c). */
  readonly startTime: string;
  readonly endTime: string;
}

export interface QuerySecrets {
  readonly strCredential: string;
  readonly strKey: string;
}

/** A report of the platform: the master's fields, and under `lab_subitem` the items of a lab report. */
export type FoundReport = Readonly<Record<string, string | readonly RecordOf<typeof labSubitem>[]>>;

export interface QueryAnswer {
  readonly reports: readonly FoundReport[];
  /** Items that belong to no master of the answer; they are kept with the master before them, or one of their own. */
  readonly strayItems: number;
  readonly repairs: readonly Repair[];
  readonly durationMs: number;
}

const NAMES = {
  cardNo: ['cardno', 'card_no', 'stridno', '卡号'],
  idNo: ['idno', 'id_no', 'strssid', '身份证号'],
  startTime: ['starttime', 'start_time', 'strstarttime', '开始时间'],
  endTime: ['endtime', 'end_time', 'strendtime', '结束时间'],
} as const;

const TIME: Exclude<DateFormat, 'HH:mm~HH:mm'> = 'yyyy-MM-dd HH:mm:ss';

/**
 * Reads a query from a message: card number or ID number, and the times. One time alone gets the other: now as the
 * end, three months before the end as the start; `fillRange` sets both where neither is given.
 * @throws {ExchangeError} CONTRACT when both numbers are missing or a time is none.
 */
export function readQuery(input: Row, now: Date, fillRange = false): ReportQuery {
  const text = (names: readonly string[]): string => {
    const key = names.map(name => findKey(input, name)).find(found => found !== undefined);
    const value = key === undefined ? '' : input[key];
    if (value instanceof Date) return formatDateTime(wallClockOf(value), TIME);
    return typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';
  };
  const cardNo = text(NAMES.cardNo);
  const idNo = text(NAMES.idNo);
  if (cardNo === '' && idNo === '')
    throw wrongQuery('卡号和身份证号必填其一', 'a card number or an ID number is needed');
  const start = timeOf(text(NAMES.startTime));
  const end =
    timeOf(text(NAMES.endTime)) || (start || fillRange ? formatDateTime(wallClockOf(now), TIME) : '');
  return { cardNo, idNo, startTime: start || (end ? threeMonthsBefore(end) : ''), endTime: end };
}

function timeOf(text: string): string {
  if (text === '') return '';
  const time = parseDateTime(text);
  if (!time) throw wrongQuery('开始、结束时间应为 yyyy-MM-dd HH:mm:ss', 'times must be yyyy-MM-dd HH:mm:ss');
  return formatDateTime(time, TIME);
}

/** Three calendar months; the 31st becomes the last day of a shorter month. */
function threeMonthsBefore(time: string): string {
  const clock = parseDateTime(time);
  if (!clock) return '';
  const months = clock.year * 12 + clock.month - 1 - 3;
  const [year, month] = [Math.floor(months / 12), (months % 12) + 1];
  const lastDay = new Date(Date.UTC(year, month, 0)).getUTCDate();
  return formatDateTime({ ...clock, year, month, day: Math.min(clock.day, lastDay) }, TIME);
}

/** The six arguments in their order; an unset one is sent empty, never left out (A-49c). */
export function queryParameters(
  service: QueryService,
  query: ReportQuery,
  secrets: QuerySecrets,
  ids: IdArguments,
): SoapParameter[] {
  const values: Record<string, string> = {
    strIDNO: ids === 'documented' ? query.cardNo : query.idNo,
    strSSID: ids === 'documented' ? query.idNo : query.cardNo,
    strStartTime: query.startTime,
    strEndTime: query.endTime,
    ...secrets,
  };
  return reportMethods[service].parameters.map(name => [name, values[name] ?? '']);
}

/**
 * Asks once.
 * @throws {ExchangeError} BUSINESS when the platform answers with a text instead of rows, MALFORMED when it answers
 * broken XML; the caller's errors.
 */
export async function queryReports(
  caller: SoapCaller,
  service: QueryService,
  query: ReportQuery,
  secrets: QuerySecrets,
  ids: IdArguments,
  signal?: AbortSignal,
): Promise<QueryAnswer> {
  const parameters = queryParameters(service, query, secrets, ids);
  const { pieces, whole, durationMs } = await caller.callInPieces(service, parameters, {
    ...(signal && { signal }),
  });
  const sent = parameters.flatMap(([, value]) => value ?? []);
  const read = (of: Iterable<string | null>): Promise<Collected> => collect(service, of, sent);
  try {
    return { ...(await read(pieces)).answer(), repairs: [], durationMs };
  } catch (error) {
    if (!(error instanceof ExchangeError) || error.code !== 'MALFORMED') throw error;
    // Misprints, and texts that are no plain escaped XML, are read once more as a whole.
    const mended = repairXml(whole() ?? '');
    if (mended.repairs.length === 0 && !isRereadable(error)) throw error;
    return { ...(await read([mended.text])).answer(), repairs: mended.repairs, durationMs };
  }
}

/** The pieces were no text that could be unescaped by itself: CDATA among it, say. */
const isRereadable = (error: ExchangeError): boolean => error.text.en.includes('(escape)');

async function collect(
  service: QueryService,
  pieces: Iterable<string | null>,
  sent: readonly string[],
): Promise<Collected> {
  const { master, ...method } = reportMethods[service];
  const items = 'items' in method ? method.items : undefined;
  const names = new Set([master.row, ...(items ? [items.row] : [])]);
  const collected = new Collected(service);
  const remarks = await readRows(refuseText(pieces, sent), names, row => collected.add(row));
  if (collected.empty) refuseRemarks(remarks, sent);
  return collected;
}

/** An answer that is no XML is the platform's word on what is wrong (A-49f). */
function* refuseText(pieces: Iterable<string | null>, sent: readonly string[]): Iterable<string | null> {
  let first = true;
  let any = false;
  for (const piece of pieces) {
    const text: string | null = first ? (piece?.replace(/^[\uFEFF\s]+/, '') ?? null) : piece;
    if (first && text !== null && text !== '' && !text.startsWith('<')) throw refused(text, sent);
    first = first && text === '';
    any ||= text !== '';
    yield text;
  }
  // Nothing at all means no reports (A-49f); the parser wants a root element.
  if (!any) yield '<root/>';
}

function refuseRemarks(remarks: Remarks, sent: readonly string[]): void {
  const error = remarks.get('error') ?? remarks.get('msg');
  if (error) throw refused(error, sent);
  if (/^(no|false|0)$/i.test(remarks.get('success') ?? remarks.get('status') ?? ''))
    throw refused('success=No', sent);
}

interface Master {
  readonly record: Record<string, string>;
  readonly items: RecordOf<typeof labSubitem>[];
}

/** Items without any master still tell which report they are of. */
const keysOnly = (of: Table, item: Readonly<Record<string, string>>): Record<string, string> =>
  normalise(of, Object.fromEntries(LAB_JOIN.map(name => [name, item[name]]))).record;

/** The reports of an answer as they come: items go to the master with their keys, else to the one before them. */
class Collected {
  readonly #method: (typeof reportMethods)[QueryService];
  readonly #masters: Master[] = [];
  readonly #byKey = new Map<string, number>();
  readonly #byValues = new Map<XmlRow['values'], number>();
  readonly #items: {
    readonly record: RecordOf<typeof labSubitem>;
    readonly within: XmlRow['values'] | undefined;
    readonly after: number;
  }[] = [];

  constructor(service: QueryService) {
    this.#method = reportMethods[service];
  }

  get empty(): boolean {
    return this.#masters.length === 0 && this.#items.length === 0;
  }

  add({ row, values, within }: XmlRow): void {
    if ('items' in this.#method && row === this.#method.items.row) {
      const { record } = normalise(this.#method.items, values);
      this.#items.push({ record, within, after: this.#masters.length - 1 });
      return;
    }
    this.#addMaster(values, normalise(this.#method.master, values).record);
  }

  #addMaster(values: XmlRow['values'] | undefined, record: Record<string, string>): Master {
    this.#byKey.set(joinKey(record), this.#masters.length);
    if (values) this.#byValues.set(values, this.#masters.length);
    const master = { record, items: [] };
    this.#masters.push(master);
    return master;
  }

  answer(): Pick<QueryAnswer, 'reports' | 'strayItems'> {
    let strayItems = 0;
    for (const { record, within, after } of this.#items) {
      const known = (within && this.#byValues.get(within)) ?? this.#byKey.get(joinKey(record));
      if (known === undefined) strayItems++;
      (
        this.#masters[known ?? after] ?? this.#addMaster(undefined, keysOnly(this.#method.master, record))
      ).items.push(record);
    }
    const withItems = 'items' in this.#method ? this.#method.items.row : undefined;
    return {
      reports: this.#masters.map(({ record, items }) =>
        withItems ? { ...record, [withItems]: items } : record,
      ),
      strayItems,
    };
  }
}

const joinKey = (record: Readonly<Record<string, string>>): string =>
  LAB_JOIN.map(name => record[name] ?? '').join('\u0000');

const wrongQuery = (zh: string, en: string): ExchangeError =>
  new ExchangeError({ code: 'CONTRACT', retry: 'never', text: { zh, en } });

function refused(words: string, sent: readonly string[]): ExchangeError {
  const shown = shownText(words, sent);
  return new ExchangeError({
    code: 'BUSINESS',
    retry: 'never',
    text: { zh: `平台未返回报告：${shown}`, en: `the platform returned no reports: ${shown}` },
    cause: shown,
  });
}
