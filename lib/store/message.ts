/** Messages as the store keeps them, from the moment a node has accepted one. */
import type { Text } from '../errors';

export const messageStates = [
  /** Waits for its turn, or for the time of its next attempt. */
  'pending',
  /** Being sent. */
  'inflight',
  /** Sent, the answer was lost: the peer may have processed it. */
  'in-doubt',
  /** The peer confirmed it. */
  'accepted',
  /** The peer understood and refused. */
  'refused',
  /** Delivered; what the peer answered is unknown. */
  'unconfirmed',
  /** Given up: limit of tries or age, or an error that no repetition mends. Waits for an operator. */
  'dead',
  /** Withdrawn by an operator, or replaced by a mended one. */
  'cancelled',
  /** Breaks the contract: was never sent, waits to be mended. */
  'invalid',
] as const;

export type MessageState = (typeof messageStates)[number];

/** What an operator may do with a message, by its state. The store refuses the rest; the monitor does not offer it. */
export const operable: Readonly<Record<'cancel' | 'resend' | 'amend', ReadonlySet<MessageState>>> = {
  cancel: new Set<MessageState>(['pending', 'in-doubt', 'dead', 'invalid']),
  resend: new Set<MessageState>(['in-doubt', 'accepted', 'refused', 'unconfirmed', 'dead', 'cancelled']),
  /** Nothing of it has arrived: a mended message takes its place. */
  amend: new Set<MessageState>(['invalid', 'dead', 'refused']),
};

/** States that an attempt can end in. */
export type FinalState = 'accepted' | 'refused' | 'unconfirmed' | 'dead' | 'invalid';

/** What an operator finds a message by; empty where it has none. Kept as keyed hashes only. */
export interface SearchTerms {
  /** Number of the document: a report's, or a booking's. */
  readonly report?: string;
  readonly patient?: string;
  readonly accession?: string;
}

/** Why a message is not delivered, for people; without patient data. */
export interface Failure {
  readonly code: string;
  readonly text: Text;
}

/** A message as a node hands it in. */
export interface NewMessage {
  /** UUID, made by the one who hands it in. */
  readonly id: string;
  /** Id of the node that delivers it and sends its outcome on. */
  readonly channel: string;
  /** What receives it: the messages of all channels to one destination share its limits and its circuit. */
  readonly destination: string;
  readonly service: string;
  /** Business key: messages of one key and service are delivered in order. Kept as a keyed hash only. */
  readonly key: string;
  /** What people see of the key; masked where it is a patient's. */
  readonly label: string;
  readonly terms: SearchTerms;
  /** What is delivered, as text that the channel understands. */
  readonly content: string;
  /** The other properties of the input message, as JSON. */
  readonly context: string;
  /**
   * When the same content of the same key is no new message: while it is `known` (waiting, sent or delivered), only
   * while it `waits`, or never.
   */
  readonly repeats: 'known' | 'waits' | 'never';
  /** It breaks the contract and is kept to be mended. */
  readonly invalid?: Failure;
}

export interface Accepted {
  readonly id: string;
  readonly fate: 'queued' | 'duplicate' | 'invalid';
  /** Number among the messages of its key; 0 for one that is invalid. */
  readonly version: number;
  /** The message that a duplicate repeats. */
  readonly original?: { readonly id: string; readonly state: MessageState };
}

/** A message to be delivered now. */
export interface Claimed {
  readonly id: string;
  readonly channel: string;
  readonly service: string;
  readonly label: string;
  readonly content: string;
  readonly context: string;
  readonly version: number;
  readonly acceptedAt: number;
  /** Attempts that count against the limit. */
  readonly tries: number;
  /** All attempts. */
  readonly calls: number;
  /** An earlier attempt may have reached the peer. */
  readonly doubtful: boolean;
}

/** What an attempt came to. */
export interface Settlement {
  readonly id: string;
  readonly startedAt: number;
  readonly durationMs: number;
  readonly failure?: Failure;
  readonly next: Finished | Waiting;
}

/** The end of a delivery. */
export interface Finished {
  readonly state: FinalState;
  /** Payload and story of the outcome, as JSON. */
  readonly outcome: string;
  /** When the outcome is sent on again unless it has been handed over by then. */
  readonly repeatAt: number;
  /** A dead message keeps later ones of its key waiting until an operator decides. */
  readonly holdsKey?: boolean;
}

export interface Waiting {
  readonly state: 'pending' | 'in-doubt';
  readonly dueAt: number;
  /** The attempt counts against the limit of tries. */
  readonly counts: boolean;
}

/** An outcome that has not been handed over. */
export interface Outcome {
  readonly id: string;
  readonly state: FinalState;
  readonly outcome: string;
  readonly context: string;
  readonly version: number;
  readonly acceptedAt: number;
  readonly calls: number;
  /** How often it has been sent on before. */
  readonly emissions: number;
}

/** A message as a list shows it. */
export interface MessageSummary {
  readonly seq: number;
  readonly id: string;
  readonly channel: string;
  readonly destination: string;
  readonly service: string;
  readonly label: string;
  readonly state: MessageState;
  readonly version: number;
  readonly tries: number;
  readonly calls: number;
  readonly acceptedAt: number;
  /** Time of the next attempt of a waiting message. */
  readonly dueAt: number;
  /** End of the delivery; null while it goes on. */
  readonly settledAt: number | null;
  readonly code: string;
  readonly text: Text;
  /** The message that this one was made from by editing. */
  readonly origin: string;
}

export interface MessageDetails extends MessageSummary {
  /** Null when its time of keeping is over. */
  readonly content: string | null;
  readonly outcome: string | null;
}
