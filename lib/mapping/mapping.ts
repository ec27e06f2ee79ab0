/** A mapping at work: a row with the hospital's columns → the same row with the contract's names. */
import type { CodeTables } from '../contract/code-table';
import { type Field, type Table, fieldFinder, recordName } from '../contract/field';
import { FailedValue } from '../contract/normalise';
import type { Row } from '../contract/row';
import { ExchangeError, type Text } from '../errors';
import { rowFaults } from './faults';
import { type MappedTable, type MappingRow, mappingName } from './mapping-row';

/** Evaluates one expression over a row; rejects with the evaluation's own error. */
export type Evaluate = (row: Row) => Promise<unknown>;

export interface MappingOptions {
  readonly tables: readonly MappedTable[];
  /** Fields without a row of their own take the column of the same name. */
  readonly sameNames: boolean;
  /** Throws when the text is no expression. */
  readonly compile: (expression: string) => Evaluate;
}

export interface MappingContext {
  readonly codeTables: CodeTables;
  /** The report that an item row belongs to; expressions see it as `master`. */
  readonly master?: Row;
}

/** Column names listed in a message about one that is missing. */
const MOST_SHOWN = 40;

/**
 * Compiles a mapping, once for all rows to come.
 * @throws {ExchangeError} CONFIG, naming every row that cannot be used.
 */
export function compileMapping(rows: readonly MappingRow[], options: MappingOptions): Mapping {
  const faults = rowFaults(rows, options.tables).map(({ text }) => text);
  if (faults.length > 0) throw unusable(faults);
  return new Mapping(
    options.tables.map(
      ({ table }) =>
        [
          table,
          new TableMapping(
            table,
            rows.filter(row => row.table === mappingName(table)),
            options,
          ),
        ] as const,
    ),
  );
}

/** The compiled mapping of a node: one part for each of its tables. */
export class Mapping {
  readonly #parts: ReadonlyMap<Table, TableMapping>;

  constructor(parts: readonly (readonly [Table, TableMapping])[]) {
    this.#parts = new Map(parts);
  }

  /** The part of a table that the mapping was compiled for. */
  of(table: Table): TableMapping {
    const part = this.#parts.get(table);
    if (!part) throw new Error(`${table.name} is not mapped by this node`);
    return part;
  }
}

/** A value that each row gives anew. */
type Take = (row: Row, context: MappingContext) => unknown;

/** The compiled mapping of one table. */
export class TableMapping {
  /** Values that are the same for every row. */
  readonly constants: Row;
  readonly #takes: [name: string, Take][] = [];
  readonly #expressions: [name: string, Evaluate][] = [];
  readonly #replaced: ReadonlySet<string>;

