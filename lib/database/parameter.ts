/** Parameters of statements: what the user declares, in the words of SQL. */
import { ExchangeError, type Text } from '../errors';

export interface Parameter {
  /** As in the statement, without the `@`. */
  readonly name: string;
  readonly type: ParameterType;
  /** Null, also for an output parameter without a value, is the database's NULL. */
  readonly value: unknown;
  readonly output: boolean;
}

export const SCALAR_TYPES = [
  'varchar',
  'nvarchar',
  'char',
  'nchar',
  'int',
  'bigint',
  'smallint',
  'tinyint',
  'bit',
  'decimal',
  'money',
  'float',
  'date',
  'time',
  'datetime',
  'datetime2',
  'smalldatetime',
  'datetimeoffset',
  'varbinary',
  'uniqueidentifier',
] as const;

export type ScalarName = (typeof SCALAR_TYPES)[number];

export interface ScalarType {
  readonly name: ScalarName;
  /** Characters of nvarchar, bytes of the others; as in the declaration. Infinite: `max`. */
  readonly length?: number;
  readonly precision?: number;
  readonly scale?: number;
}

export interface TableType {
  readonly name: 'table';
  /** Of the table type in the database, such as `dbo.ReportKeys`. */
  readonly type: string;
  readonly columns: readonly { readonly name: string; readonly type: ScalarType }[];
}

export type ParameterType = ScalarType | TableType;

const NAMES: ReadonlySet<string> = new Set(SCALAR_TYPES);
/** Other words for the same. */
const SYNONYMS: Readonly<Record<string, ScalarName>> = {
  numeric: 'decimal',
  integer: 'int',
  boolean: 'bit',
  real: 'float',
  text: 'varchar',
  ntext: 'nvarchar',
  xml: 'nvarchar',
  image: 'varbinary',
  binary: 'varbinary',
  smallmoney: 'money',
  guid: 'uniqueidentifier',
};
/** Words whose values have no limit of their own. */
const UNLIMITED = new Set(['text', 'ntext', 'xml', 'image']);

const SCALAR = /^([a-z]\w*)\s*(?:\(\s*(max|\d{1,4})\s*(?:,\s*(\d{1,2})\s*)?\))?$/i;
const TABLE =
  /^table\s+((?:[\w\u4e00-\u9fff]+|\[[^\]]+\])(?:\.(?:[\w\u4e00-\u9fff]+|\[[^\]]+\]))?)\s*\(([\s\S]+)\)$/i;
const COLUMN = /^([\w\u4e00-\u9fff]+|\[[^\]]+\])\s+(\S[\s\S]*)$/;
/** Columns are separated by commas that stand in no brackets. */
const BETWEEN_COLUMNS = /,(?![^()]*\))/;

/** Types whose text is limited; the most that fits without `max`. */
const LIMITED: Partial<Record<ScalarName, number>> = {
  varchar: 8000,
  char: 8000,
  varbinary: 8000,
  nvarchar: 4000,
  nchar: 4000,
};
const FRACTIONAL: ReadonlySet<ScalarName> = new Set<ScalarName>(['time', 'datetime2', 'datetimeoffset']);
const DEFAULT_PRECISION = 18;

/**
 * Reads a type as SQL writes it: `nvarchar(50)`, `varchar(max)`, `decimal(18,2)`, `datetime2(3)`; or a table-valued
 * one with its columns: `table dbo.ReportKeys (ReportNo varchar(64), Version int)`.
 * @throws {ExchangeError} CONFIG
 */
export function readType(text: string): ParameterType {
  const table = TABLE.exec(text.trim());
  if (!table) return readScalar(text);
  const [, type = '', list = ''] = table;
  const columns = list.split(BETWEEN_COLUMNS).map(part => {
    const [, name = '', declared = ''] = COLUMN.exec(part.trim()) ?? [];
    if (!name) throw wrongType(text);
    return { name: name.replace(/^\[(.*)\]$/, '$1'), type: readScalar(declared) };
  });
  return { name: 'table', type, columns };
}

function readScalar(text: string): ScalarType {
  const [, word = '', first, second] = SCALAR.exec(text.trim()) ?? [];
  const lower = word.toLowerCase();
  const name = NAMES.has(lower) ? (lower as ScalarName) : SYNONYMS[lower];
  if (!name) throw wrongType(text);
  const isMax = first?.toLowerCase() === 'max' || UNLIMITED.has(lower);
  const number = first === undefined || isMax ? undefined : Number(first);
  const most = LIMITED[name];
  if (most !== undefined) {
    if (second !== undefined || (number !== undefined && (number < 1 || number > most)))
      throw wrongType(text);
    if (isMax) return { name, length: Number.POSITIVE_INFINITY };
    return number === undefined ? { name } : { name, length: number };
  }
  if (isMax) throw wrongType(text);
  if (name === 'decimal') {
    const [precision, scale] = [number ?? DEFAULT_PRECISION, Number(second ?? 0)];
    if (precision < 1 || precision > 38 || scale > precision) throw wrongType(text);
    return { name, precision, scale };
  }
  if (second !== undefined || (number !== undefined && !FRACTIONAL.has(name))) throw wrongType(text);
  if (!FRACTIONAL.has(name)) return { name };
  if (number !== undefined && number > 7) throw wrongType(text);
  return { name, scale: number ?? 7 };
}

const wrongType = (text: string): ExchangeError =>
  parameterSetting({
    zh: `类型 ${text.trim() || '（空）'} 无法识别，请按 SQL 的写法填写，如 nvarchar(50)、decimal(18,2)、datetime`,
    en: `${text.trim() || '(empty)'} is no type: write it as SQL does, such as nvarchar(50), decimal(18,2), datetime`,
  });

/** A name, with or without `@`. @throws {ExchangeError} CONFIG */
export function readName(text: string): string {
  const name = text.trim().replace(/^@/, '');
  if (/^[\p{L}_][\p{L}\p{N}_$#]{0,126}$/u.test(name)) return name;
  throw parameterSetting({
    zh: `参数名 ${name || '（空）'} 无效，应以字母或下划线开头，只含字母、数字、下划线`,
    en: `${name || '(empty)'} is no name of a parameter: a letter or underscore, then letters, digits and underscores`,
  });
}

const parameterSetting = (text: Text): ExchangeError =>
  new ExchangeError({
    code: 'CONFIG',
    retry: 'never',
    text: { zh: `语句参数：${text.zh}`, en: `parameters of the statement: ${text.en}` },
  });
