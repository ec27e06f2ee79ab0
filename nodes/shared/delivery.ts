/** What delivering nodes do alike: hand items in to the store, and send the outcomes on. */
import type { Node, NodeAPI } from 'node-red';
import type {
  Channel,
  Condition,
  DeliveryResult,
  DestinationRules,
  Emission,
  Parking,
  Work,
} from '../../lib/delivery/channel';
import type { Courier } from '../../lib/delivery/courier';
import { rowWaits } from '../../lib/database/poll/poll-delivery';
import { type Item, handIn } from '../../lib/delivery/hand-in';
import type { Mending } from '../../lib/delivery/mending';
import { ExchangeError, type Text, bilingual } from '../../lib/errors';
import type { PlatformAddress } from '../../lib/profile/platform';
import type { Accepted } from '../../lib/store/message';
import type { ExchangeProfileNode } from '../exchange-profile/profile-node';
import { type ExchangeStoreNode, needStore } from '../exchange-store/store-node';
import type { DeliveryProps } from './delivery.props';
import { endHandover, handoverOf, handoverToken, wiringOf } from './handover';
import type { InputMessage, Send } from './input';
import type { Mood } from './status';

/** Node-RED ends a node that takes longer than 15 s to close. */
const GRACE_MS = 5000;

/** Whom a node delivers to. */
export interface NodeDestination {
  readonly id: string;
  /** As people know it. */
  readonly title: string;
  readonly rules: DestinationRules;
}

export interface Delivering {
  readonly node: Node;
  readonly def: Partial<DeliveryProps>;
  readonly storeNode: ExchangeStoreNode | null;
  /** Undefined when its settings cannot be used, which was said: messages wait until that is mended. */
  readonly destination: NodeDestination | undefined;
  /** Messages in one call. */
  readonly batch: number;
  readonly status: (mood: Mood, key: string) => void;
  /** Gives outcomes up that no node takes over. */
  readonly parking?: Parking;
  /** Messages are states of a thing, of which the newest counts. */
  readonly newestOnly?: boolean;
  /** Status of an outcome, where it is not the outcome's own name. */
  readonly outcomeKeys?: Partial<Record<Emission['state'], string>>;
  /** For messages that hold records. */
  readonly mending?: Mending;
  deliver(works: readonly Work[], signal: AbortSignal): Promise<readonly DeliveryResult[]>;
}

