/** Opens a message store of any kind. */
import { systemClock, type Clock } from '../clock';
import { ExchangeError } from '../errors';
import { Batches } from './batches';
import type { Call, Reply, Runner } from './call';
import { Engine } from './engine';
import type { MessageStore, OperationName } from './message-store';
import { runFileTask } from './file-task';
import { operations } from './operations';
import { connect } from './connect';
import { type EmbeddedSettings, type StoreSettings, isShared } from './settings';
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

/** Opens an embedded store that its owner may be using: to look at it, not to deliver from it. */
export const openForReading = (settings: EmbeddedSettings): Promise<MessageStore> =>
  openStore({ ...settings, beside: true }, { in: 'caller' });

/** Pause after a store could not be opened; until then every operation rejects with the reason. */
const OPEN_AGAIN_MS = 5_000;

/**
 * A store that is opened at its first operation, and again when that failed or its thread has ended: a database that
 * is down when Node-RED starts need not be up for ever after.
 */
export function keepOpen(settings: StoreSettings, options: OpenOptions = {}): MessageStore {
  const { clock = systemClock, in: place = 'thread' } = options;
  const open = (): Promise<Runner> => (place === 'thread' ? startThread(settings) : inCaller(settings));
  const check = (signal: AbortSignal): Promise<void> =>
    settings.kind === 'embedded' && place === 'thread'
      ? runFileTask({ kind: 'check', file: settings.file }, signal)
      : Promise.resolve();
  const runner = new LastingRunner(open, check, clock);
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
  readonly #check: (signal: AbortSignal) => Promise<void>;
  readonly #closing = new AbortController();
  readonly #clock: Clock;
  #runner: Runner | undefined;
  #failure: unknown;
  #openAgainAt = 0;
  #checking: Promise<void> | undefined;
  #damage: ExchangeError | undefined;

  /** @param check looks whether the database is whole; rejects when it is not */
  constructor(open: () => Promise<Runner>, check: (signal: AbortSignal) => Promise<void>, clock: Clock) {
    this.#open = open;
    this.#check = check;
    this.#clock = clock;
  }

  /** `Batches` never calls it twice at a time. */
  async run(calls: readonly Call[], now: number): Promise<readonly Reply[]> {
    if (this.#damage) throw this.#damage;
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
    this.#closing.abort();
    await this.#checking;
    const runner = this.#runner;
    this.#runner = undefined;
    await runner?.close();
  }

  /** Reading a large file takes seconds, in which work goes on; a damaged store takes over nothing more. */
  #checkInBackground(): void {
    const { signal } = this.#closing;
    this.#checking = this.#check(signal).catch((error: unknown) => {
      if (error instanceof ExchangeError && !signal.aborted) this.#damage = error;
    });
  }

  async #opened(): Promise<Runner> {
    if (this.#closing.signal.aborted) throw storeClosed();
    if (this.#clock.now() < this.#openAgainAt) throw this.#failure;
    try {
      const runner = await this.#open();
      this.#checkInBackground();
      return runner;
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
