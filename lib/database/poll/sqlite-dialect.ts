/** Polling in SQLite. Times are text there, in whatever form the hospital writes them. */
import { ExchangeError } from '../../errors';
import type { DatabaseDriver, DatabaseRow, RunOptions } from '../driver';
import { SqliteDriver } from '../sqlite-driver';
import { Bound } from './bound';
import type { PollDialect, TypesByName } from './dialect';
import type { ObjectName } from './names';
import type { ClaimPlan } from './plan';
import { keyOf } from './record';
import { claimOrder, claimable, typeOf, whereKeys, withVersion } from './statements';

/** A file has no schema: `dbo.v_report` is `v_report` here, so that a flow can change from one database to the other. */
const quote = (name: ObjectName | string): string =>
  `"${([name].flat().at(-1) ?? '').replaceAll('"', '""')}"`;

const NOW = "strftime('%Y-%m-%d %H:%M:%f', 'now', 'localtime')";

export const sqliteDialect: PollDialect = {
  quote,
  select: ({ limit, columns, from, where, order = [] }) =>
    `select ${columns} from ${from}` +
    (where.length > 0 ? ` where ${where.join(' and ')}` : '') +
    (order.length > 0 ? ` order by ${order.join(', ')}` : '') +
    (limit === undefined ? '' : ` limit ${limit}`),
  watermark: (_kind, column) => `cast(${column} as text)`,
  watermarkValue: (kind, parameter) => (kind === 'number' ? `cast(${parameter} as integer)` : parameter),
  versionText: column => `cast(${column} as text)`,
  now: kind =>
    kind === 'compact'
      ? "strftime('%Y%m%d%H%M%S', 'now', 'localtime')"
      : kind === 'text'
        ? "strftime('%Y-%m-%d %H:%M:%S', 'now', 'localtime')"
        : NOW,
  leaseTime: seconds =>
    seconds === 0 ? NOW : NOW.replace("'localtime'", `'localtime', '+${seconds} seconds'`),
  columnTypes: describe,
  parameterTypes: async (driver, procedure) => parametersOf(driver, procedure),
  claim,
};

function parametersOf(driver: DatabaseDriver, procedure: ObjectName): TypesByName {
  if (!(driver instanceof SqliteDriver)) throw noProcedures();
  const { parameters } = driver.procedure(procedure.at(-1) ?? '');
  return new Map(Object.entries(parameters).map(([name, type]) => [name.toLowerCase(), { type }] as const));
}

/** One transaction: nothing comes between the choice and the mark. */
function claim(
  driver: DatabaseDriver,
  plan: ClaimPlan,
  types: TypesByName,
  limit: number,
  options: RunOptions,
): Promise<readonly DatabaseRow[]> {
  return driver.transaction(async session => {
    const { keys, source } = plan.table;
    const from = `${quote(source)} as t`;
    const chosen = new Bound();
    const order = claimOrder(sqliteDialect, plan);
    const where = claimable(sqliteDialect, plan, types, chosen);
    const columns = keys.map(key => `t.${quote(key)}`).join(', ');
    const choice = sqliteDialect.select({ limit, columns, from, where, order });
    const { rows } = await session.run({ kind: 'sql', text: choice }, chosen.parameters, options);
    const found = rows.map(row => keyOf(row, keys) ?? []);
    if (found.length === 0) return [];

    const marked = new Bound();
    const changes = [
      `${quote(plan.status)} = ${marked.add(plan.values.claimed, typeOf(types, plan.status))}`,
      ...(plan.owner === null
        ? []
        : [`${quote(plan.owner)} = ${marked.add(plan.ack.owner, typeOf(types, plan.owner))}`]),
      ...(plan.lease === null
        ? []
        : [`${quote(plan.lease)} = ${sqliteDialect.leaseTime(plan.ack.leaseSeconds)}`]),
      ...(plan.attempts === null
        ? []
        : [`${quote(plan.attempts)} = coalesce(${quote(plan.attempts)}, 0) + 1`]),
    ];
    const mark = `update ${from} set ${changes.join(', ')} where ${whereKeys(sqliteDialect, keys, types, found, marked)}`;
    await session.run({ kind: 'sql', text: mark }, marked.parameters, options);

    const read = new Bound();
    const version =
      plan.ack.version === null ? null : sqliteDialect.versionText(`t.${quote(plan.ack.version)}`);
    const select = sqliteDialect.select({
      columns: withVersion(version),
      from,
      where: [whereKeys(sqliteDialect, keys, types, found, read)],
      order,
    });
    return (await session.run({ kind: 'sql', text: select }, read.parameters, options)).rows;
  });
}

async function describe(
  driver: DatabaseDriver,
  source: ObjectName,
  options: RunOptions,
): Promise<TypesByName> {
  const bound = new Bound();
  const text = `select name, type from pragma_table_info(${bound.add(source.at(-1), 'nvarchar(128)')})`;
  const { rows } = await driver.run({ kind: 'sql', text }, bound.parameters, options);
  if (rows.length === 0) throw notThere(source);
  return new Map(
    rows.map(
      row => [String(row['name']).toLowerCase(), { type: typeOfColumn(String(row['type'])) }] as const,
    ),
  );
}

/** SQLite takes any word for a type; what matters is whether values are compared as numbers. */
const typeOfColumn = (declared: string): string =>
  /int/i.test(declared) ? 'bigint' : /real|floa|doub/i.test(declared) ? 'float' : 'nvarchar(max)';

const notThere = (source: ObjectName): ExchangeError =>
  new ExchangeError({
    code: 'CONFIG',
    retry: 'never',
    text: {
      zh: `轮询：数据库文件中没有表或视图 ${source.join('.')}：请核对名称`,
      en: `poll: the database file has no table or view ${source.join('.')}: check the name`,
    },
    details: { object: source.join('.') },
  });

const noProcedures = (): ExchangeError =>
  new ExchangeError({
    code: 'CONFIG',
    retry: 'never',
    text: {
      zh: '嵌入式数据库没有存储过程：请改用“按更新时间”或“状态标记”方式',
      en: 'the embedded database has no procedures: poll by watermark or by status',
    },
  });