export interface DurableDelivery {
  /**
   * Hands items in: they are on disk when it resolves. Items that repeat a finished message are answered at once.
   * @param keep the hand-over that `msg` carries is not ended: there is more of the message
   * @throws {ExchangeError} CONFIG without a store; STORE, STORE_FULL: nothing was taken over
   */
  readonly accept: (msg: InputMessage, items: readonly Item[], send: Send, keep?: 'keep') => Promise<void>;
  /**
   * Hands in what a source has read, each item with the properties of its message; `position` is kept in the same step.
   * @throws {ExchangeError} as {@link accept}
   */
  readonly take: (
    read: readonly { readonly item: Item; readonly properties: Readonly<Record<string, unknown>> }[],
    position?: string,
  ) => Promise<void>;
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

/** Opens the node's channel in a store; it closes with the node. */
export function openDelivery(RED: NodeAPI, delivering: Delivering): DurableDelivery {
  const { node, def, storeNode, destination, batch, status, outcomeKeys } = delivering;
  if (!storeNode) status('bad', 'no-store');
  const reachesTaker = wiringOf(RED, node);

  const emit = ({ state, payload, context, exchange }: Emission): boolean => {
    status(moods[state], outcomeKeys?.[state] ?? state);
    const output = state === 'accepted' ? 0 : 1;
    const taken = def.handover === 'taken' || (def.handover !== 'sent' && reachesTaker(output));
    const token = storeNode && taken ? { handover: handoverToken(storeNode, exchange.id) } : {};
    const out = { ...context, payload, exchange: { ...exchange, ...token } };
    node.send(output === 0 ? [out, null] : [null, out]);
    return !taken;
  };

  const channel = ({ id, title, rules }: NodeDestination): Channel => ({
    id: node.id,
    destination: id,
    destinationTitle: title,
    rules,
    batch,
    idempotent: true,
    holdsKey: def.holdsKey ?? false,
    deliver: (works, signal) => delivering.deliver(works, signal),
    emit,
    ...(delivering.parking && { parking: delivering.parking }),
    newestOnly: delivering.newestOnly ?? false,
    ...(delivering.mending && { mending: delivering.mending }),
    onCondition: condition => {
      if (condition.kind !== 'idle') status(conditions[condition.kind], condition.kind);
      if (condition.kind === 'paused') node.error(alertOf('PAUSED', condition.text), {});
      if (condition.kind === 'store-down') node.error(alertOf('STORE', condition.text), {});
    },
  });
  const courier: Courier | undefined = destination && storeNode?.dispatcher.open(channel(destination));
  node.on('close', (_removed: boolean, done: () => void) => {
    (courier?.close(GRACE_MS) ?? Promise.resolve()).then(done, done);
  });

  return {
    take: async (read, position) => {
      if (!courier || !destination) throw noDestination();
      const messages = read.flatMap(({ item, properties }) =>
        handIn([item], { channel: node.id, destination: destination.id }, properties),
      );
      await courier.accept(
        messages,
        [],
        position === undefined ? undefined : { name: node.id, value: position },
      );
    },
    accept: async (msg, items, send, keep) => {
      const store = needStore(storeNode);
      const handover = handoverOf(RED, msg);
      const own = handover?.store === store;
      if (!courier || !destination) throw noDestination();
      // Its row would wait for ever for the outcome of what is a repetition here.
      const wanted = rowWaits(msg) ? items.map(item => ({ ...item, repeats: 'never' as const })) : items;
      const messages = handIn(wanted, { channel: node.id, destination: destination.id }, msg);
      const accepted = await courier.accept(messages, own && handover && !keep ? [handover.id] : []);
      if (!own && !keep) await endHandover(handover);
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

/**
 * Delivers at once, in one attempt for each item, for nodes without a store. Gives the function that takes the items of
 * an input.
 */
export function deliverNow(
  RED: NodeAPI,
  { node, status, outcomeKeys, deliver }: Omit<Delivering, 'storeNode' | 'destination' | 'batch'>,
  stop: AbortSignal,
): DurableDelivery['accept'] {
  return async (msg, items, send) => {
    const handover = handoverOf(RED, msg);
    for (const [at, message] of handIn(items, { channel: node.id, destination: '' }, {}).entries()) {
      status('busy', 'sending');
      const [result] = await deliver([{ ...message, doubtful: false, save: async () => undefined }], stop);
      if (!result || 'error' in result) {
        status('bad', 'failed');
        throw result?.error ?? noDestination();
      }
      const { state, payload, exchange } = result;
      status(moods[state], outcomeKeys?.[state] ?? state);
      const out = at === items.length - 1 ? msg : RED.util.cloneMessage(msg);
      Object.assign(out, { payload, exchange: { ...exchange, service: message.service, outcome: state } });
      send(state === 'accepted' ? [out, null] : [null, out]);
    }
    await endHandover(handover);
  };
}

/** The platform's interfaces, as the agreement calls them in every language. */
const INTERFACES: Record<PlatformAddress, string> = {
  callInterfaceUrl: 'CallInterface',
  archiveUrl: 'IAutoReport',
};

/** An address of the platform, with the limits of the profile. */
export function platformDestination(
  profileNode: ExchangeProfileNode,
  address: PlatformAddress,
): NodeDestination | undefined {
  try {
    const title = `${profileNode.name ?? profileNode.id} ${INTERFACES[address]}`;
    return { id: `${profileNode.id}/${address}`, title, rules: profileNode.profile().delivery };
  } catch {
    return undefined; // the profile node has said why
  }
}

/** What nothing but a person can mend, for Catch nodes; said once for each time that it begins. */
const alertOf = (code: string, text: Text): Error => Object.assign(new Error(bilingual(text)), { code });

const noDestination = (): ExchangeError =>
  new ExchangeError({
    code: 'CONFIG',
    retry: 'never',
    text: {
      zh: '发送目标未选择或其设置有误，请检查节点引用的配置',
      en: 'no destination is chosen, or its settings are wrong: check the configuration that the node refers to',
    },
  });
