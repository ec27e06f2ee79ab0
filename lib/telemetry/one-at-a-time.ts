/** Work that may hang: nobody waits longer than a limit, and nothing is begun anew while the last is not done. */
import { ExchangeError, type Text } from '../errors';
import type { Clock } from '../clock';

export class OneAtATime<Key extends object, T> {
  readonly #running = new WeakMap<Key, Promise<T>>();
  readonly #clock: Clock;
  readonly #limitMs: number;

  constructor(clock: Clock, limitMs: number) {
    this.#clock = clock;
    this.#limitMs = limitMs;
  }

  /**
   * Gives the result of the work for a key: that which is under way, or is begun now.
   * @throws {ExchangeError} STORE when it takes too long; what the work throws
   */
  async run(key: Key, work: () => Promise<T>): Promise<T> {
    let running = this.#running.get(key);
    if (!running) {
      running = work().finally(() => this.#running.delete(key));
      this.#running.set(key, running);
    }
    const done = running;
    return new Promise((resolve, reject) => {
      const callOff = this.#clock.after(this.#limitMs, () => reject(tooSlow(this.#limitMs)));
      done.then(resolve, reject).finally(callOff);
    });
  }
}

const tooSlow = (limitMs: number): ExchangeError => {
  const text: Text = {
    zh: `消息库在 ${limitMs / 1000} 秒内没有应答`,
    en: `the message store has not answered within ${limitMs / 1000} s`,
  };
  return new ExchangeError({ code: 'STORE', retry: 'retry', text });
};
