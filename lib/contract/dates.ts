/** Dates and times of the agreement: local wall-clock time, never converted between time zones. */
import type { DateFormat } from './field';
import { toHalfWidth } from './full-width';

/** `table`: yyyy-MM-dd HH:mm:ss as the tables say; `slash`: yyyy/M/d H:mm:ss as the samples print. */
export type DateStyle = 'table' | 'slash';

export interface WallClock {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

const DATE_TIME =
  /^(\d{4})(?:-(\d{1,2})-(\d{1,2})|\/(\d{1,2})\/(\d{1,2})|\.(\d{1,2})\.(\d{1,2})|年(\d{1,2})月(\d{1,2})日?|(\d{2})(\d{2}))(?:[T\s]*(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?)?$/;
/** The form that we write. */
const WRITTEN = /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)$/;
const COMPACT = /^(\d{8})(\d{2})(\d{2})(\d{2})?$/;
const ZONE = /\d:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s*(?:Z|[+-]\d{2}:?\d{2})$/i;
const TIME_RANGE = /^(\d{1,2}):(\d{2})(?:\s*[~-]\s*(\d{1,2}):(\d{2}))?$/;

/** True for a time with a zone suffix: it is not the hospital's wall clock, and guessing would shift it by hours. */
export const hasZone = (text: string): boolean => ZONE.test(text.trim());

/** Reads every form that the agreement prints, and null for anything that is no valid calendar time. */
export function parseDateTime(text: string): WallClock | null {
  // Most columns hold this form already, and answers have hundreds of them.
  const written = WRITTEN.exec(text);
  if (written) return realOrNull(written, 1, 2, 3, 4, 5, 6);
  const plain = toHalfWidth(text).trim().replace(COMPACT, '$1 $2:$3:$4').replace(/:$/, '');
  const found = DATE_TIME.exec(plain);
  if (!found) return null;
  // Month and day stand in the first pair of groups that took part.
  const month = [2, 4, 6, 8, 10].find(group => found[group] !== undefined) ?? 0;
  return realOrNull(found, 1, month, month + 1, 12, 13, 14);
}

function realOrNull(
  found: RegExpExecArray,
  ...groups: [number, number, number, number, number, number]
): WallClock | null {
  const [year, month, day, hour, minute, second] = groups.map(group =>
    Number(found[group] ?? 0),
  ) as typeof groups;
  const value = { year, month, day, hour, minute, second };
  return isReal(value) ? value : null;
}

function isReal({ year, month, day, hour, minute, second }: WallClock): boolean {
  if (month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59) return false;
  if (day <= 28) return day >= 1;
  return day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
}

/** The wall clock that a JavaScript date shows in this process's time zone. */
export const wallClockOf = (date: Date): WallClock => ({
  year: date.getFullYear(),
  month: date.getMonth() + 1,
  day: date.getDate(),
  hour: date.getHours(),
  minute: date.getMinutes(),
  second: date.getSeconds(),
});

const two = (n: number): string => String(n).padStart(2, '0');

/** Writes a time in one of the agreement's formats. */
export function formatDateTime(
  t: WallClock,
  format: Exclude<DateFormat, 'HH:mm~HH:mm'>,
  style: DateStyle = 'table',
): string {
  const date =
    style === 'slash'
      ? `${t.year}/${t.month}/${t.day}`
      : `${String(t.year).padStart(4, '0')}-${two(t.month)}-${two(t.day)}`;
  if (format === 'yyyy-MM-dd') return date;
  const hour = style === 'slash' ? String(t.hour) : two(t.hour);
  const time = `${hour}:${two(t.minute)}`;
  return format === 'yyyy-MM-dd HH:mm' ? `${date} ${time}` : `${date} ${time}:${two(t.second)}`;
}

/** `8:00～9:30` or `8：00` → `08:00~09:30` or `08:00`; null when it is no time. */
export function normaliseTimeRange(text: string): string | null {
  const found = TIME_RANGE.exec(toHalfWidth(text).trim());
  if (!found) return null;
  const ends = [found.slice(1, 3), found.slice(3, 5)].filter(([hour]) => hour !== undefined);
  if (ends.some(([hour, minute]) => Number(hour) > 24 || Number(minute) > 59)) return null;
  return ends.map(([hour, minute]) => `${two(Number(hour))}:${minute}`).join('~');
}

/** Any date or time text in the given format, or null when it is not one. */
export function normaliseDate(text: string, format: DateFormat, style: DateStyle = 'table'): string | null {
  if (format === 'HH:mm~HH:mm') return normaliseTimeRange(text);
  const value = parseDateTime(text);
  if (value && style === 'table' && format === 'yyyy-MM-dd HH:mm:ss' && WRITTEN.test(text)) return text;
  return value ? formatDateTime(value, format, style) : null;
}
