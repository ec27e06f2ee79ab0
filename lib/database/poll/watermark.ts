/** Times and numbers by which changed rows are found, as text that compares in their order within one kind. */
import { ExchangeError } from '../../errors';
import { readWallClock, wallText } from '../wall-clock';

/**
 * What the column of the watermark holds: a `datetime` or `datetime2`, a time written as `text`
 * (`2030-01-02 03:04:05`) or `compact` (`20300102030405`), or a growing `number`.
 */
export const WATERMARK_KINDS = ['datetime', 'datetime2', 'text', 'compact', 'number'] as const;
export type WatermarkKind = (typeof WATERMARK_KINDS)[number];

/** The earlier of two. */
export const earlier = (kind: WatermarkKind, one: string, other: string): string =>
  compare(kind, one, other) <= 0 ? one : other;

export function compare(kind: WatermarkKind, one: string, other: string): number {
  if (kind === 'number') {
    const difference = BigInt(one) - BigInt(other);
    return difference < 0n ? -1 : difference > 0n ? 1 : 0;
  }
  return one < other ? -1 : one > other ? 1 : 0;
}

/** Moves a watermark back: by milliseconds, a number by that many. Nothing comes before the first one. */
export function back(kind: WatermarkKind, watermark: string, by: number): string {
  if (kind === 'number') return String(BigInt(watermark) - BigInt(Math.ceil(by)));
  const clock = readWallClock(watermark);
  if (!clock) return watermark;
  const time = Math.max(clock.date.getTime() - by, FIRST);
  return timeText(kind, new Date(time));
}

/** Before every row. */
export const beginning = (kind: WatermarkKind): string =>
  kind === 'number' ? '-9223372036854775808' : timeText(kind, new Date(FIRST));

/**
 * A time or number that somebody has written.
 * @param edge of a day without a time: its `first` or `last` moment
 * @throws {ExchangeError} CONFIG when it is none
 */
export function readWatermark(kind: WatermarkKind, text: string, edge: 'first' | 'last' = 'first'): string {
  const given = text.trim();
  if (kind === 'number') {
    if (/^-?\d{1,18}$/.test(given)) return given;
  } else {
    const clock = readWallClock(given);
    if (clock && edge === 'last' && DAY.test(given)) return timeText(kind, lastMoment(clock.date));
    if (clock) return timeText(kind, clock.date);
  }
  throw new ExchangeError({
    code: 'CONFIG',
    retry: 'never',
    text: {
      zh: `轮询的起点 ${given || '（空）'} 无法识别：${kind === 'number' ? '应为整数' : '应为 2030-01-02 或 2030-01-02 03:04:05'}`,
      en: `${given || '(empty)'} is no point to begin at: ${kind === 'number' ? 'an integer is needed' : 'write 2030-01-02 or 2030-01-02 03:04:05'}`,
    },
  });
}

const DAY = /^\d{4}([-/.]?)\d{2}\1\d{2}$/;
const lastMoment = (day: Date): Date => new Date(day.getTime() + 86_400_000 - 1);

/** The first day that a datetime of SQL Server can be. */
const FIRST = Date.UTC(1753, 0, 1);

const timeText = (kind: WatermarkKind, time: Date): string => {
  const text = wallText(time);
  if (kind === 'text') return text.slice(0, 19);
  if (kind === 'compact') return text.slice(0, 19).replaceAll(/\D/g, '');
  // With all digits, since a text with fewer would come before it.
  return text.length > 19 ? text : `${text}.000`;
};
