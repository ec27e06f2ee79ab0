/** The store's thread as the main thread sees it. */
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { ExchangeError, type ErrorOptions } from '../errors';
import type { Call, Reply, Runner } from './call';
import { type StoreSettings, isShared } from './settings';

/** An error on its way between threads, where classes do not survive. */
export type ErrorData = Pick<ErrorOptions, 'code' | 'retry' | 'text' | 'details'>;

export type ToThread =
  | { readonly kind: 'run'; readonly calls: readonly Call[]; readonly now: number }
  | { readonly kind: 'close' };

export type FromThread =
  | { readonly kind: 'open' }
  | { readonly kind: 'failed'; readonly error: ErrorData }
  | {
      readonly kind: 'replies';
      readonly replies: readonly ({ readonly value: unknown } | { readonly error: ErrorData })[];
    };

/** With the wait for what is under way it stays below 10 seconds; Node-RED gives a node 15 to close. */
const CLOSE_MS = 5000;

/** Runs one batch after the other; `Batches` never sends two at a time. */
export async function startThread(settings: StoreSettings): Promise<Runner> {
  const thread = new Thread(settings);
  await thread.opened;
  return thread;
}

class Thread implements Runner {
  readonly opened: Promise<void>;
  readonly #worker: Worker;
  readonly #ended: Promise<void>;
  #settle: { resolve: (message: FromThread) => void; reject: (error: unknown) => void } | undefined;
  readonly #mayBeEnded: boolean;
  #isEnded = false;

  constructor(settings: StoreSettings) {
    this.#mayBeEnded = isShared(settings);
    this.#worker = new Worker(path.join(__dirname, 'store-thread.js'), { workerData: settings });
    this.#worker.on('message', (message: FromThread) => this.#settle?.resolve(message));
    this.#worker.on('error', () => this.#settle?.reject(threadGone()));
    this.#ended = new Promise(resolve => {
      this.#worker.once('exit', () => {
        this.#isEnded = true;
        this.#settle?.reject(threadGone());
        resolve();
      });
    });
    this.opened = this.#next().then(message => {
      if (message.kind === 'failed') throw new ExchangeError(message.error);
      // An idle store must not keep a process alive; one that works has somebody who waits for it.
      this.#worker.unref();
      return undefined;
    });
  }

  async run(calls: readonly Call[], now: number): Promise<readonly Reply[]> {
    const answer = await this.#ask({ kind: 'run', calls, now });
    if (answer.kind === 'failed') throw new ExchangeError(answer.error);
    if (answer.kind === 'open') throw threadGone();
    return answer.replies.map(reply =>
      // The thread answers with the results of the calls.
      'error' in reply ? { error: new ExchangeError(reply.error) } : (reply as Reply),
    );
  }

  async close(): Promise<void> {
    if (this.#isEnded) return;
    this.#worker.ref();
    this.#worker.postMessage({ kind: 'close' } satisfies ToThread);
    await Promise.race([this.#ended, pause(CLOSE_MS, undefined, { ref: false })]);
    if (this.#isEnded) return;
    // A thread whose server is silent is ended by force. One in SQLite's native code must not be: that would end the
    // whole process; it goes on to its end, and what it writes is whole.
    if (this.#mayBeEnded) await this.#worker.terminate();
    else this.#worker.unref();
  }

  async #ask(message: ToThread): Promise<FromThread> {
    if (this.#isEnded) throw threadGone();
    this.#worker.ref();
    this.#worker.postMessage(message);
    try {
      return await this.#next();
    } finally {
      this.#worker.unref();
    }
  }

  async #next(): Promise<FromThread> {
    try {
      return await new Promise<FromThread>((resolve, reject) => {
        this.#settle = { resolve, reject };
      });
    } finally {
      this.#settle = undefined;
    }
  }
}

const threadGone = (): ExchangeError =>
  new ExchangeError({
    code: 'STORE',
    retry: 'retry',
    text: {
      zh: '消息库已停止工作：消息未接收，请查看日志并重新部署',
      en: 'the message store has stopped: the message was not taken over; see the log and deploy again',
    },
  });