  constructor(of: Table, rows: readonly MappingRow[], { sameNames, compile }: MappingOptions) {
    const find = fieldFinder(of);
    const constants: Record<string, string> = {};
    const mapped: Field[] = [];
    for (const row of rows) {
      const field = find(row.field);
      if (!field) continue;
      mapped.push(field);
      const name = recordName(field);
      const value = row.value.trim();
      if (row.source === 'constant') constants[name] = value;
      else if (row.source === 'jsonata') this.#expressions.push([name, compiled(field, value, compile)]);
      else
        this.#takes.push([name, row.source === 'codes' ? coded(value, row.codeTable ?? '') : taken(value)]);
    }
    this.constants = constants;
    // Without names of their own, fields must not be filled by a related table's names (`from`) either.
    this.#replaced = new Set(
      sameNames
        ? mapped.flatMap(spellings)
        : of.fields.flatMap(field => [...spellings(field), lower(field.from)]),
    );
  }

  /** True for a column that must not fill a field by its name, because the field is mapped or names don't count. */
  replaces(column: string): boolean {
    return this.#replaced.has(column.trim().toLowerCase());
  }

  /** What the mapping makes of a row, by the names of the contract, without the constants. */
  async values(row: Row, context: MappingContext): Promise<Record<string, unknown>> {
    const values: Record<string, unknown> = {};
    for (const [name, take] of this.#takes) values[name] = take(row, context);
    if (this.#expressions.length === 0) return values;
    const scope = context.master ? { master: context.master, ...row } : row;
    for (const [name, evaluate] of this.#expressions) values[name] = await evaluated(evaluate, scope);
    return values;
  }

  /** The row with mapped values under the contract's names; other columns stay, for what reads them. */
  async apply(row: Row, context: MappingContext): Promise<Row> {
    const kept: Record<string, unknown> = {};
    for (const name of Object.keys(row)) if (!this.replaces(name)) kept[name] = row[name];
    return Object.assign(kept, this.constants, await this.values(row, context));
  }
}

const lower = (text = ''): string => text.toLowerCase();

const spellings = ({ name, attribute, element }: Field): string[] => [name, attribute, element].map(lower);

/** Takes a column, in any case. Rows of one query spell it alike, so the spelling found last is tried first. */
function taken(column: string): Take {
  const wanted = column.toLowerCase();
  let spelling = column;
  return row => {
    if (Object.hasOwn(row, spelling)) return row[spelling];
    const found = Object.keys(row).find(name => name.trim().toLowerCase() === wanted);
    if (found === undefined) return new FailedValue('column', `${column}\t${shownColumns(row)}`);
    spelling = found;
    return row[found];
  };
}

function shownColumns(row: Row): string {
  const names = Object.keys(row);
  const more = names.length > MOST_SHOWN ? ' …' : '';
  return names.slice(0, MOST_SHOWN).join(', ') + more;
}

/** Takes a column and translates it. A code without entry stays, is counted, and breaks the rule `code`. */
function coded(column: string, codeTable: string): Take {
  const take = taken(column);
  return (row, { codeTables }) => {
    if (!codeTables.has(codeTable)) throw noCodeTable(codeTable);
    const value = take(row, { codeTables });
    if (typeof value !== 'string' && typeof value !== 'number') return value;
    const local = String(value).trim();
    if (local === '') return '';
    return codeTables.lookup(codeTable, local)?.platformCode ?? new FailedValue('code', codeTable, local);
  };
}

function compiled(field: Field, expression: string, compile: MappingOptions['compile']): Evaluate {
  try {
    return compile(expression);
  } catch (error) {
    throw unusable([
      {
        zh: `${field.zh}(${recordName(field)})的表达式有语法错误 ${jsonataCode(error)}`,
        en: `the expression of ${recordName(field)} has a syntax error ${jsonataCode(error)}`,
      },
    ]);
  }
}

async function evaluated(evaluate: Evaluate, scope: Row): Promise<unknown> {
  try {
    return await evaluate(scope);
  } catch (error) {
    return new FailedValue('expression', jsonataCode(error));
  }
}

/** JSONata's messages quote the data, so only its error code and the place in the expression are told. */
function jsonataCode(error: unknown): string {
  const { code, position } = Object(error) as { code?: unknown; position?: unknown };
  const place = typeof position === 'number' ? ` @${position}` : '';
  return `JSONata ${typeof code === 'string' ? code : 'error'}${place}`;
}

const unusable = (faults: readonly Text[]): ExchangeError =>
  new ExchangeError({
    code: 'CONFIG',
    retry: 'never',
    text: {
      zh: `字段映射无法使用：${faults.map(({ zh }) => zh).join('；')}`,
      en: `the field mapping cannot be used: ${faults.map(({ en }) => en).join('; ')}`,
    },
  });

const noCodeTable = (name: string): ExchangeError =>
  new ExchangeError({
    code: 'CONFIG',
    retry: 'never',
    text: {
      zh: `字段映射用到代码表 ${name}，接入配置的代码表文件中没有该表`,
      en: `the field mapping needs code table ${name}, which the profile's code table file does not hold`,
    },
  });
