/** Has the watchers look in their turn, and sends what the book says is due. */
import type { Clock } from '../clock';
import type { Alert, Sighting, Watcher } from './alert';
import type { AlertBook } from './alert-book';

export interface PatrolOptions {
  readonly clock: Clock;
  readonly book: AlertBook;
  readonly watchers: readonly Watcher[];
  readonly send: (alert: Alert) => void;
  /** After each look. */
  readonly onLooked: () => void;
  /** A watcher failed by a fault of its own; the others go on. */
  readonly onProblem: (error: unknown) => void;
}

/** Reminders and ends of alerts are due also while no watcher looks. */
const TICK_MS = 30_000;

export class Patrol {
  readonly #options: PatrolOptions;
  readonly #end = new AbortController();
  /** Rejects when the watch ends: a look at a disk that does not answer is not waited for. */
  readonly #ended: Promise<never>;
  readonly #looking = new Map<Watcher, Promise<void>>();
  readonly #callOffs = new Map<Watcher | 'tick', () => void>();

  constructor(options: PatrolOptions) {
    this.#options = options;
    this.#ended = new Promise((_resolve, reject) => {
      this.#end.signal.addEventListener('abort', () => reject(new Error('the watch has ended')));
    });
    this.#ended.catch(() => undefined);
  }

  start(): void {
    const { watchers } = this.#options;
    for (const watcher of watchers) this.#plan(watcher, watcher.firstMs);
    this.#tick();
  }

  /** Looks at once, at all or at what one watcher looks at; resolves when all of them have. */
  async look(name?: string): Promise<void> {
    const watchers = this.#options.watchers.filter(watcher => name === undefined || watcher.name === name);
    await Promise.all(watchers.map(watcher => this.#look(watcher)));
  }

  async stop(): Promise<void> {
    this.#end.abort();
    for (const callOff of this.#callOffs.values()) callOff();
    this.#callOffs.clear();
    await Promise.all(this.#looking.values());
  }

  #plan(watcher: Watcher, ms: number): void {
    this.#callOffs.get(watcher)?.();
    if (this.#end.signal.aborted) return;
    this.#callOffs.set(
      watcher,
      this.#options.clock.after(ms, () => void this.#look(watcher)),
    );
  }

  #tick(): void {
    this.#callOffs.set(
      'tick',
      this.#options.clock.after(TICK_MS, () => {
        this.#send();
        this.#tick();
      }),
    );
  }

  /** One look at a time: who comes meanwhile gets the one that is under way. */
  #look(watcher: Watcher): Promise<void> {
    let looking = this.#looking.get(watcher);
    if (!looking && !this.#end.signal.aborted) {
      looking = this.#lookOnce(watcher).finally(() => {
        this.#looking.delete(watcher);
        this.#plan(watcher, watcher.everyMs);
      });
      this.#looking.set(watcher, looking);
    }
    return looking ?? Promise.resolve();
  }

  async #lookOnce(watcher: Watcher): Promise<void> {
    const { book, onLooked, onProblem } = this.#options;
    const { signal } = this.#end;
    let sighting: Sighting;
    try {
      sighting = await Promise.race([watcher.look(signal), this.#ended]);
    } catch (error) {
      if (!signal.aborted) onProblem(error);
      return;
    }
    if (signal.aborted) return;
    book.see(watcher.name, sighting);
    this.#send();
    onLooked();
  }

  #send(): void {
    const { book, send } = this.#options;
    for (const alert of book.takeDue()) send(alert);
  }
}
