/** Which database a store lies in. Plain data: it goes to the store's thread. */
import type { Secrets } from './secrets';

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
