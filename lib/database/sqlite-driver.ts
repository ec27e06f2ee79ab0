/**
 * A small database in a file, for the demo and for sites without a server. Every call is carried out at once, one after
 * the other: nothing is ever under way when the next one comes, and no answer can be lost.
 */
import { setImmediate as breathe } from 'node:timers/promises';
import { ExchangeError } from '../errors';
import { type SqlValue, SqliteDatabase } from '../sqlite';
import { ConnectionState } from './connection-state';
import type {
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
import { NO_WORDS } from './session-words';
import { checkNames, checkValue } from './values';
import { wallClockText } from './wall-clock';

export interface SqliteFile {
  readonly kind: 'sqlite';
  readonly file: string;
  /** Rows that {@link DatabaseDriver.run} gives at most. */
  readonly mostRows: number;
}

export type EmbeddedProcedures = Readonly<Record<string, EmbeddedProcedure>>;

/** SQLite has no varchar of a code page: its texts hold everything. */
const CODE_PAGE = 'utf-8';

export class SqliteDriver implements DatabaseDriver {
  readonly kind = 'sqlite';
  readonly #settings: SqliteFile;
  readonly #where: string;
  readonly #state = new ConnectionState();
  readonly #procedures: EmbeddedProcedures;
  #database: SqliteDatabase | undefined;
  /** End of the last transaction: others wait for it, since there is one connection. */
  #turn: Promise<unknown> = Promise.resolve();

  /** @param procedures by name in lower case, without a schema */
  constructor(settings: SqliteFile, procedures: EmbeddedProcedures = {}) {
    this.#settings = settings;
    this.#procedures = procedures;
    this.#where = `SQLite ${settings.file}`;
  }

  get state(): DatabaseState {
    return this.#state.now;
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
    { batch, signal }: StreamOptions,
  ): AsyncGenerator<readonly DatabaseRow[]> {
    // A cursor that stays open would hold up all writers: the rows of a small site fit.
    const { rows } = await this.#inTurn(() => this.#run(statement, parameters, {}, Number.POSITIVE_INFINITY));
    for (let at = 0; at < rows.length; at += batch) {
      if (signal?.aborted) throw this.#failure('cancelled', 'ECANCEL');
      yield rows.slice(at, at + batch);
      await breathe();
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
      this.#guard(() => database.exec('BEGIN IMMEDIATE'));
      try {
        const result = await work(session);
        if (failure !== undefined) throw failure;
        this.#guard(() => database.exec('COMMIT'));
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
    });
  }

  #inTurn<T>(work: () => T | Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
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
    { kind, text }: Statement,
    parameters: readonly Parameter[],
    { signal }: RunOptions,
    mostRows = this.#settings.mostRows,
  ): RunResult {
    if (signal?.aborted) throw this.#failure('cancelled', 'ECANCEL');
    if (kind === 'procedure') throw notHere({ zh: '没有存储过程', en: 'has no procedures' });
    const database = this.#open();
    const bound = this.#bind(text, parameters);
    return this.#guard(() => {
      const rows = database.all(bound.text, ...bound.values).map(readRow);
      if (rows.length > mostRows) throw this.#failure('too-many-rows', mostRows);
      const changes = Number(database.get('select changes() as changes')?.['changes'] ?? 0);
      const rowsAffected = CHANGING.test(text) ? changes : rows.length;
      return { rows, sets: rows.length > 0 ? [rows] : [], rowsAffected, output: {}, returnValue: undefined };
    });
  }

  /** Numbers instead of names, which the two engines do not know how to bind alike. */
  #bind(sql: string, parameters: readonly Parameter[]): { text: string; values: SqlValue[] } {
    checkNames(parameters);
    const used: Parameter[] = [];
    const text = sql.replaceAll(PARAMETER, (whole, name: string | undefined) => {
      if (name === undefined) return whole;
      const parameter = parameters.find(one => one.name.toLowerCase() === name.toLowerCase());
      if (!parameter) throw this.#failure('arguments', `@${name}`);
      if (!used.includes(parameter)) used.push(parameter);
      return `?${used.indexOf(parameter) + 1}`;
    });
    return { text, values: used.map(valueOf) };
  }

  #open(): SqliteDatabase {
    if (this.#state.now === 'closed') throw this.#failure('closed', 'ECLOSED');
    try {
      this.#database ??= SqliteDatabase.open(this.#settings.file);
      this.#state.up();
      return this.#database;
    } catch (error) {
      if (error instanceof ExchangeError) this.#state.failed(error);
      throw error;
    }
  }

  #guard<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (error instanceof ExchangeError) throw error;
      const message = error instanceof Error ? error.message : '';
      const [, trouble = 'other'] = MESSAGES.find(([pattern]) => pattern.test(message)) ?? [];
      throw this.#failure(trouble, 'SQLITE');
    }
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
  [/malformed|disk image|I\/O/i, 'damaged'],
];

function valueOf({ name, type, value, output }: Parameter): SqlValue {
  if (type.name === 'table' || output)
    throw notHere({ zh: '没有表值参数和输出参数', en: 'has no table-valued and no output parameters' });
  const checked = checkValue(name, type, value, CODE_PAGE);
  if (typeof checked === 'boolean') return checked ? 1 : 0;
  if (checked instanceof Date) return checked.toISOString();
  if (checked === null || typeof checked !== 'object' || checked instanceof Uint8Array) return checked;
  return wallClockText(checked, type.name === 'date' || type.name === 'time' ? type.name : 'both');
}

/** Texts and comments, which stay as they are, or a parameter. */
const PARAMETER = new RegExp(`${NO_WORDS.source}|@([\\p{L}_][\\p{L}\\p{N}_$#]*)`, 'gu');

const readRow = (row: Record<string, SqlValue>): DatabaseRow =>
  Object.fromEntries(
    Object.entries(row).map(([name, cell]) => [name, typeof cell === 'bigint' ? String(cell) : cell]),
  );

const notHere = (what: { readonly zh: string; readonly en: string }): ExchangeError =>
  new ExchangeError({
    code: 'CONFIG',
    retry: 'never',
    text: { zh: `嵌入式数据库${what.zh}`, en: `the embedded database ${what.en}` },
  });
