/** Sends outcomes on, and again until they are handed over. */
import type { Outcome } from '../store/message';
import type { Channel, Emission } from './channel';
import type { DeliveryContext } from './context';
import { parseContext } from './settle-attempt';

/** Outcomes that are sent on in one go after a restart. */
const AT_ONCE = 100;

export class OutcomeSender {
  readonly #channel: Channel;
  readonly #context: DeliveryContext;
  #closed = false;
  #callOff: (() => void) | undefined;

  constructor(channel: Channel, context: DeliveryContext) {
    this.#channel = channel;
    this.#context = context;
  }

  /** Sends on what an earlier process has left, and looks now and then for what was not handed over. */
  start(): void {
    void this.#repeat(!this.#context.store.shared);
  }

  close(): void {
    this.#closed = true;
    this.#callOff?.();
  }

  /** Sends on the outcome of a message that was just finished. */
  send(emission: Emission): void {
    if (this.#closed) return;
    if (this.#channel.emit(emission)) this.#handOver(emission.exchange.id);
    else this.#lookAgainIn(this.#context.repeatMs);
  }

  /** @param all at first also what is not due: an earlier process sent it on, to nodes that are gone with it */
  async #repeat(all: boolean): Promise<void> {
    const { store, repeatMs, clock } = this.#context;
    this.#callOff = undefined;
    try {
      for (let first = all; !this.#closed; first = false) {
        const channel = this.#channel.id;
        const { outcomes, nextDue } = await store.outcomes({ channel, limit: AT_ONCE, repeatMs, all: first });
        for (const outcome of outcomes) this.send(emissionOf(outcome));
        if (outcomes.length === AT_ONCE) continue;
        if (nextDue !== null) this.#lookAgainIn(nextDue - clock.now());
        // What another process has sent on may be left by it.
        else if (store.shared) this.#lookAgainIn(repeatMs);
        return;
      }
    } catch {
      // The store is out of reach; the courier says so.
      this.#lookAgainIn(repeatMs);
    }
  }

  #lookAgainIn(ms: number): void {
    if (!this.#closed) this.#callOff ??= this.#context.clock.after(ms, () => void this.#repeat(false));
  }

  /** Not waited for: if it is lost, the outcome is sent on once more. */
  #handOver(id: string): void {
    const { store, repeatMs } = this.#context;
    store.handOver({ ids: [id] }).catch(() => this.#lookAgainIn(repeatMs));
  }
}

function emissionOf({ id, state, outcome, context, emissions }: Outcome): Emission {
  // Written by settleAttempt.
  const { payload, exchange } = JSON.parse(outcome) as Pick<Emission, 'payload' | 'exchange'>;
  return {
    state,
    payload,
    exchange: { ...exchange, id, ...(emissions > 0 && { repeated: emissions }) },
    context: parseContext(context),
  };
}
