/**
 * Carries the statements of polling for SQL Server out on SQLite, so that the poller can be tested through the real
 * driver. It knows the forms that polling uses and refuses every other; hints and locks are dropped, so that nothing
 * here shows what SQL Server does with two pollers at once.
 */
import type { SqliteDatabase, SqlValue } from '../../lib/sqlite';
import type { TdsAnswer, TdsStatement } from './tds-server';
import { rowsOf } from './tsql-on-sqlite';

const NOW = "strftime('%Y-%m-%d %H:%M:%f', 'now', 'localtime')";

const FORMS: readonly (readonly [RegExp, string])[] = [
  [/\[([^\]]+)\]/g, '"$1"'],
  [/convert\(varchar\(\d+\), ([^,()]+)(?:, 121)?\)/g, 'cast($1 as text)'],
  [/convert\((?:datetime|datetime2\(7\)), (@p\d+), 121\)/g, '$1'],
  [/convert\(bigint, (@p\d+)\)/g, 'cast($1 as integer)'],
  [/dateadd\(second, (\d+), getdate\(\)\)/g, NOW.replace("'localtime'", "'localtime', '+$1 seconds'")],
  [/getdate\(\)/g, NOW],
  [/^select top \((\d+)\) (.*)$/s, 'select $2 limit $1'],
];
const FOREIGN = /\b(?:top|convert|dateadd|getdate|inserted|with|declare|isnull)\b|\[/i;

const CLAIM =
  /^declare @claimed table \((?<declared>.*?)\); update c set (?<set>.*?) output (?<output>.*?) into @claimed from \(select top \((?<limit>\d+)\) \* from (?<source>\S+) as t with \(updlock, rowlock, readpast\) where (?<where>.*) order by (?<order>.*?)\) as c; select (?<columns>.*) from \S+ as t inner join @claimed as k on (?<on>.*) order by .*$/s;

/** An answer for each statement of a poller, carried out on `database`. */
export const pollOnSqlite =
  (database: SqliteDatabase) =>
  ({ kind, sql, parameters }: TdsStatement): TdsAnswer => {
    if (kind !== 'sql') throw new Error(`not a form of polling: ${kind}`);
    const given = new Map(parameters.map(({ name, value }) => [name.replace(/^@/, ''), value]));
    const run = (text: string): Record<string, SqlValue>[] => {
      const values: SqlValue[] = [];
      const numbered = text.replaceAll(/@(p\d+)/g, (_, name: string) => {
        values.push(given.get(name) ?? null);
        return `?${values.length}`;
      });
      return database.all(numbered, ...values);
    };
    const statement = sql.trim();
    if (statement.includes('INFORMATION_SCHEMA.COLUMNS')) {
      const columns = database.all('select name, type from pragma_table_info(?)', given.get('p0') ?? '');
      return rowsOf(
        columns.map(({ name, type }) => ({
          name: String(name),
          type: /int/i.test(String(type)) ? 'bigint' : 'nvarchar',
          length: 200,
          collation: /int/i.test(String(type)) ? null : 'Chinese_PRC_CI_AS',
          digits: null,
          scale: null,
        })),
      );
    }
    const claim = CLAIM.exec(statement)?.groups;
    if (claim) return claimed(run, claim);
    const rows = run(translate(statement));
    return /^update/i.test(statement)
      ? { affected: Number(database.get('select changes() as n')?.['n']) }
      : rowsOf(rows);
  };

function claimed(
  run: (text: string) => Record<string, SqlValue>[],
  { set, source, where, order, limit, columns }: Record<string, string | undefined>,
): TdsAnswer {
  const own = (text = ''): string =>
    translate(text.replaceAll('c.[', '[').replaceAll('isnull(', 'coalesce('));
  const rows = run(
    `update ${own(source)} set ${own(set)} where rowid in` +
      ` (select t.rowid from ${own(source)} as t where ${own(where)} order by ${own(order)} limit ${limit})` +
      ' returning rowid as claimed',
  );
  if (rows.length === 0) return { affected: 0 };
  const ids = rows.map(({ claimed: id }) => id).join(', ');
  return rowsOf(
    run(`select ${own(columns)} from ${own(source)} as t where rowid in (${ids}) order by ${own(order)}`),
  );
}

function translate(statement: string): string {
  let translated = statement;
  for (const [form, replacement] of FORMS) translated = translated.replace(form, replacement);
  if (FOREIGN.test(translated)) throw new Error(`not a form of polling: ${translated}`);
  return translated;
}
