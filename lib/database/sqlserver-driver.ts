/** A hospital's database in SQL Server, 2008 or newer. */
import { setTimeout as pause } from 'node:timers/promises';
import mssql from 'mssql';
import type { Text } from '../errors';
import { probeServer, productName } from '../sqlserver/probe';
import type {
  ConnectionCounts,
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
import { failureOf } from './failure';
import type { Parameter } from './parameter';
import { RowQueue } from './row-queue';
import { changesSession } from './session-words';
import { CANCEL_MS, type ConnectionSettings, SqlServerConnections } from './sqlserver-connections';
import { SqlServerRequest } from './sqlserver-request';

export interface SqlServerDatabase extends ConnectionSettings {
  readonly kind: 'sqlserver';
  /** Rows that {@link DatabaseDriver.run} gives at most. */
  readonly mostRows: number;
}

const LEVELS: Readonly<Record<Isolation, mssql.IIsolationLevel>> = {
  'read-committed': mssql.ISOLATION_LEVEL.READ_COMMITTED,
  'repeatable-read': mssql.ISOLATION_LEVEL.REPEATABLE_READ,
  serializable: mssql.ISOLATION_LEVEL.SERIALIZABLE,
  snapshot: mssql.ISOLATION_LEVEL.SNAPSHOT,
};

/** Beyond this the clocks of database and Node-RED are said to differ. */
const CLOCK_SKEW_S = 60;

/**
 * Statements with settings, temporary tables or transactions of their own, and transactions of another isolation than
 * READ COMMITTED, would leave something behind in a connection: each gets one of its own. An error of a statement closes
 * no connection.
 */
export class SqlServerDriver implements DatabaseDriver {
  readonly kind = 'sqlserver';
  readonly #database: SqlServerDatabase;
  readonly #connections: SqlServerConnections;
  readonly #requests = new Set<SqlServerRequest>();

  /** @throws {ExchangeError} CONFIG when the CA file cannot be read */
  constructor(database: SqlServerDatabase) {
    this.#database = database;
    const ask = { repeatable: true, timeoutMs: database.connectMs };
    this.#connections = new SqlServerConnections(database, pool =>
      this.#runOn(pool, { kind: 'sql', text: 'select 1 as one' }, [], ask),
    );
  }

  get state(): DatabaseState {
    return this.#connections.state.now;
  }

  get connections(): ConnectionCounts {
    return this.#connections.counts;
  }

  onChange(listener: (change: StateChange) => void): () => void {
    return this.#connections.state.onChange(listener);
  }

  async run(
    statement: Statement,
    parameters: readonly Parameter[] = [],
    options: RunOptions = {},
  ): Promise<RunResult> {
    if (needsOwnSession(statement))
      return this.#inOwnSession(pool => this.#runOn(pool, statement, parameters, options));
    await this.#connections.ready();
    return this.#runOn(this.#connections.pool, statement, parameters, options);
  }

  async *stream(
    statement: Statement,
    parameters: readonly Parameter[],
    options: StreamOptions,
  ): AsyncGenerator<readonly DatabaseRow[]> {
    if (needsOwnSession(statement)) throw this.#connections.failure('transaction-words', 'stream');
    await this.#connections.ready();
    const queue = new RowQueue<DatabaseRow>(options.batch, {
      pause: () => request.pause(),
      resume: () => request.resume(),
    });
    // Rows of a second set would have other columns.
    const onRow = (row: DatabaseRow, set: number): void => void (set === 0 && queue.push(row));
    const request = this.#request(this.#connections.pool, options, onRow);
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
    await this.#connections.ready();
    return this.#transactionOn(this.#connections.pool, work, LEVELS[isolation], signal);
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
      else if (!encrypts) throw this.#connections.failure('clear-text', version);
      else facts.push({ zh: '服务器支持加密', en: 'the server encrypts' });
    } catch (error) {
      throw failureOf(error, this.#connections.where, 'before');
    }
    const ask: Statement = { kind: 'sql', text: FACTS };
    const { rows } = await this.#inOwnSession(pool => this.#runOn(pool, ask, [], { repeatable: true }));
    return { facts: [...facts, ...factsOfRow(rows[0] ?? {})] };
  }

  close(): Promise<void> {
    for (const request of this.#requests) request.cancel();
    return this.#connections.close();
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
      if (++count > mostRows) throw this.#connections.failure('too-many-rows', mostRows);
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
      where: this.#connections.where,
      codePage: this.#connections.codePage,
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
      this.#connections.state.up();
      return end;
    } catch (error) {
      throw this.#connections.judge(error);
    } finally {
      this.#requests.delete(request);
    }
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
        if (needsOwnSession(statement)) throw this.#connections.failure('transaction-words', 'transaction');
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
      throw this.#connections.judge(failureOf(error, this.#connections.where, 'before'));
    }
  }

  async #commit(transaction: mssql.Transaction): Promise<void> {
    try {
      await transaction.commit();
    } catch (error) {
      throw this.#connections.judge(failureOf(error, this.#connections.where, 'under-way'));
    }
  }

  #inOwnSession<T>(work: (pool: mssql.ConnectionPool) => Promise<T>): Promise<T> {
    return this.#connections.alone(async pool => {
      const result = await work(pool);
      await this.#endedTransactions(pool);
      return result;
    });
  }

  /** What is not committed is rolled back with the end of the session: that is no success. */
  async #endedTransactions(pool: mssql.ConnectionPool): Promise<void> {
    const count: Statement = { kind: 'sql', text: 'select @@trancount as transactions' };
    const { rows } = await this.#runOn(pool, count, [], {});
    if (Number(rows[0]?.['transactions'] ?? 0) > 0)
      throw this.#connections.failure('open-transaction', '@@TRANCOUNT');
  }
}

const needsOwnSession = ({ kind, text }: Statement): boolean => kind === 'sql' && changesSession(text);

async function rolledBack(transaction: mssql.Transaction): Promise<void> {
  try {
    await transaction.rollback();
  } catch {
    // It has ended already: the server rolled it back, or is gone. The first error is the one that tells why.
  }
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
