/** One input of billing-sync → calls of CallInterface, and what became of each (3.3). */
import { randomUUID } from 'node:crypto';
import type { SyncServiceName } from '../contract/services';
import { contractError, errorsOf } from '../contract/validate';
import type { Violation } from '../contract/violation';
import { mask } from '../privacy/mask';
import type { CallInterfaceAnswer } from './call-interface';
import type { SyncRecord } from './sync-records';

/** The story of one call, as it stands in `msg.exchange`. */
export interface SyncOutcome {
  readonly id: string;
  readonly service: SyncServiceName;
  /** HisKeys of the call; of notifications the patients, masked. */
  readonly key: string;
  readonly outcome: 'accepted' | 'refused';
  /** Records in the call. */
  readonly items: number;
  /** Rows of the input that were not told: 未预约, or a status that is not chosen. */
  readonly skipped: number;
  readonly attempts: number;
  readonly startedAt: string;
  readonly durationMs: number;
  readonly warnings: readonly Violation[];
}

export interface SyncDone {
  readonly answer: CallInterfaceAnswer | null;
  readonly exchange: SyncOutcome;
}

export interface SyncRequest {
  readonly service: SyncServiceName;
  readonly records: readonly SyncRecord[];
  readonly skipped: number;
  readonly maxItems: number;
  /** All calls at once instead of one after the other: for calls that wait to be merged. */
  readonly together?: boolean;
  /** Null for records that another message's call has told as well. */
  readonly call: (records: readonly SyncRecord[]) => Promise<CallInterfaceAnswer | null>;
}

/**
 * Sends the sound records, `maxItems` a call. An input without any record is done without a call.
 * @throws {ExchangeError} CONTRACT for the records that break the contract, after the others were sent.
 */
export async function sync(request: SyncRequest, onDone: (done: SyncDone) => void): Promise<void> {
  const sound = request.records.filter(({ violations }) => errorsOf(violations).length === 0);
  const broken = request.records.flatMap(({ violations }) => errorsOf(violations));
  if (request.records.length === 0) onDone(nothingToTell(request));
  const batches = Array.from({ length: Math.ceil(sound.length / request.maxItems) }, (_, n) =>
    sound.slice(n * request.maxItems, (n + 1) * request.maxItems),
  );
  const send = async (batch: readonly SyncRecord[]): Promise<void> => {
    const done = await callOnce(request, batch);
    if (done) onDone(done);
  };
  if (request.together) await Promise.all(batches.map(send));
  else for (const batch of batches) await send(batch);
  if (broken.length > 0) throw contractError(broken);
}

async function callOnce(request: SyncRequest, batch: readonly SyncRecord[]): Promise<SyncDone | null> {
  const startedAt = new Date();
  const answer = await request.call(batch);
  if (!answer) return null;
  return {
    answer,
    exchange: {
      ...story(request, batch, startedAt),
      outcome: answer.accepted ? 'accepted' : 'refused',
      durationMs: answer.durationMs,
    },
  };
}

const nothingToTell = (request: SyncRequest): SyncDone => ({
  answer: null,
  exchange: { ...story(request, [], new Date()), attempts: 0, outcome: 'accepted', durationMs: 0 },
});

const story = (request: SyncRequest, batch: readonly SyncRecord[], startedAt: Date) => ({
  id: randomUUID(),
  service: request.service,
  key: batch.map(({ key }) => keyShown(request.service, key)).join(','),
  items: batch.length,
  skipped: request.skipped,
  attempts: 1,
  startedAt: startedAt.toISOString(),
  warnings: batch.flatMap(({ violations }) => violations),
});

/** A record's key as people may see it: the patient of a notification is masked. */
export const keyShown = (service: SyncServiceName, key: string): string =>
  service === 'UpdateBillingInfo' ? mask(key, 'card') : key;
