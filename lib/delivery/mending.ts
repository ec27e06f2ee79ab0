/** How the messages of a channel are mended by an operator, where they hold records of the agreement. */
import type { TableRecords } from '../contract/field';
import type { Violation } from '../contract/violation';
import type { Item } from './hand-in';

/** Records as they were read anew: what is delivered of them, and what is wrong with them. */
export interface Mended {
  readonly item: Item;
  readonly violations: readonly Violation[];
}

export interface Mending {
  /**
   * Reads records as the node reads its input: by the same rules, with the settings that it has now.
   * @throws {ExchangeError} CONTRACT when they are no records of the service, CONFIG when the settings cannot be used
   */
  read(service: string, rows: readonly TableRecords[]): Mended;
  /** The document that is sent for records, as XML. @throws {ExchangeError} CONFIG */
  document(service: string, rows: readonly TableRecords[]): string;
}
