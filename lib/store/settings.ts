/** Which database a store lies in. Plain data: it goes to the store's thread. */
import fs from 'node:fs';
import path from 'node:path';
import type { Secrets } from './engine';
import { takeOwnership } from './owner-lock';
import type { SqlConnection } from './sql/session';
import { SqliteConnection } from './sql/sqlite';

export interface EmbeddedSettings extends Secrets {
  readonly kind: 'embedded';
  readonly file: string;
  readonly maxMiB?: number;
  /** Opened beside its owner, to look at it: nothing may be delivered from it. */
  readonly beside?: boolean;
}

/** A database that several Node-RED share. */
interface SharedSettings extends Secrets {
  readonly host: string;
  readonly port?: number;
  readonly database: string;
  readonly user: string;
  readonly password: string;
  /** PEM file of the authority that has signed the server's certificate, for `tls: 'verify'`. */
  readonly caFile?: string;
  /** Whose clock leases are counted by; the caller's is for tests that move it. */
  readonly clock?: 'database' | 'caller';
}

export interface PostgresqlSettings extends SharedSettings {
  readonly kind: 'postgresql';
  /** `trust` encrypts and takes any certificate. */
  readonly tls: 'off' | 'verify' | 'trust';
  /** Schema of the tables, which is made when it is missing; `exchange_store` unless given. */
  readonly schema?: string;
}

/** The tables lie in the default schema of the user: SQL Server has no other way to find tables by their bare names. */
export interface SqlServerSettings extends SharedSettings {
  readonly kind: 'sqlserver';
  /** `trust` encrypts and takes any certificate; `legacy` does so from TLS 1.0 on, for SQL Server 2008. */
  readonly tls: 'off' | 'verify' | 'trust' | 'legacy';
}

export type StoreSettings = EmbeddedSettings | PostgresqlSettings | SqlServerSettings;

export const isShared = ({ kind }: StoreSettings): boolean => kind !== 'embedded';

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
