/**
 * What was read lately, by key: rows within the overlap are met in every round, and are known here without asking the
 * store. It is a help only: what it does not know, the store recognises.
 */
import { createHash } from 'node:crypto';

interface Entry {
  /** Of the rows as they were found. */
  readonly found: string;
  /** Of the whole record; empty when that was not read. */
  readonly record: string;
  readonly round: number;
}

/** About 30 MB. */
const MOST = 200_000;

export class Ledger {
  readonly #entries = new Map<string, Entry>();
  #round = 0;

  /** Forgets what the last whole round has not met. */
  nextRound(): void {
    for (const [key, { round }] of this.#entries) if (round < this.#round) this.#entries.delete(key);
    this.#round++;
  }

  /** Whether the rows of a key were found so before. */
  knowsFound(key: string, rows: string): boolean {
    const entry = this.#entries.get(key);
    if (!entry || entry.found !== digest(rows)) return false;
    this.#entries.set(key, { ...entry, round: this.#round });
    return true;
  }

  knowsRecord(key: string, record: string): boolean {
    return this.#entries.get(key)?.record === digest(record);
  }

  learn(key: string, found: string, record: string): void {
    if (this.#entries.size >= MOST && !this.#entries.has(key)) return;
    this.#entries.set(key, { found: digest(found), record: digest(record), round: this.#round });
  }
}

/** Patient data is not kept in memory longer than needed. */
const digest = (text: string): string => createHash('sha1').update(text).digest('base64');
