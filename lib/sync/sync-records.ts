/** Orders and bookings of a hospital → records of UpdateBillingInfo and SyncAppointData, checked (3.3). */
import { statusCode } from '../contract/booking-status';
import { formatDateTime, normaliseTimeRange, parseDateTime, wallClockOf } from '../contract/dates';
import { type RecordOf, fieldFinder } from '../contract/field';
import { toHalfWidth } from '../contract/full-width';
import { normalise } from '../contract/normalise';
import type { SyncServiceName } from '../contract/services';
import { getExamItemListItem } from '../contract/tables/booking';
import { type Row, isRow } from '../contract/row';
import { syncAppointData, updateBillingInfo } from '../contract/tables/sync';
import { type CheckOptions, check, missing } from '../contract/validate';
import type { Violation } from '../contract/violation';
import { ExchangeError } from '../errors';

export interface SyncOptions {
  readonly organCode: string;
  readonly check: CheckOptions;
  /** Statuses that are told to the platform, by number (A-29a). */
  readonly statuses: ReadonlySet<string>;
  /** Days before today that an order notification covers when it names no dates. */
  readonly rangeDays: number;
  readonly now: Date;
}

export interface SyncRecord {
  readonly record: Readonly<Record<string, string>>;
  /** HisKey of a booking; the patient of a notification. */
  readonly key: string;
  readonly violations: readonly Violation[];
}

export interface SyncRecords {
  readonly records: readonly SyncRecord[];
  /** Rows left out because they are not booked, or their status is not told. */
  readonly skipped: number;
}

/**
 * Takes one object, an array, or rows in the names of the service or of GetExamItemList (3.2.1): the two tables name
 * the same things differently.
 * @throws {ExchangeError} CONTRACT when the input is neither.
 */
export function readSyncRecords(service: SyncServiceName, input: unknown, options: SyncOptions): SyncRecords {
  const rows = Array.isArray(input) ? input : [input];
  if (rows.length === 0 || !rows.every(isRow)) throw notRows(service);
  const read = service === 'SyncAppointData' ? readBooking : readNotification;
  const records = rows.map((row, at) => read(row, rows.length === 1 ? '' : `Item[${at + 1}].`, options));
  const told = records.filter(record => record !== null);
  return { records: told, skipped: records.length - told.length };
}

type Booking = RecordOf<typeof syncAppointData>;

/** Null for a row that is not told: 未预约 has no number and only booked data is synchronised. */
function readBooking(row: Row, path: string, options: SyncOptions): SyncRecord | null {
  const own = normalise(syncAppointData, row, { now: options.now });
  const foreign = normalise(getExamItemListItem, row).record;
  const record: Record<keyof Booking, string> = { ...own.record };
  for (const field of syncAppointData.fields) {
    if ('from' in field && record[field.name] === '')
      record[field.name] = foreign[field.from as keyof typeof foreign] ?? '';
  }
  // SerialNo is the card number in GetExamItemList and the serial number here, where the sample repeats the card.
  record.SerialNo ||= record.SocialNo;
  record.OrganCode ||= options.organCode;
  record.ClientType ||= '7';
  record.AppointmentTime = appointmentTime(record.AppointmentTime);
  const status = record.AppointmentStatus;
  const code = statusCode(status) ?? status;
  if (status === '未预约' || (statusCode(status) !== undefined && !options.statuses.has(code))) return null;
  record.AppointmentStatus = code;
  return {
    record,
    key: record.HisKey,
    violations: check(syncAppointData, record, options.check, path, own.findings),
  };
}

/** `2030/1/2 17：00～17：30` → `2030-01-02 17:00~17:30`; anything else stays as it is. */
function appointmentTime(text: string): string {
  const plain = toHalfWidth(text).trim();
  const [first = '', ...rest] = plain.split(/\s+/);
  const date = parseDateTime(first);
  const range = normaliseTimeRange(rest.join(''));
  if (date && range) return `${formatDateTime(date, 'yyyy-MM-dd')} ${range}`;
  return normaliseTimeRange(plain) ?? text;
}

const findBillingField = fieldFinder(updateBillingInfo);

function readNotification(row: Row, path: string, options: SyncOptions): SyncRecord {
  const { record: read, findings } = normalise(updateBillingInfo, row);
  const ordered = orderDate(row);
  const record = {
    ...read,
    OrganCode: read.OrganCode || options.organCode,
    StartDate: read.StartDate || ordered || day(options.now, -options.rangeDays),
    EndDate: read.EndDate || ordered || day(options.now, 0),
  };
  const violations = check(updateBillingInfo, record, options.check, path, findings);
  const card = findBillingField('SerialNo');
  if (card && record.SerialNo === '' && record.IdNo === '') violations.push(missing(updateBillingInfo, card));
  return { record, key: record.SerialNo || record.IdNo, violations };
}

/** The day of an order row, by the names that GetExamItemList, the receipt and SyncAppointData have for it. */
function orderDate(row: Row): string {
  for (const [name, value] of Object.entries(row)) {
    if (!/^(?:date|billdate|billingdate)$/i.test(name)) continue;
    const time =
      value instanceof Date ? wallClockOf(value) : parseDateTime(typeof value === 'string' ? value : '');
    if (time) return formatDateTime(time, 'yyyy-MM-dd');
  }
  return '';
}

function day(now: Date, offset: number): string {
  const date = new Date(now.getFullYear(), now.getMonth(), now.getDate() + offset);
  return formatDateTime(wallClockOf(date), 'yyyy-MM-dd');
}

/** Two notifications of one patient as one that covers both ranges. */
export function mergeNotifications(one: SyncRecord, other: SyncRecord): SyncRecord {
  const [start = '', end = ''] = ['StartDate', 'EndDate'].map((name, at) => {
    const days = [one.record[name] ?? '', other.record[name] ?? ''].toSorted();
    return days[at];
  });
  return { ...other, record: { ...other.record, StartDate: start, EndDate: end } };
}

const notRows = (service: SyncServiceName): ExchangeError =>
  new ExchangeError({
    code: 'CONTRACT',
    retry: 'never',
    text: {
      zh: `${service} 的输入应为对象、数组或数据库行`,
      en: `the input of ${service} must be an object, an array or rows`,
    },
  });
