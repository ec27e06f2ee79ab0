/** How SQL Servers of all ages are connected to: time-outs, TLS, and the driver's options. */
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import type { config } from 'mssql';
import { portOfInstance } from './instance';
import { insistOnEncryption } from './prelogin';

/**
 * - `off`: clear text; the password is only obfuscated
 * - `verify`: TLS 1.2, the certificate is checked
 * - `trust`: TLS 1.2 with any certificate
 * - `legacy`: TLS 1.0 on with any certificate and weak keys, for SQL Server 2008
 */
export type SqlServerTls = 'off' | 'verify' | 'trust' | 'legacy';

export interface SqlServerAddress {
  readonly host: string;
  /** Without it the default port, or the one of the instance. */
  readonly port?: number;
  /** A named instance: the server is asked for its port before each connection, since that may change. */
  readonly instance?: string;
  readonly database: string;
  readonly user: string;
  readonly password: string;
  /** Windows domain: the login is by NTLM. */
  readonly domain?: string;
  readonly tls: SqlServerTls;
  /** PEM file of the authority that has signed the server's certificate, for `verify`. */
  readonly caFile?: string;
}

export interface SqlServerLimits {
  readonly connectMs: number;
  readonly requestMs: number;
  readonly connections: number;
}

export interface SqlServerExtras {
  /** As the server's administrator sees it. */
  readonly applicationName?: string;
  /** Tells an availability group that a copy for reading will do. */
  readonly readOnly?: boolean;
  /** Is given every socket at once, to be able to end a connection that is not there yet. */
  readonly onSocket?: (socket: net.Socket) => void;
}

export const SQL_SERVER_PORT = 1433;

/** A server that does not acknowledge a cancel is given up after that. */
const CANCEL_MS = 3000;
/** An idle connection is kept that long: each new one costs a login. */
const IDLE_MS = 600_000;

/**
 * Options of a pool. Made anew for each: the driver changes what it is given.
 * @throws {Error} when the CA file cannot be read
 */
export function connectionOptions(
  address: SqlServerAddress,
  limits: SqlServerLimits,
  { applicationName = 'node-red-hospital', readOnly = false, onSocket }: SqlServerExtras = {},
): config {
  const { host, port = SQL_SERVER_PORT, instance, database, user, password, domain, tls } = address;
  const connect = (): Promise<net.Socket> => connectSocket(address, limits.connectMs, onSocket);
  return {
    server: host,
    port,
    database,
    user,
    password,
    ...(domain !== undefined && { domain }),
    connectionTimeout: limits.connectMs,
    requestTimeout: limits.requestMs,
    validateConnection: 'socket',
    pool: { min: 0, max: limits.connections, idleTimeoutMillis: IDLE_MS },
    options: {
      appName: applicationName,
      readOnlyIntent: readOnly,
      cancelTimeout: CANCEL_MS,
      // Repetitions are the caller's, who says what goes on.
      maxRetriesOnTransientErrors: 0,
      encrypt: tls !== 'off',
      trustServerCertificate: tls !== 'verify',
      ...(tls !== 'off' && {
        cryptoCredentialsDetails: credentials(address),
        // Node warns of an address in the place of a name. Where no certificate is checked any name will do.
        ...(tls !== 'verify' && net.isIP(host) > 0 && { serverName: 'sqlserver' }),
      }),
      ...((tls !== 'off' || instance !== undefined || onSocket) && { connector: connect }),
    },
  };
}

function credentials({ tls, caFile }: SqlServerAddress): SecureContextOptions {
  if (tls === 'legacy') return { minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' };
  return {
    minVersion: 'TLSv1.2',
    ...(tls === 'verify' && caFile !== undefined && { ca: fs.readFileSync(caFile) }),
  };
}

/** Every connection of the pool is made here, the ones after a loss too. */
async function connectSocket(
  { host, port, instance, tls }: SqlServerAddress,
  timeoutMs: number,
  onSocket?: (socket: net.Socket) => void,
): Promise<net.Socket> {
  const signal = AbortSignal.timeout(timeoutMs);
  const given =
    port ?? (instance === undefined ? SQL_SERVER_PORT : await portOfInstance(host, instance, signal));
  const socket = net.connect({ host, port: given });
  onSocket?.(socket);
  if (tls !== 'off') insistOnEncryption(socket);
  try {
    await once(socket, 'connect', { signal });
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}
