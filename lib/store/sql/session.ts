/** What the operations of the store need of a database: statements in one transaction, and what differs between SQLs. */

export type SqlValue = string | number | null | Uint8Array;
export type SqlRow = Record<string, SqlValue>;

/** Runs statements with `?` for their values, within the transaction that is open. */
export interface SqlSession {
  all(sql: string, values?: readonly SqlValue[]): Promise<SqlRow[]>;
  /** Gives the number of rows that were inserted, changed or removed. */
  run(sql: string, values?: readonly SqlValue[]): Promise<number>;
  /**
   * Looks whether there is room for new work; absent where the server knows.
   * @throws {ExchangeError} STORE_FULL when what is left is kept for settling the messages that are there
   */
  needRoom?(): void;
}

/** One connection to the database. */
export interface SqlConnection {
  readonly dialect: SqlDialect;
  /**
   * Runs `work` in one transaction, which is on disk when the promise resolves. A shared database may have `work` run
   * again, from its beginning, when it could not serve two processes at once.
   * @throws {ExchangeError} STORE, STORE_FULL; whatever `work` throws. Nothing was written then, unless the connection
   * to a shared database was lost on the commit: whether that happened is not known.
   */
  transaction<T>(work: (session: SqlSession) => Promise<T>): Promise<T>;
  /** Milliseconds that the database's clock is ahead of this machine's, as last measured within a transaction. */
  clockOffset(): number;
  /** Ends within 10 seconds; what is under way by then is given up. */
  close(): Promise<void>;
}

/** How the databases differ. */
export interface SqlDialect {
  readonly name: 'sqlite' | 'postgresql' | 'sqlserver';
  /** Other processes work on the database at the same time. */
  readonly shared: boolean;
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
  /** A query for messages that keeps other processes from changing them until the transaction ends. */
  lock(columns: string, where: string): string;
  /** The table in a query that shall not wait for other processes: without the rows that they are changing. */
  passing(table: string): string;
  /** `insert` unless the key is there, given the table, its columns and its key. */
  insertMissing(table: string, columns: readonly string[], key: string): string;
  /**
   * Keeps other processes from messages of these keys until the transaction ends; nothing to do where one process
   * owns the database. Sorted, so that two processes never wait for each other.
   */
  lockKeys(session: SqlSession, keys: readonly string[]): Promise<void>;
  /** Gives a part of the space that is free within the file back to the disk; absent where the server does it. */
  shrink?(session: SqlSession): Promise<void>;
  /** Locks one row of `meta` until the transaction ends and gives its value. */
  lockMeta(session: SqlSession, name: string): Promise<string | undefined>;
  /**
   * Chooses rows, skips those that another process holds, and changes them.
   * @returns the statement, which gives the columns of the changed rows; values: those of `set`, then of `where`
   */
  claim(options: { set: string; where: string; order: string; limit: number; columns: string }): string;
}
