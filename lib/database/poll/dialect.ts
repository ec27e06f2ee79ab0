/** What polling must say differently to each database. */
import type { DatabaseDriver, DatabaseRow, RunOptions } from '../driver';
import type { ObjectName } from './names';
import type { ClaimPlan } from './plan';
import type { WatermarkKind } from './watermark';

export interface Select {
  readonly limit?: number;
  readonly columns: string;
  /** Quoted, with the alias `t` where the columns need it. */
  readonly from: string;
  readonly where: readonly string[];
  readonly order?: readonly string[];
}

export interface ColumnType {
  /** As SQL writes it, such as `varchar(50)`. */
  readonly type: string;
  /** Of a column with text. */
  readonly collation?: string;
}

/** Types of columns or parameters by their name in lower case. */
export type TypesByName = ReadonlyMap<string, ColumnType>;

export interface PollDialect {
  quote(name: ObjectName | string): string;
  select(select: Select): string;
  /** Text of the watermark of a row: exact, and in the order of the column. */
  watermark(kind: WatermarkKind, column: string): string;
  /** A watermark as a value of its column's type, so that an index is used. */
  watermarkValue(kind: WatermarkKind, parameter: string): string;
  /** Any column as text that changes whenever the value does. */
  versionText(column: string): string;
  /** The database's clock, in the form of the watermark; a number has none. */
  now(kind: Exclude<WatermarkKind, 'number'>): string;
  /** The database's clock some seconds from now, as a value of a lease's column. */
  leaseTime(secondsFromNow: number): string;
  /** @throws {ExchangeError} CONFIG when there is no such table or view, or the user may not see it */
  columnTypes(driver: DatabaseDriver, source: ObjectName, options: RunOptions): Promise<TypesByName>;
  /** @throws {ExchangeError} CONFIG when there is no such procedure, or the user may not see it */
  parameterTypes(driver: DatabaseDriver, procedure: ObjectName, options: RunOptions): Promise<TypesByName>;
  /** Marks up to `limit` rows as claimed, and gives them as they are then: one step. */
  claim(
    driver: DatabaseDriver,
    plan: ClaimPlan,
    types: TypesByName,
    limit: number,
    options: RunOptions,
  ): Promise<readonly DatabaseRow[]>;
}
