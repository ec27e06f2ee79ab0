/**
 * A small database in a file, for the demo and for sites without a server. Every call is carried out at once, one after
 * the other: nothing is ever under way when the next one comes, and no answer can be lost. Only streams are read
 * beside them, each over a connection of its own that sees the file as it was when the first row was read, and holds
 * up no writer.
 */
import { ExchangeError } from '../errors';
import { SqliteDatabase } from '../sqlite';
import { inBatches } from './batches';
import { columnNames, makeRow } from './columns';
import { ConnectionState } from './connection-state';
import type {
  ConnectionCounts,
  DatabaseDriver,
  DatabaseRow,
  DatabaseSession,
  DatabaseState,
  EmbeddedProcedure,
  RunOptions,
  RunResult,
  StateChange,
  Statement,
  StreamOptions,
  TestReport,
} from './driver';
import { DatabaseFailure, type DatabaseTrouble } from './failure';
import type { Parameter } from './parameter';
import { bindNumbered, notHere, readCell } from './sqlite-values';

export interface SqliteFile {
  readonly kind: 'sqlite';
  readonly file: string;
  /** Rows that {@link DatabaseDriver.run} gives at most. */
  readonly mostRows: number;
}

export type EmbeddedProcedures = Readonly<Record<string, EmbeddedProcedure>>;

export class SqliteDriver implements DatabaseDriver {
  readonly kind = 'sqlite';
  readonly #settings: SqliteFile;
  readonly #where: string;
  readonly #state = new ConnectionState();
  readonly #procedures: EmbeddedProcedures;
  #database: SqliteDatabase | undefined;
  /** Connections of streams, and one that waits for the next. */
  readonly #readers = new Set<SqliteDatabase>();
  #idleReader: SqliteDatabase | undefined;
  /** End of the last transaction: others wait for it, since there is one connection. */
  #turn: Promise<unknown> = Promise.resolve();
  /** Of which one is at work and the others wait. */
  #turns = 0;

  /** @param procedures by name in lower case, without a schema */
  constructor(settings: SqliteFile, procedures: EmbeddedProcedures = {}) {
    this.#settings = settings;
    this.#procedures = procedures;
    this.#where = `SQLite ${settings.file}`;
  }

  get state(): DatabaseState {
    return this.#state.now;
  }

  /** One connection for what is carried out in turn, and one for each stream. */
  get connections(): ConnectionCounts {
    const readers = this.#readers.size;
    const open = readers + (this.#database ? 1 : 0);
    const busy = readers - (this.#idleReader ? 1 : 0) + Math.min(1, this.#turns);
    return { open, busy, waiting: Math.max(0, this.#turns - 1), most: null };
  }

  onChange(listener: (change: StateChange) => void): () => void {
    return this.#state.onChange(listener);
  }

  run(
    statement: Statement,
    parameters: readonly Parameter[] = [],
    options: RunOptions = {},
  ): Promise<RunResult> {
    return this.#inTurn(() =>
      statement.kind === 'procedure'
        ? this.#call(statement.text, parameters)
        : this.#run(statement, parameters, options),
    );
  }

  /** @throws {ExchangeError} DATABASE_REFUSED when there is no such procedure */
  procedure(name: string): EmbeddedProcedure {
    const own = /[^.[\]"]+(?=[\]"]?$)/.exec(name.trim())?.[0]?.toLowerCase() ?? '';
    const procedure = Object.hasOwn(this.#procedures, own) ? this.#procedures[own] : undefined;
    if (procedure) return procedure;
    throw Object.keys(this.#procedures).length === 0
      ? notHere({ zh: '没有存储过程', en: 'has no procedures' })
      : this.#failure('syntax', own);
  }

  async *stream(
    statement: Statement,
    parameters: readonly Parameter[],
    { batch, signal, timeoutMs = Number.POSITIVE_INFINITY }: StreamOptions,
  ): AsyncGenerator<readonly DatabaseRow[]> {
    const check = (waitedMs: number): void => {
      if (signal?.aborted) throw this.#failure('cancelled', 'ECANCEL');
      if (waitedMs > timeoutMs) throw this.#failure('no-answer', 'ETIMEOUT');
    };
    check(0);
    if (CHANGING.test(statement.text)) {
      // While its rows were read slowly, nobody else could write.
      const { rows } = await this.#inTurn(() =>
        this.#run(statement, parameters, {}, Number.POSITIVE_INFINITY),
      );
      yield* inBatches(rows, batch, check);
      return;
    }
    const reader = await this.#inTurn(() => this.#reader());
    try {
      yield* inBatches(this.#rows(reader, statement, parameters), batch, check);
    } finally {
      this.#release(reader);
    }
  }

  transaction<T>(work: (session: DatabaseSession) => Promise<T>): Promise<T> {
    return this.#inTurn(async () => {
      const database = this.#open();
      let failure: unknown;
      const session: DatabaseSession = {
        run: async (statement, parameters = [], options = {}) => {
          if (failure !== undefined) throw failure;
          try {
            return await Promise.resolve(this.#run(statement, parameters, options));
          } catch (error) {
            throw (failure = error);
          }
        },
      };
      this.#exec(database, 'BEGIN IMMEDIATE');
      try {
        const result = await work(session);
        if (failure !== undefined) throw failure;
        this.#exec(database, 'COMMIT');
        return result;
      } catch (error) {
        try {
          database.exec('ROLLBACK');
        } catch {
          // Some errors, a full disk among them, have ended the transaction already.
        }
        throw error;
      }
    });
  }

  async test(): Promise<TestReport> {
    const { rows } = await this.run({ kind: 'sql', text: 'select sqlite_version() as version' });
    const version = String(rows[0]?.['version']);
    return {
      facts: [
        { zh: `嵌入式数据库 SQLite ${version}`, en: `embedded SQLite ${version}` },
        { zh: `文件 ${this.#settings.file}`, en: `file ${this.#settings.file}` },
      ],
    };
  }

  close(): Promise<void> {
    return this.#inTurn(() => {
      this.#state.closed();
      this.#database?.close();
      this.#database = undefined;
      for (const reader of this.#readers) reader.close();
      this.#readers.clear();
    });
  }

  #inTurn<T>(work: () => T | Promise<T>): Promise<T> {
    this.#turns++;
    const turn = this.#turn.then(work).finally(() => this.#turns--);
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #call(name: string, parameters: readonly Parameter[]): Promise<RunResult> {
    const values = Object.fromEntries(
      parameters.map(parameter => [parameter.name.toLowerCase(), parameter.value]),
    );
    const sets = await this.procedure(name).run(values);
    const rowsAffected = sets.reduce((sum, { length }) => sum + length, 0);
    return { rows: sets[0] ?? [], sets, rowsAffected, output: {}, returnValue: 0 };
  }

  #run(
    statement: Statement,
    parameters: readonly Parameter[],
    { signal }: RunOptions,
    mostRows = this.#settings.mostRows,
  ): RunResult {
    if (signal?.aborted) throw this.#failure('cancelled', 'ECANCEL');
    const database = this.#open();
    const isChange = CHANGING.test(statement.text);
    const rows: DatabaseRow[] = [];
    for (const row of this.#rows(database, statement, parameters)) {
      rows.push(row);
      // A change takes effect only when it comes to its end.
      if (rows.length > mostRows && !isChange) break;
    }
    if (rows.length > mostRows) throw this.#failure('too-many-rows', mostRows);
    const changes = isChange ? Number(database.get('select changes() as changes')?.['changes'] ?? 0) : 0;
    const rowsAffected = isChange ? changes : rows.length;
    return { rows, sets: rows.length > 0 ? [rows] : [], rowsAffected, output: {}, returnValue: undefined };
  }

