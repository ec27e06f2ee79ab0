/** The caller gives up a request: the peer is asked to end it, and what it does not end is ended here. */
import { ended } from './protocol-failure';

/** Time in which a peer must have ended what it was asked to. */
const CANCEL_MS = 2_000;

export class Cancellation {
  readonly #caller: AbortSignal | undefined;
  readonly #atOnce = new AbortController();
  #ask: (() => Promise<void>) | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @throws {ExchangeError} ABORTED when the caller has given up already */
  constructor(caller: AbortSignal | undefined) {
    if (caller?.aborted) throw ended(false);
    this.#caller = caller;
    caller?.addEventListener('abort', this.#onGivenUp);
  }

  /** Ends the association: before the request, and when asking does not help. */
  get signal(): AbortSignal {
    return this.#atOnce.signal;
  }

  /** From now on the peer can be asked. @param ask rejects when the association has ended */
  within(ask: () => Promise<void>): void {
    this.#ask = ask;
  }

  /** The request has ended. */
  end(): void {
    this.#caller?.removeEventListener('abort', this.#onGivenUp);
    clearTimeout(this.#timer);
  }

  readonly #onGivenUp = (): void => {
    if (!this.#ask) return this.#atOnce.abort();
    this.#timer = setTimeout(() => this.#atOnce.abort(), CANCEL_MS);
    // What ends the association ends the request, too.
    this.#ask().catch(() => undefined);
  };
}
