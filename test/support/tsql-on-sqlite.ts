/**
 * Carries the store's statements for SQL Server out on SQLite, so that the driver, its types and the transactions can
 * be tested as a whole. It knows the forms that the store uses and refuses every other; locks and hints are dropped.
 */
import type { SqliteDatabase } from '../../lib/sqlite';
import type { TdsAnswer, TdsStatement } from './tds-server';
import type { TdsColumn, TdsValue } from './tds-wire';

/** An answer for each statement, carried out on `database`. */
export const onSqlite =
  (database: SqliteDatabase) =>
  ({ kind, sql, parameters }: TdsStatement): TdsAnswer => {
    if (kind !== 'sql') {
      database.exec(kind === 'begin' ? 'BEGIN IMMEDIATE' : kind);
      return { affected: 0 };
    }
    const values = parameters.map(({ value }) => value);
    const statement = sql.replace(/^set nocount off; /, '');
    // Locks, of which one process needs none.
    if (statement.startsWith('declare @code int;')) return { affected: 0 };
    if (statement.startsWith('declare @now datetime;')) return rowsOf([{ now: Date.now() }]);
    if (statement.startsWith('select * from sys.databases'))
      return rowsOf([{ name: 'store', delayed_durability_desc: 'DISABLED' }]);
    const translated = translate(statement);
    return sql === statement
      ? rowsOf(database.all(translated, ...values))
      : { affected: database.run(translated, ...values).changes };
  };

const FORMS: readonly (readonly [RegExp, string])[] = [
  [
    /^if not exists \(select 1 from sys\..* and t\.schema_id = schema_id\(\)\) create (table|index) /,
    'create $1 if not exists ',
  ],
  [/\bbigint identity\(1,1\) primary key/g, 'integer primary key autoincrement'],
  [/\bnvarchar\(200\) collate Latin1_General_BIN2/g, 'text'],
  [/\bnvarchar\(max\)/g, 'text'],
  [/\bvarbinary\(max\)/g, 'blob'],
  [/ with \((?:(?:updlock|rowlock|readpast|readcommittedlock|holdlock)(?:, )?)+\)/g, ''],
  [
    /^update due set (.*) output (.*) from \(select top \((\d+)\) \* from message where (.*)\) as due$/,
    'update message set $1 where seq in (select seq from message where $4 limit $3) returning $2',
  ],
  [/\binserted\./g, ''],
  [/^select top \((\d+)\) (.*)$/, 'select $2 limit $1'],
  [/@p(\d+)/g, '?<$1>'],
];

const FOREIGN = /\b(?:top|identity|output|inserted|nvarchar|varbinary|sys|with|nocount|declare|exec|N')\b/;

export function translate(statement: string): string {
  let translated = statement;
  for (const [form, replacement] of FORMS) translated = translated.replace(form, replacement);
  if (FOREIGN.test(translated)) throw new Error(`not a form of the store: ${translated}`);
  // Numbers of parameters begin with 1 here.
  return translated.replace(/\?<(\d+)>/g, (_, at: string) => `?${Number(at) + 1}`);
}

export function rowsOf(rows: readonly Record<string, TdsValue>[]): TdsAnswer {
  const [first] = rows;
  // Without a row there is nothing to tell the columns by.
  if (!first) return { affected: 0 };
  const columns = Object.keys(first).map((name): TdsColumn => {
    const value = rows.map(row => row[name]).find(given => given !== null);
    const type =
      typeof value === 'number' ? 'bigint' : value instanceof Uint8Array ? 'varbinary' : 'nvarchar';
    return { name, type };
  });
  return { columns, rows: rows.map(row => columns.map(({ name }) => row[name] ?? null)) };
}
