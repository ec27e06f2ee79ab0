/** A hospital's database in SQL Server, 2008 or newer. */
import type net from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import mssql from 'mssql';
import { ExchangeError, type Text } from '../errors';
import {
  SQL_SERVER_PORT,
  type SqlServerAddress,
  type SqlServerLimits,
  connectionOptions,
} from '../sqlserver/connection-options';
import { factsOf } from '../sqlserver/driver-error';
import { probeServer, productName } from '../sqlserver/probe';
import { ConnectionState } from './connection-state';
import type {
  DatabaseDriver,
  DatabaseRow,
  DatabaseSession,
  DatabaseState,
  Isolation,
  RunOptions,
  RunResult,
  StateChange,
  Statement,
  StreamOptions,
  TestReport,
  TransactionOptions,
} from './driver';
import { DatabaseFailure, failureOf } from './failure';
import type { Parameter } from './parameter';
import { RowQueue } from './row-queue';
import { changesSession } from './session-words';
import { SqlServerRequest } from './sqlserver-request';

export interface SqlServerDatabase extends SqlServerAddress, SqlServerLimits {
  readonly kind: 'sqlserver';
  readonly applicationName?: string;
  readonly readOnly: boolean;
  /** Rows that {@link DatabaseDriver.run} gives at most. */
  readonly mostRows: number;
}

const LEVELS: Readonly<Record<Isolation, mssql.IIsolationLevel>> = {
  'read-committed': mssql.ISOLATION_LEVEL.READ_COMMITTED,
  'repeatable-read': mssql.ISOLATION_LEVEL.REPEATABLE_READ,
  serializable: mssql.ISOLATION_LEVEL.SERIALIZABLE,
  snapshot: mssql.ISOLATION_LEVEL.SNAPSHOT,
};

/** A cancel that is not acknowledged ends after 3 seconds, and the driver drops the connection. */
const CANCEL_MS = 4000;
/** What then still holds a connection loses it. */
const CLOSE_MS = 3000;
/** Beyond this the clocks of database and Node-RED are said to differ. */
const CLOCK_SKEW_S = 60;
/** Code page of a database whose collation is not known yet: the usual one of a hospital. */
const USUAL_CODE_PAGE = 'CP936';

/**
 * Connections are made when they are needed and shared by all users of the driver; an error of a statement closes
 * none. They are handed from one user to the next as they are, so nothing may stay behind in them: statements with
 * settings, temporary tables or transactions of their own, and transactions of another isolation than READ COMMITTED,
 * get a connection of their own, one after the other, that is closed after them.
 */
export class SqlServerDriver implements DatabaseDriver {
  readonly kind = 'sqlserver';
  readonly #database: SqlServerDatabase;
  readonly #where: string;
  readonly #state = new ConnectionState();
  readonly #requests = new Set<SqlServerRequest>();
  readonly #sockets = new Set<net.Socket>();
  readonly #pools = new Set<mssql.ConnectionPool>();
  #pool: mssql.ConnectionPool;
  #connecting: Promise<void> | undefined;
  #alone: Promise<unknown> = Promise.resolve();
  #nextAttempt: NodeJS.Timeout | undefined;
  #closed: Promise<void> | undefined;
  /** Number of the server's last complaint about a login. */
  #complaint: number | undefined;
  /** Of the database's varchar. */
  #codePage = USUAL_CODE_PAGE;

  /** @throws {ExchangeError} CONFIG when the CA file cannot be read */
  constructor(database: SqlServerDatabase) {
    const { host, port, instance } = database;
    this.#database = database;
    this.#where =
      instance === undefined
        ? `SQL Server ${host}:${port ?? SQL_SERVER_PORT}`
        : `SQL Server ${host}\\${instance}${port === undefined ? '' : `:${port}`}`;
    this.#pool = this.#newPool(database.connections);
  }

  get state(): DatabaseState {
    return this.#state.now;
  }

  onChange(listener: (change: StateChange) => void): () => void {
    return this.#state.onChange(listener);
  }

  async run(
    statement: Statement,
    parameters: readonly Parameter[] = [],
    options: RunOptions = {},
  ): Promise<RunResult> {
    if (needsOwnSession(statement))
      return this.#inOwnSession(pool => this.#runOn(pool, statement, parameters, options));
    await this.#connected();
    return this.#runOn(this.#pool, statement, parameters, options);
  }

