/** Rows between a source that pushes them and a reader that takes batches: the source waits while one is full. */

export interface Source {
  pause(): void;
  resume(): void;
}

export class RowQueue<Row> {
  readonly #size: number;
  readonly #source: Source;
  #rows: Row[] = [];
  #ended = false;
  #error: unknown;
  #wake: () => void = () => {};

  constructor(size: number, source: Source) {
    this.#size = size;
    this.#source = source;
  }

  push(row: Row): void {
    this.#rows.push(row);
    if (this.#rows.length < this.#size) return;
    this.#source.pause();
    this.#wake();
  }

  end(error?: unknown): void {
    this.#ended = true;
    this.#error = error;
    this.#wake();
  }

  /** Rows that came before an error are given only in whole batches: the error says that some are missing anyway. */
  async *batches(): AsyncGenerator<readonly Row[]> {
    for (;;) {
      while (this.#rows.length < this.#size && !this.#ended) {
        const more = new Promise<void>(resolve => (this.#wake = resolve));
        this.#source.resume();
        await more;
      }
      if (this.#error !== undefined && this.#rows.length < this.#size) throw this.#error;
      if (this.#rows.length === 0) return;
      yield this.#rows.splice(0, this.#size);
    }
  }
}
