/** What a message store does. Every operation is one step: it has happened, durably, when its promise resolves. */
import type { AuditEntry, AuditPosition, AuditRecord } from '../privacy/audit-chain';
import type {
  Accepted,
  Claimed,
  Failure,
  MessageDetails,
  MessageState,
  MessageSummary,
  NewMessage,
  Outcome,
  SearchTerms,
  Settlement,
} from './message';

export interface Acceptance {
  readonly messages: readonly NewMessage[];
  /** Outcomes of this store that have come to the sender of these messages: they are handed over by this step. */
  readonly handedOver?: readonly string[];
  /** How far a source has been read with these messages; see {@link Operations.position}. */
  readonly position?: { readonly name: string; readonly value: string };
}

export interface Claim {
  readonly channel: string;
  readonly limit: number;
  /** The process that sends. */
  readonly owner: string;
  /** After that time without a renewal another process takes the messages over. */
  readonly leaseMs: number;
  /**
   * What this process is sending of the channel. Anything else that stands as being sent by it was claimed, and the
   * answer was lost, or was sent, and could not be written down: it is in doubt from now on. Without it nothing is.
   */
  readonly holding?: readonly string[];
}

export interface ClaimResult {
  readonly messages: readonly Claimed[];
  /** When the next waiting message of the channel is due; null when none waits. */
  readonly nextDue: number | null;
}

export interface OutcomesResult {
  readonly outcomes: readonly Outcome[];
  /** When the next outcome of the channel is to be sent on again; null when all are handed over. */
  readonly nextDue: number | null;
}

export interface Search {
  readonly states?: readonly MessageState[];
  readonly channel?: string;
  readonly service?: string;
  readonly code?: string;
  readonly terms?: SearchTerms;
  /** The message of this id, and messages that have this as any of their terms. */
  readonly term?: string;
  readonly acceptedFrom?: number;
  readonly acceptedTo?: number;
  /** Only messages older than this one. */
  readonly beforeSeq?: number;
  /** At most 500. */
  readonly limit: number;
}

/** What a message is looked at for: masked, whole, or in order to mend it. */
export type Look = 'view' | 'unmask' | 'check';

/** What an operator asked for, and what came of it. */
export interface OperatorResult {
  readonly done: readonly string[];
  readonly left: readonly {
    readonly id: string;
    readonly why: 'unknown' | 'state' | 'superseded' | 'pruned';
  }[];
}

export interface Retention {
  /** Contents and answers of delivered messages older than this are removed. */
  readonly contentBefore: number;
  /** Delivered messages older than this are removed. */
  readonly messageBefore: number;
  readonly auditBefore: number;
  /** Rows of one step, at most 1000. */
  readonly limit: number;
}

/** Calls of a time, put together: those alike in all but their time are one line. */
export interface CallCount {
  /** Id of the node. */
  readonly channel: string;
  readonly service: string;
  /** As in the audit trail: of a delivery the state that the attempt ended in. */
  readonly outcome: string;
  readonly code: string;
  readonly durationMs: number;
  readonly count: number;
}

export interface Sample {
  readonly seq: number;
  readonly content: string;
}

export interface Tally {
  readonly channel: string;
  readonly state: MessageState;
  readonly count: number;
}

/** The operations, each with what it takes and gives. Plain data: they cross a thread. */
export interface Operations {
  /** Takes messages over. A message with an id that is known already is answered as its own duplicate. */
  accept(input: Acceptance): readonly Accepted[];
  /** Takes the due messages of a channel for sending, only the oldest of each key. */
  claim(input: Claim): ClaimResult;
  /** Writes down what attempts came to. Gives the ids whose lease another process had taken: nothing was written. */
  settle(input: { readonly owner: string; readonly settlements: readonly Settlement[] }): readonly string[];
  /** Keeps the progress of a message that is being sent: after a crash the delivery goes on from there. */
  revise(input: { readonly owner: string; readonly id: string; readonly content: string }): void;
  /** Gives back messages that were claimed and not sent. */
  release(input: { readonly owner: string; readonly ids: readonly string[] }): void;
  /** Prolongs the leases of a process on all that it sends, and on the outcomes that it is handing over. */
  renew(input: { readonly owner: string; readonly leaseMs: number }): void;
  /** Puts messages whose sender is gone in doubt. Gives their number. */
  recover(input: { readonly goneOwners?: 'all-others'; readonly owner: string }): number;
  /** Ends the handing over of outcomes. */
  handOver(input: { readonly ids: readonly string[] }): void;
  /**
   * Takes outcomes of a channel that were not handed over in time, the oldest first. Each is due again after
   * `repeatMs`, and then after 4, 9, 16 … times that.
   */
  outcomes(input: {
    readonly channel: string;
    readonly limit: number;
    readonly repeatMs: number;
    /** Makes all of them due first: for a process that owns the store and starts. */
    readonly all?: boolean;
    /** An outcome whose key has a newer message is not sent on again, lest the old come after the new. */
    readonly newestOnly?: boolean;
  }): OutcomesResult;
  /**
   * Gives up handing over: the messages become `dead`, with the reason. Gives those that it was still time for; the
   * others were handed over.
   */
  park(input: { readonly ids: readonly string[]; readonly failure: Failure }): readonly string[];
  /** From now on the next content of a key is a new message, also when it is that of the newest one. */
  forget(input: Pick<NewMessage, 'destination' | 'service' | 'key'>): void;
  /** Messages of a channel that are not finished, and those whose outcome is not handed over. */
  backlog(input: { readonly channel: string }): number;
  /** How far a source of messages has been read, as {@link Acceptance.position} was last; null before the first. */
  position(input: { readonly name: string }): string | null;

