/** What the platform holds: counts for anybody, the records themselves for who shows Operator and AppId. */
import { type SyncServiceName, syncServiceNames } from '../../contract/services';
import type { ReportKind, ReportRow, ReportStore, StoredReport } from './report-store';
import type { SyncStore } from './sync-store';
import { sameSecret } from './text';

export type HoldingName = ReportKind | SyncServiceName;

const NAMES: readonly HoldingName[] = ['lab', 'exam', ...syncServiceNames];

/** A record of 3.3, the master of an exam, or that of a lab report with its items. */
export type HeldRecord = Readonly<Record<string, string | readonly ReportRow[]>>;

export interface HoldingCount {
  readonly name: HoldingName;
  readonly records: number;
  /** Records with the address of a report file (5.1.5). */
  readonly withFile: number;
}

export const holdingName = (text: string): HoldingName | undefined => NAMES.find(name => name === text);

export class Holdings {
  readonly #reports: ReportStore;
  readonly #syncs: SyncStore;

  constructor(reports: ReportStore, syncs: SyncStore) {
    this.#reports = reports;
    this.#syncs = syncs;
  }

  of(name: HoldingName): HeldRecord[] {
    if (name === 'lab') return this.#reports.all('lab').map(withItems);
    if (name === 'exam') return this.#reports.masters('exam');
    return this.#syncs.all(name);
  }

  counts(): HoldingCount[] {
    return NAMES.map(name => {
      const records = name === 'lab' ? this.#reports.masters(name) : this.of(name);
      return {
        name,
        records: records.length,
        withFile: records.filter(record => record['reportfilepath']).length,
      };
    });
  }
}

const withItems = ({ master, items }: StoredReport): HeldRecord => ({ ...master, lab_subitem: items });

/** True for HTTP Basic credentials that are the operator's: Operator as the user, AppId as the password. */
export function isOperator(
  authorization: string | undefined,
  expected: { readonly operator: string; readonly appId: string },
): boolean {
  const encoded = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(authorization ?? '')?.[1] ?? '';
  const [user = '', ...password] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
  const known = [sameSecret(user, expected.operator), sameSecret(password.join(':'), expected.appId)];
  return !known.includes(false);
}
