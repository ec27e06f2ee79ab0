/** Chance that can be had again: who knows the seed gets the same numbers. */
export class Chance {
  readonly seed: number;
  #state: number;

  /** @param seed that of CRASH_SEED unless given, else a new one */
  constructor(seed = Number(process.env['CRASH_SEED'] ?? Math.floor(Math.random() * 2 ** 31))) {
    this.seed = seed;
    this.#state = seed;
  }

  /** From 0 to below 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number, both ends included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  /** True in this part of all cases. */
  in(part: number): boolean {
    return this.next() < part;
  }
}