  async *stream(
    statement: Statement,
    parameters: readonly Parameter[],
    options: StreamOptions,
  ): AsyncGenerator<readonly DatabaseRow[]> {
    if (needsOwnSession(statement)) throw this.#failure('transaction-words', 'stream');
    await this.#connected();
    const queue = new RowQueue<DatabaseRow>(options.batch, {
      pause: () => request.pause(),
      resume: () => request.resume(),
    });
    // Rows of a second set would have other columns.
    const onRow = (row: DatabaseRow, set: number): void => void (set === 0 && queue.push(row));
    const request = this.#request(this.#pool, options, onRow);
    const finished = this.#carryOut(request, statement, parameters);
    void finished.then(
      () => queue.end(),
      (error: unknown) => queue.end(error),
    );
    try {
      yield* queue.batches();
    } finally {
      request.cancel();
      // The connection is free for others when the server has acknowledged that.
      await Promise.race([finished.catch(() => {}), pause(CANCEL_MS, undefined, { ref: false })]);
    }
  }

  async transaction<T>(
    work: (session: DatabaseSession) => Promise<T>,
    { isolation = 'read-committed', signal }: TransactionOptions = {},
  ): Promise<T> {
    // The level stays with a connection when the transaction is over.
    if (isolation !== 'read-committed')
      return this.#inOwnSession(pool => this.#transactionOn(pool, work, LEVELS[isolation], signal));
    await this.#connected();
    return this.#transactionOn(this.#pool, work, LEVELS[isolation], signal);
  }

  async test(): Promise<TestReport> {
    const { tls, connectMs } = this.#database;
    const facts: Text[] = [];
    try {
      const { version, encrypts } = await probeServer(this.#database, connectMs);
      const product = productName(version);
      facts.push({ zh: `服务器：${product}`, en: `server: ${product}` });
      if (tls === 'off')
        facts.push({
          zh: '连接不加密，密码可被截获，仅限可信网络',
          en: 'not encrypted: only within a trusted network',
        });
      else if (!encrypts) throw this.#failure('clear-text', version);
      else facts.push({ zh: '服务器支持加密', en: 'the server encrypts' });
    } catch (error) {
      throw failureOf(error, this.#where, 'before');
    }
    const ask: Statement = { kind: 'sql', text: FACTS };
    const { rows } = await this.#inOwnSession(pool => this.#runOn(pool, ask, [], { repeatable: true }));
    return { facts: [...facts, ...factsOfRow(rows[0] ?? {})] };
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  /** Rejects unless there is a pool that is open. */
  async #connected(): Promise<void> {
    if (this.#closed) throw this.#failure('closed', 'ECLOSED');
    const failure = this.#state.quiet();
    if (failure) throw failure;
    if (this.#pool.connected) return;
    await (this.#connecting ??= this.#connect().finally(() => (this.#connecting = undefined)));
  }

  async #connect(): Promise<void> {
    this.#state.connecting();
    this.#complaint = undefined;
    try {
      await this.#pool.connect();
      this.#codePage = codePageOf(this.#pool);
      this.#state.up();
    } catch (error) {
      throw this.#lost(failureOf(error, this.#where, 'before', this.#complaint));
    }
  }

  /** Notes that the database is out of reach, and tries again when it is due. */
  #lost(failure: ExchangeError): ExchangeError {
    if (this.#closed) return this.#failure('closed', 'ECLOSED');
    const due = this.#state.failed(failure);
    if (due !== undefined) this.#tryIn(due);
    return failure;
  }

  #tryIn(ms: number): void {
    clearTimeout(this.#nextAttempt);
    this.#nextAttempt = setTimeout(() => {
      this.#nextAttempt = undefined;
      this.#look().catch(() => {
        // Noted, with the next attempt.
      });
    }, ms);
    this.#nextAttempt.unref();
  }

