/** A row that was found → the whole record: with the other rows of its key, or those of its detail table. */
import { ExchangeError } from '../../errors';
import type { DatabaseDriver, DatabaseRow, RunOptions } from '../driver';
import type { PollDialect } from './dialect';
import type { TableSource } from './plan';
import { type PolledRecord, keyText, ownColumns, unreadable, versionOf } from './record';
import { type Key, type KeyRows, type KeyedTable, RowReader } from './row-reader';
import { withVersion } from './statements';
import type { TableTypes } from './table-types';

/** A row that has changed, or was claimed; null where it is to be read yet. */
export interface FoundRow {
  readonly key: Key;
  readonly row: DatabaseRow | null;
}

export interface Completed {
  readonly records: readonly PolledRecord[];
  /** Keys whose rows went on changing while they were read: they are to be found again. */
  readonly unsettled: readonly Key[];
}

/** How often rows are read again that change while they are read. */
const TRIES = 3;

export class Completion {
  readonly #reader: RowReader;
  readonly #table: TableSource;
  readonly #own: KeyedTable;
  readonly #detail: KeyedTable | null;
  readonly #version: string | null;
  readonly #hidden: ReadonlySet<string>;

  /**
   * @param version SQL of a row's version; null when there is none to tell by whether a row was changed
   * @param hidden columns that polling itself changes: they are no part of the record
   */
  constructor(
    driver: DatabaseDriver,
    dialect: PollDialect,
    table: TableSource,
    types: TableTypes,
    version: string | null,
    hidden: readonly string[] = [],
  ) {
    this.#hidden = new Set(hidden.map(name => name.toLowerCase()));
    this.#reader = new RowReader(driver, dialect);
    this.#table = table;
    this.#own = { source: table.source, keys: table.keys, types: types.own };
    this.#version = version;
    const { shape } = table;
    this.#detail =
      shape.kind === 'detail' && types.detail
        ? { source: shape.source, keys: shape.keys, types: types.detail, order: shape.order }
        : null;
  }

  /** Reads what belongs to the rows. A record whose row is changed meanwhile is read again as a whole. */
  async complete(found: readonly FoundRow[], options: RunOptions): Promise<Completed> {
    const { kind } = this.#table.shape;
    if (kind === 'many') return { records: await this.#withOthers(found, options), unsettled: [] };
    const { rows, records } = await this.#withRows(found, options);
    if (kind === 'one')
      return { records: [...records, ...rows.map(({ key, row }) => this.#record(key, row))], unsettled: [] };
    const { records: complete, unsettled } = await this.#withDetails(rows, options);
    return { records: [...records, ...complete], unsettled };
  }

  /** Rows that could not be read with others, each by itself; those that cannot be read at all are records already. */
  async #withRows(
    found: readonly FoundRow[],
    options: RunOptions,
  ): Promise<{ rows: readonly Whole[]; records: readonly PolledRecord[] }> {
    const rows: Whole[] = [];
    const records: PolledRecord[] = [];
    const missing = found.filter(({ row }) => row === null).map(({ key }) => key);
    const read = await this.#read(missing, options);
    for (const { key, row } of found) {
      const own = row ?? oneOf(read.get(keyText(key)));
      if (own instanceof ExchangeError) records.push(unreadable(key, '', own));
      else if (own) rows.push({ key, row: own });
    }
    return { rows, records };
  }

  /** One statement reads all rows of a key: they fit together. */
  async #withOthers(found: readonly FoundRow[], options: RunOptions): Promise<readonly PolledRecord[]> {
    const groups = await this.#read(
      found.map(({ key }) => key),
      options,
    );
    return found.flatMap(({ key }) => {
      const rows = groups.get(keyText(key));
      if (!rows) return [];
      if (rows instanceof ExchangeError) return [unreadable(key, '', rows)];
      const version = rows.map(versionOf).reduce((one, other) => (other > one ? other : one), '');
      return [{ key, version, payload: rows.map(row => this.#shown(row)) }];
    });
  }

  async #withDetails(rows: readonly Whole[], options: RunOptions): Promise<Completed> {
    const records: PolledRecord[] = [];
    let open = rows;
    for (let tries = 0; open.length > 0 && tries < TRIES; tries++) {
      const keys = open.map(({ key }) => key);
      const details = this.#detail
        ? await this.#reader.read(this.#detail, keys, 't.*', options)
        : new Map<string, KeyRows>();
      const now = this.#version === null ? null : await this.#read(keys, options);
      const changed: Whole[] = [];
      for (const { key, row } of open) {
        const present = now ? oneOf(now.get(keyText(key))) : row;
        const own = details.get(keyText(key)) ?? [];
        // Deleted meanwhile: nothing is left to be told.
        if (present === undefined) continue;
        if (present instanceof ExchangeError) records.push(unreadable(key, versionOf(row), present));
        else if (versionOf(present) !== versionOf(row)) changed.push({ key, row: present });
        else if (own instanceof ExchangeError) records.push(unreadable(key, versionOf(row), own));
        else records.push(this.#record(key, row, this.#underProperty(own)));
      }
      open = changed;
    }
    return { records, unsettled: open.map(({ key }) => key) };
  }

  #read(keys: readonly Key[], options: RunOptions): Promise<Map<string, KeyRows>> {
    return this.#reader.read(this.#own, keys, withVersion(this.#version), options);
  }

  #record(key: Key, row: DatabaseRow, details: Record<string, readonly DatabaseRow[]> = {}): PolledRecord {
    return { key, version: versionOf(row), payload: { ...this.#shown(row), ...details } };
  }

  #shown(row: DatabaseRow): DatabaseRow {
    return ownColumns(row, this.#hidden);
  }

  #underProperty(rows: readonly DatabaseRow[]): Record<string, readonly DatabaseRow[]> {
    const { shape } = this.#table;
    return shape.kind === 'detail' ? { [shape.property]: rows.map(row => ownColumns(row)) } : {};
  }
}

interface Whole {
  readonly key: Key;
  readonly row: DatabaseRow;
}

const oneOf = (rows: KeyRows | undefined): DatabaseRow | ExchangeError | undefined =>
  rows instanceof ExchangeError ? rows : rows?.[0];
