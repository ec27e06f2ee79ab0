/** Columns of a set of rows, and rows by them. */
import type { DatabaseRow, DatabaseValue } from './driver';

/** Names for the columns of a set; all different. */
export function columnNames(given: readonly string[]): string[] {
  const taken = new Set(given);
  const used = new Set<string>();
  return given.map((name, at) => {
    let unique = name || `column_${at + 1}`;
    for (let number = 2; used.has(unique) || (unique !== name && taken.has(unique)); number++)
      unique = `${name || `column_${at + 1}`}_${number}`;
    used.add(unique);
    return unique;
  });
}

/** A row of columns with these names, all different; one may be called `__proto__`. */
export function makeRow(names: readonly string[], valueAt: (at: number) => DatabaseValue): DatabaseRow {
  const row: DatabaseRow = {};
  let at = 0;
  for (const name of names) {
    const value = valueAt(at++);
    if (name === '__proto__')
      Object.defineProperty(row, name, { value, enumerable: true, writable: true, configurable: true });
    else row[name] = value;
  }
  return row;
}
