/** Which database a store lies in. Plain data: it goes to the store's thread. */
import { takeOwnership } from './owner-lock';
import type { SqlConnection } from './sql/session';
import { SqliteConnection } from './sql/sqlite';
import type { Secrets } from './engine';

export interface EmbeddedSettings extends Secrets {
  readonly kind: 'embedded';
  readonly file: string;
  readonly maxMiB?: number;
}

export type StoreSettings = EmbeddedSettings;

export const isShared = ({ kind }: StoreSettings): boolean => kind !== 'embedded';

/** @throws {ExchangeError} STORE when there is no connection */
export async function connect(settings: StoreSettings): Promise<SqlConnection> {
  return embedded(settings);
}

function embedded({ file, maxMiB }: EmbeddedSettings): SqlConnection {
  const lock = takeOwnership(file);
  try {
    const connection = new SqliteConnection({ file, ...(maxMiB !== undefined && { maxMiB }) });
    return {
      dialect: connection.dialect,
      transaction: work => connection.transaction(work),
      async close() {
        await connection.close();
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}
