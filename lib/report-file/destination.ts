/** Where a published file goes. */
import type { Content } from './content';
import type { Facts } from './inspect';
import type { Change, OnConflict } from './local-folder';

export interface StoreOptions {
  readonly onConflict: OnConflict;
  readonly signal: AbortSignal;
}

export interface Stored {
  /** For ReportFilePath. Never longer than the draft. */
  readonly address: string;
  readonly change: Change;
}

export interface Destination {
  /** The address that a name will get, before anything is stored. */
  draft(name: string): Promise<string>;
  /** At start: removes what a crash left behind, and what has expired. */
  tidy(signal: AbortSignal): Promise<void>;
  /** Stores content under a name, whole or not at all. */
  store(name: string, content: Content, facts: Facts, options: StoreOptions): Promise<Stored>;
}
