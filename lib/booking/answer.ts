/** The hospital's rows → the answer XML of a booking service, in the order and case of its table (3.2). */
import { type DateStyle, parseDateTime, formatDateTime } from '../contract/dates';
import { type Table, fieldFinder, recordName } from '../contract/field';
import { normaliseValues } from '../contract/normalise';
import { statusText } from '../contract/booking-status';
import { type BookingServiceName, bookingServices } from '../contract/services';
import { type Row, isRow } from '../contract/row';
import { ExchangeError } from '../errors';
import { EscapedXml } from '../wire/escaped-xml';
import { type PlacedRecord, escapedMarkup, escapedRecordWriter } from '../wire/escaped-records';
import { XmlByteWriter } from '../wire/xml-bytes';
import { XML_DECLARATION } from '../wire/xml-text';
import { mergePdfs } from './receipt-pdf';

export interface AnswerOptions {
  /** Most items in one answer (A-29h). */
  readonly maxItems: number;
  /** Style of the receipt's times; `slash` is how the sample prints them (A-29f). */
  readonly receiptDateStyle: DateStyle;
  /** One merged PDF for several receipts (A-29d); else only the first is sent. */
  readonly mergePdf: boolean;
}

export interface Answer {
  readonly success: boolean;
  /** The answer document, escaped for the SOAP envelope it travels in. */
  readonly body: EscapedXml;
  readonly items: number;
}

const HEAD = `${XML_DECLARATION}<root><returnContent>`;
const YES = escapedMarkup(`${HEAD}<success>Yes</success><error/>`);
const NO = escapedMarkup(`${HEAD}<success>No</success><error>`);
const NO_END = escapedMarkup('</error></returnContent></root>');
const END = escapedMarkup('</returnContent></root>');
const ITEMS_OPEN = escapedMarkup('<items>');
const ITEMS_CLOSE = escapedMarkup('</items>');
const ITEM_OPEN = escapedMarkup('<item>');
const ITEM_CLOSE = escapedMarkup('</item>');
/** Room for what stands around the items. */
const AROUND = 512;

/** success=No with a short reason in Chinese. */
export function refusal(reason: string): Answer {
  const out = new XmlByteWriter(AROUND).copy(NO).textTwice(reason).copy(NO_END);
  return { success: false, body: new EscapedXml(out.bytes()), items: 0 };
}

/**
 * Writes the answer of a service. `given` is what the flow brings: an array of rows or one row, `{ items: [ … ] }`,
 * `{ success: 'No', error }`, or for GetAppointReceipt the PDF (Buffer, base64 text, file path, or several of them).
 * Services without a list take anything; an empty list is a success without items.
 * @throws {ExchangeError} CONTRACT when the input cannot be the answer of that service; TOO_LARGE over `maxItems`.
 */
export async function writeAnswer(
  service: BookingServiceName,
  given: unknown,
  options: AnswerOptions,
): Promise<Answer> {
  const refused = refusedReason(given);
  if (refused !== undefined) return refusal(refused);
  const definition = bookingServices[service];
  if ('pdf' in definition) {
    const pdf = await mergePdfs(given, options.mergePdf);
    const text = pdf.toString('base64');
    return finish(start(text.length).copy(ITEM_OPEN).ascii(text).copy(ITEM_CLOSE), 1);
  }
  if (!('items' in definition)) return finish(start(0), 0);
  const rows = rowsOf(service, given);
  if (rows.length > options.maxItems) throw tooMany(rows.length, options.maxItems);
  const { write, usualBytes } = escapedRecordWriter(definition.items);
  const out = start(rows.length * usualBytes).copy(ITEMS_OPEN);
  let items = 0;
  for (const record of recordsOf(service, definition.items, rows, options)) {
    out.copy(ITEM_OPEN);
    write(record, out);
    out.copy(ITEM_CLOSE);
    items++;
  }
  return finish(out.copy(ITEMS_CLOSE), items);
}

/** A success, up to its content. */
const start = (contentBytes: number): XmlByteWriter => new XmlByteWriter(AROUND + contentBytes).copy(YES);

const finish = (out: XmlByteWriter, items: number): Answer => ({
  success: true,
  body: new EscapedXml(out.copy(END).bytes()),
  items,
});

const REFUSED = /^(no|false|0|失败)$/i;

/**
 * The reason of `{ success: 'No' | false | 0, error }`, or of a row of these, as a procedure gives it; undefined when the
 * flow did not refuse.
 */
function refusedReason(given: unknown): string | undefined {
  const [only, ...more] = Array.isArray(given) ? (given as unknown[]) : [given];
  if (!isRow(only) || more.length > 0) return undefined;
  const find = (name: string): unknown =>
    Object.entries(only).find(([key]) => key.toLowerCase() === name)?.[1];
  const said = find('success');
  if (said !== false && said !== 0 && !(typeof said === 'string' && REFUSED.test(said.trim())))
    return undefined;
  const reason = find('error');
  return typeof reason === 'string' && reason.trim() !== '' ? reason.trim() : '医院未能处理该请求';
}

