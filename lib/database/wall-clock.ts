/**
 * Dates and times as they stand in a database: wall clock text, whatever the time zone of this process. The driver
 * works with Date objects whose UTC fields are the wall clock here; none of them leaves this folder.
 */
import { withoutTrailing } from '../trailing';

/** Parts of a wall clock. A Date holds milliseconds; the rest is kept beside it. */
export interface WallClock {
  readonly date: Date;
  /** Digits after the second, at most 7, without zeros at the end. */
  readonly fraction: string;
}

const FORM = /^(\d{4})([-/.]?)(\d{2})\2(\d{2})(?:[T ]?(\d{2}):?(\d{2})(?::?(\d{2})(?:[.,](\d{1,7}))?)?)?$/;
const TIME = /^(\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,7}))?)?$/;

/**
 * Reads `2030-01-02`, `2030-01-02 03:04[:05[.1234567]]`, the same with `T`, `/` or `.`, and `20300102[030405]`.
 * Undefined for any other text, for days that do not exist, and for text with a time zone, which is no wall clock.
 */
export function readWallClock(text: string): WallClock | undefined {
  const [, year, , month, day, hour = '00', minute = '00', second = '00', fraction = ''] =
    FORM.exec(text.trim()) ?? [];
  if (!year || !month || !day) return undefined;
  return wallClock(`${year}-${month}-${day}T${hour}:${minute}:${second}`, fraction);
}

/** Reads `03:04[:05[.1234567]]`. */
export function readTime(text: string): WallClock | undefined {
  const [, hour, minute, second = '00', fraction = ''] = TIME.exec(text.trim()) ?? [];
  return hour && minute ? wallClock(`1970-01-01T${hour}:${minute}:${second}`, fraction) : undefined;
}

function wallClock(text: string, digits: string): WallClock | undefined {
  const fraction = withoutTrailing(digits, '0');
  const date = new Date(`${text}.${fraction.slice(0, 3).padEnd(3, '0')}Z`);
  // 31 February is another day to Date.
  if (Number.isNaN(date.getTime()) || date.toISOString().slice(0, 19) !== text) return undefined;
  return { date, fraction };
}

/** A Date of the driver for writing, with what milliseconds cannot hold. */
export function dateOf({ date, fraction }: WallClock): Date {
  const rest = fraction.slice(3);
  // The name that the driver looks at when it writes; when it reads it gives another one.
  return rest ? Object.assign(new Date(date), { nanosecondDelta: Number(`0.000${rest}`) }) : new Date(date);
}

/** The text of a wall clock that was read, in the form that this package gives. */
export function wallClockText({ date, fraction }: WallClock, part: 'date' | 'time' | 'both'): string {
  if (part === 'date') return dayText(date);
  const whole = date.toISOString().slice(11, 19);
  const time = fraction ? `${whole}.${fraction.padEnd(3, '0')}` : whole;
  return part === 'time' ? time : `${dayText(date)} ${time}`;
}

/** Of a hundred thousand rows each has dates: made once, not for each of them. */
const TWO_DIGITS = Array.from({ length: 100 }, (_, number) => String(number).padStart(2, '0'));
const two = (number: number): string => TWO_DIGITS[number] ?? '';

/** `2030-01-02` of a Date of the driver. */
export const dayText = (date: Date): string =>
  `${String(date.getUTCFullYear()).padStart(4, '0')}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}`;

/** `03:04:05`, and the fraction of the second unless that is nought. */
export function timeText(date: Date): string {
  const time = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
  const milliseconds = date.getUTCMilliseconds();
  const rest = 'nanosecondsDelta' in date ? Math.round(Number(date.nanosecondsDelta) * 1e7) : 0;
  if (milliseconds === 0 && rest === 0) return time;
  // Milliseconds are whole: .5 is .500, as a log has it; finer ones keep their digits.
  const digits = String(milliseconds * 10_000 + rest).padStart(7, '0');
  return `${time}.${withoutTrailing(digits, '0').padEnd(3, '0')}`;
}

export const wallText = (date: Date): string => `${dayText(date)} ${timeText(date)}`;
