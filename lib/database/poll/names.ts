/** Names of tables, views, procedures and columns, from settings. They never come from messages. */
import { ExchangeError } from '../../errors';

/** `['dbo', 'v_report']`; at most three parts: database, schema, object. */
export type ObjectName = readonly string[];

const PART = /\[((?:[^\]]|\]\])+)\]|"((?:[^"]|"")+)"|([^.[\]"]+)/y;
/** As SQL Server has it. */
const LONGEST = 128;

/**
 * Reads `v_report`, `dbo.v_report`, `[his].[dbo].[检验 主表]`.
 * @throws {ExchangeError} CONFIG
 */
export function readObjectName(setting: string, text: string): ObjectName {
  const parts: string[] = [];
  for (let at = 0; at < text.length;) {
    PART.lastIndex = at;
    const found = PART.exec(text);
    const part = (
      found?.[1]?.replaceAll(']]', ']') ??
      found?.[2]?.replaceAll('""', '"') ??
      found?.[3] ??
      ''
    ).trim();
    if (!found || !isName(part)) throw noName(setting, text);
    parts.push(part);
    at = PART.lastIndex;
    if (at === text.length) break;
    if (text[at] !== '.' || ++at === text.length) throw noName(setting, text);
  }
  if (parts.length === 0 || parts.length > 3) throw noName(setting, text);
  return parts;
}

/** Reads one column. @throws {ExchangeError} CONFIG */
export function readColumn(setting: string, text: string): string {
  const [name, ...more] = readObjectName(setting, text.trim());
  if (name === undefined || more.length > 0) throw noName(setting, text);
  return name;
}

/** Reads columns that commas separate. @throws {ExchangeError} CONFIG */
export const readColumns = (setting: string, text: string): readonly string[] =>
  text
    .split(/[,，]/)
    .filter(part => part.trim() !== '')
    .map(part => readColumn(setting, part));

const isName = (part: string): boolean => part !== '' && part.length <= LONGEST && !/\p{Cc}/u.test(part);

const noName = (setting: string, text: string): ExchangeError =>
  new ExchangeError({
    code: 'CONFIG',
    retry: 'never',
    text: {
      zh: `轮询设置 ${setting}：${text.trim() || '（空）'} 不是有效的名称，请写成 dbo.视图名、列名，或 [带空格的名称]`,
      en: `setting ${setting} of the poll: ${text.trim() || '(empty)'} is no name: write dbo.view, column, or [a name with spaces]`,
    },
    details: { setting },
  });