  /** Connects, or asks over a connection of the pool whether the server is there. */
  async #look(): Promise<void> {
    if (this.#closed) return;
    if (!this.#pool.connected) {
      await (this.#connecting ??= this.#connect().finally(() => (this.#connecting = undefined)));
      return;
    }
    const options = { repeatable: true, timeoutMs: this.#database.connectMs };
    try {
      await this.#runOn(this.#pool, { kind: 'sql', text: 'select 1 as one' }, [], options);
    } catch (error) {
      if (error instanceof ExchangeError) this.#lost(error);
    }
  }

  async #runOn(
    parent: mssql.ConnectionPool | mssql.Transaction,
    statement: Statement,
    parameters: readonly Parameter[],
    options: RunOptions,
  ): Promise<RunResult> {
    const { mostRows } = this.#database;
    const sets: DatabaseRow[][] = [];
    let count = 0;
    const request = this.#request(parent, options, (row, set) => {
      if (++count > mostRows) throw this.#failure('too-many-rows', mostRows);
      (sets[set] ??= []).push(row);
    });
    const end = await this.#carryOut(request, statement, parameters);
    const all = Array.from(sets, set => set ?? []);
    return { rows: all[0] ?? [], sets: all, ...end };
  }

  #request(
    parent: mssql.ConnectionPool | mssql.Transaction,
    { signal, timeoutMs = this.#database.requestMs, repeatable = false }: RunOptions,
    onRow: (row: DatabaseRow, set: number) => void,
  ): SqlServerRequest {
    const isSafe = repeatable || parent instanceof mssql.Transaction;
    return new SqlServerRequest(parent, {
      where: this.#where,
      codePage: this.#codePage,
      timeoutMs,
      stage: isSafe ? 'before' : 'under-way',
      signal,
      onRow,
    });
  }

  async #carryOut(
    request: SqlServerRequest,
    statement: Statement,
    parameters: readonly Parameter[],
  ): ReturnType<SqlServerRequest['run']> {
    this.#requests.add(request);
    try {
      const end = await request.run(statement, parameters);
      this.#state.up();
      return end;
    } catch (error) {
      throw this.#judge(error);
    } finally {
      this.#requests.delete(request);
    }
  }

  /** What the failure of a statement says about the connections. */
  #judge(error: unknown): unknown {
    if (!(error instanceof DatabaseFailure)) return error;
    if (this.#closed && error.trouble !== 'closed')
      return new DatabaseFailure('closed', this.#where, 'ECLOSED', stageOf(error));
    // A procedure has left a transaction open in a connection that others would get.
    if (error.trouble === 'open-transaction') this.#renewPool();
    if (!error.concernsConnection) return error;
    // One lost connection is not the server: that is looked at. A login that failed says it all.
    if (error.trouble === 'unreachable' && this.#state.now === 'up') this.#tryIn(0);
    else this.#lost(error);
    return error;
  }

  async #transactionOn<T>(
    pool: mssql.ConnectionPool,
    work: (session: DatabaseSession) => Promise<T>,
    level: mssql.IIsolationLevel,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    const transaction = await this.#begun(pool, level);
    let failure: unknown;
    const session: DatabaseSession = {
      run: async (statement, parameters = [], options = {}) => {
        if (needsOwnSession(statement)) throw this.#failure('transaction-words', 'transaction');
        // Who goes on after an error must not commit the other half.
        if (failure !== undefined) throw failure;
        try {
          return await this.#runOn(
            transaction,
            statement,
            parameters,
            signal ? { signal, ...options } : options,
          );
        } catch (error) {
          throw (failure = error);
        }
      },
    };
    try {
      const result = await work(session);
      if (failure !== undefined) throw failure;
      await this.#commit(transaction);
      return result;
    } catch (error) {
      await rolledBack(transaction);
      throw error;
    }
  }

  async #begun(pool: mssql.ConnectionPool, level: mssql.IIsolationLevel): Promise<mssql.Transaction> {
    const transaction = new mssql.Transaction(pool);
    try {
      // Explicitly: a connection keeps the level of its last transaction.
      await transaction.begin(level);
      return transaction;
    } catch (error) {
      throw this.#judge(failureOf(error, this.#where, 'before'));
    }
  }

  async #commit(transaction: mssql.Transaction): Promise<void> {
    try {
      await transaction.commit();
    } catch (error) {
      throw this.#judge(failureOf(error, this.#where, 'under-way'));
    }
  }

  /** A connection that is closed after the work; one at a time. */
  #inOwnSession<T>(work: (pool: mssql.ConnectionPool) => Promise<T>): Promise<T> {
    const turn = this.#alone.then(async () => {
      if (this.#closed) throw this.#failure('closed', 'ECLOSED');
      const failure = this.#state.quiet();
      if (failure) throw failure;
      const pool = this.#newPool(1);
      try {
        await this.#open(pool);
        const result = await work(pool);
        await this.#endedTransactions(pool);
        return result;
      } finally {
        await this.#end(pool);
      }
    });
    this.#alone = turn.catch(() => {});
    return turn;
  }

  async #open(pool: mssql.ConnectionPool): Promise<void> {
    this.#complaint = undefined;
    try {
      await pool.connect();
      this.#codePage = codePageOf(pool);
    } catch (error) {
      throw this.#lost(failureOf(error, this.#where, 'before', this.#complaint));
    }
    if (this.#closed) throw this.#failure('closed', 'ECLOSED');
  }

  /** What is not committed is rolled back with the end of the session: that is no success. */
  async #endedTransactions(pool: mssql.ConnectionPool): Promise<void> {
    const count: Statement = { kind: 'sql', text: 'select @@trancount as transactions' };
    const { rows } = await this.#runOn(pool, count, [], {});
    if (Number(rows[0]?.['transactions'] ?? 0) > 0) throw this.#failure('open-transaction', '@@TRANCOUNT');
  }

  #newPool(connections: number): mssql.ConnectionPool {
    let pool: mssql.ConnectionPool;
    try {
      const limits = { ...this.#database, connections };
      const options = connectionOptions(this.#database, limits, {
        ...this.#database,
        onSocket: socket => this.#watch(socket),
      });
      pool = new mssql.ConnectionPool({
        ...options,
        pool: { ...options.pool, acquireTimeoutMillis: this.#database.requestMs },
        beforeConnect: connection => {
          connection.on('errorMessage', ({ number }: { number: number }) => {
            this.#complaint = number;
          });
        },
      });
    } catch (error) {
      throw this.#failure('ca-file', factsOf(error).said);
    }
    // At once: an error without a listener ends the process, and a lost connection gives one beside the rejection.
    pool.on('error', () => {});
    this.#pools.add(pool);
    return pool;
  }

  #renewPool(): void {
    const old = this.#pool;
    this.#pool = this.#newPool(this.#database.connections);
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
    this.#state.closed();
    for (const request of this.#requests) request.cancel();
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

  #failure(trouble: DatabaseFailure['trouble'], said: string | number): DatabaseFailure {
    return new DatabaseFailure(trouble, this.#where, said);
  }
}

