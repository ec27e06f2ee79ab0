/** Who holds which rows of the synthetic hospital, and until when. */
export class Leases {
  readonly #until = new Map<string, number>();

  /** Takes the first `limit` keys that nobody holds, for some milliseconds. */
  take(keys: readonly string[], limit: number, ms: number): ReadonlySet<string> {
    const now = Date.now();
    const free = [...new Set(keys)].filter(key => (this.#until.get(key) ?? 0) <= now).slice(0, limit);
    for (const key of free) this.#until.set(key, now + ms);
    return new Set(free);
  }

  end(key: string): void {
    this.#until.delete(key);
  }
}
