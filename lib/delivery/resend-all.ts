/** Sends again everything that a search finds, without flooding the destination. */
import type { MessageStore, OperatorResult, Search } from '../store/message-store';

export interface ResendAll {
  readonly filter: Omit<Search, 'limit' | 'beforeSeq'>;
  readonly actor: string;
  /** Messages a minute. */
  readonly perMinute: number;
}

/** Messages of one step. */
const STEP = 200;

/**
 * Makes due, one after the other, all messages that the filter finds now, the newest first: of several versions of one
 * key only the newest is sent, the others are left as superseded.
 */
export async function resendAll(
  store: MessageStore,
  { filter, actor, perMinute }: ResendAll,
): Promise<OperatorResult> {
  const spacingMs = 60_000 / perMinute;
  const done: string[] = [];
  const left: OperatorResult['left'][number][] = [];
  let beforeSeq: number | undefined;
  for (;;) {
    const page = await store.search({
      ...filter,
      limit: STEP,
      ...(beforeSeq !== undefined && { beforeSeq }),
    });
    const last = page.at(-1);
    if (!last) return { done, left };
    beforeSeq = last.seq;
    const ids = page.map(({ id }) => id);
    const result = await store.resend({ ids, actor, spacingMs, delayMs: done.length * spacingMs });
    done.push(...result.done);
    left.push(...result.left);
  }
}
