/** Values of a label: whatever comes in, a limited number of short ones goes out, so that no peer can fill the memory. */

/** Stands for all that come when there are enough. */
export const OTHER = 'other';

const LONGEST = 64;

export class LabelValues {
  readonly #most: number;
  readonly #known = new Map<string, string>();

  /** @param most different values */
  constructor(most: number) {
    this.#most = most;
  }

  of(value: string): string {
    const known = this.#known.get(value);
    if (known !== undefined) return known;
    if (this.#known.size >= this.#most) return OTHER;
    const shown = value
      .replace(/\p{Cc}/gu, ' ')
      .trim()
      .slice(0, LONGEST);
    this.#known.set(value, shown);
    return shown;
  }
}
