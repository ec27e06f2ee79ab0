/** What the two shared databases have in common. */
import { setTimeout as pause } from 'node:timers/promises';
import { DatabaseFailure } from './failure';
import type { SqlValue } from './session';

export const CONNECT_MS = 10_000;
export const STATEMENT_MS = 30_000;

const MOST_RUNS = 6;
const PAUSE_MS = 20;

/** Runs a transaction again when the database gave it up for the sake of another process. */
export async function rerun<T>(transaction: () => Promise<T>): Promise<T> {
  for (let run = 1; ; run++) {
    try {
      return await transaction();
    } catch (error) {
      if (!(error instanceof DatabaseFailure) || error.kind !== 'clash' || run === MOST_RUNS) throw error;
      // Of different length for each process, so that they do not meet again.
      await pause(Math.random() * PAUSE_MS * 2 ** run);
    }
  }
}

/** Gives statements with `?` the parameters of another database: `mark` and a number from `first` on. */
export function numbering(mark: string, first: number): (sql: string) => string {
  const known = new Map<string, string>();
  return sql => {
    let numbered = known.get(sql);
    if (numbered === undefined) {
      let at = first;
      numbered = sql.replaceAll('?', () => `${mark}${at++}`);
      // Lists of values have many lengths; the common statements come back soon.
      if (known.size === MOST_STATEMENTS) known.clear();
      known.set(sql, numbered);
    }
    return numbered;
  };
}

const MOST_STATEMENTS = 1000;

/** Numbers of the store are whole, and no text of a database can hold the character U+0000. */
export function storable(value: SqlValue): SqlValue {
  if (typeof value === 'number') return Math.round(value);
  return typeof value === 'string' ? value.replaceAll('\u0000', '') : value;
}

const MEASURE_EVERY_MS = 60_000;

/**
 * How far the database's clock is ahead of ours. Leases are counted by the one clock that all processes share; asking
 * for the time in each transaction would cost a round trip.
 */
export class DatabaseClock {
  /** Milliseconds. */
  offset = 0;
  readonly #follows: boolean;
  #measuredAt = Number.NEGATIVE_INFINITY;

  /** @param follows false where a test moves the clock */
  constructor(follows: boolean) {
    this.#follows = follows;
  }

  /** Another server may have another time. */
  forget(): void {
    this.#measuredAt = Number.NEGATIVE_INFINITY;
  }

  /** @param ask gives the database's time in milliseconds since 1970 */
  async measure(ask: () => Promise<number>): Promise<void> {
    const asked = Date.now();
    if (!this.#follows || Math.abs(asked - this.#measuredAt) < MEASURE_EVERY_MS) return;
    const time = await ask();
    const answered = Date.now();
    this.offset = Math.round(time - (asked + answered) / 2);
    this.#measuredAt = answered;
  }
}
