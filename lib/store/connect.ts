/** Connections to the database of a store, of whatever kind. */
import fs from 'node:fs';
import path from 'node:path';
import { takeOwnership } from './owner-lock';
import type { EmbeddedSettings, StoreSettings } from './settings';
import type { SqlConnection } from './sql/session';
import { SqliteConnection } from './sql/sqlite';

/** @throws {ExchangeError} STORE when there is no connection; a shared database is connected to when it is used */
export async function connect(settings: StoreSettings): Promise<SqlConnection> {
  // The drivers are loaded by those who use them: that of SQL Server takes 30 MB.
  if (settings.kind === 'postgresql') {
    const { PostgresqlConnection } = require('./sql/postgresql') as typeof import('./sql/postgresql');
    return new PostgresqlConnection(settings);
  }
  if (settings.kind === 'sqlserver') {
    const { SqlServerConnection } = require('./sql/sqlserver') as typeof import('./sql/sqlserver');
    return new SqlServerConnection(settings);
  }
  return embedded(settings);
}

function embedded({ file, maxMiB, beside }: EmbeddedSettings): SqlConnection {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const lock = beside ? { release: () => undefined } : takeOwnership(file);
  try {
    const connection = new SqliteConnection({ file, ...(maxMiB !== undefined && { maxMiB }) });
    return {
      dialect: connection.dialect,
      transaction: work => connection.transaction(work),
      clockOffset: () => connection.clockOffset(),
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
