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
const COMPACT = /^(\d{8})(\d{2})(\d{2})(\d{2})?$/;
const ZONE = /\d:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s*(?:Z|[+-]\d{2}:?\d{2})$/i;
const TIME_RANGE = /^(\d{1,2}):(\d{2})(?:\s*[~-]\s*(\d{1,2}):(\d{2}))?$/;

/** True for a time with a zone suffix: it is not the hospital's wall clock, and guessing would shift it by hours. */
export const hasZone = (text: string): boolean => ZONE.test(text.trim());

/** Reads every form that the agreement prints, and null for anything that is no valid calendar time. */
export function parseDateTime(text: string): WallClock | null {
  const written = readWritten(text, 'yyyy-MM-dd HH:mm:ss');
  if (written) return isReal(written) ? written : null;
  const plain = toHalfWidth(text).trim().replace(COMPACT, '$1 $2:$3:$4').replace(/:$/, '');
  const found = DATE_TIME.exec(plain);
  if (!found) return null;
  // Month and day stand in the first pair of groups that took part.
  const month = [2, 4, 6, 8, 10].find(group => found[group] !== undefined) ?? 0;
  const number = (group: number): number => Number(found[group] ?? 0);
  const value = {
    year: number(1),
    month: number(month),
    day: number(month + 1),
    hour: number(12),
    minute: number(13),
    second: number(14),
  };
  return isReal(value) ? value : null;
}

/** True for a real time in the very form that we write: there is nothing to normalise. */
export function isWritten(text: string, format: DateFormat, style: DateStyle = 'table'): boolean {
  if (style === 'slash' || format === 'HH:mm~HH:mm') return false;
  const written = readWritten(text, format);
  return written !== undefined && isReal(written);
}

/**
 * Reads the form that we write, real or not. Most columns hold it already, and answers have hundreds of them: a look
 * at the characters takes a fraction of what the regular expressions take.
 */
function readWritten(text: string, format: DateFormat): WallClock | undefined {
  if (text.length !== format.length) return undefined;
  for (let at = 0; at < format.length; at++) {
    const code = text.charCodeAt(at);
    const expected = format.charCodeAt(at);
    if (isLetter(expected) ? !isDigit(code) : code !== expected) return undefined;
  }
  return {
    year: numberAt(text, 0, 4),
    month: numberAt(text, 5, 7),
    day: numberAt(text, 8, 10),
    hour: numberAt(text, 11, 13),
    minute: numberAt(text, 14, 16),
    second: numberAt(text, 17, 19),
  };
}

const isLetter = (code: number): boolean => code >= 0x41;

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;

/** The number that these digits write; 0 where the text has ended. */
function numberAt(text: string, start: number, end: number): number {
  let number = 0;
  for (let at = start; at < end && at < text.length; at++) number = number * 10 + text.charCodeAt(at) - 0x30;
  return number;
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
  return value ? formatDateTime(value, format, style) : null;
}
