/** One transaction of the store: the session, and what is written once at its end, however many operations it has. */
import { type AuditRecord, AUDIT_START, auditHash } from '../privacy/audit-chain';
import type { KeyRing } from '../privacy/key-ring';
import type { MessageState } from './message';
import type { SqlDialect, SqlRow, SqlSession, SqlValue } from './sql/session';

export class Transaction {
  readonly now: number;
  readonly keys: KeyRing;
  readonly dialect: SqlDialect;
  readonly #session: SqlSession;
  readonly #tallies = new Map<string, number>();
  readonly #audits: AuditRecord[] = [];

  /** @param now milliseconds since 1970; of a shared store the database's clock */
  constructor(session: SqlSession, dialect: SqlDialect, keys: KeyRing, now: number) {
    this.#session = session;
    this.dialect = dialect;
    this.keys = keys;
    this.now = now;
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

  /** Locks lanes for the rest of the transaction; must come before a lane is read in order to change it. */
  lockLanes(lanes: readonly string[]): Promise<void> {
    return this.dialect.lockKeys(this.#session, [...new Set(lanes)].toSorted());
  }

  /** One message of a channel has left a state for another; null: it is new, or it is gone. */
  moved(channel: string, from: MessageState | null, to: MessageState | null): void {
    if (from) this.#count(channel, from, -1);
    if (to) this.#count(channel, to, 1);
  }

  audit(record: Omit<AuditRecord, 'at'>): void {
    this.#audits.push({ ...record, at: this.now });
  }

  /** Writes counters and audit records: last, because their rows are shared by all processes. */
  async finish(): Promise<void> {
    await this.#writeTallies();
    await this.#writeAudits();
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
    let { seq, hash } = readHead(await this.dialect.lockMeta(this.#session, AUDIT_HEAD));
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
    await this.run('update meta set value = ? where name = ?', JSON.stringify({ seq, hash }), AUDIT_HEAD);
  }
}

/** Row of `meta` that holds number and hash of the newest audit record. */
export const AUDIT_HEAD = 'audit-head';
/** Row of `meta` that holds number and hash of the newest audit record that retention has removed. */
export const AUDIT_BASE = 'audit-base';

export const readHead = (value: string | undefined): { seq: number; hash: string } =>
  value ? (JSON.parse(value) as { seq: number; hash: string }) : { seq: 0, hash: AUDIT_START };
