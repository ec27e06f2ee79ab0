/**
 * Code tables of one hospital: its own codes beside the platform's. The agreement names eleven tables and prints the
 * values of none, so they are loaded per hospital; only STD_SEX is shipped, where agreement and GB/T 2261.1 agree.
 */
import { parse } from 'csv-parse/sync';
import { ExchangeError, type Text } from '../errors';

export interface CodeEntry {
  readonly table: string;
  readonly localCode: string;
  readonly localName: string;
  readonly platformCode: string;
  readonly platformName: string;
  /** Confirmed by the platform. */
  readonly confirmed: boolean;
}

/** GB/T 2261.1-2003, with the words that hospital systems use. */
const SEX: readonly CodeEntry[] = (
  [
    ['0', '未知', '0', '未知的性别'],
    ['1', '男', '1', '男'],
    ['2', '女', '2', '女'],
    ['9', '未说明', '9', '未说明的性别'],
    ['M', '男性', '1', '男'],
    ['F', '女性', '2', '女'],
  ] as const
).map(([localCode, localName, platformCode, platformName]) => ({
  table: 'STD_SEX',
  localCode,
  localName,
  platformCode,
  platformName,
  confirmed: true,
}));

type Column = (typeof COLUMNS)[number];

const COLUMNS = ['table', 'localCode', 'localName', 'platformCode', 'platformName', 'confirmed'] as const;

export class CodeTables {
  readonly #entries = new Map<string, Map<string, CodeEntry>>();
  readonly #platformCodes = new Map<string, Set<string>>();
  readonly #unmapped = new Map<string, number>();

  constructor(entries: readonly CodeEntry[] = []) {
    for (const entry of [...SEX, ...entries]) {
      const table = this.#entries.get(entry.table) ?? new Map<string, CodeEntry>();
      this.#entries.set(entry.table, table);
      for (const name of [entry.localCode, entry.localName]) if (name) table.set(name.toUpperCase(), entry);
      const codes = this.#platformCodes.get(entry.table) ?? new Set<string>();
      this.#platformCodes.set(entry.table, codes.add(entry.platformCode));
    }
  }

  /** True when the hospital has loaded that table. */
  has(table: string): boolean {
    return this.#entries.has(table);
  }

  /** Some code of the platform in a table that the hospital has loaded. */
  anyCode(table: string): string | undefined {
    return this.#platformCodes.get(table)?.values().next().value;
  }

  /** The platform's entry for a local code or name; a miss is counted for the report. */
  lookup(table: string, local: string): CodeEntry | undefined {
    const found = this.#entries.get(table)?.get(local.trim().toUpperCase());
    if (!found) {
      const key = `${table}\t${local.trim()}`;
      this.#unmapped.set(key, (this.#unmapped.get(key) ?? 0) + 1);
    }
    return found;
  }

  /** True for a code of the platform, and for a local one with an entry; a miss is counted for the report. */
  knows(table: string, code: string): boolean {
    return this.#platformCodes.get(table)?.has(code) === true || this.lookup(table, code) !== undefined;
  }

  /** Codes that were asked for and have no entry, most frequent first. */
  unmapped(): { readonly table: string; readonly code: string; readonly count: number }[] {
    return [...this.#unmapped]
      .map(([key, count]) => {
        const [table = '', code = ''] = key.split('\t');
        return { table, code, count };
      })
      .toSorted((a, b) => b.count - a.count);
  }
}

/**
 * Reads a CSV file of code tables (comma or tab, the first line names the columns).
 * @throws {ExchangeError} CONFIG when a column is missing or the file is no CSV
 */
export function parseCodeTableCsv(text: string): CodeEntry[] {
  const rows = readRows(text);
  return rows.map(row => {
    const cell = (name: Column): string => row[name.toLowerCase()] ?? '';
    return {
      table: cell('table'),
      localCode: cell('localCode'),
      localName: cell('localName'),
      platformCode: cell('platformCode'),
      platformName: cell('platformName'),
      confirmed: /^(1|y|yes|true|是)$/i.test(cell('confirmed')),
    };
  });
}

function readRows(text: string): Record<string, string>[] {
  try {
    return parse(text, {
      bom: true,
      columns: (names: string[]) => checkColumns(names.map(name => name.trim().toLowerCase())),
      delimiter: [',', '\t'],
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true,
    });
  } catch (error) {
    if (error instanceof ExchangeError) throw error;
    // The library's own message quotes the file.
    const { lines } = Object(error) as { lines?: unknown };
    const line = typeof lines === 'number' ? lines : 1;
    throw unusable({ zh: `第 ${line} 行不是有效的 CSV`, en: `line ${line} is no CSV` });
  }
}

const unusable = (text: Text): ExchangeError => new ExchangeError({ code: 'CONFIG', retry: 'never', text });

function checkColumns(names: string[]): string[] {
  const missing = COLUMNS.filter(name => name !== 'confirmed' && !names.includes(name.toLowerCase()));
  if (missing.length > 0)
    throw unusable({
      zh: `代码表缺少列 ${missing.join(', ')}`,
      en: `code table lacks columns ${missing.join(', ')}`,
    });
  return names;
}
