/** Reads what belongs to keys: all rows of a flat view, the rows of a detail table, the present versions. */
import { ExchangeError } from '../../errors';
import type { DatabaseDriver, DatabaseRow, RunOptions } from '../driver';
import { DatabaseFailure } from '../failure';
import { Bound } from './bound';
import type { PollDialect, TypesByName } from './dialect';
import type { ObjectName } from './names';
import { keyText, rowsByKey } from './record';
import { whereKeys } from './statements';

export type Key = readonly string[];

/** Parameters that one statement may have; SQL Server takes 2100. */
const PARAMETERS = 2000;
/** Keys of one statement, so that its rows fit. */
const KEYS = 100;

/** The rows of a key, or why they cannot be read. */
export type KeyRows = readonly DatabaseRow[] | ExchangeError;

export interface KeyedTable {
  readonly source: ObjectName;
  readonly keys: readonly string[];
  readonly types: TypesByName;
  /** Columns by which the rows of one key are ordered. */
  readonly order?: readonly string[];
}

export class RowReader {
  readonly #driver: DatabaseDriver;
  readonly #dialect: PollDialect;

  constructor(driver: DatabaseDriver, dialect: PollDialect) {
    this.#driver = driver;
    this.#dialect = dialect;
  }

  /**
   * Rows of each key, by {@link keyText}; nothing for keys without rows. A key whose rows cannot be read does not
   * hold up the others.
   * @param columns SQL; those of the key must be among them
   * @throws {ExchangeError} what concerns no single row: DATABASE, CONFIG, DATABASE_REFUSED, ABORTED
   */
  async read(
    table: KeyedTable,
    keys: readonly Key[],
    columns: string,
    options: RunOptions,
  ): Promise<Map<string, KeyRows>> {
    const found = new Map<string, KeyRows>();
    for (const chunk of chunks(keys, Math.min(KEYS, Math.floor(PARAMETERS / table.keys.length))))
      for (const [key, rows] of await this.#readChunk(table, chunk, columns, options)) found.set(key, rows);
    return found;
  }

  async #readChunk(
    table: KeyedTable,
    keys: readonly Key[],
    columns: string,
    options: RunOptions,
  ): Promise<[string, KeyRows][]> {
    try {
      const rows = await this.#select(table, keys, columns, options);
      return assign(rows, table.keys, keys);
    } catch (error) {
      if (!isOfRow(error)) throw error;
      if (keys.length === 1) return keys.map(key => [keyText(key), error]);
      const half = Math.ceil(keys.length / 2);
      return [
        ...(await this.#readChunk(table, keys.slice(0, half), columns, options)),
        ...(await this.#readChunk(table, keys.slice(half), columns, options)),
      ];
    }
  }

  async #select(
    { source, keys: keyColumns, types, order = [] }: KeyedTable,
    keys: readonly Key[],
    columns: string,
    options: RunOptions,
  ): Promise<readonly DatabaseRow[]> {
    const dialect = this.#dialect;
    const bound = new Bound();
    const text = dialect.select({
      columns,
      from: `${dialect.quote(source)} as t`,
      where: [whereKeys(dialect, keyColumns, types, keys, bound)],
      order: [...keyColumns, ...order].map(column => `t.${dialect.quote(column)}`),
    });
    const { rows } = await this.#driver.run({ kind: 'sql', text }, bound.parameters, {
      ...options,
      repeatable: true,
    });
    return rows;
  }
}

/** What is wrong with one row, and says nothing about the others. */
export const isOfRow = (error: unknown): error is ExchangeError =>
  error instanceof ExchangeError &&
  (error.code === 'TOO_LARGE' ||
    (error instanceof DatabaseFailure && ['inexact', 'conversion', 'overflow'].includes(error.trouble)));

/**
 * Keys that a database may take for equal: most collations know no case, and a char column is filled with blanks. No
 * two of these are asked for in one statement, so that each row is that of one key.
 */
const folded = (key: Key): string => keyText(key.map(part => part.trimEnd().toUpperCase()));

function* chunks(keys: readonly Key[], size: number): Generator<readonly Key[]> {
  let chunk = new Map<string, Key>();
  const later: Key[] = [];
  for (const key of keys) {
    if (chunk.has(folded(key))) {
      later.push(key);
      continue;
    }
    chunk.set(folded(key), key);
    if (chunk.size < size) continue;
    yield [...chunk.values()];
    chunk = new Map();
  }
  if (chunk.size > 0) yield [...chunk.values()];
  for (const key of later) yield [key];
}

function assign(
  rows: readonly DatabaseRow[],
  columns: readonly string[],
  keys: readonly Key[],
): [string, KeyRows][] {
  const groups = rowsByKey(rows, columns, folded);
  return keys.flatMap(key => {
    const group = groups.get(folded(key));
    return group ? [[keyText(key), group] as [string, KeyRows]] : [];
  });
}
