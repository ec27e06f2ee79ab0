import type { MessageStore } from '../../lib/store/message-store';

/** Number of the first audit record that is wrong; null when the whole chain is right. Checked in small parts. */
export async function auditBreak(store: MessageStore): Promise<number | null> {
  let position = await store.auditStart({});
  for (;;) {
    const check = await store.checkAudit({ ...position, limit: 100 });
    if (check.done) return check.brokenAt;
    position = check;
  }
}
