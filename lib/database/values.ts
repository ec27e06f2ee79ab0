/**
 * Values on their way into a database: each is checked against the type that was declared for it, since drivers and
 * servers change what does not fit without a word. What comes out is what every driver understands.
 */
import { ExchangeError, type Text } from '../errors';
import { inVarchar } from './charset';
import type { Parameter, ScalarName, ScalarType, TableType } from './parameter';
import { type WallClock, readTime, readWallClock } from './wall-clock';

/** A checked value. Dates and times are wall clocks; a `datetimeoffset`, which is an instant, is a Date. */
export type CheckedValue = string | number | bigint | boolean | Uint8Array | WallClock | Date | null;

const WHOLE: Partial<Record<ScalarName, readonly [bigint, bigint]>> = {
  tinyint: [0n, 255n],
  smallint: [-32_768n, 32_767n],
  int: [-2_147_483_648n, 2_147_483_647n],
  bigint: [-9_223_372_036_854_775_808n, 9_223_372_036_854_775_807n],
};
/** First and last year of the types that do not go from 1 to 9999. */
const YEARS: Partial<Record<ScalarName, readonly [number, number]>> = {
  datetime: [1753, 9999],
  smalldatetime: [1900, 2078],
};
/** Digits that a double holds whatever they are. */
const SURE_DIGITS = 15;
const GUID = /^\{?[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}\}?$/i;
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,3})?(?:Z|[+-]\d{2}:\d{2})$/;

/**
 * @param codePage of the database's varchar
 * @throws {ExchangeError} CONTRACT, naming the parameter and never its value
 */
export function checkValue(name: string, type: ScalarType, value: unknown, codePage: string): CheckedValue {
  if (value === null || value === undefined) return null;
  switch (type.name) {
    case 'varchar':
    case 'char':
      return varchar(name, type, textOf(name, value), codePage);
    case 'nvarchar':
    case 'nchar':
      return nvarchar(name, type, textOf(name, value));
    case 'int':
    case 'bigint':
    case 'smallint':
    case 'tinyint':
      return whole(name, type, value);
    case 'bit':
      return bit(name, value);
    case 'decimal':
      return decimal(name, value, type.precision ?? 18, type.scale ?? 0);
    case 'money':
      return decimal(name, value, 19, 4);
    case 'float':
      return float(name, value);
    case 'varbinary':
      return bytes(name, type, value);
    case 'uniqueidentifier': {
      const text = textOf(name, value);
      if (!GUID.test(text)) throw unfit(name, { zh: '应为 GUID', en: 'must be a GUID' });
      return text.replace(/[{}]/g, '');
    }
    case 'datetimeoffset': {
      const text = textOf(name, value);
      const instant = new Date(text);
      if (!INSTANT.test(text) || Number.isNaN(instant.getTime()))
        throw unfit(name, {
          zh: '应为带时区的时间，如 2030-01-02T03:04:05+08:00',
          en: 'must be a time with its zone, such as 2030-01-02T03:04:05+08:00',
        });
      return instant;
    }
    // date, time, datetime, datetime2, smalldatetime
    default:
      return clock(name, type, textOf(name, value));
  }
}

/** The rows of a table-valued parameter: objects with the declared columns, in any case, or arrays in their order. */
export function checkTable(
  name: string,
  { columns }: TableType,
  value: unknown,
  codePage: string,
): CheckedValue[][] {
  if (!Array.isArray(value)) throw unfit(name, { zh: '应为行的数组', en: 'must be an array of rows' });
  return value.map((row: unknown, at) => {
    if (typeof row !== 'object' || row === null)
      throw unfit(name, { zh: `第 ${at + 1} 行应为对象`, en: `row ${at + 1} must be an object` });
    const cells = Array.isArray(row) ? undefined : byLowerName(row);
    return columns.map((column, index) =>
      checkValue(
        `${name}[${at + 1}].${column.name}`,
        column.type,
        cells ? cells.get(column.name.toLowerCase()) : (row as unknown[])[index],
        codePage,
      ),
    );
  });
}

const byLowerName = (row: object): Map<string, unknown> =>
  new Map(Object.entries(row).map(([key, cell]) => [key.toLowerCase(), cell]));

/** Two parameters of one name would be one. @throws {ExchangeError} CONFIG */
export function checkNames(parameters: readonly Parameter[]): void {
  const names = parameters.map(({ name }) => name.toLowerCase());
  const twice = parameters.find(({ name }, at) => names.indexOf(name.toLowerCase()) !== at);
  if (!twice) return;
  throw new ExchangeError({
    code: 'CONFIG',
    retry: 'never',
    text: { zh: `参数 ${twice.name} 重复`, en: `the parameter ${twice.name} is given twice` },
  });
}

function textOf(name: string, value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'bigint' || (typeof value === 'number' && Number.isFinite(value)))
    return String(value);
  if (value instanceof Date)
    throw unfit(name, {
      zh: '不能是 Date 对象（其时区不明），请给出文本，如 2030-01-02 03:04:05',
      en: 'must not be a Date, whose time zone is anybody’s guess: give text such as 2030-01-02 03:04:05',
    });
  throw unfit(name, { zh: '应为文本或数字', en: 'must be text or a number' });
}

