/** Large documents of rows → one object a row, read in pieces so that the event loop is never held for long. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { SaxesParser } from 'saxes';
import { ExchangeError } from '../errors';
import { MAX_DEPTH, localName } from './xml-read';

export interface XmlRow {
  /** Name of the row element in lower case: `labmaster`. */
  readonly row: string;
  /** Values by their names as written; from attributes, child elements, with or without an `<item>` between (A-49e). */
  readonly values: Readonly<Record<string, string>>;
}

/** Characters parsed before the event loop gets its turn: 64 K take about 2 ms. */
const PIECE = 65_536;

/**
 * Reads every element whose name (in any case) is in `rowNames`, wherever it stands; text outside of rows is ignored.
 * A wrapper with several `<item>` gives one row an item.
 * @throws {ExchangeError} MALFORMED with line and column.
 */
export async function readRows(
  text: string,
  rowNames: ReadonlySet<string>,
  onRow: (row: XmlRow) => void,
): Promise<void> {
  const reader = rowReader(rowNames, onRow);
  const body = text.replace(/^[\uFEFF\s]+/, '');
  for (let at = 0; at < body.length; at += PIECE) {
    reader.write(body.slice(at, at + PIECE));
    if (at + PIECE < body.length) await nextTurn();
  }
  reader.close();
}

function rowReader(
  rowNames: ReadonlySet<string>,
  onRow: (row: XmlRow) => void,
): { write(piece: string): void; close(): void } {
  const parser = new SaxesParser({ position: true });
  const state = { depth: 0, row: '', rowDepth: 0, field: '', text: '', items: 0 };
  let values = emptyRow();
  const fail = (what: string): never => {
    throw new ExchangeError({
      code: 'MALFORMED',
      retry: 'never',
      text: {
        zh: `应答的 XML 格式错误（${what}），第 ${parser.line} 行第 ${parser.column} 列`,
        en: `malformed XML (${what}) at line ${parser.line}, column ${parser.column}`,
      },
      details: { line: parser.line, column: parser.column },
    });
  };
  const emit = (): void => {
    onRow({ row: state.row, values });
    values = emptyRow();
  };
  const take = (attributes: Record<string, string>): void => {
    for (const name of Object.keys(attributes))
      if (!name.startsWith('xmlns')) values[localName(name)] = attributes[name] ?? '';
  };
  parser.on('error', () => fail('syntax'));
  parser.on('doctype', () => fail('DOCTYPE'));
  parser.on('opentag', tag => {
    if (++state.depth > MAX_DEPTH) fail('depth');
    const name = localName(tag.name);
    if (!state.row) {
      if (!rowNames.has(name.toLowerCase())) return;
      Object.assign(state, { row: name.toLowerCase(), rowDepth: state.depth, items: 0 });
      take(tag.attributes as Record<string, string>);
    } else if (name.toLowerCase() === 'item' && state.depth === state.rowDepth + 1) {
      take(tag.attributes as Record<string, string>);
      state.items++;
    } else {
      Object.assign(state, { field: name, text: '' });
    }
  });
  const addText = (part: string): void => {
    if (state.field) state.text += part;
  };
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('closetag', tag => {
    const name = localName(tag.name);
    if (state.row && state.depth === state.rowDepth) {
      if (state.items === 0) emit();
      state.row = '';
    } else if (state.row && state.field === name) {
      values[name] = state.text.trim();
      state.field = '';
    } else if (state.row && state.depth === state.rowDepth + 1) {
      emit();
    }
    state.depth--;
  });
  return { write: piece => void parser.write(piece), close: () => void parser.close() };
}

const emptyRow = (): Record<string, string> => Object.create(null) as Record<string, string>;
