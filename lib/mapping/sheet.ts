/**
 * Small spreadsheets as text: what Excel saves as CSV or puts on the clipboard. Written by hand because it also runs in
 * the editor, where a CSV library and the Buffer it needs would be larger than all the rest.
 */

/** The bytes of a file from Excel: UTF-8 or UTF-16 with a mark, UTF-8 without, else GBK, as Chinese Windows saves it. */
export function decodeSheet(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('gb18030').decode(bytes);
  }
}

export interface SheetLine {
  /** Line of the text on which the record starts, from 1. */
  readonly line: number;
  readonly cells: readonly string[];
}

/** Reads records parted by comma or tab (whichever the first line has), cells in quotes as RFC 4180 has them. */
export function readSheet(text: string): SheetLine[] {
  const plain = text.replace(/^\uFEFF/, '');
  const separator = /^[^\r\n]*\t/.test(plain) ? '\t' : ',';
  const cell = new RegExp(`("(?:[^"]|"")*"|)([^${separator}\\r\\n]*)(${separator}|\\r\\n|\\r|\\n|$)`, 'y');
  const records: SheetLine[] = [];
  let cells: string[] = [];
  let line = 1;
  let start = 1;
  while (cell.lastIndex < plain.length || cells.length > 0) {
    const [whole = '', quoted = '', rest = '', end = ''] = cell.exec(plain) ?? [];
    cells.push(unescaped(quoted.slice(1, -1).replaceAll('""', '"') + rest));
    line += whole.match(/\r\n|\r|\n/g)?.length ?? 0;
    if (end === separator) continue;
    if (cells.some(text_ => text_.trim() !== '')) records.push({ line: start, cells });
    cells = [];
    start = line;
  }
  return records;
}

/** CSV that Excel opens as it is: with the mark of UTF-8, and no cell that it would compute. */
export const writeSheet = (records: readonly (readonly string[])[]): string =>
  `\uFEFF${records.map(cells => `${cells.map(written).join(',')}\r\n`).join('')}`;

function written(text: string): string {
  const safe = escaped(text);
  return /[",\t\r\n]|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** A cell that starts like a formula gets an apostrophe, and so does one that starts with an apostrophe before such. */
const escaped = (text: string): string =>
  /^'*[=+\-@\t\r]/.test(text) && !/^[+-]?\d+(\.\d+)?$/.test(text) ? `'${text}` : text;

const unescaped = (text: string): string => (/^'+[=+\-@\t\r]/.test(text) ? text.slice(1) : text);
