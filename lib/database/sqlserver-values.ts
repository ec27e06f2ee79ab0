/** Parameters into the SQL Server driver, and rows out of it. */
import mssql from 'mssql';
import { columnNames, makeRow } from './columns';
import type { DatabaseRow, DatabaseValue } from './driver';
import { DatabaseFailure } from './failure';
import type { Parameter, ScalarType } from './parameter';
import { type CheckedValue, checkNames, checkTable, checkValue } from './values';
import { dateOf, dayText, timeText, wallText } from './wall-clock';

/** @throws {ExchangeError} CONTRACT, CONFIG */
export function bind(request: mssql.Request, parameters: readonly Parameter[], codePage: string): void {
  checkNames(parameters);
  for (const { name, type, value, output } of parameters) {
    if (type.name === 'table') {
      const table = new mssql.Table(type.type);
      for (const column of type.columns)
        table.columns.add(column.name, sqlTypeOf(column.type), { nullable: true });
      for (const cells of checkTable(name, type, value, codePage)) table.rows.add(...cells.map(cellOf));
      request.input(name, table);
      continue;
    }
    const given = forDriver(checkValue(name, type, value, codePage));
    if (output) request.output(name, sqlTypeOf(type), given);
    else request.input(name, sqlTypeOf(type), given);
  }
}

/** Lengths that are not declared are few, so that the server meets the same statements again. */
function sqlTypeOf({ name, length, precision = 18, scale }: ScalarType): mssql.ISqlType {
  const sized = (usual: number): number =>
    length === undefined ? usual : length === Number.POSITIVE_INFINITY ? mssql.MAX : length;
  switch (name) {
    case 'varchar':
      return mssql.VarChar(sized(8000));
    case 'nvarchar':
      return mssql.NVarChar(sized(4000));
    case 'char':
      return mssql.Char(sized(1));
    case 'nchar':
      return mssql.NChar(sized(1));
    case 'varbinary':
      return mssql.VarBinary(sized(8000));
    case 'int':
      return mssql.Int();
    case 'bigint':
      return mssql.BigInt();
    case 'smallint':
      return mssql.SmallInt();
    case 'tinyint':
      return mssql.TinyInt();
    case 'bit':
      return mssql.Bit();
    case 'decimal':
      return mssql.Decimal(precision, scale ?? 0);
    case 'money':
      return mssql.Money();
    case 'float':
      return mssql.Float();
    case 'date':
      return mssql.Date();
    case 'time':
      return mssql.Time(scale ?? 7);
    case 'datetime':
      return mssql.DateTime();
    case 'datetime2':
      return mssql.DateTime2(scale ?? 7);
    case 'smalldatetime':
      return mssql.SmallDateTime();
    case 'datetimeoffset':
      return mssql.DateTimeOffset(scale ?? 7);
    // uniqueidentifier
    default:
      return mssql.UniqueIdentifier();
  }
}

type DriverValue = string | number | bigint | boolean | Buffer | Date | null;

function forDriver(value: CheckedValue): DriverValue {
  if (value === null || typeof value !== 'object' || value instanceof Date) return value;
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return dateOf(value);
}

/** The driver's types of table cells know no bigint; it takes the text of one. */
const cellOf = (value: CheckedValue): Exclude<DriverValue, bigint> => {
  const given = forDriver(value);
  return typeof given === 'bigint' ? String(given) : given;
};

/** What the driver says about a column of a set of rows. */
export interface DriverColumn {
  readonly name: string;
  readonly type: unknown;
  readonly scale?: number;
}

/** Reads the rows of one set, which the driver gives as arrays. */
export function rowReader(
  columns: readonly DriverColumn[],
  where: string,
): (cells: ArrayLike<unknown>) => DatabaseRow {
  const names = columnNames(columns.map(({ name }) => name));
  const readers = columns.map(column => (cell: unknown) => readCell(cell, column, where));
  return cells => makeRow(names, at => readers[at]?.(cells[at]) ?? null);
}

function readCell(cell: unknown, { name, type, scale = 0 }: DriverColumn, where: string): DatabaseValue {
  if (cell === null || cell === undefined) return null;
  if (typeof cell === 'number') {
    if (type === mssql.Decimal || type === mssql.Numeric) return exact(cell, scale, name, where);
    if (type === mssql.Money || type === mssql.SmallMoney) return exact(cell, 4, name, where);
    return cell;
  }
  if (cell instanceof Date) return dateText(cell, type);
  if (typeof cell === 'string' || typeof cell === 'boolean' || cell instanceof Uint8Array) return cell;
  // Geometries and the like.
  return typeof cell === 'bigint' ? String(cell) : JSON.stringify(cell);
}

function dateText(date: Date, type: unknown): string {
  if (type === mssql.DateTimeOffset) return date.toISOString();
  if (type === mssql.Date) return dayText(date);
  return type === mssql.Time ? timeText(date) : wallText(date);
}

const SURE = 1e15;

/** The driver reads decimals as doubles: up to 15 digits the double is the number, and its text shows it. */
function exact(value: number, scale: number, column: string, where: string): string {
  if (Math.abs(value) * 10 ** scale < SURE) return value.toFixed(scale);
  throw new DatabaseFailure('inexact', where, column);
}

/** Output parameters, which the driver gives without their types. */
export function readOutput(
  given: Readonly<Record<string, unknown>>,
  parameters: readonly Parameter[],
  where: string,
): Record<string, DatabaseValue> {
  return Object.fromEntries(
    parameters
      .filter(({ output }) => output)
      .map(({ name, type }) => {
        const driverType = type.name === 'table' ? undefined : sqlTypeOf(type);
        const scale = type.name === 'decimal' ? { scale: type.scale ?? 0 } : {};
        return [name, readCell(given[name], { name, type: driverType?.type, ...scale }, where)];
      }),
  );
}
