/**
 * One statement through the SQL Server driver. Always by its events: they tell of the first error where a promise
 * tells of the last, rows can be counted before they are too many, and after an error the driver still says `done`.
 */
import mssql from 'mssql';
import type { DatabaseRow, RunResult, Statement } from './driver';
import { DatabaseFailure, type Stage, failureOf } from './failure';
import type { Parameter } from './parameter';
import { type DriverColumn, bind, readOutput, rowReader } from './sqlserver-values';

export interface RequestOptions {
  readonly where: string;
  readonly codePage: string;
  readonly timeoutMs: number;
  /** What a lost answer leaves open. */
  readonly stage: Stage;
  readonly signal: AbortSignal | undefined;
  /** Gets each row with the number of its set, from 0 on. What it throws ends the request. */
  readonly onRow: (row: DatabaseRow, set: number) => void;
}

export type RequestEnd = Pick<RunResult, 'rowsAffected' | 'output' | 'returnValue'>;

/** The driver's own time-out ends when the answer begins; a server that falls silent after that is given up here. */
const BEYOND_TIMEOUT_MS = 1000;

/** Takes options that its types do not know. */
const RequestWithOptions = mssql.Request as unknown as new (
  parent: mssql.ConnectionPool | mssql.Transaction,
  options: { readonly requestTimeout: number },
) => mssql.Request;

export class SqlServerRequest {
  readonly #request: mssql.Request;
  readonly #options: RequestOptions;
  #watch: NodeJS.Timeout | undefined;
  readonly #onAbort = (): void => this.cancel();
  #error: unknown;
  #isOver = false;

  constructor(parent: mssql.ConnectionPool | mssql.Transaction, options: RequestOptions) {
    this.#options = options;
    this.#request = new RequestWithOptions(parent, { requestTimeout: options.timeoutMs });
    this.#request.stream = true;
    // Columns of the same name stay apart.
    this.#request.arrayRowMode = true;
    this.#startWatch();
    options.signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** @throws {ExchangeError} */
  async run({ kind, text }: Statement, parameters: readonly Parameter[]): Promise<RequestEnd> {
    const { where, codePage, stage, signal } = this.#options;
    try {
      if (signal?.aborted) throw new DatabaseFailure('cancelled', where, 'ECANCEL');
      bind(this.#request, parameters, codePage);
      const done = await this.#carryOut(kind, text);
      if (this.#error !== undefined) throw this.#error;
      const output = readOutput(done.output ?? {}, parameters, where);
      const affected = done.rowsAffected ?? [];
      const returnValue = typeof done.returnValue === 'number' ? done.returnValue : undefined;
      return { rowsAffected: affected.reduce((sum, count) => sum + count, 0), output, returnValue };
    } catch (error) {
      // Nothing was sent when there was no connection to send it by.
      throw failureOf(error, where, error instanceof mssql.ConnectionError ? 'before' : stage);
    } finally {
      this.#isOver = true;
      clearTimeout(this.#watch);
      signal?.removeEventListener('abort', this.#onAbort);
    }
  }

  pause(): void {
    if (this.#isOver) return;
    clearTimeout(this.#watch);
    this.#watch = undefined;
    this.#request.pause();
  }

  resume(): void {
    if (this.#isOver) return;
    this.#startWatch();
    this.#request.resume();
  }

  /** The rest of what the server says is thrown away. */
  cancel(): void {
    if (this.#isOver) return;
    this.#request.resume();
    this.#request.cancel();
  }

  async #carryOut(kind: Statement['kind'], text: string): Promise<DriverEnd> {
    let readRow: ReturnType<typeof rowReader> | undefined;
    let set = -1;
    let end: DriverEnd = {};
    this.#request
      .on('recordset', (columns: readonly DriverColumn[]) => {
        readRow = rowReader(columns, this.#options.where);
        set++;
      })
      .on('row', (cells: ArrayLike<unknown>) => {
        if (this.#error !== undefined) return;
        this.#watch?.refresh();
        try {
          if (readRow) this.#options.onRow(readRow(cells), set);
        } catch (error) {
          this.#fail(error);
        }
      })
      .on('error', (error: unknown) => {
        this.#error ??= error;
      })
      .on('done', (given: DriverEnd) => {
        end = given;
      });
    await (kind === 'procedure' ? this.#request.execute(text) : this.#request.query(text));
    return end;
  }

  #startWatch(): void {
    const { where, stage, timeoutMs } = this.#options;
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => {
      this.#fail(new DatabaseFailure('no-answer', where, 'ETIMEOUT', stage));
    }, timeoutMs + BEYOND_TIMEOUT_MS);
  }

  #fail(error: unknown): void {
    this.#error ??= error;
    this.cancel();
  }
}

/** What the driver tells with `done`. */
interface DriverEnd {
  readonly output?: Readonly<Record<string, unknown>>;
  readonly rowsAffected?: readonly number[];
  readonly returnValue?: unknown;
}
