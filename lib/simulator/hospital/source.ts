/** What every part of the seed works with. */
import type { SqliteDatabase } from '../../sqlite';
import * as sql from './sql';
import type { SeededRandom } from './synthetic-values';

export interface Source {
  readonly database: SqliteDatabase;
  readonly random: SeededRandom;
  /** `yyyy-MM-dd` */
  readonly today: string;
}

type Row = Readonly<Record<string, string>>;

/** Adds a row, unless its key is there already. */
export function insert(database: SqliteDatabase, table: string, row: Row): void {
  database.run(sql.insertInto(table, Object.keys(row)), ...Object.values(row));
}

/** `HH:mm` */
export const time = (hour: number, minute: string): string => `${String(hour).padStart(2, '0')}:${minute}`;
