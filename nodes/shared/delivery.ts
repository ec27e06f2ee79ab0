/** What delivering nodes do alike: hand items in to the store, and send the outcomes on. */
import type { Node, NodeAPI } from 'node-red';
import type {
  Channel,
  Condition,
  DeliveryResult,
  DestinationRules,
  Emission,
  Work,
} from '../../lib/delivery/channel';
import type { Courier } from '../../lib/delivery/courier';
import { type Item, handIn } from '../../lib/delivery/hand-in';
import type { PlatformAddress } from '../../lib/profile/platform';
import type { Accepted } from '../../lib/store/message';
import type { ExchangeProfileNode } from '../exchange-profile/profile-node';
import { needStore } from '../exchange-store/store-node';
import type { DeliveryProps } from './delivery.props';
import { endHandover, handoverOf, handoverToken, wiringOf } from './handover';
import type { InputMessage, Send } from './input';
import type { Mood } from './status';

/** Node-RED ends a node that takes longer than 15 s to close. */
const GRACE_MS = 5000;

export interface Delivering {
  readonly node: Node;
  readonly def: Partial<DeliveryProps>;
  readonly profileNode: ExchangeProfileNode;
  readonly address: PlatformAddress;
  /** Messages in one call. */
  readonly batch: number;
  readonly status: (mood: Mood, key: string) => void;
  deliver(works: readonly Work[], signal: AbortSignal): Promise<readonly DeliveryResult[]>;
}

export interface DurableDelivery {
  /**
   * Hands items in: they are on disk when it resolves. Items that repeat a finished message are answered at once.
   * @throws {ExchangeError} CONFIG without a store; STORE, STORE_FULL: nothing was taken over
   */
  accept(msg: InputMessage, items: readonly Item[], send: Send): Promise<void>;
}

const moods: Record<Emission['state'], Mood> = {
  accepted: 'good',
  refused: 'bad',
  unconfirmed: 'warn',
  dead: 'bad',
  invalid: 'bad',
};

const conditions: Record<Exclude<Condition['kind'], 'idle'>, Mood> = {
  sending: 'busy',
  waiting: 'warn',
  down: 'bad',
  paused: 'bad',
  'closed-hours': 'idle',
  'store-down': 'bad',
};

/** Opens the node's channel in the store of its profile; it closes with the node. */
export function openDelivery(RED: NodeAPI, delivering: Delivering): DurableDelivery {
  const { node, def, profileNode, address, batch, status } = delivering;
  const storeNode = profileNode.store();
  if (!storeNode) status('bad', 'no-store');
  const reachesTaker = wiringOf(RED, node);
  const destination = `${profileNode.id}/${address}`;

  const emit = ({ state, payload, context, exchange }: Emission): boolean => {
    status(moods[state], state);
    const output = state === 'accepted' ? 0 : 1;
    const taken = def.handover === 'taken' || (def.handover !== 'sent' && reachesTaker(output));
    const token = storeNode && taken ? { handover: handoverToken(storeNode, exchange.id) } : {};
    const out = { ...context, payload, exchange: { ...exchange, ...token } };
    node.send(output === 0 ? [out, null] : [null, out]);
    return !taken;
  };

  const channel = (rules: DestinationRules): Channel => ({
    id: node.id,
    destination,
    destinationTitle: `${profileNode.name ?? profileNode.id} ${address}`,
    rules,
    batch,
    idempotent: true,
    holdsKey: def.holdsKey ?? false,
    deliver: (works, signal) => delivering.deliver(works, signal),
    emit,
    onCondition: condition => {
      if (condition.kind !== 'idle') status(conditions[condition.kind], condition.kind);
    },
  });
  const rules = rulesOf(profileNode);
  const courier: Courier | undefined = rules && storeNode?.dispatcher.open(channel(rules));
  node.on('close', (_removed: boolean, done: () => void) => {
    (courier?.close(GRACE_MS) ?? Promise.resolve()).then(done, done);
  });

  return {
    async accept(msg, items, send) {
      const store = needStore(storeNode);
      const handover = handoverOf(RED, msg);
      const own = handover?.store === store;
      const messages = handIn(items, { channel: node.id, destination }, msg);
      const accepted = await courier?.accept(messages, own && handover ? [handover.id] : []);
      if (!own) await endHandover(handover);
      if (!accepted) return;
      status('busy', accepted.some(({ fate }) => fate === 'queued') ? 'queued' : 'duplicate');
      // A durable source repeats what was not handed over: its work went on from the first time.
      if (!handover) accepted.forEach((one, at) => answerRepetition(one, items[at], msg, send));
    },
  };

  /** Tells what became of the message that an input repeats, when that is known. */
  function answerRepetition(accepted: Accepted, item: Item | undefined, msg: InputMessage, send: Send): void {
    const { original, fate, version } = accepted;
    if (fate !== 'duplicate' || !original || !item) return;
    if (original.state !== 'accepted' && original.state !== 'unconfirmed') return;
    const exchange = {
      id: original.id,
      service: item.service,
      outcome: original.state,
      version,
      duplicate: true,
      key: item.label,
    };
    const out = { ...RED.util.cloneMessage(msg), exchange };
    send(original.state === 'accepted' ? [out, null] : [null, out]);
  }
}

/** Undefined when the profile cannot be used, which the profile node has said: messages wait until it is mended. */
function rulesOf(profileNode: ExchangeProfileNode): DestinationRules | undefined {
  try {
    return profileNode.profile().delivery;
  } catch {
    return undefined;
  }
}