  /** Carries a statement out as its rows are read. */
  *#rows(
    database: SqliteDatabase,
    { kind, text }: Statement,
    parameters: readonly Parameter[],
  ): Generator<DatabaseRow> {
    // Neither in a transaction nor as a stream.
    if (kind === 'procedure') throw notHere({ zh: '没有存储过程', en: 'has no procedures' });
    const bound = bindNumbered(text, parameters, name => this.#failure('arguments', name));
    try {
      const { columns, rows } = database.cursor(bound.text, ...bound.values);
      const names = columnNames(columns);
      for (const cells of rows) yield makeRow(names, at => readCell(cells[at] ?? null));
    } catch (error) {
      throw this.#failureOf(error);
    }
  }

  #open(): SqliteDatabase {
    return (this.#database ??= this.#connect());
  }

  #reader(): SqliteDatabase {
    const reader = this.#idleReader ?? this.#connect({ readOnly: true });
    this.#idleReader = undefined;
    this.#readers.add(reader);
    return reader;
  }

  #release(reader: SqliteDatabase): void {
    if (this.#state.now === 'closed') return;
    if (this.#idleReader) {
      this.#readers.delete(reader);
      reader.close();
    } else this.#idleReader = reader;
  }

  #connect(options: { readonly readOnly?: boolean } = {}): SqliteDatabase {
    if (this.#state.now === 'closed') throw this.#failure('closed', 'ECLOSED');
    try {
      const database = SqliteDatabase.open(this.#settings.file, options);
      this.#state.up();
      return database;
    } catch (error) {
      if (error instanceof ExchangeError) this.#state.failed(error);
      throw error;
    }
  }

  #exec(database: SqliteDatabase, sql: string): void {
    try {
      database.exec(sql);
    } catch (error) {
      throw this.#failureOf(error);
    }
  }

  #failureOf(error: unknown): ExchangeError {
    if (error instanceof ExchangeError) return error;
    if (this.#state.now === 'closed') return this.#failure('closed', 'ECLOSED');
    const message = error instanceof Error ? error.message : '';
    const [, trouble = 'other'] = MESSAGES.find(([pattern]) => pattern.test(message)) ?? [];
    return this.#failure(trouble, 'SQLITE');
  }

  #failure(trouble: DatabaseTrouble, said: string | number): DatabaseFailure {
    return new DatabaseFailure(trouble, this.#where, said);
  }
}

const CHANGING = /^\s*(?:insert|update|delete|replace|with\b[\s\S]*\b(?:insert|update|delete))\b/i;

/** The two engines have no common codes, but the same words, which are SQLite's own. */
const MESSAGES: readonly (readonly [RegExp, DatabaseTrouble])[] = [
  [/UNIQUE constraint|PRIMARY KEY/i, 'duplicate'],
  [/FOREIGN KEY|CHECK constraint/i, 'reference'],
  [/NOT NULL constraint/i, 'not-null'],
  [/no such (?:table|column)/i, 'foreign'],
  [/syntax error|incomplete input/i, 'syntax'],
  [/parameter|bind|column index out of range/i, 'arguments'],
  [/locked|busy/i, 'time-out'],
  [/full/i, 'full'],
  [/readonly/i, 'rights'],
  [/malformed|disk image|I\/O/i, 'damaged'],
];
