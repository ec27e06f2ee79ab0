/** How far a source was read by a watermark, kept with what was read. */
import type { PolledRecord } from './record';
import type { Take } from './source';

/** No keys: they may be a patient's. */
export interface Position {
  /** Youngest watermark up to which all was read; null before the first round. */
  readonly high: string | null;
  /** Milliseconds since 1970; null before the first round. */
  readonly rescannedAt: number | null;
  /** Parts that are read again, each up to `to` or what is youngest when it gets there. `from` moves on. */
  readonly backfills: readonly { readonly from: string; readonly to: string | null }[];
}

export class PositionKeeper {
  #value: Position;
  #keeping: Promise<unknown> = Promise.resolve();

  /** @param kept as it was handed to {@link Take}; null at the very first time */
  constructor(kept: string | null) {
    // Written by this class.
    this.#value = kept ? (JSON.parse(kept) as Position) : { high: null, rescannedAt: null, backfills: [] };
  }

  get value(): Position {
    return this.#value;
  }

  /** Keeps a change with records; one after the other, since a backfill may be asked for at any time. */
  keep(
    take: Take,
    change: (position: Position) => Partial<Position>,
    records: readonly PolledRecord[] = [],
  ): Promise<void> {
    const kept = this.#keeping.then(async () => {
      const position = { ...this.#value, ...change(this.#value) };
      await take(records, JSON.stringify(position));
      this.#value = position;
    });
    this.#keeping = kept.catch(() => undefined);
    return kept;
  }
}
