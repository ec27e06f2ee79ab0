/** Operations that come while others are on their way go together in the next transaction (group commit). */
import { setTimeout as pause } from 'node:timers/promises';
import type { Call, Reply } from './call';
import type { Input, OperationName, Result } from './message-store';

interface Waiting {
  readonly call: Call;
  readonly resolve: (value: Result<OperationName>) => void;
  readonly reject: (error: unknown) => void;
}

/** Operations of one transaction. More would let the first of them wait for the last. */
const MOST = 256;

/** Node-RED gives a node 15 seconds to close. */
const IDLE_MS = 4000;

export class Batches {
  readonly #run: (calls: readonly Call[]) => Promise<readonly Reply[]>;
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;

  /** @param run runs operations in one transaction; gives a reply for each, or rejects for all */
  constructor(run: (calls: readonly Call[]) => Promise<readonly Reply[]>) {
    this.#run = run;
  }

  execute<Name extends OperationName>(name: Name, input: Input<Name>): Promise<Result<Name>> {
    return new Promise((resolve, reject) => {
      // The reply of a call is of the call's kind.
      this.#waiting.push({ call: { name, input }, resolve: resolve as Waiting['resolve'], reject });
      this.#running ??= this.#work();
    });
  }

  /** Resolves when nothing is on its way any more, or when that takes too long: a shared database may be silent. */
  async idle(): Promise<void> {
    await Promise.race([this.#done(), pause(IDLE_MS, undefined, { ref: false })]);
  }

  async #done(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async #work(): Promise<void> {
    // What is called in the same turn of the event loop goes together from the start.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.slice(0, MOST);
      this.#waiting = this.#waiting.slice(MOST);
      await this.#send(batch);
    }
    this.#running = undefined;
  }

  async #send(batch: readonly Waiting[]): Promise<void> {
    try {
      const replies = await this.#run(batch.map(({ call }) => call));
      for (const [at, { resolve, reject }] of batch.entries()) {
        const reply = replies[at];
        if (reply && 'value' in reply) resolve(reply.value);
        else reject(reply?.error);
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}
