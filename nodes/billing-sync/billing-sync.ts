import type { Node, NodeAPI, NodeDef } from 'node-red';
import { type SyncServiceName, syncServiceNames, syncServices } from '../../lib/contract/services';
import { ExchangeError } from '../../lib/errors';
import { mapRows } from '../../lib/mapping/map-rows';
import { needSetting } from '../../lib/profile/profile';
import { type CallInterfaceAnswer, callPlatform } from '../../lib/sync/call-interface';
import { Debounce } from '../../lib/sync/debounce';
import { sync } from '../../lib/sync/sync';
import { type SyncRecord, mergeNotifications, readSyncRecords } from '../../lib/sync/sync-records';
import { findProfile, needProfile } from '../exchange-profile/profile-node';
import { type InputMessage, type Send, onInput } from '../shared/input';
import { inputMapping } from '../shared/mapping';
import { valueOf, wholeNumber } from '../shared/property';
import { statusOf } from '../shared/status';
import { unlimited } from '../shared/stop';
import type { BillingSyncProps } from './billing-sync.props';
import { syncTables } from './billing-sync.tables';

/** What waits for its debounce time is still sent at a redeploy, for as long as Node-RED lets a node close. */
const CLOSE_MS = 8000;

export default function register(RED: NodeAPI): void {
  function BillingSync(this: Node, def: NodeDef & BillingSyncProps): void {
    RED.nodes.createNode(this, def);
    const status = statusOf(this);
    const profileNode = findProfile(RED, def.profile);
    if (!profileNode) status('bad', 'no-profile');
    const stop = unlimited();
    const map = inputMapping(RED, this, def, syncTables);
    const maxItems = wholeNumber(def.maxItems, 50);
    const statuses = new Set((def.statuses || '1,2,3,4,5,6,7').split(/[,，\s]+/));

    const call = async (
      service: SyncServiceName,
      records: readonly SyncRecord[],
    ): Promise<CallInterfaceAnswer> => {
      const hospital = needProfile(profileNode);
      const { settings } = hospital.profile();
      const identity = {
        operator: needSetting('operator', settings.operator),
        appId: needSetting('appId', hospital.secret('appId')),
      };
      status('busy', 'sending');
      const caller = hospital.platform().caller('callInterfaceUrl');
      return callPlatform(
        caller,
        service,
        records.map(({ record }) => record),
        identity,
        stop.signal,
      );
    };
    const debounceMs = wholeNumber(def.debounce, 0, 0) * 1000;
    const notifications = new Debounce<SyncRecord, CallInterfaceAnswer>(
      debounceMs,
      mergeNotifications,
      record => call('UpdateBillingInfo', [record]),
    );
    /** One call for all notifications of a patient within the time; the last message tells its outcome. */
    const notify = async ([record]: readonly SyncRecord[]): Promise<CallInterfaceAnswer | null> => {
      if (!record) return null;
      const { result, last } = await notifications.add(record.key, record);
      return last ? result : null;
    };

    const deliver = async (msg: InputMessage, send: Send): Promise<void> => {
      const service = serviceOf(def.service, msg['service']);
      const profile = needProfile(profileNode).profile();
      const given = await valueOf(RED, this, def.property || 'payload', def.propertyType || 'msg', msg);
      const mapped = await map(given, profile, mapRows(syncServices[service].record));
      const { records, skipped } = readSyncRecords(service, mapped, {
        organCode: profile.settings.organCode,
        check: profile.check,
        statuses,
        rangeDays: wholeNumber(def.rangeDays, 30, 0),
        now: new Date(),
      });
      const delivery =
        service === 'UpdateBillingInfo' && debounceMs > 0
          ? { maxItems: 1, together: true, call: notify }
          : { maxItems, call: (batch: readonly SyncRecord[]) => call(service, batch) };
      await sync({ service, records, skipped, ...delivery }, ({ answer, exchange }) => {
        const accepted = exchange.outcome === 'accepted';
        status(accepted ? 'good' : 'bad', exchange.items === 0 ? 'nothing' : exchange.outcome);
        const out = records.length > 1 ? RED.util.cloneMessage(msg) : msg;
        Object.assign(out, { payload: answer, exchange });
        send(accepted ? [out, null] : [null, out]);
      });
    };

    onInput(this, async (msg, send) => {
      try {
        await deliver(msg, send);
      } catch (error) {
        status('bad', error instanceof ExchangeError && error.code === 'CONTRACT' ? 'invalid' : 'failed');
        throw error;
      }
    });
    this.on('close', (_removed: boolean, done: () => void) => {
      const timer = setTimeout(() => stop.abort(), CLOSE_MS);
      notifications
        .flush()
        .finally(() => {
          clearTimeout(timer);
          stop.abort();
        })
        .then(done, done);
    });
  }
  RED.nodes.registerType('billing-sync', BillingSync);
}

function serviceOf(configured: BillingSyncProps['service'], named: unknown): SyncServiceName {
  if (configured !== 'msg') return configured;
  const service = syncServiceNames.find(name => name.toLowerCase() === String(named).trim().toLowerCase());
  if (service) return service;
  throw new ExchangeError({
    code: 'CONTRACT',
    retry: 'never',
    text: {
      zh: `msg.service 应为 ${syncServiceNames.join(' 或 ')}`,
      en: `msg.service must be ${syncServiceNames.join(' or ')}`,
    },
  });
}
