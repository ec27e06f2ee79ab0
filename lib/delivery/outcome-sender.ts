/** Sends outcomes on, and again until they are handed over. */
import type { Failure, Outcome } from '../store/message';
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
        const { outcomes, nextDue } = await store.outcomes({
          channel,
          limit: AT_ONCE,
          repeatMs,
          all: first,
          newestOnly: this.#channel.newestOnly ?? false,
        });
        const given = await this.#park(outcomes);
        for (const outcome of outcomes) if (!given.has(outcome.id)) this.send(emissionOf(outcome));
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

  /** Gives up what was sent on too often. Gives the ids of these. */
  async #park(outcomes: readonly Outcome[]): Promise<ReadonlySet<string>> {
    const { parking } = this.#channel;
    if (!parking) return new Set();
    const often = outcomes.filter(({ emissions }) => emissions >= parking.afterEmissions);
    if (often.length === 0) return new Set();
    const { store, events } = this.#context;
    const ids = often.map(({ id }) => id);
    const parked = new Set(await store.park({ ids, failure: notTaken(parking.afterEmissions) }));
    for (const outcome of often) {
      if (!parked.has(outcome.id)) continue;
      const { destinationTitle: destination } = this.#channel;
      events.add({ kind: 'dead', destination, text: notTaken(parking.afterEmissions).text, count: 1 });
      parking.onParked(emissionOf(outcome));
    }
    return new Set(ids);
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

const notTaken = (times: number): Failure => ({
  code: 'NOT_TAKEN_OVER',
  text: {
    zh: `流程 ${times} 次都没有接收：请检查其后的节点和报错，改正后在消息库中重发`,
    en: `the flow has not taken it over in ${times} tries: see the nodes after it and their errors, mend them and send it again from the message store`,
  },
});

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
