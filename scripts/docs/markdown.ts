/** Small pieces of Markdown. */

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ').trim();

const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;

/** A table with a line for each row; nothing when there is none. */
export function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  return [line(titles), `|${titles.map(() => '--').join('|')}|`, ...rows.map(line)].join('\n');
}

/** Paragraphs with an empty line between each two. */
export const page = (...parts: readonly string[]): string =>
  `${parts
    .filter(part => part !== '')
    .join('\n\n')
    .trim()}\n`;

export const code = (text: string): string => (text === '' ? '' : `\`${text}\``);

export const GENERATED =
  '<!-- Made by `npm run docs` from the tables of the code. Change those, not this file. 由代码生成，请勿手工修改。 -->';
