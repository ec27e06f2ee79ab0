/** Reads a source again and again: one round at a time, and never more than the flow can take. */
import type { Clock } from '../../clock';
import { ExchangeError } from '../../errors';
import type { Pace } from './plan';
import type { PollSource, Take } from './source';

export type PollCondition =
  | { readonly kind: 'reading' | 'idle' }
  /** The flow has not taken over what was read. */
  | { readonly kind: 'waiting' }
  | { readonly kind: 'failed'; readonly error: unknown };

export interface PollerOptions {
  readonly pace: Pace;
  readonly clock: Clock;
  /** Opens the source; again after a failure. */
  readonly open: () => Promise<PollSource>;
  /** Messages that were read and are not taken over yet. */
  readonly backlog: () => Promise<number>;
  readonly take: Take;
  readonly onCondition: (condition: PollCondition) => void;
}

/** Pause before it is seen whether the flow has taken something over. */
const ROOM_AGAIN_MS = 1000;
/** There is more, and room for it. */
const AT_ONCE_MS = 0;
/** Longest pause after failures that pass by themselves, and the pause after others. */
const FAILED_MS = 60_000;

export class Poller {
  readonly #options: PollerOptions;
  readonly #stop = new AbortController();
  #source: Promise<PollSource> | undefined;
  #running: Promise<void> | undefined;
  #callOff: () => void = () => undefined;
  #again = false;
  #failures = 0;

  constructor(options: PollerOptions) {
    this.#options = options;
  }

  /** Reads now, or as soon as the round that is under way ends. */
  poll(): void {
    if (this.#stop.signal.aborted) return;
    this.#callOff();
    this.#again = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  /** The source, for acknowledgements and backfills. @throws {ExchangeError} when it cannot be opened now */
  source(): Promise<PollSource> {
    if (!this.#source) {
      this.#source = this.#options.open();
      // Whoever asks next tries again.
      this.#source.catch(() => {
        this.#source = undefined;
      });
    }
    return this.#source;
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Breaks off what is under way: it was handed in, or is read again. Never rejects. */
  async close(): Promise<void> {
    this.#stop.abort();
    this.#callOff();
    await this.#running;
  }

  async #run(): Promise<void> {
    let pause = 0;
    while (this.#again) {
      this.#again = false;
      pause = await this.#round();
      if (this.#stop.signal.aborted) return;
    }
    this.#callOff = this.#options.clock.after(pause, () => this.poll());
  }

  /** Gives the pause before the next round. */
  async #round(): Promise<number> {
    const { pace, backlog, take, onCondition } = this.#options;
    try {
      const room = pace.mostInFlight - (await backlog());
      if (room <= 0) {
        onCondition({ kind: 'waiting' });
        return Math.min(ROOM_AGAIN_MS, pace.intervalMs);
      }
      onCondition({ kind: 'reading' });
      const { more } = await (await this.source()).round(room, take, this.#stop.signal);
      this.#failures = 0;
      onCondition({ kind: 'idle' });
      return more ? AT_ONCE_MS : pace.intervalMs;
    } catch (error) {
      if (!this.#stop.signal.aborted) onCondition({ kind: 'failed', error });
      const passes = error instanceof ExchangeError && error.retry !== 'never';
      const growing = pace.intervalMs * 2 ** Math.min(this.#failures++, 10);
      return passes
        ? Math.min(growing, Math.max(FAILED_MS, pace.intervalMs))
        : Math.max(FAILED_MS, pace.intervalMs);
    }
  }
}
