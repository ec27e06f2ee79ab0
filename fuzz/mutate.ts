/** Damage to valid samples, and long runs of what readers are slow at. */
import type { Chance } from '../test/support/chance';

export const pick = <T>(chance: Chance, from: readonly T[]): T => from[chance.between(0, from.length - 1)]!;

/** Characters of the longest runs: enough for a reader that takes time in their square to be seen. */
const LONG = 60_000;
/** One input in so many has a run of that length. */
const LONG_PART = 0.002;

/** One to six changes: a byte, telling bytes, bytes left out, doubled, repeated, taken from elsewhere, or the end cut. */
export function damaged(chance: Chance, sample: Buffer, telling: readonly Buffer[]): Buffer {
  let result: Buffer = Buffer.from(sample);
  for (let changes = chance.between(1, 6); changes > 0 && result.length > 0; changes--) {
    const at = chance.between(0, result.length - 1);
    const end = Math.min(result.length, at + chance.between(1, 16));
    const put = (...middle: readonly Buffer[]): Buffer =>
      Buffer.concat([result.subarray(0, at), ...middle, result.subarray(end)]);
    switch (chance.between(0, 7)) {
      case 0:
      case 1:
        result[at] = chance.between(0, 255);
        break;
      case 2:
        pick(chance, telling).copy(result, at);
        break;
      case 3:
        result = put();
        break;
      case 4:
        result = Buffer.concat([result.subarray(0, end), result.subarray(at)]);
        break;
      case 5:
        result = put(pick(chance, telling));
        break;
      case 6:
        result = put(repeated(chance, chance.in(0.5) ? pick(chance, telling) : result.subarray(at, end)));
        break;
      default:
        if (chance.in(0.3)) result = result.subarray(0, at);
    }
  }
  return result;
}

function repeated(chance: Chance, piece: Buffer): Buffer {
  if (piece.length === 0) return piece;
  const bytes = chance.in(LONG_PART * 5) ? LONG : chance.between(2, 200);
  return Buffer.concat(Array.from({ length: Math.ceil(bytes / piece.length) }, () => piece));
}

/** A number, a text, a list or an object, as no form would send it. */
export function anything(chance: Chance, words: readonly string[], depth = 0): unknown {
  switch (chance.between(0, depth > 2 ? 7 : 9)) {
    case 0:
      return null;
    case 1:
      return chance.in(0.5);
    case 2:
      return chance.between(-2, 70_000);
    case 3:
      return pick(chance, [0.5, -0, 1e300, Number.MAX_SAFE_INTEGER + 1, 2 ** 31]);
    case 4:
    case 5:
      return pick(chance, words);
    case 6:
      return pick(chance, words) + pick(chance, words);
    case 7:
      return pick(chance, words).repeat(chance.in(LONG_PART) ? 20_000 : chance.between(1, 60));
    case 8:
      return Array.from({ length: chance.between(0, 4) }, () => anything(chance, words, depth + 1));
    default:
      return object(chance, words, words, depth + 1);
  }
}

/** An object with some of these names; `__proto__` becomes a name of its own, as JSON.parse makes it. */
export function object(
  chance: Chance,
  names: readonly string[],
  words: readonly string[],
  depth = 0,
): Record<string, unknown> {
  return Object.fromEntries(
    Array.from({ length: chance.between(0, 6) }, () => [
      pick(chance, names),
      anything(chance, words, depth + 1),
    ]),
  );
}
