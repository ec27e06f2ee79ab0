/** Opens a message store of any kind. */
import { systemClock, type Clock } from '../clock';
import { Batches } from './batches';
import { Engine, type Runner } from './engine';
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
  const { clock = systemClock, in: place = 'thread' } = options;
  const runner = place === 'thread' ? await startThread(settings) : await inCaller(settings);
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

async function inCaller(settings: StoreSettings): Promise<Runner> {
  const connection = await connect(settings);
  try {
    return await Engine.open(connection, settings);
  } catch (error) {
    await connection.close();
    throw error;
  }
}
