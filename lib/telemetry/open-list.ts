/** What nodes have open, in one list for the process: those who look at it know nothing of the nodes. */
export interface Named {
  /** Id of the node. */
  readonly id: string;
  readonly name: string;
}

export class OpenList<T extends Named> {
  readonly #entries = new Map<string, T>();

  /** Enters what a node has open; gives the function that takes it out. */
  add(entry: T): () => void {
    this.#entries.set(entry.id, entry);
    return () => {
      // A deploy may have entered the same node anew.
      if (this.#entries.get(entry.id) === entry) this.#entries.delete(entry.id);
    };
  }

  all(): readonly T[] {
    return [...this.#entries.values()];
  }
}
