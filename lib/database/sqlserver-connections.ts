/**
 * The connections to a SQL Server: made when they are needed and shared, looked after, made again when they were lost.
 * They are handed from one user to the next as they are, so nothing may stay behind in them: what would leave something
 * gets a connection of its own, one after the other, that is closed after it.
 */
import type net from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import mssql from 'mssql';
import { ExchangeError } from '../errors';
import {
  SQL_SERVER_PORT,
  type SqlServerAddress,
  type SqlServerLimits,
  connectionOptions,
} from '../sqlserver/connection-options';
import { factsOf } from '../sqlserver/driver-error';
import { ConnectionState } from './connection-state';
import type { ConnectionCounts } from './driver';
import { DatabaseFailure, type Stage, failureOf } from './failure';

export interface ConnectionSettings extends SqlServerAddress, SqlServerLimits {
  readonly applicationName?: string;
  readonly readOnly: boolean;
}

/** A cancel that is not acknowledged ends after 3 seconds, and the driver drops the connection. */
export const CANCEL_MS = 4000;
/** What then still holds a connection loses it. */
const CLOSE_MS = 3000;
/** Code page of a database whose collation is not known yet: the usual one of a hospital. */
const USUAL_CODE_PAGE = 'CP936';

export class SqlServerConnections {
  readonly where: string;
  readonly state = new ConnectionState();
  readonly #settings: ConnectionSettings;
  readonly #look: (pool: mssql.ConnectionPool) => Promise<unknown>;
  readonly #sockets = new Set<net.Socket>();
  readonly #pools = new Set<mssql.ConnectionPool>();
  #pool: mssql.ConnectionPool;
  #connecting: Promise<void> | undefined;
  #alone: Promise<unknown> = Promise.resolve();
  #nextAttempt: NodeJS.Timeout | undefined;
  #closed: Promise<void> | undefined;
  /** Number of the server's last complaint about a login. */
  #complaint: number | undefined;
  #codePage = USUAL_CODE_PAGE;

  /**
   * @param look asks the server over a connection whether it is there
   * @throws {ExchangeError} CONFIG when the CA file cannot be read
   */
  constructor(settings: ConnectionSettings, look: (pool: mssql.ConnectionPool) => Promise<unknown>) {
    const { host, port, instance } = settings;
    this.#settings = settings;
    this.#look = look;
    this.where =
      instance === undefined
        ? `SQL Server ${host}:${port ?? SQL_SERVER_PORT}`
        : `SQL Server ${host}\\${instance}${port === undefined ? '' : `:${port}`}`;
    this.#pool = this.#newPool(settings.connections);
  }

  /** Of the database's varchar. */
  get codePage(): string {
    return this.#codePage;
  }

  /** Those that all share; after {@link ready}. */
  get pool(): mssql.ConnectionPool {
    return this.#pool;
  }

  get counts(): ConnectionCounts {
    const pool = this.#pool;
    const { connections: most } = this.#settings;
    if (!pool.connected) return { open: 0, busy: 0, waiting: 0, most };
    return { open: pool.size, busy: pool.borrowed, waiting: pool.pending, most };
  }

  /** @throws {ExchangeError} when the pool cannot be connected */
  async ready(): Promise<void> {
    this.#checkOpen();
    if (!this.#pool.connected) await this.#connected();
  }

  /** A connection that is closed after the work; one at a time. @throws {ExchangeError} */
  alone<T>(work: (pool: mssql.ConnectionPool) => Promise<T>): Promise<T> {
    const turn = this.#alone.then(async () => {
      this.#checkOpen();
      const pool = this.#newPool(1);
      try {
        await this.#connect(pool);
        if (this.#closed) throw this.failure('closed', 'ECLOSED');
        return await work(pool);
      } finally {
        await this.#end(pool);
      }
    });
    this.#alone = turn.catch(() => {});
    return turn;
  }

  /** What the failure of a statement says about the connections; gives the failure to be told. */
  judge(error: unknown): unknown {
    if (!(error instanceof DatabaseFailure)) return error;
    if (this.#closed && error.trouble !== 'closed')
      return new DatabaseFailure('closed', this.where, 'ECLOSED', stageOf(error));
    // A procedure has left a transaction open in a connection that others would get.
    if (error.trouble === 'open-transaction') this.#renewPool();
    if (!error.concernsConnection) return error;
    // One lost connection is not the server: that is looked at. A login that failed says it all.
    if (error.trouble === 'unreachable' && this.state.now === 'up') this.#tryIn(0);
    else this.#lost(error);
    return error;
  }

  failure(trouble: DatabaseFailure['trouble'], said: string | number): DatabaseFailure {
    return new DatabaseFailure(trouble, this.where, said);
  }

  /** Ends within 10 seconds, and never rejects. */
  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  /** @throws {ExchangeError} when nobody may ask: it is closed, or has just failed */
  #checkOpen(): void {
    if (this.#closed) throw this.failure('closed', 'ECLOSED');
    const failure = this.state.quiet();
    if (failure) throw failure;
  }

  /** The shared pool is connected once, however many wait for it. */
  #connected(): Promise<void> {
    return (this.#connecting ??= this.#connectShared().finally(() => (this.#connecting = undefined)));
  }

  async #connectShared(): Promise<void> {
    this.state.connecting();
    await this.#connect(this.#pool);
    this.state.up();
  }

