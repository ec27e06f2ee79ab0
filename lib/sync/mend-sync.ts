/** Notifications and bookings that an operator mends: read by the rules that hold for a node's input (3.3). */
import { syncServiceNames } from '../contract/services';
import type { Mended, Mending } from '../delivery/mending';
import { ExchangeError } from '../errors';
import { writeCall } from './call-interface';
import { type SyncOptions, readSyncRecords } from './sync-records';
import { syncItem } from './sync-delivery';

/** @param options gives them as they are now; may throw CONFIG */
export const syncMending = (options: () => Omit<SyncOptions, 'now'>): Mending => ({
  read(service, rows): Mended {
    const name = syncServiceNames.find(known => known === service);
    const [record] = rows[0]?.records ?? [];
    if (!name || !record) throw noRecord();
    const [read] = readSyncRecords(name, record, { ...options(), now: new Date() }).records;
    if (!read) throw notTold();
    return { item: syncItem(name, read), violations: read.violations };
  },
  document(service, rows) {
    const name = syncServiceNames.find(known => known === service);
    if (!name) throw noRecord();
    // The header, with its secret, is not shown.
    const [, body] = writeCall(name, rows[0]?.records ?? [], { operator: '', appId: '' });
    return body?.[1] ?? '';
  },
});

const noRecord = (): ExchangeError =>
  new ExchangeError({
    code: 'CONTRACT',
    retry: 'never',
    text: { zh: '消息内容不是开单或预约记录', en: 'the message holds no order and no booking' },
  });

const notTold = (): ExchangeError =>
  new ExchangeError({
    code: 'CONTRACT',
    retry: 'never',
    text: {
      zh: '该预约状态不需要同步（AppointmentStatus），请改为节点设置中要同步的状态',
      en: 'a booking of that AppointmentStatus is not synchronised: give one of the statuses that the node is set to',
    },
  });
