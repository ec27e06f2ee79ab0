/** Rows in the order of their watermark, a page at a time. */
import type { DatabaseDriver, DatabaseRow, RunOptions } from '../driver';
import { Bound } from './bound';
import type { FoundRow } from './completion';
import type { PollDialect, TypesByName } from './dialect';
import type { WatermarkPlan } from './plan';
import { VERSION, keyOf, keyText, versionOf } from './record';
import { type Key, isOfRow } from './row-reader';
import { ownConditions, typeOf, withVersion } from './statements';

/** A walk through the rows in the order of watermark and key. */
export interface Sweep {
  readonly low: string;
  readonly to: string | null;
  /** The youngest watermark that the next round may begin at. */
  readonly bound: string;
  readonly base: string;
  after: { readonly watermark: string; readonly key: Key } | null;
}

export interface Found extends FoundRow {
  readonly watermark: string;
}

/** The rows of one key on a page. */
export interface Group {
  readonly key: Key;
  /** Of the rows, by which they are known again. */
  readonly text: string;
  readonly first: Found;
}

export class WatermarkRows {
  readonly #driver: DatabaseDriver;
  readonly #dialect: PollDialect;
  readonly #plan: WatermarkPlan;
  readonly #types: TypesByName;

  constructor(driver: DatabaseDriver, dialect: PollDialect, plan: WatermarkPlan, types: TypesByName) {
    this.#driver = driver;
    this.#dialect = dialect;
    this.#plan = plan;
    this.#types = types;
  }

  /** Clock of the database; for numbers, the greatest there is. */
  async now(options: RunOptions): Promise<string> {
    const { kind } = this.#plan;
    if (kind === 'number') {
      const text = this.#dialect.select({
        columns: `max(t.${this.#dialect.quote(this.#plan.column)}) as now`,
        from: this.#from(),
        where: [],
      });
      const { rows } = await this.#run(text, new Bound(), options);
      return String(rows[0]?.['now'] ?? 0);
    }
    const { rows } = await this.#run(`select ${this.#dialect.now(kind)} as now`, new Bound(), options);
    return String(rows[0]?.['now']);
  }

  /** Rows that have no watermark or no key, which polling cannot see. */
  async countBlind(options: RunOptions): Promise<number> {
    const { table, column } = this.#plan;
    const none = [column, ...table.keys].map(name => `t.${this.#dialect.quote(name)} is null`);
    const text = this.#dialect.select({
      columns: 'count(*) as n',
      from: this.#from(),
      where: [`(${none.join(' or ')})`, ...(table.condition ? [`(${table.condition})`] : [])],
    });
    const { rows } = await this.#run(text, new Bound(), options);
    return Number(rows[0]?.['n'] ?? 0);
  }

  /** The next rows of a sweep. Where one of them cannot be read, only their keys: each row is read by itself then. */
  async page(sweep: Sweep, options: RunOptions): Promise<readonly Found[]> {
    const version = this.#dialect.watermark(this.#plan.kind, this.#column());
    try {
      const rows = await this.#select(sweep, withVersion(version), options);
      return this.#found(rows, row => row);
    } catch (error) {
      if (!isOfRow(error)) throw error;
      const keys = this.#plan.table.keys.map(key => `t.${this.#dialect.quote(key)}`).join(', ');
      const rows = await this.#select(sweep, `${keys}, ${version} as ${VERSION}`, options);
      return this.#found(rows, () => null);
    }
  }

  #found(rows: readonly DatabaseRow[], own: (row: DatabaseRow) => DatabaseRow | null): readonly Found[] {
    return rows.flatMap(row => {
      const key = keyOf(row, this.#plan.table.keys);
      return key ? [{ key, row: own(row), watermark: versionOf(row) }] : [];
    });
  }

  async #select(
    { low, to, after }: Sweep,
    columns: string,
    options: RunOptions,
  ): Promise<readonly DatabaseRow[]> {
    const { table, kind, page } = this.#plan;
    const bound = new Bound();
    const types = this.#types;
    const column = this.#column();
    const watermark = (value: string): string =>
      this.#dialect.watermarkValue(kind, bound.add(value, kind === 'number' ? 'bigint' : 'varchar(30)'));
    const from = watermark(after?.watermark ?? low);
    const where = [`${column} >= ${from}`, ...ownConditions(this.#dialect, table)];
    if (to !== null) where.push(`${column} <= ${watermark(to)}`);
    if (after) {
      const keys = table.keys.map((key, at) => ({
        column: `t.${this.#dialect.quote(key)}`,
        value: bound.add(after.key[at] ?? '', typeOf(types, key)),
      }));
      where.push(`(${column} > ${from} or ${laterKeys(keys)})`);
    }
    const order = [column, ...table.keys.map(key => `t.${this.#dialect.quote(key)}`)];
    const text = this.#dialect.select({ limit: page, columns, from: this.#from(), where, order });
    return (await this.#run(text, bound, options)).rows;
  }

  #run(text: string, { parameters }: Bound, options: RunOptions): ReturnType<DatabaseDriver['run']> {
    return this.#driver.run({ kind: 'sql', text }, parameters, { ...options, repeatable: true });
  }

  #column(): string {
    return `t.${this.#dialect.quote(this.#plan.column)}`;
  }

  #from(): string {
    return `${this.#dialect.quote(this.#plan.table.source)} as t`;
  }
}

/** The rows of a page by their keys, in their order. */
export function foundByKey(page: readonly Found[]): Group[] {
  const groups = new Map<string, { key: Key; first: Found; texts: string[] }>();
  for (const one of page) {
    const text = JSON.stringify(one.row ?? one.watermark);
    const group = groups.get(keyText(one.key));
    if (group) group.texts.push(text);
    else groups.set(keyText(one.key), { key: one.key, first: one, texts: [text] });
  }
  return [...groups.values()].map(({ key, first, texts }) => ({ key, first, text: texts.join('\n') }));
}

/** Condition that a row comes after another one with the same watermark. */
function laterKeys([first, ...rest]: readonly { readonly column: string; readonly value: string }[]): string {
  if (!first) return '1 = 0';
  const later = `${first.column} > ${first.value}`;
  return rest.length === 0
    ? later
    : `(${later} or (${first.column} = ${first.value} and ${laterKeys(rest)}))`;
}
