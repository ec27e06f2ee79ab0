/** Parameters into a SQLite statement, and cells out of it. */
import { ExchangeError } from '../errors';
import type { SqlValue } from '../sqlite';
import type { DatabaseValue } from './driver';
import type { Parameter } from './parameter';
import { NO_WORDS } from './session-words';
import { checkNames, checkValue } from './values';
import { wallClockText } from './wall-clock';

/** SQLite has no varchar of a code page: its texts hold everything. */
const CODE_PAGE = 'utf-8';

/**
 * Numbers instead of names, which the two engines do not know how to bind alike.
 * @param missing makes the failure of a name in the statement for which there is no parameter
 * @throws {ExchangeError} CONTRACT: a value cannot be sent as its type; CONFIG; and what `missing` makes
 */
export function bindNumbered(
  sql: string,
  parameters: readonly Parameter[],
  missing: (name: string) => ExchangeError,
): { readonly text: string; readonly values: readonly SqlValue[] } {
  checkNames(parameters);
  const used: Parameter[] = [];
  const text = sql.replaceAll(PARAMETER, (whole, name: string | undefined) => {
    if (name === undefined) return whole;
    const parameter = parameters.find(one => one.name.toLowerCase() === name.toLowerCase());
    if (!parameter) throw missing(`@${name}`);
    if (!used.includes(parameter)) used.push(parameter);
    return `?${used.indexOf(parameter) + 1}`;
  });
  return { text, values: used.map(valueOf) };
}

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

/** Integers that a double cannot hold are text. */
export function readCell(cell: SqlValue): DatabaseValue {
  if (typeof cell !== 'bigint') return cell;
  const number = Number(cell);
  return Number.isSafeInteger(number) ? number : String(cell);
}

/** What SQL Server has and SQLite has not. */
export const notHere = (what: { readonly zh: string; readonly en: string }): ExchangeError =>
  new ExchangeError({
    code: 'CONFIG',
    retry: 'never',
    text: { zh: `嵌入式数据库${what.zh}`, en: `the embedded database ${what.en}` },
  });
