/** Large documents of rows → one object a row, read in pieces so that the event loop is never held for long. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { SaxesParser } from 'saxes';
import { ExchangeError } from '../errors';
import { FlatRowReader } from './flat-rows';
import { MAX_DEPTH, localName } from './xml-read';

export interface XmlRow {
  /** Name of the row element in lower case: `labmaster`. */
  readonly row: string;
  /** Values by their names as written; from attributes, child elements, with or without an `<item>` between (A-49e). */
  readonly values: Readonly<Record<string, string>>;
  /** Values of the row that this one stands inside; they may still be filling. */
  readonly within?: Readonly<Record<string, string>>;
}

/** Texts of elements outside of all rows, by lower-case name: `success`, `error`. */
export type Remarks = ReadonlyMap<string, string>;

/** Characters read before the event loop gets its turn: 64 K take 2 ms, and 5 ms where the parser is needed. */
const PIECE = 65_536;

/**
 * Reads every element whose name (in any case) is in `rowNames`, wherever it stands, also inside another row. A
 * wrapper with several `<item>` gives one row an item; an empty row element gives none.
 * @throws {ExchangeError} MALFORMED with line and column; also for a null among the pieces.
 */
export async function readRows(
  pieces: Iterable<string | null>,
  rowNames: ReadonlySet<string>,
  onRow: (row: XmlRow) => void,
): Promise<Remarks> {
  const reader = new RowReader(rowNames, onRow);
  for (const piece of pieces) {
    if (piece === null) throw reader.malformed('escape');
    for (let at = 0; at < piece.length; at += PIECE) {
      reader.write(piece.slice(at, at + PIECE));
      await nextTurn();
    }
  }
  return reader.close();
}

/** An element that is open, by what it means to the rows. */
type Open =
  | {
      readonly kind: 'row' | 'item';
      readonly name: string;
      readonly values: Record<string, string>;
      items: number;
    }
  | { readonly kind: 'field' | 'other'; readonly name: string; text: string };

class RowReader {
  readonly #parser = new SaxesParser({ position: true });
  readonly #rowNames: ReadonlySet<string>;
  readonly #onRow: (row: XmlRow) => void;
  readonly #open: Open[] = [];
  readonly #remarks = new Map<string, string>();
  readonly #flatRows: FlatRowReader;
  #started = false;
  /** The piece that is being read, where the parser's part of it starts, and the place of its first character. */
  #piece = '';
  #partStart = 0;
  #place: Place = { line: 1, column: 0 };
  /** Characters that the parser was given, and how many of them up to the end of the last tag. */
  #parsed = 0;
  #lastTagEnd = 0;

