/** Replaces small parts of a stream of bytes, and passes everything else on as it is. */

export interface Patch {
  /** In the bytes as they come. */
  readonly position: number;
  /** How many of them are left out there. */
  readonly remove: number;
  /** What stands in their place. */
  readonly insert: Buffer;
}

/** How much longer the bytes become. */
export const growthOf = (patches: readonly Patch[]): number =>
  patches.reduce((sum, { remove, insert }) => sum + insert.length - remove, 0);

/** @param patches in the order of their positions, none within another */
export async function* splice(
  input: AsyncIterable<Buffer>,
  patches: readonly Patch[],
): AsyncGenerator<Buffer, void> {
  const waiting = [...patches];
  let position = 0;
  let toRemove = 0;
  for await (const piece of input) {
    let rest = piece;
    for (;;) {
      const removed = Math.min(toRemove, rest.length);
      toRemove -= removed;
      position += removed;
      rest = rest.subarray(removed);
      const [next] = waiting;
      if (toRemove > 0 || !next || next.position - position >= rest.length) break;
      const before = rest.subarray(0, next.position - position);
      if (before.length > 0) yield before;
      yield next.insert;
      position += before.length;
      rest = rest.subarray(before.length);
      toRemove = next.remove;
      waiting.shift();
    }
    position += rest.length;
    if (rest.length > 0) yield rest;
  }
  // At the very end.
  for (const { insert } of waiting) yield insert;
}
