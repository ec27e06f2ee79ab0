/** AppointmentStatus: Chinese text in GetExamItemList (3.2.1), a number in SyncAppointData (3.3.2). A-29a. */
import { getExamItemListItem } from './tables/booking';
import { syncAppointData } from './tables/sync';

const statusField = (fields: readonly { readonly name: string; readonly allowed?: object }[]): string[] =>
  Object.keys(fields.find(field => field.name === 'AppointmentStatus')?.allowed ?? {});

const textOf: ReadonlyMap<string, string> = new Map(
  Object.entries(syncAppointData.fields.find(field => field.name === 'AppointmentStatus')?.allowed ?? {}),
);
const codeOf: ReadonlyMap<string, string> = new Map([...textOf].map(([code, text]) => [text, code]));

/** Every status text of 3.2.1, 未预约 included. */
export const STATUS_TEXTS: readonly string[] = statusField(getExamItemListItem.fields);

/** Statuses in which an item must not be booked (禁止预约). */
export const BOOKING_FORBIDDEN: ReadonlySet<string> = new Set(['已签到', '已检查', '已报告']);

/** Statuses of an item that has its time, and of one that may be given one. */
export const BOOKED: ReadonlySet<string> = new Set(['已预约', '自动组合预约']);
export const BOOKABLE: ReadonlySet<string> = new Set(['未预约', '已取消']);

/** Number of a status text; the number itself is accepted too. Undefined for 未预约 and for unknown texts. */
export const statusCode = (status: string): string | undefined =>
  codeOf.get(status) ?? (textOf.has(status) ? status : undefined);

/** Text of a status number; a known text is given back. Undefined for anything else. */
export const statusText = (status: string): string | undefined =>
  textOf.get(status) ?? (STATUS_TEXTS.includes(status) ? status : undefined);
