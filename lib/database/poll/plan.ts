/** What is polled and how: the settings of database-poll, read. */
import type { ObjectName } from './names';
import type { WatermarkKind } from './watermark';

/** Rows that belong to one message. */
export type Shape =
  /** Each row. */
  | { readonly kind: 'one' }
  /** All rows of a key, such as the flat rows of a report with its items. */
  | { readonly kind: 'many' }
  /** The row, and those of another table under `property`. */
  | {
      readonly kind: 'detail';
      readonly source: ObjectName;
      /** Columns of the detail table, in the order of the keys. */
      readonly keys: readonly string[];
      readonly property: string;
      readonly order: readonly string[];
    };

export interface TableSource {
  readonly source: ObjectName;
  readonly keys: readonly string[];
  /** The user's own condition, in SQL; empty for none. */
  readonly condition: string;
  readonly shape: Shape;
}

export interface Pace {
  readonly intervalMs: number;
  /** Rows of one statement. */
  readonly page: number;
  /** Messages that the flow has not taken over yet; no more is read until some are. */
  readonly mostInFlight: number;
}

export interface WatermarkPlan extends Pace {
  readonly mode: 'watermark';
  readonly table: TableSource;
  readonly column: string;
  readonly kind: WatermarkKind;
  /** How far back every round begins: milliseconds, or numbers. Later commits and wrong clocks up to that lose nothing. */
  readonly overlap: number;
  /** Where the very first round begins: `now`, `all`, or a watermark. */
  readonly start: string;
  /** Everything that is younger is read again now and then, for what was dated back further than the overlap. */
  readonly rescan: { readonly back: number; readonly everyMs: number } | null;
}

/** When a row is marked as done: once it is safe in the message store, or once the flow has brought its outcome back. */
export type AckMoment = 'stored' | 'outcome';

export interface AckPlan {
  readonly moment: AckMoment;
  readonly owner: string;
  readonly leaseSeconds: number;
  /** Column whose change means that the row is a new one; null when there is none. */
  readonly version: string | null;
  readonly done: string;
  readonly rejected: string;
}

export interface ClaimPlan extends Pace {
  readonly mode: 'claim';
  readonly table: TableSource;
  readonly ack: AckPlan;
  readonly order: readonly string[];
  readonly status: string;
  /** Columns that the hospital may not grant. Without `owner` and `lease` rows are read and not claimed. */
  readonly owner: string | null;
  readonly lease: string | null;
  readonly attempts: string | null;
  readonly message: string | null;
  readonly values: { readonly new: string; readonly claimed: string };
}

export interface ProcedurePlan extends Pace {
  readonly mode: 'procedure';
  readonly fetch: ObjectName;
  readonly acknowledge: ObjectName | null;
  readonly keys: readonly string[];
  /** Details are the second set of rows; they have no other source. */
  readonly shape: Shape;
  readonly ack: AckPlan;
}

export type PollPlan = WatermarkPlan | ClaimPlan | ProcedurePlan;
