/**
 * Rows that a procedure of the hospital gives, and another one that is told what became of them: for hospitals that
 * grant nothing else. The procedures get those of these parameters that they have, by name: `@limit`, `@owner`,
 * `@lease_seconds` to fetch; `@owner`, `@state`, `@message`, `@version` and the key columns to acknowledge.
 */
import type { DatabaseDriver, DatabaseRow, RunOptions } from '../driver';
import type { Parameter } from '../parameter';
import { readType } from '../parameter';
import type { PollDialect, TypesByName } from './dialect';
import { dialectOf } from './dialects';
import type { ObjectName } from './names';
import { noBackfill } from './no-backfill';
import type { ProcedurePlan } from './plan';
import { type PolledRecord, keyOf, ownColumns, rowsByKey, valueAt } from './record';
import { type Acknowledgement, type PollSource, type Round, type Take, knownAtOnce } from './source';
import { shortened } from './statements';

export class ProcedureSource implements PollSource {
  readonly #driver: DatabaseDriver;
  readonly #dialect: PollDialect;
  readonly #plan: ProcedurePlan;
  #fetchTypes: TypesByName | undefined;
  #ackTypes: TypesByName | undefined;

  constructor(driver: DatabaseDriver, plan: ProcedurePlan) {
    this.#driver = driver;
    this.#dialect = dialectOf(driver);
    this.#plan = plan;
  }

  async round(room: number, take: Take, signal: AbortSignal): Promise<Round> {
    const { fetch, page, ack } = this.#plan;
    const options = { signal };
    const limit = Math.min(room, page);
    this.#fetchTypes ??= await this.#dialect.parameterTypes(this.#driver, fetch, options);
    const values = { limit, owner: ack.owner, lease_seconds: ack.leaseSeconds };
    const sets = await this.#call(fetch, this.#fetchTypes, values, options);
    const records = this.#recordsOf(sets);
    if (records.length === 0) return { taken: 0, more: false };
    await take(records);
    for (const known of knownAtOnce(records, ack)) await this.acknowledge(known, signal);
    return { taken: records.length, more: records.length >= limit };
  }

  async acknowledge(
    { key, version, state, message }: Acknowledgement,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { acknowledge, keys, ack } = this.#plan;
    if (!acknowledge) return true;
    const options = { signal, repeatable: true };
    this.#ackTypes ??= await this.#dialect.parameterTypes(this.#driver, acknowledge, options);
    const values: Record<string, unknown> = {
      owner: ack.owner,
      state: state === 'done' ? ack.done : ack.rejected,
      message: shortened(message, this.#ackTypes.get('message')?.type ?? ''),
      version,
      ...Object.fromEntries(keys.map((column, at) => [column, key[at]])),
    };
    await this.#call(acknowledge, this.#ackTypes, values, options);
    // The procedure alone knows.
    return true;
  }

  backfill(): Promise<void> {
    return Promise.reject(noBackfill());
  }

  async #call(
    procedure: ObjectName,
    types: TypesByName,
    values: Readonly<Record<string, unknown>>,
    options: RunOptions,
  ): Promise<readonly (readonly DatabaseRow[])[]> {
    const parameters = Object.entries(values).flatMap(([name, value]): Parameter[] => {
      const known = types.get(name.toLowerCase());
      return known ? [{ name, type: readType(known.type), value, output: false }] : [];
    });
    const text = this.#dialect.quote(procedure);
    return (await this.#driver.run({ kind: 'procedure', text }, parameters, options)).sets;
  }

  /** The first set of rows; a second one holds the details. */
  #recordsOf([masters = [], details = []]: readonly (readonly DatabaseRow[])[]): PolledRecord[] {
    const { keys, shape, ack } = this.#plan;
    const groups = rowsByKey(masters, keys);
    const detailGroups = shape.kind === 'detail' ? rowsByKey(details, shape.keys) : null;
    return [...groups].flatMap(([text, rows]): PolledRecord[] => {
      const [first] = rows;
      const key = first && keyOf(first, keys);
      if (!first || !key) return [];
      const version = ack.version === null ? '' : String(valueAt(first, ack.version) ?? '');
      if (shape.kind === 'many') return [{ key, version, payload: rows.map(row => ownColumns(row)) }];
      const own = detailGroups?.get(text)?.map(row => ownColumns(row)) ?? [];
      const under = shape.kind === 'detail' ? { [shape.property]: own } : {};
      return [{ key, version, payload: { ...ownColumns(first), ...under } }];
    });
  }
}