function rowsOf(service: BookingServiceName, given: unknown): Row[] {
  const list = isRow(given) && Array.isArray(given['items']) ? (given['items'] as unknown[]) : given;
  const rows = Array.isArray(list)
    ? list
    : isRow(list) && Object.keys(list).some(key => key !== 'success')
      ? [list]
      : [];
  if ((given !== undefined && given !== null && typeof given !== 'object') || !rows.every(isRow))
    throw notRows(service);
  return rows;
}

function recordsOf(
  service: BookingServiceName,
  table: Table,
  rows: readonly Row[],
  options: AnswerOptions,
): Iterable<PlacedRecord> {
  if (table.children) return nest(table, rows);
  if (service === 'GetAppointReceiptXml') return composeReceipts(table, rows, options.receiptDateStyle);
  return eachWithStatusText(table, rows);
}

/** One at a time: a row that is written as soon as it was read is still in the processor's cache. */
function* eachWithStatusText(table: Table, rows: readonly Row[]): Iterable<PlacedRecord> {
  const status = placeOf(table, 'AppointmentStatus');
  for (const row of rows) yield withStatusText(normaliseValues(table, row), status);
}

const placeOf = (table: Table, name: string): number =>
  table.fields.findIndex(field => recordName(field) === name);

/** A hospital that keeps the status as the number of 3.3.2 is understood (A-29a). */
function withStatusText(record: PlacedRecord, place: number): PlacedRecord {
  const status = record.values[place];
  const text = status ? statusText(status) : undefined;
  return text === undefined || text === status ? record : { values: record.values.with(place, text) };
}

/**
 * Flat rows of a join → nested records: rows that agree in all fields of a level are one record of it.
 * Rows that are nested already stay as they are.
 */
function nest(table: Table, rows: readonly Row[]): PlacedRecord[] {
  const [level] = table.children ?? [];
  const groups = new Map<string, { values: readonly string[]; rows: Row[] }>();
  for (const row of rows) {
    const { values } = normaliseValues(table, row);
    const key = JSON.stringify(values);
    const group = groups.get(key) ?? { values, rows: [] };
    groups.set(key, group);
    group.rows.push(...(level ? childRows(level.element, row) : []));
  }
  return [...groups.values()].map(group => {
    if (!level) return { values: group.values };
    const held = group.rows.filter(row => holds(level.table, row));
    return { values: group.values, inner: { [level.element]: nest(level.table, held) } };
  });
}

function childRows(element: string, row: Row): Row[] {
  const key = Object.keys(row).find(name => name.toLowerCase() === element.toLowerCase());
  const value = key === undefined ? undefined : row[key];
  if (value === undefined) return [row];
  return (Array.isArray(value) ? value : [value]).filter(isRow);
}

/** True when a row of an outer join has anything for this level or one below it. */
function holds(table: Table, row: Row): boolean {
  const find = fieldFinder(table);
  const own = Object.entries(row).some(
    ([name, value]) => find(name) !== undefined && value !== null && value !== undefined && value !== '',
  );
  return (
    own ||
    (table.children ?? []).some(({ element, table: below }) =>
      childRows(element, row).some(child => holds(below, child)),
    )
  );
}

/**
 * One receipt for each GroupId: its items are printed together, their names numbered and joined as `1.x;2.y` (A-29e).
 * Rows without a GroupId column are receipts as they are.
 */
function composeReceipts(table: Table, rows: readonly Row[], style: DateStyle): PlacedRecord[] {
  const groups = new Map<string, (readonly string[])[]>();
  for (const [at, row] of rows.entries()) {
    const { values, extra } = normaliseValues(table, row);
    const groupId = Object.entries(extra).find(([name]) => name.toLowerCase() === 'groupid')?.[1];
    const key = typeof groupId === 'string' || typeof groupId === 'number' ? `group ${groupId}` : `row ${at}`;
    groups.set(key, [...(groups.get(key) ?? []), values]);
  }
  const place = placeOf(table, 'HisName');
  return [...groups.values()].map(([first = [], ...others]) => {
    const names = [first, ...others].map(values => values[place] ?? '');
    const values =
      names.length > 1 ? first.with(place, names.map((name, at) => `${at + 1}.${name}`).join(';')) : first;
    return { values: style === 'slash' ? withSlashTimes(table, values) : values };
  });
}

const withSlashTimes = (table: Table, values: readonly string[]): string[] =>
  values.map((value, place) => {
    const time = table.fields[place]?.format === 'yyyy-MM-dd HH:mm:ss' ? parseDateTime(value) : null;
    return time ? formatDateTime(time, 'yyyy-MM-dd HH:mm:ss', 'slash') : value;
  });

const notRows = (service: BookingServiceName): ExchangeError =>
  new ExchangeError({
    code: 'CONTRACT',
    retry: 'never',
    text: {
      zh: `${service} 的应答应为数据库行或对象`,
      en: `the answer of ${service} must be rows or an object`,
    },
  });

const tooMany = (count: number, limit: number): ExchangeError =>
  new ExchangeError({
    code: 'TOO_LARGE',
    retry: 'never',
    text: {
      zh: `应答有 ${count} 条，超过上限 ${limit} 条，请缩小查询范围或调高上限`,
      en: `the answer has ${count} items, more than ${limit}: narrow the query or raise the limit`,
    },
  });
