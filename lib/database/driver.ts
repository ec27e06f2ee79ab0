/**
 * What a hospital's database can be asked for, whatever it is. Parameters are typed and never written into the text of
 * a statement. Rows hold text, numbers, booleans, bytes and null: dates are wall clock text as they stand in the
 * database, numbers that a double cannot hold are text.
 */
import type { ExchangeError, Text } from '../errors';
import type { Parameter } from './parameter';

export type DatabaseValue = string | number | boolean | Uint8Array | null;

/** One row; columns by name. A second column `a` is called `a_2`, one without a name `column_3`, by its place. */
export type DatabaseRow = Record<string, DatabaseValue>;

export interface Statement {
  /** `sql`: one statement or batch; `procedure`: the name of a stored procedure, such as `dbo.FetchReports`. */
  readonly kind: 'sql' | 'procedure';
  readonly text: string;
}

/** A procedure that this package itself carries out, for a database that has none. */
export interface EmbeddedProcedure {
  /** Types of its parameters by name; others are ignored. */
  readonly parameters: Readonly<Record<string, string>>;
  /** @param values by name in lower case; undefined where none is given */
  run(
    values: Readonly<Record<string, unknown>>,
  ): readonly (readonly DatabaseRow[])[] | Promise<readonly (readonly DatabaseRow[])[]>;
}

export interface RunOptions {
  readonly signal?: AbortSignal;
  /** Milliseconds; the driver's own time-out unless it is given. */
  readonly timeoutMs?: number;
  /** May be sent again after a lost answer, as a query may: such a failure is then `retry` and not `in-doubt`. */
  readonly repeatable?: boolean;
}

export interface RunResult {
  /** Of the first set of rows; empty when the statement gives none. */
  readonly rows: readonly DatabaseRow[];
  /** Every set of rows. */
  readonly sets: readonly (readonly DatabaseRow[])[];
  /** Rows that each statement changed, inserted, removed or gave, added up. */
  readonly rowsAffected: number;
  /** Output parameters by name. */
  readonly output: Readonly<Record<string, DatabaseValue>>;
  /** Of a procedure. */
  readonly returnValue: number | undefined;
}

export interface StreamOptions extends RunOptions {
  /** Rows of a batch. */
  readonly batch: number;
}

/** A transaction: its statements take effect together or not at all. */
export interface DatabaseSession {
  /** @throws {ExchangeError} as {@link DatabaseDriver.run}; the transaction is rolled back then */
  run(statement: Statement, parameters?: readonly Parameter[], options?: RunOptions): Promise<RunResult>;
}

export type Isolation = 'read-committed' | 'repeatable-read' | 'serializable' | 'snapshot';

export interface TransactionOptions {
  readonly isolation?: Isolation;
  readonly signal?: AbortSignal;
}

/**
 * - `idle`: nobody has asked for anything yet
 * - `down`: out of reach; it is tried again until it is there
 * - `refused`: a setting is wrong (login, database name, encryption): it is tried again only when somebody asks, and
 *   seldom, since a few wrong passwords lock an account
 */
export type DatabaseState = 'idle' | 'connecting' | 'up' | 'down' | 'refused' | 'closed';

export interface StateChange {
  readonly state: DatabaseState;
  /** Why it is `down` or `refused`. */
  readonly failure?: ExchangeError;
}

/** The connections of a driver, as numbers. */
export interface ConnectionCounts {
  readonly open: number;
  /** In use. */
  readonly busy: number;
  /** Requests that wait for one. */
  readonly waiting: number;
  /** As many as there may be; null without a limit. */
  readonly most: number | null;
}

export interface TestReport {
  /** What was found, one fact a line; warnings among them. */
  readonly facts: readonly Text[];
}

export interface DatabaseDriver {
  readonly kind: 'sqlserver' | 'sqlite';
  readonly state: DatabaseState;
  readonly connections: ConnectionCounts;
  /** Is called once for each change; gives the function that ends that. */
  onChange(listener: (change: StateChange) => void): () => void;
  /**
   * Carries one statement out and gives all of its rows.
   * @throws {ExchangeError} CONTRACT: a parameter cannot be sent as its type; CONFIG; DATABASE; DATABASE_REFUSED;
   * TOO_LARGE: more rows than fit, to be streamed; ABORTED: by its signal
   */
  run(statement: Statement, parameters?: readonly Parameter[], options?: RunOptions): Promise<RunResult>;
  /**
   * Rows of a query in batches, as they come. While a batch is being worked on the server is made to wait, and no more
   * than the next one is held here. It ends without an error only when the last row was delivered: work that counts on
   * all of them must wait for the end. Leaving the loop early cancels the query. One connection is busy all the while.
   * @throws {ExchangeError} as {@link run}
   */
  stream(
    statement: Statement,
    parameters: readonly Parameter[],
    options: StreamOptions,
  ): AsyncIterable<readonly DatabaseRow[]>;
  /**
   * Runs `work` in a transaction, which is committed when it resolves and rolled back when it rejects.
   * @throws {ExchangeError} of the work; DATABASE `in-doubt` when the answer to the commit was lost
   */
  transaction<T>(work: (session: DatabaseSession) => Promise<T>, options?: TransactionOptions): Promise<T>;
  /** Connects and asks the database what it is. @throws {ExchangeError} as {@link run} */
  test(): Promise<TestReport>;
  /** Cancels what is under way and closes the connections, within 10 seconds. Never rejects. */
  close(): Promise<void>;
}
