/**
 * Rows by a status column of the hospital's table. They are claimed with a lease, so that several pollers share them
 * and those of one that is gone come again; and marked once they are done. Where the hospital grants only the status
 * column, new rows are read as they are, and known again by the store until they are marked.
 */
import type { DatabaseDriver, DatabaseRow, RunOptions } from '../driver';
import { Bound } from './bound';
import { Completion, type FoundRow } from './completion';
import type { PollDialect, TypesByName } from './dialect';
import { dialectOf } from './dialects';
import type { ObjectName } from './names';
import { noBackfill } from './no-backfill';
import type { ClaimPlan } from './plan';
import { type PolledRecord, VERSION, contentOf, keyOf, keyText, versionOf } from './record';
import type { Key } from './row-reader';
import { type Acknowledgement, type PollSource, type Round, type Take, knownAtOnce } from './source';
import { Ledger } from './ledger';
import { claimOrder, claimable, shortened, typeOf, whereKeys, withVersion } from './statements';
import { readTableTypes } from './table-types';

interface Prepared {
  readonly types: TypesByName;
  readonly completion: Completion;
}

export class ClaimSource implements PollSource {
  readonly #driver: DatabaseDriver;
  readonly #dialect: PollDialect;
  readonly #plan: ClaimPlan;
  readonly #ledger = new Ledger();
  #prepared: Prepared | undefined;

  constructor(driver: DatabaseDriver, plan: ClaimPlan) {
    this.#driver = driver;
    this.#dialect = dialectOf(driver);
    this.#plan = plan;
  }

  async round(room: number, take: Take, signal: AbortSignal): Promise<Round> {
    const options = { signal };
    const { types, completion } = (this.#prepared ??= await this.#prepare(options));
    const { page, mostInFlight, ack } = this.#plan;
    const leased = this.#leased;
    // Without a lease the rows in flight stand before the new ones.
    const limit = leased ? Math.min(room, page) : page + mostInFlight;
    const rows = leased
      ? await this.#dialect.claim(this.#driver, this.#plan, types, limit, options)
      : await this.#read(types, limit, options);
    if (!leased) this.#ledger.nextRound();
    const found = this.#foundIn(rows, leased ? limit : room);
    if (found.length === 0) return { taken: 0, more: false };
    const { records } = await completion.complete(found, options);
    await take(records);
    if (!leased) this.#learn(found, records);
    for (const known of knownAtOnce(records, ack)) await this.acknowledge(known, signal);
    return { taken: records.length, more: found.length >= Math.min(room, page) };
  }

  async acknowledge(
    { key, version, state, message }: Acknowledgement,
    signal: AbortSignal,
  ): Promise<boolean> {
    const options = { signal, repeatable: true };
    const { types } = (this.#prepared ??= await this.#prepare(options));
    const { table, ack, status, owner, lease, message: messageColumn, values } = this.#plan;
    const bound = new Bound();
    const quote = (name: ObjectName | string): string => this.#dialect.quote(name);
    const add = (column: string, value: unknown): string => bound.add(value, typeOf(types, column));
    const final = add(status, state === 'done' ? ack.done : ack.rejected);
    const unchanged =
      ack.version === null || version === ''
        ? null
        : `${this.#dialect.versionText(quote(ack.version))} = ${bound.add(version, 'varchar(40)')}`;
    // A row that was changed since it was read is a new one.
    const result =
      unchanged === null ? final : `case when ${unchanged} then ${final} else ${add(status, values.new)} end`;
    const open = `${quote(status)} = ${add(status, this.#leased ? values.claimed : values.new)}`;
    // The outcome of an earlier version may have set back the status of this one, which is done all the same.
    const again =
      unchanged === null || !this.#leased
        ? ''
        : ` or (${quote(status)} = ${add(status, values.new)} and ${unchanged})`;
    const changes = [
      `${quote(status)} = ${result}`,
      ...(lease === null ? [] : [`${quote(lease)} = null`]),
      ...(messageColumn === null
        ? []
        : [
            `${quote(messageColumn)} = ${add(messageColumn, shortened(message, typeOf(types, messageColumn)))}`,
          ]),
    ];
    const where = [
      whereKeys(this.#dialect, table.keys, types, [key], bound).replaceAll('t.', ''),
      `(${open}${again})`,
      ...(owner === null ? [] : [`${quote(owner)} = ${add(owner, ack.owner)}`]),
    ];
    const text = `update ${quote(table.source)} set ${changes.join(', ')} where ${where.join(' and ')}`;
    await this.#driver.run({ kind: 'sql', text }, bound.parameters, options);
    return this.#isUnchanged(key, version, types, options);
  }

  backfill(): Promise<void> {
    return Promise.reject(noBackfill());
  }

  async #isUnchanged(key: Key, version: string, types: TypesByName, options: RunOptions): Promise<boolean> {
    const { table } = this.#plan;
    const present = this.#version;
    if (present === null || version === '') return true;
    const bound = new Bound();
    const text = this.#dialect.select({
      columns: `${present} as ${VERSION}`,
      from: `${this.#dialect.quote(table.source)} as t`,
      where: [whereKeys(this.#dialect, table.keys, types, [key], bound)],
    });
    const { rows } = await this.#driver.run({ kind: 'sql', text }, bound.parameters, options);
    return rows.every(row => versionOf(row) === version);
  }

  get #leased(): boolean {
    return this.#plan.owner !== null && this.#plan.lease !== null;
  }

  /** SQL of a row's version; null when the plan names no column for it. */
  get #version(): string | null {
    const { version } = this.#plan.ack;
    return version === null ? null : this.#dialect.versionText(`t.${this.#dialect.quote(version)}`);
  }

  async #prepare(options: RunOptions): Promise<Prepared> {
    const { table, status, owner, lease, attempts, message, order, ack } = this.#plan;
    const changed = [status, ...[owner, lease, attempts, message].filter(name => name !== null)];
    const named = [...order, ...changed, ...(ack.version === null ? [] : [ack.version])];
    const types = await readTableTypes(this.#driver, this.#dialect, table, named, options);
    return {
      types: types.own,
      completion: new Completion(this.#driver, this.#dialect, table, types, this.#version, changed),
    };
  }

  async #read(types: TypesByName, limit: number, options: RunOptions): Promise<readonly DatabaseRow[]> {
    const { table } = this.#plan;
    const bound = new Bound();
    const text = this.#dialect.select({
      limit,
      columns: withVersion(this.#version),
      from: `${this.#dialect.quote(table.source)} as t`,
      where: claimable(this.#dialect, this.#plan, types, bound),
      order: claimOrder(this.#dialect, this.#plan),
    });
    const { rows } = await this.#driver.run({ kind: 'sql', text }, bound.parameters, {
      ...options,
      repeatable: true,
    });
    return rows;
  }

  #foundIn(rows: readonly DatabaseRow[], most: number): FoundRow[] {
    const found = new Map<string, FoundRow>();
    for (const row of rows) {
      const key = keyOf(row, this.#plan.table.keys);
      if (!key || found.has(keyText(key))) continue;
      if (!this.#leased && this.#ledger.knowsFound(keyText(key), JSON.stringify(row))) continue;
      if (found.size < most) found.set(keyText(key), { key, row });
    }
    return [...found.values()];
  }

  #learn(found: readonly FoundRow[], records: readonly PolledRecord[]): void {
    const texts = new Map(records.map(record => [keyText(record.key), contentOf(record)]));
    for (const { key, row } of found)
      this.#ledger.learn(keyText(key), JSON.stringify(row), texts.get(keyText(key)) ?? '');
  }
}