  /** Withdraws waiting, dead and invalid messages. */
  cancel(input: { readonly ids: readonly string[]; readonly actor: string }): OperatorResult;
  /**
   * Sends finished messages again, and those in doubt, each `spacingMs` after the one before. One that is older than
   * another of its key is left, since it would put old content over new, unless `force`.
   */
  resend(input: {
    readonly ids: readonly string[];
    readonly actor: string;
    readonly spacingMs: number;
    /** Pause before the first. */
    readonly delayMs?: number;
    readonly force?: boolean;
  }): OperatorResult;
  /**
   * Replaces an invalid, dead or refused message by a mended one, which names it as its origin and carries its context
   * on.
   */
  amend(input: {
    readonly id: string;
    readonly by: Omit<NewMessage, 'context'>;
    readonly actor: string;
  }): OperatorResult;
  /** Makes waiting messages of a channel due at once. */
  hurry(input: { readonly channel: string }): number;

  search(input: Search): readonly MessageSummary[];
  /** One message with its contents. The look is audited, by the same step, and by what it was for. */
  read(input: { readonly id: string; readonly actor: string; readonly action?: Look }): MessageDetails | null;
  tallies(input: Record<string, never>): readonly Tally[];
  /** Acceptance time of the oldest message of a channel that is not finished. */
  oldest(input: { readonly channel: string }): number | null;
  /** Writes a mark: when it resolves, a new message would have been taken over too. */
  probe(input: Record<string, never>): void;

  /** Appends a record, with the time of the store. */
  audit(input: Omit<AuditRecord, 'at'>): void;
  /** Audit records in order, of the whole store or of one message. */
  auditTrail(input: {
    readonly afterSeq: number;
    readonly limit: number;
    readonly message?: string;
  }): readonly AuditEntry[];
  /**
   * What deliveries and other calls came to, from the audit trail: `from` is in, `to` is not. The store does nothing else
   * meanwhile (3 seconds for a million calls): ask for a long time in parts.
   */
  callStatistics(input: { readonly from: number; readonly to: number }): readonly CallCount[];
  /**
   * Contents of delivered messages of a service, the newest first, for figures about their fields. One audit record
   * for each call.
   */
  samples(input: {
    readonly service: string;
    readonly actor: string;
    readonly acceptedFrom: number;
    readonly acceptedTo: number;
    readonly beforeSeq?: number;
    /** At most 500. */
    readonly limit: number;
  }): readonly Sample[];
  /** Checks the next part of the chain. `done` when it has reached the end. */
  checkAudit(input: AuditPosition & { readonly limit: number }): AuditCheck;
  /** Where the chain begins: after what retention has removed. */
  auditStart(input: Record<string, never>): AuditPosition;

  /** Removes what need not be kept any more. Gives the number of rows: call again until it is 0. */
  prune(input: Retention): number;
  /**
   * After a change of the secret: seals a part of the contents by the new key. Gives whether there is more; the
   * progress is kept, so that a restart goes on where it was.
   */
  reseal(input: { readonly limit: number }): boolean;
}

export interface AuditCheck extends AuditPosition {
  readonly done: boolean;
  /** Number of the first record that was changed, removed or put in. */
  readonly brokenAt: number | null;
}

export type OperationName = keyof Operations;
export type Input<Name extends OperationName> = Parameters<Operations[Name]>[0];
export type Result<Name extends OperationName> = ReturnType<Operations[Name]>;

/**
 * A store that is open.
 *
 * Every operation rejects with an {@link ExchangeError}: STORE when the store cannot be used now, STORE_FULL when it
 * has no room left. What was rejected did not happen; except that of a shared store the connection may be lost just
 * when the work is committed. Doing it again is safe: a message is known by its id, an attempt by its sender.
 */
export type MessageStore = {
  readonly [Name in OperationName]: (input: Input<Name>) => Promise<Result<Name>>;
} & {
  /** Unlike an embedded store, a shared one has other processes at work in it. */
  readonly shared: boolean;
  /** Lets what is under way finish, then closes. Operations after that reject. */
  close(): Promise<void>;
};
