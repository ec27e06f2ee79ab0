/** How well the fields of the records that were delivered are filled, field by field, and which codes have no entry. */
import { type Field, type Table, type TableRecords, recordName } from '../contract/field';
import { type CheckOptions, check } from '../contract/validate';
import type { Rule } from '../contract/violation';
import { maskField } from '../privacy/mask';

export interface FieldFigures {
  readonly name: string;
  readonly zh: string;
  /** The agreement says that it must be filled. */
  readonly required: boolean;
  readonly filled: number;
  /** Values that are no date, number, UID … as the table wants. */
  readonly format: number;
  /** Values that are too long, in characters or in bytes. */
  readonly length: number;
  /** Other rules that the values break. */
  readonly other: number;
}

export interface TableFigures {
  readonly table: string;
  readonly section: string;
  readonly zh: string;
  readonly records: number;
  readonly fields: readonly FieldFigures[];
}

export interface UnmappedCode {
  readonly table: string;
  readonly code: string;
  readonly count: number;
  /** The hospital has loaded the code table, and this code is not in it; otherwise there is no table yet. */
  readonly loaded: boolean;
}

const FORMAT: ReadonlySet<Rule> = new Set(['date', 'zone', 'number', 'precision', 'type', 'uid', 'address']);
const LENGTH: ReadonlySet<Rule> = new Set(['length', 'bytes', 'accession']);
/** Counted as not filled. */
const EMPTY: ReadonlySet<Rule> = new Set(['required', 'essential', 'key', 'state']);
/** More kinds of codes than these are no code table's. */
const MOST_CODES = 10_000;

type Counts = Record<'filled' | 'format' | 'length' | 'other', number>;

export class FieldConformance {
  readonly #options: CheckOptions;
  readonly #tables = new Map<Table, { records: number; fields: Map<string, Counts> }>();
  readonly #codes = new Map<string, { table: string; code: string; count: number }>();

  constructor(options: CheckOptions) {
    this.#options = options;
  }

  add(rows: readonly TableRecords[]): void {
    for (const { table, records } of rows) for (const record of records) this.#add(table, record);
  }

  tables(): TableFigures[] {
    return [...this.#tables].map(([table, { records, fields }]) => ({
      table: table.name,
      section: table.section,
      zh: table.zh,
      records,
      fields: table.fields.map(field => ({
        name: recordName(field),
        zh: field.zh,
        required: field.required ?? field.essential ?? false,
        ...(fields.get(recordName(field)) ?? none()),
      })),
    }));
  }

  /** The most frequent first. */
  unmapped(): UnmappedCode[] {
    const { codeTables } = this.#options;
    return [...this.#codes.values()]
      .map(code => ({ ...code, loaded: codeTables?.has(code.table) ?? false }))
      .toSorted((a, b) => b.count - a.count);
  }

  #add(table: Table, record: Readonly<Record<string, string>>): void {
    const of = this.#tables.get(table) ?? { records: 0, fields: new Map<string, Counts>() };
    this.#tables.set(table, of);
    of.records++;
    const countsOf = (name: string): Counts => {
      const counts = of.fields.get(name) ?? none();
      of.fields.set(name, counts);
      return counts;
    };
    for (const field of table.fields) {
      const value = record[recordName(field)] ?? '';
      if (value === '') continue;
      countsOf(recordName(field)).filled++;
      this.#code(field, value);
    }
    for (const { field, rule } of check(table, record, this.#options)) {
      if (EMPTY.has(rule) || rule === 'code') continue;
      countsOf(field)[FORMAT.has(rule) ? 'format' : LENGTH.has(rule) ? 'length' : 'other']++;
    }
  }

  #code(field: Field, value: string): void {
    const { codeTable } = field;
    if (codeTable === undefined) return;
    const { codeTables } = this.#options;
    if (codeTables?.has(codeTable) && codeTables.knows(codeTable, value)) return;
    // What stands in a wrong column may be no code.
    const code = maskField(field, value);
    const key = `${codeTable}\t${code}`;
    const known = this.#codes.get(key);
    if (known) known.count++;
    else if (this.#codes.size < MOST_CODES) this.#codes.set(key, { table: codeTable, code, count: 1 });
  }
}

const none = (): Counts => ({ filled: 0, format: 0, length: 0, other: 0 });
