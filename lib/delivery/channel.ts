/** What a delivering node gives to the dispatcher. */
import type { Text } from '../errors';
import type { Failure, FinalState } from '../store/message';
import type { Mending } from './mending';
import type { TimeWindows } from './time-windows';

/** Limits of a destination. */
export interface DestinationRules {
  /** Calls at the same time. */
  readonly concurrency: number;
  /** Calls a minute; 0: no limit. */
  readonly perMinute: number;
  readonly windows: TimeWindows;
}

/** A message to be delivered. */
export interface Work {
  readonly id: string;
  readonly service: string;
  readonly content: string;
  /** An earlier attempt may have reached the peer. */
  readonly doubtful: boolean;
  /** Keeps progress: the next attempt, also after a crash, gets this content. Later, if the store is out of reach. */
  save(content: string): Promise<void>;
}

/** What a delivery came to: the peer's answer for the flow, and the story for `msg.exchange`. */
export interface Delivered {
  readonly state: 'accepted' | 'refused' | 'unconfirmed';
  readonly payload: unknown;
  readonly exchange: Readonly<Record<string, unknown>>;
  /** Why it was refused, for lists; masked. */
  readonly failure?: Failure;
}

export type DeliveryResult = Delivered | { readonly error: unknown };

/** An outcome as it goes out of the node. */
export interface Emission {
  readonly state: FinalState;
  readonly payload: unknown;
  readonly context: Readonly<Record<string, unknown>>;
  readonly exchange: Readonly<Record<string, unknown>> & { readonly id: string };
}

export interface Parking {
  /** How often an outcome is sent on at most. */
  readonly afterEmissions: number;
  /** The message is dead now, and waits for an operator. */
  onParked(emission: Emission): void;
}

export interface Channel {
  /** The node's id: after a restart the messages find the node again by it. */
  readonly id: string;
  readonly destination: string;
  /** The destination as people know it. */
  readonly destinationTitle: string;
  readonly rules: DestinationRules;
  /** Messages that go together in one delivery. */
  readonly batch: number;
  /** Sending the same message twice does no harm. */
  readonly idempotent: boolean;
  /** A dead message keeps later ones of its key waiting. */
  readonly holdsKey: boolean;
  /**
   * Delivers messages in one attempt; a result for each, in their order. Rejects when all failed alike.
   * @param signal ends the attempt: ABORTED
   */
  deliver(works: readonly Work[], signal: AbortSignal): Promise<readonly DeliveryResult[]>;
  /** Asks the peer whether it has processed a message. Without it one in doubt waits for an operator. */
  ask?(work: Work, signal: AbortSignal): Promise<Delivered | 'not-processed' | 'unknown'>;
  /**
   * Sends an outcome on. Gives true when that ends its hand-over; otherwise it is repeated until the next node of the
   * chain has taken it over.
   */
  emit(emission: Emission): boolean;
  /** Outcomes that no node takes over are given up so; without it they are repeated for ever. */
  readonly parking?: Parking;
  /** Messages are states of a thing: an outcome is not repeated once there is a newer message of its key. */
  readonly newestOnly?: boolean;
  /** Absent where a message holds no records. */
  readonly mending?: Mending;
  /** Told when the channel's condition changes. */
  onCondition?(condition: Condition): void;
}

export type Condition =
  | { readonly kind: 'idle' | 'sending' | 'waiting' }
  | { readonly kind: 'down' | 'paused' | 'closed-hours' | 'store-down'; readonly text: Text };
