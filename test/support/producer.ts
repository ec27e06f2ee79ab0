/** Posts numbered messages at a bounded rate, each again until it is acknowledged, and remembers which were. */
import { setTimeout as pause } from 'node:timers/promises';
import { request } from './raw-soap';
import { until } from './until';

export interface ProducerOptions {
  /** Business keys: the messages of one are posted one after the other. */
  readonly keys: readonly string[];
  readonly perSecond: number;
  /** Undefined while the receiver is being started. */
  address(): string | undefined;
  /** Throws when the receiver has ended by itself. */
  check(): void;
  /** The body of a new message; versions of a key count from 1. */
  write(key: string, version: number): string;
}

export interface Acknowledged {
  readonly key: string;
  readonly version: number;
  /** It was posted more than once, because the answer did not come. */
  readonly repeated: boolean;
}

const AT_ONCE = 8;
const AGAIN_MS = 20;

export class Producer {
  readonly acknowledged: Acknowledged[] = [];
  /** Answers other than 200, the last of them: what a failure is explained by. */
  lastRefusal = '';
  readonly #options: ProducerOptions;
  #workers: Promise<void>[] = [];
  #finishing = false;
  #stopped = false;

  constructor(options: ProducerOptions) {
    this.#options = options;
  }

  start(): void {
    const { keys } = this.#options;
    this.#workers = Array.from({ length: AT_ONCE }, (_, worker) =>
      this.#work(keys.filter((_key, n) => n % AT_ONCE === worker)),
    );
  }

  /** Resolves when so many more messages have been acknowledged. */
  async acknowledgedMore(count: number): Promise<void> {
    const wanted = this.acknowledged.length + count;
    await until(`${count} more messages are acknowledged ${this.lastRefusal}`, () => {
      this.#options.check();
      return this.acknowledged.length >= wanted;
    });
  }

  /** Begins no more messages; resolves when all that were begun are acknowledged. */
  async finish(): Promise<void> {
    this.#finishing = true;
    await Promise.all(this.#workers);
  }

  /** For the end of a test that failed. */
  stop(): void {
    this.#finishing = true;
    this.#stopped = true;
  }

  async #work(keys: readonly string[]): Promise<void> {
    const spacingMs = (1000 * AT_ONCE) / this.#options.perSecond;
    for (let n = 0; !this.#finishing; n++) {
      const key = keys[n % keys.length] ?? '';
      const version = Math.floor(n / keys.length) + 1;
      const startedAt = Date.now();
      const posts = await this.#post(this.#options.write(key, version));
      if (posts > 0) this.acknowledged.push({ key, version, repeated: posts > 1 });
      await pause(startedAt + spacingMs - Date.now());
    }
  }

  /** Gives how often it was posted; 0 when the test has ended before it was acknowledged. */
  async #post(body: string): Promise<number> {
    for (let posts = 1; !this.#stopped;) {
      const address = this.#options.address();
      if (address !== undefined) {
        if (await this.#isTaken(address, body)) return posts;
        posts++;
      }
      await pause(AGAIN_MS);
    }
    return 0;
  }

  async #isTaken(address: string, body: string): Promise<boolean> {
    try {
      const headers = { 'Content-Type': 'application/json' };
      const { status, text } = await request(address, { headers, body });
      if (status === 200) return true;
      this.lastRefusal = `${status} ${text}`;
    } catch {
      // Killed before it answered.
    }
    return false;
  }
}
