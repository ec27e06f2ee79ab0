/** What billing-sync maps, and what is filled in when the hospital gives nothing: see `readSyncRecords`. */
import { syncAppointData, updateBillingInfo } from '../../lib/contract/tables/sync';
import type { MappedTable } from '../../lib/mapping/mapping-row';
import type { BillingSyncProps } from './billing-sync.props';

const orders: MappedTable = { table: updateBillingInfo, provided: ['OrganCode', 'StartDate', 'EndDate'] };
const bookings: MappedTable = { table: syncAppointData, provided: ['OrganCode', 'SerialNo', 'ClientType'] };

export const syncTables: readonly MappedTable[] = [orders, bookings];

/** The tables of a service; both when each message names its own. */
export function tablesOfService(service: BillingSyncProps['service']): readonly MappedTable[] {
  if (service === 'msg') return syncTables;
  return [service === 'UpdateBillingInfo' ? orders : bookings];
}
