/** Whether a database is there: one event for each change, and when the next attempt is due. */
import type { ExchangeError } from '../errors';
import type { DatabaseState, StateChange } from './driver';

const FIRST_PAUSE_MS = 1000;
const MOST_PAUSE_MS = 60_000;
/** Share of a pause that chance decides, so that not all hospitals come back in the same second. */
const JITTER = 0.25;

export class ConnectionState {
  readonly #listeners = new Set<(change: StateChange) => void>();
  #state: DatabaseState = 'idle';
  #failures = 0;
  #failure: ExchangeError | undefined;
  #quietUntil = 0;

  get now(): DatabaseState {
    return this.#state;
  }

  onChange(listener: (change: StateChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The last failure, while asking again so soon would help nobody, or lock the account. */
  quiet(): ExchangeError | undefined {
    return performance.now() < this.#quietUntil ? this.#failure : undefined;
  }

  /** Of a first attempt only: what is down stays down until it is up. */
  connecting(): void {
    if (this.#state === 'idle') this.#change('connecting');
  }

  up(): void {
    this.#failures = 0;
    this.#quietUntil = 0;
    this.#failure = undefined;
    if (this.#state !== 'closed') this.#change('up');
  }

  /** Gives the pause until the next attempt; undefined when nobody should try until somebody asks. */
  failed(failure: ExchangeError): number | undefined {
    if (this.#state === 'closed') return undefined;
    const isFinal = failure.retry === 'never';
    const pause =
      Math.min(MOST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#failures) * (1 - JITTER * Math.random());
    this.#failures++;
    this.#failure = failure;
    this.#quietUntil = performance.now() + (isFinal ? MOST_PAUSE_MS : Math.min(pause, FIRST_PAUSE_MS));
    this.#change(isFinal ? 'refused' : 'down');
    return isFinal ? undefined : pause;
  }

  closed(): void {
    this.#change('closed');
    this.#listeners.clear();
  }

  #change(state: DatabaseState): void {
    if (state === this.#state) return;
    this.#state = state;
    const isTrouble = state === 'down' || state === 'refused';
    const change = isTrouble && this.#failure ? { state, failure: this.#failure } : { state };
    for (const listener of this.#listeners) listener(change);
  }
}
