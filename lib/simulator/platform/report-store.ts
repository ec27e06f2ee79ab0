/** The platform's report tables: rows by primary key, the newest one counts (4.1, 4.2). */
import { type Table, recordName } from '../../contract/field';
import { LAB_JOIN, reports } from '../../contract/services';

export type ReportKind = keyof typeof reports;
export type ReportRow = Readonly<Record<string, string>>;

export interface StoredReport {
  readonly master: ReportRow;
  readonly items: readonly ReportRow[];
}

export interface ReportQuery {
  /** Empty: not asked for. One of the two must fit. */
  readonly card: string;
  readonly idNo: string;
  /** `yyyy-MM-dd`, both included, compared with retrieve_date (归档检索日期). */
  readonly from: string;
  readonly to: string;
}

const SEPARATOR = '\u0000';

export class ReportStore {
  readonly #masters = { lab: new Map<string, ReportRow>(), exam: new Map<string, ReportRow>() };
  readonly #items = new Map<string, ReportRow>();

  /** Adds a report's rows, or replaces those with the same key. */
  save(kind: ReportKind, { master, items }: StoredReport): void {
    this.#masters[kind].set(keyOf(reports[kind].master, master), master);
    for (const item of items) this.#items.set(keyOf(reports.lab.items, item), item);
  }

  find(kind: ReportKind, query: ReportQuery): StoredReport[] {
    return this.all(kind).filter(({ master }) => {
      const date = master['retrieve_date']?.slice(0, 10) ?? '';
      const person =
        (query.card !== '' && master['card_no'] === query.card) ||
        (query.idNo !== '' && master['id_no'] === query.idNo);
      return person && date >= query.from && date <= query.to;
    });
  }

  /** One row for each report. */
  masters(kind: ReportKind): ReportRow[] {
    return [...this.#masters[kind].values()];
  }

  all(kind: ReportKind): StoredReport[] {
    return this.masters(kind).map(master => ({
      master,
      items:
        kind === 'lab' ? [...this.#items.values()].filter(item => joinKey(item) === joinKey(master)) : [],
    }));
  }
}

const keyOf = (of: Table, row: ReportRow): string =>
  of.fields
    .filter(field => field.key)
    .map(field => row[recordName(field)] ?? '')
    .join(SEPARATOR);

/** What ties an item to its master (A-49e). */
export const joinKey = (row: ReportRow): string => LAB_JOIN.map(name => row[name] ?? '').join(SEPARATOR);
