/** Sends again everything that a search finds, without flooding the destination. */
import type { MessageStore, OperatorResult, Search } from '../store/message-store';

export interface ResendAll {
  readonly filter: Omit<Search, 'limit' | 'beforeSeq'>;
  readonly actor: string;
  /** Messages a minute. */
  readonly perMinute: number;
}

export interface ResendStep extends ResendAll {
  /** Where the step before has ended; absent for the first. */
  readonly beforeSeq?: number;
  /** Messages that the steps before have made due. */
  readonly already: number;
}

export interface ResendStepResult extends OperatorResult {
  /** Where the next step goes on; null when there is none. */
  readonly beforeSeq: number | null;
}

/** Messages of one step. */
const STEP = 200;

/**
 * Makes due, one after the other, all messages that the filter finds now, the newest first: of several versions of one
 * key only the newest is sent, the others are left as superseded.
 */
export async function resendAll(store: MessageStore, asked: ResendAll): Promise<OperatorResult> {
  const done: string[] = [];
  const left: OperatorResult['left'][number][] = [];
  for (let beforeSeq: number | null | undefined; beforeSeq !== null;) {
    const step = await resendStep(store, {
      ...asked,
      already: done.length,
      ...(beforeSeq !== undefined && { beforeSeq }),
    });
    done.push(...step.done);
    left.push(...step.left);
    ({ beforeSeq } = step);
  }
  return { done, left };
}

/** A part of that, for one who wants to see how far it is, and to be able to stop. */
export async function resendStep(
  store: MessageStore,
  { filter, actor, perMinute, beforeSeq, already }: ResendStep,
): Promise<ResendStepResult> {
  const spacingMs = 60_000 / perMinute;
  const page = await store.search({ ...filter, limit: STEP, ...(beforeSeq !== undefined && { beforeSeq }) });
  const last = page.at(-1);
  if (!last) return { done: [], left: [], beforeSeq: null };
  const ids = page.map(({ id }) => id);
  const result = await store.resend({ ids, actor, spacingMs, delayMs: already * spacingMs });
  return { ...result, beforeSeq: page.length < STEP ? null : last.seq };
}
