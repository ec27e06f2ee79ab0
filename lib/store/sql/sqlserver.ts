/** A store in SQL Server (2008 or newer), which several processes share. All statements are SQL of 2008. */
import { setTimeout as pause } from 'node:timers/promises';
import mssql from 'mssql';
import { SQL_SERVER_PORT, connectionOptions } from '../../sqlserver/connection-options';
import { type Facts, factsOf, troubleOf } from '../../sqlserver/driver-error';
import { text } from '../row';
import type { SqlServerSettings } from '../settings';
import { DatabaseFailure, type FailureKind } from './failure';
import type { SqlConnection, SqlDialect, SqlRow, SqlSession, SqlValue } from './session';
import { CONNECT_MS, DatabaseClock, STATEMENT_MS, numbering, rerun, storable } from './shared';

/** Milliseconds that one key is waited for. */
const LOCK_MS = 20_000;
/** Keys of one statement. */
const LOCKS = 500;

/** Not only a lock, so that it also works where the database reads from snapshots. */
const CHANGING = 'with (updlock, rowlock)';
const FREE = 'with (updlock, readpast, rowlock)';
const PASSING = 'with (readpast, readcommittedlock)';

export const sqlServerDialect: SqlDialect = {
  name: 'sqlserver',
  shared: true,
  types: {
    sequence: 'bigint identity(1,1) primary key',
    integer: 'int',
    bigint: 'bigint',
    // The collation of a database takes "a" and "A" for the same.
    short: 'nvarchar(200) collate Latin1_General_BIN2',
    text: 'nvarchar(max)',
    blob: 'varbinary(max)',
  },
  create: (kind, name, rest) => {
    const known =
      kind === 'table'
        ? `sys.tables t where t.name = N'${name}'`
        : `sys.indexes i join sys.tables t on t.object_id = i.object_id where i.name = N'${name}'`;
    return `if not exists (select 1 from ${known} and t.schema_id = schema_id()) create ${kind} ${name} ${rest}`;
  },
  first: (select, limit) => `select top (${limit})${select.slice('select'.length)}`,
  lock: (columns, where) => `select ${columns} from message ${CHANGING} where ${where}`,
  passing: table => `${table} ${PASSING}`,
  insertMissing(table, columns, key) {
    const given = columns.map(column => `? as ${column}`).join(', ');
    const same = key.split(', ').map(column => `known.${column} = given.${column}`);
    // Locks the place of a missing row, so that no other process fills it before we do.
    return (
      `insert into ${table} (${columns.join(', ')}) select ${columns.join(', ')} from (select ${given}) as given` +
      ` where not exists (select 1 from ${table} as known with (updlock, holdlock) where ${same.join(' and ')})`
    );
  },
  async lockKeys(session, keys) {
    for (let at = 0; at < keys.length; at += LOCKS) {
      const part = keys.slice(at, at + LOCKS);
      await session.run(lockStatement(part.length), part);
    }
  },
  async lockMeta(session, name) {
    const [row] = await session.all(`select value from meta ${CHANGING} where name = ?`, [name]);
    return row && text(row, 'value');
  },
  // A query in the place of the table, since an update has no order of its own.
  claim: ({ set, where, order, limit, columns }) =>
    `update due set ${set} output ${columns
      .split(', ')
      .map(column => `inserted.${column}`)
      .join(', ')}` +
    ` from (select top (${limit}) * from message ${FREE} where ${where} order by ${order}) as due`,
};

/** The states of the errors that {@link lockStatement} raises. */
const LOCK_TIME_OUT = 1;
const LOCK_DEADLOCK = 3;
const RAISED = 50_000;

/** Takes locks one after the other. They are the transaction's, and end with it. */
function lockStatement(count: number): string {
  const lock =
    " if @code >= 0 exec @code = sp_getapplock @Resource = ?, @LockMode = N'Exclusive'," +
    ` @LockOwner = N'Transaction', @LockTimeout = ${LOCK_MS};`;
  return (
    `declare @code int; set @code = 0;${lock.repeat(count)}` +
    ` if @code = -3 raiserror(N'deadlock', 16, ${LOCK_DEADLOCK})` +
    ` else if @code < 0 raiserror(N'lock', 16, ${LOCK_TIME_OUT})`
  );
}

