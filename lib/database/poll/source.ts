/** Where a poller reads: what changed by a watermark, what it may claim, or what a procedure gives. */
import type { Text } from '../../errors';
import type { AckPlan } from './plan';
import type { PolledRecord } from './record';

/**
 * Takes records over, and with them how far the source was read: when it resolves, both are safe. What was taken over
 * before is recognised.
 */
export type Take = (records: readonly PolledRecord[], position?: string) => Promise<void>;

export interface Round {
  /** Records that were handed in. */
  readonly taken: number;
  /** There was more than there was room for. */
  readonly more: boolean;
}

/** What became of a row, as the hospital's table is to say. */
export interface Acknowledgement {
  readonly key: readonly string[];
  readonly version: string;
  readonly state: 'done' | 'rejected';
  /** Why it was rejected, without patient data; for the hospital's people, in Chinese. */
  readonly message: string;
}

/** What the hospital is told as soon as records are safe: that they are, if that is asked for; and which are unreadable. */
export const knownAtOnce = (
  records: readonly PolledRecord[],
  { moment }: Pick<AckPlan, 'moment'>,
): Acknowledgement[] =>
  records.flatMap(({ key, version, failure }): Acknowledgement[] => {
    if (failure) return [{ key, version, state: 'rejected', message: failure.text.zh }];
    return moment === 'stored' ? [{ key, version, state: 'done', message: '' }] : [];
  });

export interface PollSource {
  /** Reads what there is, at most `room` records. @throws {ExchangeError} of the database, or of `take` */
  round(room: number, take: Take, signal: AbortSignal): Promise<Round>;
  /**
   * Tells the hospital's database. Twice the same does no harm. Gives false when the row has changed since it was read,
   * and so is another one; true also where that cannot be told.
   * @throws {ExchangeError} of the database
   */
  acknowledge(given: Acknowledgement, signal: AbortSignal): Promise<boolean>;
  /** Reads a part again, from the next round on. @throws {ExchangeError} CONFIG where that is not possible */
  backfill(from: string, to: string | null, take: Take): Promise<void>;
}

export interface SourceContext {
  /** What was kept by {@link Take}; null at the very first time. */
  readonly position: string | null;
  /** Milliseconds since 1970. */
  now(): number;
  /** What is no failure, and still somebody should know. */
  warn(text: Text): void;
}
