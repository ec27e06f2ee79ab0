/** Retention and change of keys: small steps beside the daily work. */
import type { Clock } from '../clock';
import type { MessageStore } from './message-store';

export interface Keeping {
  /** Days that contents and answers of delivered messages are kept. */
  readonly contentDays: number;
  readonly messageDays: number;
  readonly auditDays: number;
}

const DAY_MS = 24 * 3_600_000;
/** Rows of one step: a fraction of a second on a slow disk. */
const STEP = 500;
const BETWEEN_STEPS_MS = 250;
const EVERY_MS = 60_000;

/** Works until the function that it gives is called. */
export function keepHouse(store: MessageStore, keeping: Keeping, clock: Clock): () => void {
  let callOff: (() => void) | undefined;
  let stopped = false;
  const next = (ms: number): void => {
    if (!stopped) callOff = clock.after(ms, () => void work());
  };
  const work = async (): Promise<void> => {
    try {
      next((await step(store, keeping, clock.now())) ? BETWEEN_STEPS_MS : EVERY_MS);
    } catch {
      // The store is out of reach, which others say.
      next(EVERY_MS);
    }
  };
  next(EVERY_MS);
  return () => {
    stopped = true;
    callOff?.();
  };
}

/** One step of everything. Gives whether there is more to do. */
async function step(store: MessageStore, keeping: Keeping, now: number): Promise<boolean> {
  const removed = await store.prune({
    contentBefore: now - keeping.contentDays * DAY_MS,
    messageBefore: now - keeping.messageDays * DAY_MS,
    auditBefore: now - keeping.auditDays * DAY_MS,
    limit: STEP,
  });
  const sealing = await store.reseal({ limit: STEP });
  return removed > 0 || sealing;
}
