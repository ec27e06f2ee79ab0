/** Holds what comes for one key for a moment and hands it on once, merged. */

interface Waiting<T, R> {
  value: T;
  readonly settle: {
    readonly resolve: (outcome: Outcome<R>) => void;
    readonly reject: (error: unknown) => void;
  }[];
  readonly timer: NodeJS.Timeout;
}

export interface Outcome<R> {
  readonly result: R;
  /** False for all but the last of those that were handed on together. */
  readonly last: boolean;
}

export class Debounce<T, R> {
  readonly #waiting = new Map<string, Waiting<T, R>>();
  readonly #delayMs: number;
  readonly #merge: (earlier: T, later: T) => T;
  readonly #handOn: (value: T) => Promise<R>;

  constructor(delayMs: number, merge: (earlier: T, later: T) => T, handOn: (value: T) => Promise<R>) {
    this.#delayMs = delayMs;
    this.#merge = merge;
    this.#handOn = handOn;
  }

  /** Settles when the value, merged with others of its key, was handed on. The first one sets the time. */
  add(key: string, value: T): Promise<Outcome<R>> {
    return new Promise((resolve, reject) => {
      const known = this.#waiting.get(key);
      if (known) {
        known.value = this.#merge(known.value, value);
        known.settle.push({ resolve, reject });
        return;
      }
      const timer = setTimeout(() => void this.#release(key), this.#delayMs);
      this.#waiting.set(key, { value, settle: [{ resolve, reject }], timer });
    });
  }

  /** Hands on at once all that waits. */
  async flush(): Promise<void> {
    await Promise.all([...this.#waiting.keys()].map(key => this.#release(key)));
  }

  async #release(key: string): Promise<void> {
    const held = this.#waiting.get(key);
    if (!held) return;
    this.#waiting.delete(key);
    clearTimeout(held.timer);
    try {
      const result = await this.#handOn(held.value);
      for (const [at, { resolve }] of held.settle.entries())
        resolve({ result, last: at === held.settle.length - 1 });
    } catch (error) {
      for (const { reject } of held.settle) reject(error);
    }
  }
}
