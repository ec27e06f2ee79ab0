/** What the platform was told about orders and bookings (3.3). */
import type { SyncServiceName } from '../../contract/services';
import type { ReportRow } from './report-store';

/** A booking is known by its order, and its newest record counts; a notification is only ever the same or another. */
const KEYS: Readonly<Record<SyncServiceName, (record: ReportRow) => string>> = {
  UpdateBillingInfo: record => JSON.stringify(record),
  SyncAppointData: record => record['HisKey'] ?? '',
};

export class SyncStore {
  readonly #records = {
    UpdateBillingInfo: new Map<string, ReportRow>(),
    SyncAppointData: new Map<string, ReportRow>(),
  };

  save(service: SyncServiceName, records: readonly ReportRow[]): void {
    for (const record of records) this.#records[service].set(KEYS[service](record), record);
  }

  all(service: SyncServiceName): ReportRow[] {
    return [...this.#records[service].values()];
  }
}
