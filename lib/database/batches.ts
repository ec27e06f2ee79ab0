/** Rows of a source that holds up the thread at each of them, in batches. */
import { setImmediate as breathe } from 'node:timers/promises';

/** So long the thread is kept from others at a time. */
const TURN_MS = 10;

/**
 * Reads no further than the batch that is asked for, and lets others run in between.
 * @param size rows of a batch
 * @param check throws when nothing more is to be read; gets the milliseconds since the batch was asked for
 */
export async function* inBatches<Row>(
  rows: Iterable<Row>,
  size: number,
  check: (sinceAskedMs: number) => void,
): AsyncGenerator<readonly Row[]> {
  let batch: Row[] = [];
  let askedAt = performance.now();
  let turnEndsAt = askedAt + TURN_MS;
  for (const row of rows) {
    batch.push(row);
    if (batch.length >= size) {
      yield batch;
      batch = [];
      askedAt = performance.now();
      check(0);
    }
    if (performance.now() < turnEndsAt) continue;
    await breathe();
    const now = performance.now();
    check(now - askedAt);
    turnEndsAt = now + TURN_MS;
  }
  if (batch.length > 0) yield batch;
}
