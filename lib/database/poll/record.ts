/** Rows as they were read → records: what becomes one message each. */
import type { ExchangeError } from '../../errors';
import type { Failure } from '../../store/message';
import type { DatabaseRow, DatabaseValue } from '../driver';

/** What the rows of one key were when they were read. */
export interface PolledRecord {
  /** Values of the key columns, as text. */
  readonly key: readonly string[];
  /** Value of the watermark or version column; empty when there is none. */
  readonly version: string;
  readonly payload: DatabaseRow | readonly DatabaseRow[] | Readonly<Record<string, unknown>> | null;
  /** Why the rows cannot be read: they are kept as a message to be mended, and do not hold up the others. */
  readonly failure?: Failure;
}

export const unreadable = (
  key: readonly string[],
  version: string,
  { code, text }: ExchangeError,
): PolledRecord => ({
  key,
  version,
  payload: null,
  failure: { code, text },
});

/** A record as text, by which it is known again. */
export const contentOf = (record: PolledRecord): string => JSON.stringify(record);

export const keyText = (key: readonly string[]): string => JSON.stringify(key);

/** Name of the column that a statement adds for the version. */
export const VERSION = 'exchange_version';

/** The key of a row; null when a part of it is NULL. Column names are found in any case, as databases do. */
export function keyOf(row: DatabaseRow, columns: readonly string[]): readonly string[] | null {
  const key: string[] = [];
  for (const column of columns) {
    const value = valueAt(row, column);
    if (value === null || value === undefined) return null;
    key.push(String(value));
  }
  return key;
}

/**
 * Rows by the text of their keys, in the order in which the keys come first; without those whose key has a NULL.
 * @param textOf the text of a key
 */
export function rowsByKey(
  rows: readonly DatabaseRow[],
  columns: readonly string[],
  textOf: (key: readonly string[]) => string = keyText,
): Map<string, DatabaseRow[]> {
  const groups = new Map<string, DatabaseRow[]>();
  for (const row of rows) {
    const key = keyOf(row, columns);
    if (!key) continue;
    const text = textOf(key);
    const group = groups.get(text);
    if (group) group.push(row);
    else groups.set(text, [row]);
  }
  return groups;
}

export function valueAt(row: DatabaseRow, column: string): DatabaseValue | undefined {
  if (Object.hasOwn(row, column)) return row[column];
  const lower = column.toLowerCase();
  const name = Object.keys(row).find(one => one.toLowerCase() === lower);
  return name === undefined ? undefined : row[name];
}

/**
 * A row for the message: without what polling itself has added or changes, and bytes as Base64, since it is kept as
 * JSON.
 * @param hidden columns that are left out, in lower case
 */
export const ownColumns = (row: DatabaseRow, hidden: ReadonlySet<string> = NONE): DatabaseRow =>
  Object.fromEntries(
    Object.entries(row).flatMap(([name, value]) =>
      name === VERSION || hidden.has(name.toLowerCase())
        ? []
        : [[name, value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value]],
    ),
  );

const NONE: ReadonlySet<string> = new Set();

export const versionOf = (row: DatabaseRow): string => String(row[VERSION] ?? '');
