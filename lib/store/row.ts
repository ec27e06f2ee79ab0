/** Columns of a row as the types that they have. */
import type { SqlRow } from './sql/session';

export const text = (row: SqlRow, column: string): string => String(row[column] ?? '');

export const number = (row: SqlRow, column: string): number => Number(row[column]);

export const numberOrNull = (row: SqlRow, column: string): number | null =>
  row[column] === null || row[column] === undefined ? null : Number(row[column]);

export const bytes = (row: SqlRow, column: string): Uint8Array | null => {
  const value = row[column];
  return value instanceof Uint8Array ? value : null;
};

/** `?, ?, ?` for a list of values. */
export const marks = (values: readonly unknown[]): string => values.map(() => '?').join(', ');