function varchar(name: string, { length }: ScalarType, text: string, codePage: string): string {
  const { lost, bytes: size } = inVarchar(text, codePage);
  if (lost !== undefined) {
    const code = `U+${lost.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`;
    throw unfit(name, {
      zh: `含有 varchar（${codePage}）存不下的字（${code}），会变成“?”：请把类型改为 nvarchar，数据库的列也须是 nvarchar`,
      en: `has a character that a varchar (${codePage}) cannot hold (${code}) and that would become "?": declare it nvarchar; the column must be one, too`,
    });
  }
  if (length !== undefined && size > length)
    throw unfit(name, {
      zh: `超长：${size} 字节，varchar(${length}) 按字节计（一个汉字 2 字节）`,
      en: `is too long: ${size} bytes, and varchar(${length}) counts bytes, two for each Chinese character`,
    });
  return text;
}

function nvarchar(name: string, { length }: ScalarType, text: string): string {
  if (length !== undefined && text.length > length)
    throw unfit(name, {
      zh: `超长：${text.length} 个字符，上限 ${length}`,
      en: `is too long: ${text.length} characters of at most ${length}`,
    });
  return text;
}

function whole(name: string, type: ScalarType, value: unknown): number | bigint {
  const [least, most] = WHOLE[type.name]!;
  const text = textOf(name, value).trim();
  const isSure = typeof value !== 'number' || Number.isSafeInteger(value);
  const number = isSure && /^[+-]?\d{1,19}$/.test(text) ? BigInt(text.replace(/^\+/, '')) : undefined;
  if (number === undefined || number < least || number > most)
    throw unfit(name, {
      zh: `应为 ${least} 到 ${most} 的整数`,
      en: `must be a whole number from ${least} to ${most}`,
    });
  return type.name === 'bigint' ? number : Number(number);
}

function bit(name: string, value: unknown): boolean {
  if (value === true || value === 1 || value === '1' || value === 'true') return true;
  if (value === false || value === 0 || value === '0' || value === 'false') return false;
  throw unfit(name, { zh: '应为 true、false、1 或 0', en: 'must be true, false, 1 or 0' });
}

/** As text, so that no digit is lost before the driver. */
function decimal(name: string, value: unknown, precision: number, scale: number): string {
  const text = textOf(name, value).trim();
  const [, sign = '', before = '', after = ''] = /^([+-]?)0*(\d*)(?:\.(\d*?)0*)?$/.exec(text) ?? [];
  if (!/\d/.test(text) || !/^[+-]?\d*(?:\.\d*)?$/.test(text))
    throw unfit(name, { zh: '应为数字', en: 'must be a number' });
  if (after.length > scale || before.length > precision - scale)
    throw unfit(name, {
      zh: `放不进 decimal(${precision},${scale})`,
      en: `does not fit into decimal(${precision},${scale})`,
    });
  // The driver counts the smallest units in doubles.
  if (before.length + scale > SURE_DIGITS)
    throw unfit(name, {
      zh: `连同 ${scale} 位小数超过 ${SURE_DIGITS} 位，驱动会改变末位：请把类型改为 varchar，由数据库转换`,
      en: `has more than ${SURE_DIGITS} digits with the ${scale} behind the point, and the driver would change the last ones: declare it varchar, and the database converts it`,
    });
  return `${sign === '-' ? '-' : ''}${before || '0'}${after && `.${after}`}`;
}

function float(name: string, value: unknown): number {
  const text = textOf(name, value).trim();
  const number = text === '' ? Number.NaN : Number(text);
  if (Number.isFinite(number)) return number;
  throw unfit(name, { zh: '应为数字', en: 'must be a number' });
}

function bytes(name: string, { length }: ScalarType, value: unknown): Uint8Array {
  if (!(value instanceof Uint8Array)) throw unfit(name, { zh: '应为 Buffer', en: 'must be a Buffer' });
  if (length !== undefined && value.length > length)
    throw unfit(name, {
      zh: `超长：${value.length} 字节，上限 ${length}`,
      en: `is too long: ${value.length} bytes of at most ${length}`,
    });
  return value;
}

function clock(name: string, type: ScalarType, text: string): WallClock {
  const given = type.name === 'time' ? readTime(text) : readWallClock(text);
  if (!given)
    throw unfit(
      name,
      type.name === 'time'
        ? { zh: '应为时间，如 03:04:05', en: 'must be a time such as 03:04:05' }
        : {
            zh: '应为不带时区的日期时间，如 2030-01-02 03:04:05',
            en: 'must be a date or date and time without a zone, such as 2030-01-02 03:04:05',
          },
    );
  const [first, last] = YEARS[type.name] ?? [1, 9999];
  const year = given.date.getUTCFullYear();
  if (year < first || year > last)
    throw unfit(name, {
      zh: `年份应为 ${first} 到 ${last}`,
      en: `its year must be from ${first} to ${last}`,
    });
  if (type.name === 'date' && (given.fraction || given.date.getTime() % 86_400_000 !== 0))
    throw unfit(name, {
      zh: '类型是 date，时间部分会丢失：请给出日期，或把类型改为 datetime',
      en: 'is a date, which would lose the time: give a day, or declare it datetime',
    });
  if (given.fraction.length > digitsOf(type))
    throw unfit(name, {
      zh: `秒的小数超过 ${digitsOf(type)} 位，会丢失`,
      en: `has more than ${digitsOf(type)} digits of a second, which would be lost`,
    });
  return given;
}

function digitsOf({ name, scale }: ScalarType): number {
  if (name === 'datetime') return 3;
  return name === 'smalldatetime' || name === 'date' ? 0 : (scale ?? 7);
}

const unfit = (name: string, why: Text): ExchangeError =>
  new ExchangeError({
    code: 'CONTRACT',
    retry: 'never',
    text: { zh: `参数 ${name} ${why.zh}`, en: `the parameter ${name} ${why.en}` },
    details: { parameter: name },
  });
