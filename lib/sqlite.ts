/** An embedded SQLite database: the runtime's own `node:sqlite`, or the package with the same interface. */
import { ExchangeError } from './errors';

export type SqlValue = string | number | bigint | null | Uint8Array;

/** One row; columns by the name or alias of the query. */
export type SqlRow = Record<string, SqlValue>;

export interface SqlChange {
  /** Rows that the statement inserted, changed or removed. */
  readonly changes: number;
}

/** Rows of a query that are read one by one. */
export interface SqlCursor {
  /** Names as the query gives them, which may be the same. */
  readonly columns: readonly string[];
  /** Cells by their place; integers are bigint. Each step holds up the thread until there is a row. */
  readonly rows: Iterable<readonly SqlValue[]>;
}

/** What the two engines have in common. */
interface Statement {
  all(...parameters: SqlValue[]): SqlRow[];
  get(...parameters: SqlValue[]): SqlRow | undefined;
  run(...parameters: SqlValue[]): { readonly changes: number | bigint };
  /** Rows as arrays, after `setReturnArrays`. */
  iterate(...parameters: SqlValue[]): Iterator<readonly SqlValue[], unknown>;
  columns(): readonly { readonly name: string }[];
  setReadBigInts(enabled: boolean): void;
  setReturnArrays(enabled: boolean): void;
}
interface Connection {
  exec(sql: string): void;
  prepare(sql: string): Statement;
  close(): void;
}
interface SqliteModule {
  readonly DatabaseSync: new (path: string) => Connection;
  readonly StatementSync: { readonly prototype: object };
}

const BUSY_TIMEOUT_MS = 5000;

/**
 * One connection to one database file. All calls are synchronous. Errors of a statement are the engine's own: they
 * name tables and columns, never values.
 */
export class SqliteDatabase {
  readonly #connection: Connection;
  readonly #statements = new Map<string, Statement>();
  readonly #cursors = new Map<string, Statement>();
  #open = true;

  private constructor(connection: Connection) {
    this.#connection = connection;
  }

  /**
   * Opens or creates a file, or `:memory:`. Writes go to a write-ahead log and are on disk when they are committed,
   * foreign keys are enforced, and a locked database is waited for up to 5 seconds.
   * @param options.shrinks a new file can give freed space back: `PRAGMA incremental_vacuum`
   * @param options.readOnly statements that change something fail
   * @throws {ExchangeError} CONFIG when the file cannot be opened or is no database.
   */
  static open(path: string, { shrinks = false, readOnly = false } = {}): SqliteDatabase {
    const Database = loadEngine();
    try {
      const connection = new Database(path);
      connection.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
      // Can be chosen as long as nothing is written.
      if (shrinks) connection.exec('PRAGMA auto_vacuum = INCREMENTAL');
      connection.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON');
      if (readOnly) connection.exec('PRAGMA query_only = ON');
      return new SqliteDatabase(connection);
    } catch {
      throw new ExchangeError({
        code: 'CONFIG',
        retry: 'never',
        text: {
          zh: '无法打开嵌入式数据库文件，请检查路径、权限，以及该文件是否为 SQLite 数据库',
          en: 'cannot open the embedded database file: check its path, its permissions, and that it is an SQLite database',
        },
      });
    }
  }

  /** Every row of a query. */
  all(sql: string, ...parameters: SqlValue[]): SqlRow[] {
    // The two engines give rows with different prototypes; plain objects print, clone and compare alike.
    return this.#prepare(sql)
      .all(...parameters)
      .map(row => ({ ...row }));
  }

  /** The first row of a query. */
  get(sql: string, ...parameters: SqlValue[]): SqlRow | undefined {
    const row = this.#prepare(sql).get(...parameters);
    return row && { ...row };
  }

  /**
   * The rows of a statement, which is carried out as they are read; one reader of the same text at a time. Leaving the
   * loop early ends the statement; a loop that goes on after {@link close} throws.
   */
  cursor(sql: string, ...parameters: SqlValue[]): SqlCursor {
    let statement = this.#cursors.get(sql);
    if (!statement) {
      statement = this.#connection.prepare(sql);
      statement.setReadBigInts(true);
      statement.setReturnArrays(true);
      this.#cursors.set(sql, statement);
    }
    return { columns: statement.columns().map(({ name }) => name), rows: this.#read(statement, parameters) };
  }

  run(sql: string, ...parameters: SqlValue[]): SqlChange {
    return { changes: Number(this.#prepare(sql).run(...parameters).changes) };
  }

  /** Runs several statements without parameters, such as a schema. */
  exec(sql: string): void {
    this.#connection.exec(sql);
  }

  /**
   * Runs `work` in one transaction that takes the write lock at its start: all of it is committed, or nothing when
   * `work` throws. Must not be nested.
   */
  transaction<T>(work: () => T): T {
    this.#connection.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.#connection.exec('COMMIT');
      return result;
    } catch (error) {
      this.#rollback();
      throw error;
    }
  }

  /**
   * Closes the connection; closing twice is allowed. The package, unlike `node:sqlite`, keeps the file open until its
   * statements are garbage: what deletes the file next must not count on it.
   */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#statements.clear();
    this.#cursors.clear();
    this.#connection.close();
  }

  /** The engine does not keep the statement of its iterator alive: {@link #cursors} does, until the end. */
  *#read(statement: Statement, parameters: readonly SqlValue[]): Generator<readonly SqlValue[]> {
    const rows = statement.iterate(...parameters);
    try {
      for (;;) {
        if (!this.#open) throw new Error('the database connection is closed');
        const row = rows.next();
        if (row.done) return;
        yield row.value;
      }
    } finally {
      if (this.#open) rows.return?.();
    }
  }

  #rollback(): void {
    try {
      this.#connection.exec('ROLLBACK');
    } catch {
      // Some errors, a full disk among them, have ended the transaction already.
    }
  }

  #prepare(sql: string): Statement {
    let statement = this.#statements.get(sql);
    if (!statement) this.#statements.set(sql, (statement = this.#connection.prepare(sql)));
    return statement;
  }
}

let engine: SqliteModule | undefined;

function loadEngine(): SqliteModule['DatabaseSync'] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- its own types are wider than the common ones
  engine ??= loadBuiltin() ?? (require('@photostructure/sqlite') as SqliteModule);
  return engine.DatabaseSync;
}

/** `node:sqlite` where this Node has it without a flag (22.13 on), in a version that gives rows as arrays. */
function loadBuiltin(): SqliteModule | undefined {
  // oxlint-disable-next-line typescript/unbound-method -- called with `process`, and put back below
  const emitWarning = process.emitWarning;
  // Loading it warns about an experiment, which would greet hospitals on every start. Other warnings pass.
  process.emitWarning = (...warning: unknown[]) => {
    if (warning[1] !== 'ExperimentalWarning') Reflect.apply(emitWarning, process, warning);
  };
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- @types/node of Node 20 do not know it
    const builtin = process.getBuiltinModule('node:sqlite') as SqliteModule | undefined;
    return builtin && 'setReturnArrays' in builtin.StatementSync.prototype ? builtin : undefined;
  } finally {
    process.emitWarning = emitWarning;
  }
}
