/** A message store whose work is counted on the way: what it does itself stays as it is. */
import type { Claimed, Settlement } from '../store/message';
import type { Acceptance, Input, MessageStore, OperatorResult } from '../store/message-store';
import type { Kind, MessageCounters } from './message-counters';

/**
 * The same store, which counts what was taken over and what became of it. Only what has happened is counted: nothing of
 * an operation that rejects, and no attempt at a message that another process had taken.
 * @param titleOf the destination of a channel as people know it; undefined while the channel is not open
 */
export function counted(
  store: MessageStore,
  counters: MessageCounters,
  titleOf: (channel: string) => string | undefined,
): MessageStore {
  const inFlight = new InFlight();
  const kindOf = (service: string, channel: string, destination = ''): Kind => ({
    service,
    destination: titleOf(channel) ?? destination,
  });
  const countAccepted = ({ messages }: Acceptance, fates: readonly { readonly fate: string }[]): void => {
    for (const [at, { service, channel, destination }] of messages.entries()) {
      const kind = kindOf(service, channel, destination);
      const fate = fates[at]?.fate;
      if (fate === 'duplicate') counters.duplicate(kind);
      else counters.taken(kind, fate === 'invalid');
    }
  };
  const countAttempt = ({ id, next, durationMs, failure }: Settlement): void => {
    const { service = '', channel = '' } = inFlight.take(id) ?? {};
    const end = 'dueAt' in next ? 'again' : next.state;
    counters.attempt(kindOf(service, channel), end, durationMs, failure?.code);
  };
  const noteAction =
    <Name extends 'cancel' | 'resend' | 'amend'>(name: Name) =>
    async (input: Input<Name>): Promise<OperatorResult> => {
      // Each of the three takes its own input, which the compiler cannot follow through the name.
      const result = await (store[name] as (given: Input<Name>) => Promise<OperatorResult>)(input);
      counters.operatorAction(name, result.done.length);
      return result;
    };
  const amend = noteAction('amend');
  return {
    ...store,
    accept: async input => {
      const accepted = await store.accept(input);
      countAccepted(input, accepted);
      return accepted;
    },
    claim: async input => {
      inFlight.keepOnly(input.channel, input.holding);
      const result = await store.claim(input);
      for (const message of result.messages) inFlight.add(message);
      return result;
    },
    settle: async input => {
      const lost = await store.settle(input);
      for (const settlement of input.settlements) {
        if (lost.includes(settlement.id)) inFlight.take(settlement.id);
        else countAttempt(settlement);
      }
      return lost;
    },
    release: async input => {
      await store.release(input);
      for (const id of input.ids) inFlight.take(id);
    },
    recover: async input => {
      const count = await store.recover(input);
      counters.recovered(count);
      return count;
    },
    park: async input => {
      const parked = await store.park(input);
      counters.givenUp(parked.length);
      return parked;
    },
    cancel: noteAction('cancel'),
    resend: noteAction('resend'),
    amend: async input => {
      const result = await amend(input);
      const { service, channel, destination } = input.by;
      if (result.done.length > 0) counters.taken(kindOf(service, channel, destination), false);
      return result;
    },
  };
}

type Sent = Pick<Claimed, 'service' | 'channel'>;

/** What is being sent: a settlement names no service. */
class InFlight {
  readonly #byId = new Map<string, Sent>();
  readonly #byChannel = new Map<string, Set<string>>();

  add({ id, service, channel }: Claimed): void {
    this.#byId.set(id, { service, channel });
    const ids = this.#byChannel.get(channel);
    if (ids) ids.add(id);
    else this.#byChannel.set(channel, new Set([id]));
  }

  take(id: string): Sent | undefined {
    const sent = this.#byId.get(id);
    if (!sent) return undefined;
    this.#byId.delete(id);
    const ids = this.#byChannel.get(sent.channel);
    ids?.delete(id);
    if (ids?.size === 0) this.#byChannel.delete(sent.channel);
    return sent;
  }

  /** Forgets what a channel sends no more, and could not say so: it was closed while the store was out of reach. */
  keepOnly(channel: string, holding: readonly string[] | undefined): void {
    const ids = this.#byChannel.get(channel);
    if (!ids || !holding || ids.size <= holding.length) return;
    const held = new Set(holding);
    for (const id of ids) if (!held.has(id)) this.take(id);
  }
}
