/** At most so many calls a minute, evenly spaced, so that a destination that was down is not flooded afterwards. */
export class Rate {
  readonly #spacingMs: number;
  #nextAt = 0;

  /** @param perMinute 0: no limit */
  constructor(perMinute: number) {
    this.#spacingMs = perMinute > 0 ? 60_000 / perMinute : 0;
  }

  /** Milliseconds until the next call is allowed. */
  waitFrom(now: number): number {
    return Math.max(0, this.#nextAt - now);
  }

  take(now: number): void {
    this.#nextAt = Math.max(now, this.#nextAt) + this.#spacingMs;
  }

  get limited(): boolean {
    return this.#spacingMs > 0;
  }
}