  async #connect(pool: mssql.ConnectionPool): Promise<void> {
    this.#complaint = undefined;
    try {
      await pool.connect();
      this.#codePage = codePageOf(pool);
    } catch (error) {
      throw this.#lost(failureOf(error, this.where, 'before', this.#complaint));
    }
  }

  /** Notes that the database is out of reach, and tries again when it is due. */
  #lost(failure: ExchangeError): ExchangeError {
    if (this.#closed) return this.failure('closed', 'ECLOSED');
    const due = this.state.failed(failure);
    if (due !== undefined) this.#tryIn(due);
    return failure;
  }

  #tryIn(ms: number): void {
    clearTimeout(this.#nextAttempt);
    this.#nextAttempt = setTimeout(() => {
      this.#nextAttempt = undefined;
      this.#tryNow().catch(() => {
        // Noted, with the next attempt.
      });
    }, ms);
    this.#nextAttempt.unref();
  }

  /** Connects, or asks over a connection of the pool whether the server is there. */
  async #tryNow(): Promise<void> {
    if (this.#closed) return;
    if (!this.#pool.connected) return this.#connected();
    try {
      await this.#look(this.#pool);
    } catch (error) {
      if (error instanceof ExchangeError) this.#lost(error);
    }
  }

  #newPool(connections: number): mssql.ConnectionPool {
    let pool: mssql.ConnectionPool;
    try {
      const limits = { ...this.#settings, connections };
      const options = connectionOptions(this.#settings, limits, {
        ...this.#settings,
        onSocket: socket => this.#watch(socket),
      });
      pool = new mssql.ConnectionPool({
        ...options,
        pool: { ...options.pool, acquireTimeoutMillis: this.#settings.requestMs },
        beforeConnect: connection => {
          connection.on('errorMessage', ({ number }: { number: number }) => {
            this.#complaint = number;
          });
        },
      });
    } catch (error) {
      throw this.failure('ca-file', factsOf(error).said);
    }
    // At once: an error without a listener ends the process, and a lost connection gives one beside the rejection.
    pool.on('error', () => {});
    this.#pools.add(pool);
    return pool;
  }

  #renewPool(): void {
    const old = this.#pool;
    this.#pool = this.#newPool(this.#settings.connections);
    // Waits for those who use it.
    void this.#end(old);
  }

  #watch(socket: net.Socket): void {
    if (this.#closed) socket.destroy(new Error('closing'));
    this.#sockets.add(socket);
    // Between here and the driver's own listeners an error would end the process.
    socket.on('error', () => {}).on('close', () => this.#sockets.delete(socket));
  }

  async #close(): Promise<void> {
    clearTimeout(this.#nextAttempt);
    this.state.closed();
    // A pool that is connecting refuses to be closed: the attempt is ended.
    if (this.#connecting) this.#cut();
    const ended = Promise.all([...this.#pools].map(pool => this.#end(pool)));
    await Promise.race([ended, pause(CANCEL_MS, undefined, { ref: false })]);
    this.#cut();
    await Promise.race([ended, pause(CLOSE_MS, undefined, { ref: false })]);
  }

  #cut(): void {
    for (const socket of this.#sockets) socket.destroy(new Error('closing'));
  }

  /** Closes a pool, as soon as it is not connecting. Never rejects. */
  async #end(pool: mssql.ConnectionPool): Promise<void> {
    try {
      if (pool === this.#pool) await this.#connecting?.catch(() => {});
      await pool.close();
    } catch {
      // It is gone, one way or the other.
    } finally {
      this.#pools.delete(pool);
    }
  }
}

const stageOf = ({ retry }: ExchangeError): Stage => (retry === 'in-doubt' ? 'under-way' : 'before');

/** The pool knows the collation of the database once it is connected, and its types do not. */
function codePageOf(pool: mssql.ConnectionPool): string {
  const { collation } = pool as unknown as { readonly collation?: { readonly codepage?: string } };
  return collation?.codepage ?? USUAL_CODE_PAGE;
}
