/** One process owns an embedded store. The lock is the operating system's: it ends with the process, however it ends. */
import { ExchangeError } from '../errors';
import { SqliteDatabase } from '../sqlite';

export interface OwnerLock {
  release(): void;
}

/**
 * Takes the lock beside the store's file; waits up to 5 seconds for an owner that is just ending.
 * @throws {ExchangeError} STORE when another process, or another store of this one, has it
 */
export function takeOwnership(file: string): OwnerLock {
  let lock: SqliteDatabase | undefined;
  try {
    lock = SqliteDatabase.open(`${file}.owner`);
    lock.exec('BEGIN IMMEDIATE');
  } catch {
    lock?.close();
    throw new ExchangeError({
      code: 'STORE',
      retry: 'never',
      text: {
        zh: `消息库 ${file} 正被另一个 Node-RED 使用，或其目录不可写：每个嵌入式消息库只能有一个使用者，多机请改用 PostgreSQL 或 SQL Server`,
        en: `the message store ${file} is in use by another Node-RED, or its folder cannot be written: an embedded store has one user; several machines need PostgreSQL or SQL Server`,
      },
    });
  }
  const held = lock;
  return {
    release() {
      held.exec('ROLLBACK');
      held.close();
    },
  };
}
