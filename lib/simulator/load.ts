/** Calls at a fixed rate, whatever becomes of them: an open loop, as patients and platforms make one. */
import { type Clock, systemClock } from '../clock';
import { ExchangeError } from '../errors';
import { type LoadResult, LoadTally } from './load-result';

export interface LoadOptions {
  /** Calls a second. */
  readonly rate: number;
  readonly seconds: number;
  /** Calls without answer at the same time; what is beyond is not sent, and counted. Default 1000. */
  readonly mostOutstanding?: number;
  readonly clock?: Clock;
  /** Ends the run early; what is outstanding is waited for. */
  readonly signal?: AbortSignal;
  /** Makes the n-th call, from 0: `answered` or `refused`; rejects when it failed. */
  readonly call: (number: number) => Promise<'answered' | 'refused'>;
}

export const LOAD_LIMITS = { rate: 1_000, seconds: 24 * 3600, outstanding: 10_000 } as const;
const MOST_OUTSTANDING = 1_000;
/** Shorter pauses than Node's timers keep are made up for: all that is due by then is sent. */
const SHORTEST_PAUSE_MS = 5;

/**
 * Sends call after call, each at its own time, and waits for the last answer. The time of a call counts from when it
 * was due, so that a stall of this process is not left out of the result.
 */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const { rate, seconds, mostOutstanding = MOST_OUTSTANDING, clock = systemClock, signal, call } = options;
  const planned = Math.round(rate * seconds);
  const start = clock.now();
  const tally = new LoadTally(planned, start);
  const outstanding = new Set<Promise<void>>();
  const dueAt = (number: number): number => start + (number * 1000) / rate;
  const send = (number: number): void => {
    const due = dueAt(number);
    if (outstanding.size >= mostOutstanding) return tally.heldBack();
    tally.sent(clock.now());
    const run = call(number)
      .then(
        outcome => tally.ended(outcome, clock.now() - due),
        (error: unknown) => tally.failed(codeOf(error), clock.now() - due),
      )
      .finally(() => outstanding.delete(run));
    outstanding.add(run);
  };
  for (let next = 0; next < planned;) {
    if (signal?.aborted) break;
    const now = clock.now();
    while (next < planned && dueAt(next) <= now) send(next++);
    if (next < planned) await pause(Math.max(SHORTEST_PAUSE_MS, dueAt(next) - now), clock, signal);
  }
  await Promise.all(outstanding);
  return tally.result(clock.now());
}

/** Ends early with the signal. */
function pause(ms: number, clock: Clock, signal: AbortSignal | undefined): Promise<void> {
  return new Promise(resolve => {
    const end = (): void => {
      callOff();
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const callOff = clock.after(ms, end);
    signal?.addEventListener('abort', end, { once: true });
  });
}

const codeOf = (error: unknown): string => (error instanceof ExchangeError ? error.code : 'UNEXPECTED');