/** Days and the rest apart: milliseconds since 1970 are too many for one difference. */
const TIME =
  'declare @now datetime; set @now = getutcdate();' +
  " select cast(datediff(day, '19700101', @now) as bigint) * 86400000" +
  ' + datediff(millisecond, dateadd(day, datediff(day, 0, @now), 0), @now) as now';

/** All columns: databases before 2014 have no delayed commits, and no column to say so. */
const DATABASE = 'select * from sys.databases where database_id = db_id()';

const CLOSE_MS = 4000;

const numbered = numbering('@p', 0);

/**
 * A pool of one connection: the driver makes it when it is needed, and again after it was lost.
 *
 * The tables lie in the default schema of the database's user. SQL Server has no search path, and names in front of
 * every table would burden the statements of all databases; a store should have a database of its own anyway.
 */
export class SqlServerConnection implements SqlConnection {
  readonly dialect = sqlServerDialect;
  readonly #where: string;
  readonly #pool: mssql.ConnectionPool;
  readonly #clock: DatabaseClock;
  #connecting: Promise<void> | undefined;
  #request: mssql.Request | undefined;
  /** Number of the server's last complaint about a login, which the driver's error leaves out. */
  #complaint: number | undefined;
  #isDurable = false;
  #closed = false;

  /** @throws {ExchangeError} STORE when the CA file cannot be read */
  constructor(settings: SqlServerSettings) {
    const { host, port = SQL_SERVER_PORT, clock = 'database' } = settings;
    this.#where = `SQL Server ${host}:${port}`;
    this.#clock = new DatabaseClock(clock === 'database');
    this.#pool = new mssql.ConnectionPool(this.#options(settings));
    // At once: an error without a listener ends the process, and a lost connection gives one beside the rejection.
    this.#pool.on('error', () => {});
  }

