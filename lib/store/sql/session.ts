/** What the operations of the store need of a database: statements in one transaction, and what differs between SQLs. */

export type SqlValue = string | number | null | Uint8Array;
export type SqlRow = Record<string, SqlValue>;

/** Runs statements with `?` for their values, within the transaction that is open. */
export interface SqlSession {
  all(sql: string, values?: readonly SqlValue[]): Promise<SqlRow[]>;
  /** Gives the number of rows that were inserted, changed or removed. */
  run(sql: string, values?: readonly SqlValue[]): Promise<number>;
}

/** One connection to the database. */
export interface SqlConnection {
  readonly dialect: SqlDialect;
  /**
   * Runs `work` in one transaction, which is on disk when the promise resolves.
   * @throws {ExchangeError} STORE, STORE_FULL; whatever `work` throws. Nothing was written then.
   */
  transaction<T>(work: (session: SqlSession) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** How the databases differ. */
export interface SqlDialect {
  readonly name: 'sqlite' | 'postgresql' | 'sqlserver';
  /** Types of columns, and words of statements. */
  readonly types: {
    readonly sequence: string;
    readonly integer: string;
    readonly bigint: string;
    /** Text of at most 200 characters, compared byte by byte. */
    readonly short: string;
    readonly text: string;
    readonly blob: string;
  };
  /** `if not exists` in front of an index or table, where the SQL has it; else how a missing one is found out. */
  create(kind: 'table' | 'index', name: string, rest: string): string;
  /** A query for the first rows only. `select` starts with that word. */
  first(select: string, limit: number): string;
  /** `insert` unless the key is there, given the table, its columns and its key. */
  insertMissing(table: string, columns: readonly string[], key: string): string;
  /**
   * Keeps other processes from messages of these keys until the transaction ends; nothing to do where one process
   * owns the database. Sorted, so that two processes never wait for each other.
   */
  lockKeys(session: SqlSession, keys: readonly string[]): Promise<void>;
  /** Locks one row of `meta` until the transaction ends and gives its value. */
  lockMeta(session: SqlSession, name: string): Promise<string | undefined>;
  /**
   * Chooses rows, skips those that another process holds, and changes them.
   * @returns the statement, which gives the columns of the changed rows; values: those of `set`, then of `where`
   */
  claim(options: { set: string; where: string; order: string; limit: number; columns: string }): string;
}
