/** One transaction of the store: the session, and what is written once at its end, however many operations it has. */
import {
  type AuditPosition,
  type AuditRecord,
  AUDIT_START,
  auditHash,
  markHash,
} from '../privacy/audit-chain';
import type { KeyRing } from '../privacy/key-ring';
import type { MessageState } from './message';
import type { SqlDialect, SqlRow, SqlSession, SqlValue } from './sql/session';

export class Transaction {
  readonly now: number;
  readonly keys: KeyRing;
  readonly dialect: SqlDialect;
  readonly #session: SqlSession;
  readonly #clockOffset: number;
  readonly #locked = new Set<string>();
  readonly #tallies = new Map<string, number>();
  readonly #audits: AuditRecord[] = [];

  /**
   * @param now milliseconds since 1970 by the caller's clock; the store counts by its own, of a shared store the
   * database's
   * @param clockOffset milliseconds that the store's clock is ahead
   */
  constructor(session: SqlSession, dialect: SqlDialect, keys: KeyRing, now: number, clockOffset: number) {
    this.#session = session;
    this.dialect = dialect;
    this.keys = keys;
    this.#clockOffset = clockOffset;
    this.now = this.inStore(now);
  }

  /** A time of the caller's clock in that of the store. */
  inStore(time: number): number {
    return time + this.#clockOffset;
  }

  /** A time of the store's clock in that of the caller. */
  atCaller(time: number): number {
    return time - this.#clockOffset;
  }

  all(sql: string, ...values: SqlValue[]): Promise<SqlRow[]> {
    return this.#session.all(sql, values);
  }

  async first(sql: string, ...values: SqlValue[]): Promise<SqlRow | undefined> {
    const [row] = await this.#session.all(this.dialect.first(sql, 1), values);
    return row;
  }

  run(sql: string, ...values: SqlValue[]): Promise<number> {
    return this.#session.run(sql, values);
  }

  /** @throws {ExchangeError} STORE_FULL when the store has no room for a new message */
  needRoom(): void {
    this.#session.needRoom?.();
  }

  /** Locks lanes for the rest of the transaction; must come before a lane is read in order to change it. */
  async lockLanes(lanes: readonly string[]): Promise<void> {
    const missing = [...new Set(lanes)].filter(lane => !this.#locked.has(lane));
    if (missing.length === 0) return;
    await this.dialect.lockKeys(this.#session, missing.toSorted());
    for (const lane of missing) this.#locked.add(lane);
  }

  /** Locks a row of `meta` for the rest of the transaction and gives its value. */
  lockMeta(name: string): Promise<string | undefined> {
    return this.dialect.lockMeta(this.#session, name);
  }

  /** One message of a channel has left a state for another; null: it is new, or it is gone. */
  moved(channel: string, from: MessageState | null, to: MessageState | null): void {
    if (from) this.#count(channel, from, -1);
    if (to) this.#count(channel, to, 1);
  }

  /** Gives a part of the space that is free within the database back to the disk, where the database does not itself. */
  async shrink(): Promise<void> {
    await this.dialect.shrink?.(this.#session);
  }

  audit(record: Omit<AuditRecord, 'at'>): void {
    this.#audits.push({ ...record, at: this.now });
  }

  /** Writes counters and audit records: last, because their rows are shared by all processes. */
  async finish(): Promise<void> {
    await this.#writeTallies();
    await this.#writeAudits();
  }

  writeMark(name: AuditMark, position: AuditPosition): Promise<number> {
    return this.#writeMeta(name, signedMark(this.keys, name, position));
  }

  #writeMeta(name: string, value: string): Promise<number> {
    return this.run('update meta set value = ? where name = ?', value, name);
  }

  #count(channel: string, state: MessageState, by: number): void {
    const key = JSON.stringify([channel, state]);
    this.#tallies.set(key, (this.#tallies.get(key) ?? 0) + by);
  }

  async #writeTallies(): Promise<void> {
    const changed = [...this.#tallies]
      .filter(([, by]) => by !== 0)
      .toSorted(([one], [other]) => (one < other ? -1 : 1));
    for (const [key, by] of changed) {
      const [channel = '', state = ''] = JSON.parse(key) as string[];
      const change = (): Promise<number> =>
        this.run('update tally set amount = amount + ? where channel = ? and state = ?', by, channel, state);
      if ((await change()) > 0) continue;
      const insert = this.dialect.insertMissing('tally', ['channel', 'state', 'amount'], 'channel, state');
      await this.run(insert, channel, state, 0);
      await change();
    }
  }

  async #writeAudits(): Promise<void> {
    if (this.#audits.length === 0) return;
    const sign = (words: string): string => this.keys.hash(words);
    const head = readMark(this.keys, AUDIT_HEAD, await this.lockMeta(AUDIT_HEAD));
    let { seq, hash } = head;
    for (const record of this.#audits) {
      seq++;
      hash = auditHash(sign, hash, seq, record);
      const { at, actor, action, message, channel, service, outcome, code, durationMs } = record;
      await this.run(
        'insert into audit (seq, at, actor, action, message, channel, service, outcome, code, duration, hash)' +
          ' values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
        seq,
        at,
        actor,
        action,
        message,
        channel,
        service,
        outcome,
        code,
        durationMs,
        hash,
      );
    }
    // A mark that somebody has changed stays wrong, for the check to find.
    if (head.genuine) await this.writeMark(AUDIT_HEAD, { seq, hash });
    else await this.#writeMeta(AUDIT_HEAD, JSON.stringify({ seq, hash, sign: '' }));
  }
}

/** Row of `meta` that holds number and hash of the newest audit record. */
export const AUDIT_HEAD = 'audit-head';
/** Row of `meta` that holds number and hash of the newest audit record that retention has removed. */
export const AUDIT_BASE = 'audit-base';

export type AuditMark = typeof AUDIT_HEAD | typeof AUDIT_BASE;

const CHAIN_START: AuditPosition = { seq: 0, hash: AUDIT_START };

/** The value of a mark's row. */
export const signedMark = (keys: KeyRing, name: AuditMark, { seq, hash } = CHAIN_START): string =>
  JSON.stringify({ seq, hash, sign: markHash(words => keys.hash(words), name, { seq, hash }) });

/** Reads a mark's row; not genuine: it was not written by this store. */
export function readMark(
  keys: KeyRing,
  name: AuditMark,
  value: string | undefined,
): AuditPosition & { readonly genuine: boolean } {
  if (!value) return { ...CHAIN_START, genuine: false };
  // Written by this module, or by somebody who is found out below.
  const { seq, hash, sign } = JSON.parse(value) as AuditPosition & { readonly sign?: string };
  return { seq, hash, genuine: sign === markHash(words => keys.hash(words), name, { seq, hash }) };
}

/** Row of `meta` that holds the number of the last message sealed by the new key; absent when none is left. */
export const RESEAL_AFTER = 'reseal-after';

/** Row of `meta` that closes a store whose content has moved into another. */
export const MOVED = 'moved-to';
