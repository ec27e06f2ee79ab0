/**
 * The chain of audit records: each one's hash covers the one before, so that none can be changed, left out or put in.
 * The hash is keyed by the store: who can write to the database alone cannot make a chain of his own.
 */

/** What one call or one action of an operator was. Holds no clinical text and no patient data. */
export interface AuditRecord {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Who: `system` for deliveries, otherwise the editor's user. */
  readonly actor: string;
  /** What: `deliver`, `resend`, `cancel`, `amend`, `view`, `unmask`, `export`, `backup`, … */
  readonly action: string;
  /** Id of the message; empty for actions on the store. */
  readonly message: string;
  readonly channel: string;
  readonly service: string;
  readonly outcome: string;
  /** Error code of a call that failed. */
  readonly code: string;
  readonly durationMs: number;
}

export interface AuditEntry extends AuditRecord {
  readonly seq: number;
  readonly hash: string;
}

/** Hash before the first record of a store. */
export const AUDIT_START = '';

const FIELDS = [
  'at',
  'actor',
  'action',
  'message',
  'channel',
  'service',
  'outcome',
  'code',
  'durationMs',
] as const;

/** Gives the keyed hash of a text: `KeyRing.hash`. */
export type Sign = (text: string) => string;

/** Hash of a record behind another one. */
export const auditHash = (sign: Sign, previous: string, seq: number, record: AuditRecord): string =>
  sign(JSON.stringify([previous, seq, ...FIELDS.map(name => record[name])]));

/** A place of the chain: number and hash of a record. */
export interface AuditPosition {
  readonly seq: number;
  readonly hash: string;
}

/**
 * Signature of where the chain begins or ends: without it, who can write to the database could cut records off there
 * and move the mark. A copy of the whole database from an earlier day is not recognised.
 */
export const markHash = (sign: Sign, mark: string, { seq, hash }: AuditPosition): string =>
  sign(JSON.stringify([mark, seq, hash]));

/** Checks records that follow one another. Gives the last hash, or the number of the first record that is wrong. */
export function checkChain(
  previous: AuditPosition,
  entries: readonly AuditEntry[],
  sign: Sign,
): { readonly hash: string } | { readonly brokenAt: number } {
  let { seq, hash } = previous;
  for (const entry of entries) {
    seq++;
    if (entry.seq !== seq || entry.hash !== auditHash(sign, hash, seq, entry)) return { brokenAt: seq };
    hash = entry.hash;
  }
  return { hash };
}
