/** Rows as hospitals have them: plain objects of a form or a database driver, names in any case. */

export type Row = Readonly<Record<string, unknown>>;

/** A plain object; no array, no Buffer. */
export const isRow = (value: unknown): value is Row =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !Buffer.isBuffer(value);

/** The name under which a row holds a lower-case name. */
export const findKey = (row: Row, name: string): string | undefined =>
  Object.keys(row).find(key => key.trim().toLowerCase() === name);

/** Text of a row's value, for telling rows apart; empty for what is no text or number. */
export function textAt(row: Row, name: string): string {
  const key = findKey(row, name);
  const value = key && row[key];
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint'
    ? String(value).trim()
    : '';
}
