/** Polling in the SQL of SQL Server 2008 and later. */
import { ExchangeError } from '../../errors';
import type { DatabaseDriver, DatabaseRow, RunOptions } from '../driver';
import { Bound } from './bound';
import type { ColumnType, PollDialect, TypesByName } from './dialect';
import type { ObjectName } from './names';
import type { ClaimPlan } from './plan';
import { claimOrder, claimable, typeOf, withVersion } from './statements';
import type { WatermarkKind } from './watermark';

/** Styles of CONVERT: 121 has all digits of a time, 120 the seconds. */
const TEXT: Readonly<Record<WatermarkKind, (column: string) => string>> = {
  datetime: column => `convert(varchar(23), ${column}, 121)`,
  datetime2: column => `convert(varchar(27), ${column}, 121)`,
  text: column => `convert(varchar(30), ${column})`,
  compact: column => `convert(varchar(30), ${column})`,
  number: column => `convert(varchar(20), ${column})`,
};

const VALUE: Readonly<Record<WatermarkKind, (parameter: string) => string>> = {
  datetime: parameter => `convert(datetime, ${parameter}, 121)`,
  datetime2: parameter => `convert(datetime2(7), ${parameter}, 121)`,
  text: parameter => parameter,
  compact: parameter => parameter,
  number: parameter => `convert(bigint, ${parameter})`,
};

const NOW: Readonly<Record<Exclude<WatermarkKind, 'number'>, string>> = {
  datetime: 'convert(varchar(23), getdate(), 121)',
  datetime2: 'convert(varchar(27), sysdatetime(), 121)',
  text: 'convert(varchar(19), getdate(), 120)',
  compact: "replace(replace(replace(convert(varchar(19), getdate(), 120), '-', ''), ':', ''), ' ', '')",
};

const quote = (name: ObjectName | string): string =>
  [name]
    .flat()
    .map(part => `[${part.replaceAll(']', ']]')}]`)
    .join('.');

export const sqlServerDialect: PollDialect = {
  quote,
  select: ({ limit, columns, from, where, order = [] }) =>
    `select ${limit === undefined ? '' : `top (${limit}) `}${columns} from ${from}` +
    (where.length > 0 ? ` where ${where.join(' and ')}` : '') +
    (order.length > 0 ? ` order by ${order.join(', ')}` : ''),
  watermark: (kind, column) => TEXT[kind](column),
  watermarkValue: (kind, parameter) => VALUE[kind](parameter),
  versionText: column => `convert(varchar(40), ${column}, 121)`,
  now: kind => NOW[kind],
  leaseTime: seconds => (seconds === 0 ? 'getdate()' : `dateadd(second, ${seconds}, getdate())`),
  columnTypes: (driver, source, options) => describe(driver, source, COLUMNS, options),
  parameterTypes: (driver, procedure, options) => describe(driver, procedure, PARAMETERS, options),
  claim,
};

/**
 * The rows of the update come by way of a table variable: a table with a trigger, as hospitals have them, takes no
 * OUTPUT without INTO (error 334). READPAST lets two pollers pass each other, and the hospital's own writers.
 */
async function claim(
  driver: DatabaseDriver,
  plan: ClaimPlan,
  types: TypesByName,
  limit: number,
  options: RunOptions,
): Promise<readonly DatabaseRow[]> {
  const bound = new Bound();
  const { keys, source } = plan.table;
  const set = (column: string, value: string): string => {
    typeOf(types, column);
    return `c.${quote(column)} = ${value}`;
  };
  const value = (column: string, given: string): string =>
    set(column, bound.add(given, typeOf(types, column)));
  const changes = [
    value(plan.status, plan.values.claimed),
    ...(plan.owner === null ? [] : [value(plan.owner, plan.ack.owner)]),
    ...(plan.lease === null ? [] : [set(plan.lease, sqlServerDialect.leaseTime(plan.ack.leaseSeconds))]),
    ...(plan.attempts === null ? [] : [set(plan.attempts, `isnull(c.${quote(plan.attempts)}, 0) + 1`)]),
  ];
  const where = claimable(sqlServerDialect, plan, types, bound);
  const order = claimOrder(sqlServerDialect, plan);
  const declared = keys.map(key => `${quote(key)} ${declaration(types, key)}`);
  const joined = keys.map(key => `t.${quote(key)} = k.${quote(key)}`);
  const version =
    plan.ack.version === null ? null : sqlServerDialect.versionText(`t.${quote(plan.ack.version)}`);
  const text =
    `declare @claimed table (${declared.join(', ')});` +
    ` update c set ${changes.join(', ')}` +
    ` output ${keys.map(key => `inserted.${quote(key)}`).join(', ')} into @claimed` +
    ` from (select top (${limit}) * from ${quote(source)} as t with (updlock, rowlock, readpast)` +
    ` where ${where.join(' and ')} order by ${order.join(', ')}) as c;` +
    ` select ${withVersion(version)} from ${quote(source)} as t inner join @claimed as k on ${joined.join(' and ')}` +
    ` order by ${order.join(', ')}`;
  const { sets } = await driver.run({ kind: 'sql', text }, bound.parameters, options);
  // A trigger may give rows too: ours come last.
  return sets.at(-1) ?? [];
}

