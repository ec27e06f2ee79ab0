/** A clock that stands until it is moved; timers that come due on the way fire in order. */
import type { Clock } from '../../lib/clock';

export class TestClock implements Clock {
  #now: number;
  #timers: { at: number; callback: () => void }[] = [];

  constructor(start = 1_900_000_000_000) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.#now + Math.max(ms, 0), callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter(other => other !== timer);
    };
  }

  /** Moves on; fires what is due by then, each at its own time. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (let next = this.#nextBy(end); next; next = this.#nextBy(end)) {
      const due = next;
      this.#timers = this.#timers.filter(timer => timer !== due);
      this.#now = Math.max(this.#now, due.at);
      due.callback();
    }
    this.#now = end;
  }

  /** When the next timer fires; undefined when there is none. */
  get nextAt(): number | undefined {
    return this.#timers.length === 0 ? undefined : Math.min(...this.#timers.map(({ at }) => at));
  }

  #nextBy(end: number): { at: number; callback: () => void } | undefined {
    return this.#timers.filter(({ at }) => at <= end).toSorted((one, other) => one.at - other.at)[0];
  }
}