  transaction<T>(work: (session: SqlSession) => Promise<T>): Promise<T> {
    return rerun(() => this.#once(work));
  }

  clockOffset(): number {
    return this.#clock.offset;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#request?.cancel();
    await Promise.race([this.#end(), pause(CLOSE_MS, undefined, { ref: false })]);
  }

  #options(settings: SqlServerSettings): mssql.config {
    try {
      return {
        ...connectionOptions(settings, { connectMs: CONNECT_MS, requestMs: STATEMENT_MS, connections: 1 }),
        beforeConnect: connection => {
          this.#clock.forget();
          connection.on('errorMessage', ({ number }: { number: number }) => {
            this.#complaint = number;
          });
        },
      };
    } catch (error) {
      throw this.#failure('ca-file', factsOf(error).said);
    }
  }

  async #once<T>(work: (session: SqlSession) => Promise<T>): Promise<T> {
    if (this.#closed) throw this.#failure('closed', 'ECLOSED');
    await (this.#connecting ??= this.#connect().finally(() => (this.#connecting = undefined)));
    const transaction = await this.#begun();
    try {
      await this.#clock.measure(async () =>
        Number((await this.#ask(transaction, TIME)).recordset[0]?.['now']),
      );
      const result = await work(this.#session(transaction));
      await this.#commit(transaction);
      return result;
    } catch (error) {
      await rolledBack(transaction);
      throw error;
    }
  }

  /** Opens the pool, and checks that a commit means what it says. */
  async #connect(): Promise<void> {
    if (this.#isDurable && this.#pool.connected) return;
    this.#complaint = undefined;
    try {
      await this.#pool.connect();
      const { recordset } = await this.#pool.request().query<SqlRow>(DATABASE);
      this.#isDurable = recordset?.[0]?.['delayed_durability_desc'] !== 'FORCED';
    } catch (error) {
      throw this.#failureOf(error, 'unreachable');
    }
    if (!this.#isDurable) throw this.#failure('not-durable', 'DELAYED_DURABILITY = DISABLED');
  }

  /** A transaction that has begun. A connection that was lost while it was idle is replaced unnoticed. */
  async #begun(): Promise<mssql.Transaction> {
    const isIdle = this.#pool.available > 0;
    try {
      return await begin(this.#pool);
    } catch (error) {
      const failure = this.#failureOf(error, 'unreachable');
      if (!isIdle || failure.kind !== 'unreachable') throw failure;
    }
    try {
      return await begin(this.#pool);
    } catch (error) {
      throw this.#failureOf(error, 'unreachable');
    }
  }

  async #commit(transaction: mssql.Transaction): Promise<void> {
    try {
      await transaction.commit();
    } catch (error) {
      throw this.#failureOf(error, 'unreachable');
    }
  }

  #session(transaction: mssql.Transaction): SqlSession {
    return {
      all: async (sql, values) => rowsOf(await this.#ask(transaction, sql, values)),
      // A server can be set up not to count.
      run: async (sql, values) =>
        (await this.#ask(transaction, `set nocount off; ${sql}`, values)).rowsAffected.at(-1) ?? 0,
    };
  }

  async #ask(
    transaction: mssql.Transaction,
    sql: string,
    values: readonly SqlValue[] = [],
  ): Promise<mssql.IResult<SqlRow>> {
    const request = new mssql.Request(transaction);
    for (const [at, value] of values.entries()) request.input(`p${at}`, typeOf(value), storable(value));
    this.#request = request;
    try {
      return await request.query<SqlRow>(numbered(sql));
    } catch (error) {
      throw this.#failureOf(error, 'time-out');
    } finally {
      this.#request = undefined;
    }
  }

  async #end(): Promise<void> {
    try {
      // A pool that is connecting refuses to be closed.
      await this.#connecting;
    } catch {
      // Then there is little to close.
    }
    try {
      await this.#pool.close();
    } catch {
      // It is gone, one way or the other.
    }
  }

  /** @param silence what it means that the server did not answer */
  #failureOf(error: unknown, silence: FailureKind): DatabaseFailure {
    if (error instanceof DatabaseFailure) return error;
    if (this.#closed) return this.#failure('closed', 'ECLOSED');
    const facts = factsOf(error);
    const number = facts.codes.includes('ELOGIN') ? (this.#complaint ?? facts.number) : facts.number;
    return this.#failure(kindOf({ ...facts, number }, silence), String(number ?? facts.said));
  }

  #failure(kind: FailureKind, said: string): DatabaseFailure {
    return new DatabaseFailure(kind, this.#where, said);
  }
}

async function begin(pool: mssql.ConnectionPool): Promise<mssql.Transaction> {
  const transaction = new mssql.Transaction(pool);
  // Explicitly: a pooled connection keeps the level of its last transaction.
  await transaction.begin(mssql.ISOLATION_LEVEL.READ_COMMITTED);
  return transaction;
}

async function rolledBack(transaction: mssql.Transaction): Promise<void> {
  try {
    await transaction.rollback();
  } catch {
    // It has ended already: the server rolled it back, or is gone.
  }
}

/** Few lengths, so that the server meets the same statements again. */
function typeOf(value: SqlValue): mssql.ISqlType {
  if (typeof value === 'number') return mssql.BigInt();
  // The one type whose null fits every column.
  if (value === null) return mssql.VarBinary(1);
  if (typeof value !== 'string') return mssql.VarBinary(mssql.MAX);
  if (value.length > 4000) return mssql.NVarChar(mssql.MAX);
  return mssql.NVarChar(value.length > 200 ? 4000 : 200);
}

/** The driver gives 64-bit numbers as texts. */
function rowsOf({ recordset }: mssql.IResult<SqlRow>): SqlRow[] {
  if (!recordset) return [];
  const numbers = Object.values(recordset.columns)
    .filter(({ type }) => type === mssql.BigInt)
    .map(({ name }) => name);
  for (const row of recordset)
    for (const name of numbers) if (row[name] !== null) row[name] = Number(row[name]);
  return [...recordset];
}

function kindOf(facts: Facts, silence: FailureKind): FailureKind {
  if (!facts.refused && facts.number === RAISED) return facts.state === LOCK_DEADLOCK ? 'clash' : 'time-out';
  return troubleOf(facts, silence);
}
