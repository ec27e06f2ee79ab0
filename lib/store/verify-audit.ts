/** The audit chain of a store, checked from its beginning to its end. */
import type { MessageStore } from './message-store';

export interface AuditVerdict {
  /** Records that were checked. */
  readonly records: number;
  /** Number of the first record that was changed, removed or put in; null when the chain is whole. */
  readonly brokenAt: number | null;
}

const STEP = 1000;

/** @param between waited for between two steps, so that the store's own work goes first */
export async function verifyAudit(
  store: MessageStore,
  between: () => Promise<void> = () => Promise.resolve(),
): Promise<AuditVerdict> {
  const start = await store.auditStart({});
  let check = await store.checkAudit({ ...start, limit: STEP });
  while (!check.done) {
    await between();
    check = await store.checkAudit({ seq: check.seq, hash: check.hash, limit: STEP });
  }
  return { records: check.seq - start.seq, brokenAt: check.brokenAt };
}
