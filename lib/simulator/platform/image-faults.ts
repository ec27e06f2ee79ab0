/** What an image archive can be made to do wrong, so that senders and retrievers can be tried on it. */

/** Result, source and reason of A-ASSOCIATE-RJ (PS3.8, 9.3.4). */
export const REJECTIONS = {
  'no-reason': [1, 1, 1],
  'application-context': [1, 1, 2],
  'calling-ae': [1, 1, 3],
  'called-ae': [1, 1, 7],
  'acse-no-reason': [1, 2, 1],
  'protocol-version': [1, 2, 2],
  congestion: [2, 3, 1],
  'local-limit': [2, 3, 2],
} as const satisfies Record<string, readonly [result: number, source: number, reason: number]>;

export type Rejection = keyof typeof REJECTIONS;

/** `silence`: no answer ever; `abort`: A-ABORT; `close`: the connection ends without a word. */
export type ConnectionFault = { readonly kind: 'silence' | 'abort' | 'close' };

export type AssociationFault = ConnectionFault | { readonly kind: 'reject'; readonly as: Rejection };

export type ObjectFault =
  /** A status such as 0xA700, 0xA900, 0xB000, 0xC000: from 0xB000 to 0xBFFF the object is kept all the same. */
  | { readonly kind: 'status'; readonly status: number; readonly comment?: string }
  /** In place of the answer. */
  | ConnectionFault
  /** While the object is still arriving. */
  | { readonly kind: 'abort-early' | 'close-early' }
  /** The object is kept, then the connection closes in place of the answer. */
  | { readonly kind: 'lost-answer' }
  /** The right answer, but late. */
  | { readonly kind: 'delay'; readonly ms: number };

/** `fail`: counted as a failure; `lose`: never sent, yet counted as done. */
export type SubOperationFault = 'fail' | 'lose';

/** Each is asked once, with the number of the association or object since the faults were set, from 1 on. */
export interface ImageFaults {
  readonly association?: (number: number, callingAeTitle: string) => AssociationFault | undefined;
  readonly object?: (number: number, sopInstanceUid: string) => ObjectFault | undefined;
  /** Of C-GET and C-MOVE. */
  readonly subOperation?: (number: number, sopInstanceUid: string) => SubOperationFault | undefined;
}

/** A fault for the n-th alone. */
export const onNth =
  <F>(n: number, fault: F) =>
  (number: number): F | undefined =>
    number === n ? fault : undefined;