const needsOwnSession = ({ kind, text }: Statement): boolean => kind === 'sql' && changesSession(text);

const stageOf = ({ retry }: ExchangeError): 'before' | 'under-way' =>
  retry === 'in-doubt' ? 'under-way' : 'before';

async function rolledBack(transaction: mssql.Transaction): Promise<void> {
  try {
    await transaction.rollback();
  } catch {
    // It has ended already: the server rolled it back, or is gone. The first error is the one that tells why.
  }
}

/** The pool knows the collation of the database once it is connected, and its types do not. */
function codePageOf(pool: mssql.ConnectionPool): string {
  const { collation } = pool as unknown as { readonly collation?: { readonly codepage?: string } };
  return collation?.codepage ?? USUAL_CODE_PAGE;
}

const FACTS =
  "select @@version as version, convert(nvarchar(128), databasepropertyex(db_name(), 'Collation')) as collation," +
  ' db_name() as name, getdate() as here, getutcdate() as utc';

function factsOfRow(row: DatabaseRow): Text[] {
  const [version, collation, name, here, utc] = ['version', 'collation', 'name', 'here', 'utc'].map(column =>
    String(row[column] ?? ''),
  );
  const facts: Text[] = [
    { zh: `登录成功，数据库 ${name}`, en: `logged in to the database ${name}` },
    { zh: version?.split('\n')[0]?.trim() ?? '', en: version?.split('\n')[0]?.trim() ?? '' },
    { zh: `排序规则 ${collation}`, en: `collation ${collation}` },
    { zh: `数据库时间 ${here}`, en: `its clock says ${here}` },
  ];
  const skew = Math.round((Date.parse(`${utc?.replace(' ', 'T')}Z`) - Date.now()) / 1000);
  if (Math.abs(skew) > CLOCK_SKEW_S)
    facts.push({
      zh: `注意：数据库时钟比本机${skew > 0 ? '快' : '慢'} ${Math.abs(skew)} 秒，请校时`,
      en: `warning: its clock is ${Math.abs(skew)} s ${skew > 0 ? 'ahead of' : 'behind'} this machine's: set one of them`,
    });
  return facts;
}
