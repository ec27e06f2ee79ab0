/** What a run of calls came to. */

/** Upper ends of the buckets of the histogram, in seconds; the last bucket has none. */
export const BUCKETS = [1, 3, 5, 10] as const;
export const BUCKET_NAMES = ['≤1', '1–3', '3–5', '5–10', '>10'] as const;

export interface LoadResult {
  /** Calls that the rate asks for. */
  readonly planned: number;
  readonly sent: number;
  /** Not sent, since too many were outstanding. */
  readonly heldBack: number;
  readonly answered: number;
  /** Answered with a refusal. */
  readonly refused: number;
  /** Calls without a usable answer, by the code of their error. */
  readonly failed: Readonly<Record<string, number>>;
  /** Calls a second while there was something to send. */
  readonly achievedRate: number;
  /** Milliseconds from when a call was due to its end; null when none ended. */
  readonly latencyMs: {
    readonly p50: number | null;
    readonly p95: number | null;
    readonly p99: number | null;
    readonly max: number | null;
  };
  /** Calls by seconds. */
  readonly histogram: Readonly<Record<(typeof BUCKET_NAMES)[number], number>>;
  /** Until the last answer. */
  readonly durationMs: number;
}

export class LoadTally {
  readonly #planned: number;
  readonly #start: number;
  readonly #times: number[] = [];
  readonly #failed: Record<string, number> = {};
  readonly #counts = { sent: 0, heldBack: 0, answered: 0, refused: 0 };
  #lastSentAt: number;

  constructor(planned: number, start: number) {
    this.#planned = planned;
    this.#start = start;
    this.#lastSentAt = start;
  }

  sent(now: number): void {
    this.#counts.sent++;
    this.#lastSentAt = now;
  }

  heldBack(): void {
    this.#counts.heldBack++;
  }

  ended(outcome: 'answered' | 'refused', ms: number): void {
    this.#counts[outcome]++;
    this.#times.push(ms);
  }

  failed(code: string, ms: number): void {
    this.#failed[code] = (this.#failed[code] ?? 0) + 1;
    this.#times.push(ms);
  }

  result(now: number): LoadResult {
    const times = this.#times.toSorted((one, other) => one - other);
    const { sent } = this.#counts;
    const sendingMs = this.#lastSentAt - this.#start;
    return {
      planned: this.#planned,
      ...this.#counts,
      failed: { ...this.#failed },
      // The first call is at the start: n calls have n - 1 pauses.
      achievedRate: sendingMs > 0 ? round(((sent - 1) * 1000) / sendingMs) : sent,
      latencyMs: {
        p50: percentile(times, 0.5),
        p95: percentile(times, 0.95),
        p99: percentile(times, 0.99),
        max: times.at(-1) ?? null,
      },
      histogram: histogramOf(times),
      durationMs: now - this.#start,
    };
  }
}

/** Of sorted times: the least that at least this part does not exceed. */
const percentile = (sorted: readonly number[], part: number): number | null =>
  sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? null;

function histogramOf(times: readonly number[]): LoadResult['histogram'] {
  const counts = BUCKET_NAMES.map(() => 0);
  for (const ms of times) {
    const found = BUCKETS.findIndex(seconds => ms <= seconds * 1000);
    const at = found < 0 ? BUCKETS.length : found;
    counts[at] = (counts[at] ?? 0) + 1;
  }
  return Object.fromEntries(BUCKET_NAMES.map((name, at) => [name, counts[at]])) as LoadResult['histogram'];
}

const round = (value: number): number => Math.round(value * 100) / 100;