  constructor(rowNames: ReadonlySet<string>, onRow: (row: XmlRow) => void) {
    this.#rowNames = rowNames;
    this.#onRow = onRow;
    this.#flatRows = new FlatRowReader(rowNames);
    const addText = (part: string): void => {
      const top = this.#open.at(-1);
      if (top && 'text' in top) top.text += part;
    };
    this.#parser.on('error', () => {
      throw this.malformed('syntax');
    });
    this.#parser.on('doctype', () => {
      throw this.malformed('DOCTYPE');
    });
    this.#parser.on('opentag', tag => {
      this.#lastTagEnd = this.#parser.position;
      this.#enter(localName(tag.name), tag.attributes as Record<string, string>);
    });
    this.#parser.on('text', addText);
    this.#parser.on('cdata', addText);
    this.#parser.on('closetag', () => {
      this.#lastTagEnd = this.#parser.position;
      this.#leave();
    });
  }

  write(piece: string): void {
    // A byte-order mark and blanks may stand before the declaration.
    const text = this.#started ? piece : piece.replace(/^[\uFEFF\s]+/, '');
    this.#started ||= text !== '';
    this.#piece = text;
    const plain = !text.includes(']]>');
    for (let at = 0; at < text.length;) {
      if (plain) at = this.#readFlatRows(text, at);
      const end = plain ? this.#flatRows.beforeNextRow(text, at) : text.length;
      this.#parse(text, at, end);
      at = end;
    }
    this.#place = placeAfter(this.#place, text);
    this.#piece = '';
  }

  close(): Remarks {
    this.#parser.close();
    return this.#remarks;
  }

  malformed(what: string): ExchangeError {
    const read = this.#partStart + this.#parser.position - this.#parsed;
    const { line, column } = placeAfter(this.#place, this.#piece.slice(0, read));
    return new ExchangeError({
      code: 'MALFORMED',
      retry: 'never',
      text: {
        zh: `应答的 XML 格式错误（${what}），第 ${line} 行第 ${column} 列`,
        en: `malformed XML (${what}) at line ${line}, column ${column}`,
      },
      details: { line, column },
    });
  }

  /** Takes the rows that are flat, as long as they follow a tag that the parser has read to its end. */
  #readFlatRows(text: string, start: number): number {
    const depth = this.#open.length;
    if (this.#lastTagEnd !== this.#parsed || depth === 0 || depth + 2 > MAX_DEPTH) return start;
    let at = start;
    for (let row = this.#flatRows.read(text, at); row; row = this.#flatRows.read(text, at)) {
      this.#emit(row.row, row.values);
      at = row.end;
    }
    return at;
  }

  #parse(text: string, start: number, end: number): void {
    this.#partStart = start;
    this.#parser.write(text.slice(start, end));
    this.#parsed += end - start;
  }

  #enter(name: string, attributes: Record<string, string>): void {
    if (this.#open.length >= MAX_DEPTH) throw this.malformed('depth');
    const parent = this.#open.at(-1);
    const inRow = parent?.kind === 'row' || parent?.kind === 'item';
    if (this.#rowNames.has(name.toLowerCase())) {
      this.#open.push({ kind: 'row', name: name.toLowerCase(), values: taken({}, attributes), items: 0 });
    } else if (parent?.kind === 'row' && name.toLowerCase() === 'item') {
      this.#open.push({ kind: 'item', name, values: taken(parent.values, attributes), items: 0 });
    } else {
      this.#open.push({ kind: inRow ? 'field' : 'other', name, text: '' });
    }
  }

  #leave(): void {
    const done = this.#open.pop();
    const parent = this.#open.at(-1);
    if (!done) return;
    if (done.kind === 'field' && parent && 'values' in parent) {
      parent.values[done.name] = done.text.trim();
    } else if (done.kind === 'other') {
      if (done.text.trim() !== '') this.#remarks.set(done.name.toLowerCase(), done.text.trim());
    } else if (done.kind === 'item' && parent?.kind === 'row') {
      parent.items++;
      this.#emit(parent.name, done.values, parent);
    } else if (done.kind === 'row' && done.items === 0 && hasAny(done.values)) {
      this.#emit(done.name, done.values, done);
    }
  }

  #emit(row: string, values: Record<string, string>, element?: Open): void {
    const around = this.#open.findLast(open => open.kind === 'row' && open !== element);
    this.#onRow({ row, values, ...(around && 'values' in around && { within: around.values }) });
  }
}

interface Place {
  readonly line: number;
  readonly column: number;
}

function placeAfter({ line, column }: Place, text: string): Place {
  let lines = 0;
  let lineStart = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', lineStart)) {
    lines++;
    lineStart = at + 1;
  }
  return { line: line + lines, column: (lines > 0 ? 0 : column) + text.length - lineStart };
}

/** Names come from outside: an object without prototype has no `__proto__` to set. */
function taken(
  base: Readonly<Record<string, string>>,
  attributes: Record<string, string>,
): Record<string, string> {
  const values = Object.assign(Object.create(null) as Record<string, string>, base);
  for (const name of Object.keys(attributes)) {
    if (!name.startsWith('xmlns')) values[localName(name)] = attributes[name] ?? '';
  }
  return values;
}

function hasAny(values: Readonly<Record<string, string>>): boolean {
  for (const _name in values) return true;
  return false;
}