/** With its collation, since that of a table variable is the database's, which need not be the column's. */
function declaration(types: TypesByName, column: string): string {
  const type = typeOf(types, column);
  const collation = types.get(column.toLowerCase())?.collation;
  return collation === undefined ? type : `${type} collate ${collation}`;
}

interface Catalogue {
  readonly columns: string;
  readonly view: string;
  readonly schema: string;
  readonly object: string;
  readonly name: string;
  readonly what: { readonly zh: string; readonly en: string };
}

// In upper case, as a database whose names are case-sensitive has them.
const COLUMNS: Catalogue = {
  columns:
    'COLUMN_NAME as name, DATA_TYPE as type, CHARACTER_MAXIMUM_LENGTH as length, COLLATION_NAME as collation',
  view: 'INFORMATION_SCHEMA.COLUMNS',
  schema: 'TABLE_SCHEMA',
  object: 'TABLE_NAME',
  name: 'COLUMN_NAME',
  what: { zh: '表或视图', en: 'table or view' },
};
const PARAMETERS: Catalogue = {
  columns:
    'PARAMETER_NAME as name, DATA_TYPE as type, CHARACTER_MAXIMUM_LENGTH as length, COLLATION_NAME as collation',
  view: 'INFORMATION_SCHEMA.PARAMETERS',
  schema: 'SPECIFIC_SCHEMA',
  object: 'SPECIFIC_NAME',
  name: 'PARAMETER_NAME',
  what: { zh: '存储过程（或它没有参数）', en: 'procedure, or it has no parameters' },
};
const PRECISION = ', NUMERIC_PRECISION as digits, NUMERIC_SCALE as scale';

async function describe(
  driver: DatabaseDriver,
  name: ObjectName,
  { columns, view, schema, object, what }: Catalogue,
  options: RunOptions,
): Promise<TypesByName> {
  const bound = new Bound();
  const [own = '', schemaName, database] = name.toReversed();
  const where = [
    `${object} = ${bound.add(own, 'nvarchar(128)')}`,
    // Without a schema the user's own comes first; whoever has both names it.
    schemaName === undefined
      ? `${schema} in (schema_name(), 'dbo')`
      : `${schema} = ${bound.add(schemaName, 'nvarchar(128)')}`,
  ];
  const from = `${database === undefined ? '' : `${quote(database)}.`}${view}`;
  const text = `select ${columns}${PRECISION} from ${from} where ${where.join(' and ')}`;
  const { rows } = await driver.run({ kind: 'sql', text }, bound.parameters, options);
  if (rows.length === 0) throw notThere(name, what);
  return new Map(
    rows.map(row => [String(row['name']).replace(/^@/, '').toLowerCase(), typeOfRow(row)] as const),
  );
}

function typeOfRow(row: DatabaseRow): ColumnType {
  const word = String(row['type']).toLowerCase();
  const { length, digits, scale, collation } = row;
  const text = typeof collation === 'string' ? { collation } : {};
  if (/^(?:n?text|xml|image)$/.test(word)) return { type: word, ...text };
  if (/^(?:n?(?:var)?char|(?:var)?binary)$/.test(word))
    return { type: `${word}(${Number(length) === -1 ? 'max' : String(length)})`, ...text };
  if (/^(?:decimal|numeric)$/.test(word)) return { type: `${word}(${String(digits)},${String(scale)})` };
  // A type of the user's own, or one that no parameter can have, such as rowversion.
  return { type: KNOWN.test(word) ? word : 'nvarchar(4000)' };
}

const KNOWN =
  /^(?:int|bigint|smallint|tinyint|bit|money|smallmoney|float|real|date|time|datetime|datetime2|smalldatetime|datetimeoffset|uniqueidentifier)$/;

const notThere = (name: ObjectName, what: Catalogue['what']): ExchangeError =>
  new ExchangeError({
    code: 'CONFIG',
    retry: 'never',
    text: {
      zh: `轮询：数据库中没有${what.zh} ${name.join('.')}，或登录用户无权查看：请核对名称（如 dbo.视图名）和授权`,
      en: `poll: the database has no ${what.en} ${name.join('.')}, or the user may not see it: check the name, such as dbo.view, and the grants`,
    },
    details: { object: name.join('.') },
  });
