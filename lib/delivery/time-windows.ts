/** Times of day at which a destination may be sent to, as text: `20:00-06:00, 12:00-13:30`. */

interface Range {
  /** Minutes since midnight. */
  readonly from: number;
  readonly to: number;
}

const DAY = 24 * 60;
const RANGE = /^(\d{1,2})[:：](\d{2})\s*[-~～至]\s*(\d{1,2})[:：](\d{2})$/;

export class TimeWindows {
  readonly #ranges: readonly Range[];

  private constructor(ranges: readonly Range[]) {
    this.#ranges = ranges;
  }

  /** An empty text is always. Undefined when the text is no list of ranges. A range may go over midnight. */
  static parse(text: string): TimeWindows | undefined {
    const parts = text
      .split(/[,，;；]/)
      .map(part => part.trim())
      .filter(part => part !== '');
    const ranges = parts.map(parseRange);
    return ranges.every(range => range !== undefined) ? new TimeWindows(ranges) : undefined;
  }

  /** Milliseconds from `now` until sending is allowed, by this machine's time of day; 0 within a range. */
  waitFrom(now: number): number {
    if (this.#ranges.length === 0) return 0;
    const date = new Date(now);
    const minute = date.getHours() * 60 + date.getMinutes();
    if (this.#ranges.some(range => holds(range, minute))) return 0;
    const minutes = Math.min(...this.#ranges.map(({ from }) => (from - minute + DAY) % DAY));
    return minutes * 60_000 - (date.getSeconds() * 1000 + date.getMilliseconds());
  }
}

const holds = ({ from, to }: Range, minute: number): boolean =>
  from <= to ? minute >= from && minute < to : minute >= from || minute < to;

function parseRange(text: string): Range | undefined {
  const [, ...digits] = RANGE.exec(text) ?? [];
  const [fromHour = 99, fromMinute = 99, toHour = 99, toMinute = 99] = digits.map(Number);
  const from = fromHour * 60 + fromMinute;
  const to = toHour * 60 + toMinute;
  return fromMinute < 60 && toMinute < 60 && from < DAY && to <= DAY && from !== to
    ? { from, to }
    : undefined;
}
