import type { Node, NodeAPI, NodeDef } from 'node-red';
import { type SyncServiceName, syncServiceNames, syncServices } from '../../lib/contract/services';
import { contractError, errorsOf } from '../../lib/contract/validate';
import { ExchangeError } from '../../lib/errors';
import { mapRows } from '../../lib/mapping/map-rows';
import { type Profile, needSetting } from '../../lib/profile/profile';
import { type CallInterfaceAnswer, callPlatform } from '../../lib/sync/call-interface';
import { Debounce } from '../../lib/sync/debounce';
import { sync } from '../../lib/sync/sync';
import { syncMending } from '../../lib/sync/mend-sync';
import { type SyncCall, deliverSync, syncItem } from '../../lib/sync/sync-delivery';
import {
  type SyncOptions,
  type SyncRecord,
  type SyncRecords,
  mergeNotifications,
  readSyncRecords,
} from '../../lib/sync/sync-records';
import { type ExchangeProfileNode, findProfile, needProfile } from '../exchange-profile/profile-node';
import { auditOf, audited } from '../shared/audit';
import { openDelivery, platformDestination } from '../shared/delivery';
import { endHandover, handoverOf } from '../shared/handover';
import { type InputHandler, type InputMessage, type Send, onInput } from '../shared/input';
import { inputMapping } from '../shared/mapping';
import { valueOf, wholeNumber } from '../shared/property';
import { type Mood, statusOf } from '../shared/status';
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
    const read = reader(RED, this, def);
    const debounceMs = wholeNumber(def.debounce, 0, 0) * 1000;
    const set: SyncNode = { RED, node: this, def, status, profileNode, read, debounceMs };
    const handle = def.delivery === 'direct' ? direct(set) : durable(set);
    onInput(this, async (msg, send) => {
      try {
        await handle(msg, send);
      } catch (error) {
        status('bad', error instanceof ExchangeError && error.code === 'CONTRACT' ? 'invalid' : 'failed');
        throw error;
      }
    });
  }
  RED.nodes.registerType('billing-sync', BillingSync);
}

interface Input extends SyncRecords {
  readonly service: SyncServiceName;
}

interface SyncNode {
  readonly RED: NodeAPI;
  readonly node: Node;
  readonly def: NodeDef & BillingSyncProps;
  readonly status: (mood: Mood, key: string) => void;
  readonly profileNode: ExchangeProfileNode | null;
  readonly read: (msg: InputMessage, profile: Profile) => Promise<Input>;
  readonly debounceMs: number;
}

/** Gives the function that reads the records of an input. */
function reader(RED: NodeAPI, node: Node, def: BillingSyncProps & NodeDef): SyncNode['read'] {
  const map = inputMapping(RED, node, def, syncTables);
  return async (msg, profile) => {
    const service = serviceOf(def.service, msg['service']);
    const given = await valueOf(RED, node, def.property || 'payload', def.propertyType || 'msg', msg);
    const mapped = await map(given, profile, mapRows(syncServices[service].record));
    const records = readSyncRecords(service, mapped, { ...syncRules(def, profile), now: new Date() });
    return { ...records, service };
  };
}

const syncRules = (def: BillingSyncProps, { settings, check }: Profile): Omit<SyncOptions, 'now'> => ({
  organCode: settings.organCode,
  check,
  statuses: new Set((def.statuses || '1,2,3,4,5,6,7').split(/[,，\s]+/)),
  rangeDays: wholeNumber(def.rangeDays, 30, 0),
});

/** Calls the platform with records of one service. */
function callOf(hospital: ExchangeProfileNode, signal: AbortSignal): SyncCall {
  return async (service, records) => {
    const { settings } = hospital.profile();
    const identity = {
      operator: needSetting('operator', settings.operator),
      appId: needSetting('appId', hospital.secret('appId')),
    };
    return callPlatform(hospital.platform().caller('callInterfaceUrl'), service, records, identity, signal);
  };
}

/** Records are taken over by the store, broken ones too; what the platform says comes out later, for each of them. */
function durable({ RED, node, def, status, profileNode, read, debounceMs }: SyncNode): InputHandler {
  const delivery =
    profileNode &&
    openDelivery(RED, {
      node,
      def,
      storeNode: profileNode.store(),
      destination: platformDestination(profileNode, 'callInterfaceUrl'),
      batch: wholeNumber(def.maxItems, 50),
      status,
      mending: syncMending(() => syncRules(def, profileNode.profile())),
      deliver: (works, signal) => deliverSync(works, callOf(profileNode, signal)),
    });
  const waiting = new Debounce<Waiting, void>(debounceMs, mergeWaiting, ({ record, msg, send }) =>
    accept('UpdateBillingInfo', [record], msg, send, KEEP),
  );
  // What waits for its time is taken over before the node is gone.
  node.on('close', (_removed: boolean, done: () => void) => {
    waiting.flush().then(done, done);
  });
  return async (msg, send) => {
    const { service, records } = await read(msg, needProfile(profileNode).profile());
    if (records.length === 0) status('good', 'nothing');
    // Until it is on disk the input is not done: a source that is asked to repeat it loses nothing.
    if (service === 'UpdateBillingInfo' && debounceMs > 0) await together(records, msg, send);
    else await accept(service, records, msg, send);
    const errors = records.flatMap(({ violations }) => errorsOf(violations));
    if (errors.length > 0) throw contractError(errors);
  };

  /** Each message of those that go together has a hand-over of its own, which ends when all its records are on disk. */
  async function together(records: readonly SyncRecord[], msg: InputMessage, send: Send): Promise<void> {
    const handover = handoverOf(RED, msg);
    await Promise.all(records.map(record => waiting.add(record.key, { record, msg, send })));
    await endHandover(handover);
  }

  async function accept(
    service: SyncServiceName,
    records: readonly SyncRecord[],
    msg: InputMessage,
    send: Send,
    handover?: typeof KEEP,
  ): Promise<void> {
    const items = records.map(record => syncItem(service, record));
    await delivery?.accept(msg, items, send, handover);
  }
}

/** The hand-over of a message is not ended by what is taken over now. */
const KEEP = 'keep';

interface Waiting {
  readonly record: SyncRecord;
  readonly msg: InputMessage;
  readonly send: Send;
}

const mergeWaiting = (one: Waiting, other: Waiting): Waiting => ({
  ...other,
  record: mergeNotifications(one.record, other.record),
});

/** Records are sent at once, in one attempt a call. */
function direct({ RED, node, def, status, profileNode, read, debounceMs }: SyncNode): InputHandler {
  const stop = unlimited();
  const audit = auditOf(node, profileNode);
  const maxItems = wholeNumber(def.maxItems, 50);
  const call = async (
    service: SyncServiceName,
    records: readonly SyncRecord[],
  ): Promise<CallInterfaceAnswer> => {
    const callPlatformNow = callOf(needProfile(profileNode), stop.signal);
    status('busy', 'sending');
    return audited(
      audit,
      service,
      () =>
        callPlatformNow(
          service,
          records.map(({ record }) => record),
        ),
      ({ accepted }) => (accepted ? 'accepted' : 'refused'),
    );
  };
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
  node.on('close', (_removed: boolean, done: () => void) => {
    const timer = setTimeout(() => stop.abort(), CLOSE_MS);
    notifications
      .flush()
      .finally(() => {
        clearTimeout(timer);
        stop.abort();
      })
      .then(done, done);
  });
  return async (msg, send) => {
    const handover = handoverOf(RED, msg);
    const { service, records, skipped } = await read(msg, needProfile(profileNode).profile());
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
    await endHandover(handover);
  };
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
