/** When a failed attempt is made again, and when no more. */

export interface RetryPolicy {
  /** Pause after the first failure; each further one doubles it. */
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
  /** Attempts that reached the peer and failed; after that many a message is dead. */
  readonly maxTries: number;
  /** Age at which a message that still fails is dead. */
  readonly maxAgeMs: number;
}

export const defaultRetry: RetryPolicy = {
  firstDelayMs: 5_000,
  maxDelayMs: 10 * 60_000,
  maxTries: 12,
  maxAgeMs: 7 * 24 * 3_600_000,
};

/**
 * Pause after the `failures`-th failure in a row (from 1), in ms: it doubles up to the limit, and lies by chance
 * between half of that and all of it, so that many messages that failed together do not come back together.
 */
export function delayAfter(
  failures: number,
  { firstDelayMs, maxDelayMs }: Pick<RetryPolicy, 'firstDelayMs' | 'maxDelayMs'>,
  random: () => number = Math.random,
): number {
  const full = Math.min(maxDelayMs, firstDelayMs * 2 ** Math.min(failures - 1, 30));
  return Math.round(full / 2 + (full / 2) * random());
}
