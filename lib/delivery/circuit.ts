/** Stops sending to a destination that does not answer, and tries again now and then with one message. */

/** Failures in a row that open the circuit. */
const OPENS_AFTER = 5;
const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 5 * 60_000;

export class Circuit {
  #failures = 0;
  #pauses = 0;
  #probeAt = 0;

  get open(): boolean {
    return this.#failures >= OPENS_AFTER;
  }

  /** Time of the next probe; 0 while the circuit is closed. */
  get probeAt(): number {
    return this.open ? this.#probeAt : 0;
  }

  /** Somebody wants to know: the next probe is due now. */
  probeNow(): void {
    this.#probeAt = 0;
  }

  /** The destination answered. Gives true when that closed the circuit. */
  answered(): boolean {
    const wasOpen = this.open;
    this.#failures = 0;
    this.#pauses = 0;
    return wasOpen;
  }

  /** The destination did not answer, or failed. Gives true when that opened the circuit. */
  failed(now: number): boolean {
    const wasOpen = this.open;
    this.#failures++;
    if (!this.open) return false;
    this.#probeAt = now + Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(this.#pauses++, 20));
    return !wasOpen;
  }
}
