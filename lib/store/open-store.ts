/** Opens a message store of any kind. */
import { systemClock, type Clock } from '../clock';
import { ExchangeError } from '../errors';
import { Batches } from './batches';
import { type Call, Engine, type Reply, type Runner } from './engine';
import type { MessageStore, OperationName } from './message-store';
import { operations } from './operations';
import { type StoreSettings, connect, isShared } from './settings';
import { startThread } from './thread';

export interface OpenOptions {
  readonly clock?: Clock;
  /** Where the work is done. In a thread of its own Node-RED never waits for a disk or for encryption. */
  readonly in?: 'thread' | 'caller';
}

/** @throws {ExchangeError} STORE, saying why the store cannot be opened */
export async function openStore(settings: StoreSettings, options: OpenOptions = {}): Promise<MessageStore> {
  const store = keepOpen(settings, options);
  await store.tallies({});
  return store;
}

/** Pause after a store could not be opened; until then every operation rejects with the reason. */
const OPEN_AGAIN_MS = 5_000;

/**
 * A store that is opened at its first operation, and again when that failed or its thread has ended: a database that
 * is down when Node-RED starts need not be up for ever after.
 */
export function keepOpen(settings: StoreSettings, options: OpenOptions = {}): MessageStore {
  const { clock = systemClock, in: place = 'thread' } = options;
  const open = (): Promise<Runner> => (place === 'thread' ? startThread(settings) : inCaller(settings));
  const runner = new LastingRunner(open, clock);
  const batches = new Batches(calls => runner.run(calls, clock.now()));
  const names = Object.keys(operations) as OperationName[];
  const methods = Object.fromEntries(
    names.map(name => [name, (input: never) => batches.execute(name, input)]),
  ) as unknown as Omit<MessageStore, 'shared' | 'close'>;
  return {
    ...methods,
    shared: isShared(settings),
    async close() {
      await batches.idle();
      await runner.close();
    },
  };
}

class LastingRunner implements Runner {
  readonly #open: () => Promise<Runner>;
  readonly #clock: Clock;
  #runner: Runner | undefined;
  #failure: unknown;
  #openAgainAt = 0;
  #closed = false;

  constructor(open: () => Promise<Runner>, clock: Clock) {
    this.#open = open;
    this.#clock = clock;
  }

  /** `Batches` never calls it twice at a time. */
  async run(calls: readonly Call[], now: number): Promise<readonly Reply[]> {
    const runner = (this.#runner ??= await this.#opened());
    try {
      return await runner.run(calls, now);
    } catch (error) {
      // Not one operation but the whole batch: the runner itself is gone.
      this.#runner = undefined;
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#runner?.close();
  }

  async #opened(): Promise<Runner> {
    if (this.#closed) throw storeClosed();
    if (this.#clock.now() < this.#openAgainAt) throw this.#failure;
    try {
      return await this.#open();
    } catch (error) {
      this.#failure = error;
      this.#openAgainAt = this.#clock.now() + OPEN_AGAIN_MS;
      throw error;
    }
  }
}

async function inCaller(settings: StoreSettings): Promise<Runner> {
  const connection = await connect(settings);
  try {
    return await Engine.open(connection, settings);
  } catch (error) {
    await connection.close();
    throw error;
  }
}

const storeClosed = (): ExchangeError =>
  new ExchangeError({
    code: 'STORE',
    retry: 'retry',
    text: { zh: '消息库已关闭或正在重新部署', en: 'the message store is closed, or being deployed again' },
  });
