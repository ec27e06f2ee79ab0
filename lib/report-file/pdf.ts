/**
 * Whether a PDF can be worked on: complete and not encrypted (5.1.2). Follows the cross-reference sections from the
 * end of the file, tables and streams; reads a few kilobytes of a file of any size.
 */
import type { RandomAccess } from './content';

export type PdfState =
  | 'good'
  | 'encrypted'
  /** No end mark: still being written, or cut off. */
  | 'incomplete'
  /** The cross-references lead nowhere; nothing says that it is encrypted. Readers repair such a file. */
  | 'damaged';

/** Readers look for the end mark in so many last bytes. */
const TAIL = 1024;
/** More than any trailer holds; only a cross-reference table is longer. */
const WINDOW = 64 * 1024;
/** Sections of one file; each saved change adds one. */
const MOST_SECTIONS = 1000;

export async function pdfState(file: RandomAccess): Promise<PdfState> {
  const tail = (await file.read(Math.max(0, file.bytes - TAIL), TAIL)).toString('latin1');
  if (!tail.includes('%%EOF')) return 'incomplete';
  const start = /startxref\s+(\d+)\s*%%EOF/.exec(tail.slice(tail.lastIndexOf('startxref')))?.[1];
  const state = await followSections(file, start === undefined ? undefined : Number(start));
  if (state !== 'damaged') return state;
  return (await mentionsEncryption(file)) ? 'encrypted' : 'damaged';
}

async function followSections(file: RandomAccess, start: number | undefined): Promise<PdfState> {
  const seen = new Set<number>();
  for (let at = start; ;) {
    if (at === undefined || at >= file.bytes || seen.has(at) || seen.size > MOST_SECTIONS) return 'damaged';
    seen.add(at);
    const trailer = await trailerAt(file, at);
    if (!trailer) return 'damaged';
    if (![undefined, 'null'].includes(trailer.get('Encrypt'))) return 'encrypted';
    const previous = trailer.get('Prev');
    if (previous === undefined) return 'good';
    at = /^\d+$/.test(previous) ? Number(previous) : undefined;
  }
}

/** The trailer of the section at a position: after `trailer` of a table, or in the object of a stream. */
async function trailerAt(file: RandomAccess, position: number): Promise<Dictionary | undefined> {
  const text = (await file.read(position, WINDOW)).toString('latin1');
  const object = /^\s*\d+\s+\d+\s+obj\s*/.exec(text);
  if (object) return readDictionary(text.slice(object[0].length));
  if (!/^\s*xref\b/.test(text)) return undefined;
  const trailer = await find(file, position, 'trailer');
  if (trailer === undefined) return undefined;
  return readDictionary((await file.read(trailer + 'trailer'.length, WINDOW)).toString('latin1'));
}

/** Position of a word at or after a position. */
async function find(file: RandomAccess, from: number, word: string): Promise<number | undefined> {
  for (let at = from; at < file.bytes; at += WINDOW - word.length) {
    const found = (await file.read(at, WINDOW)).indexOf(word, 0, 'latin1');
    if (found >= 0) return at + found;
  }
  return undefined;
}

/** Where the structure cannot be followed: `/Encrypt` with a reference or a dictionary, anywhere. */
async function mentionsEncryption(file: RandomAccess): Promise<boolean> {
  const overlap = 64;
  for (let at = 0; at < file.bytes; at += WINDOW - overlap) {
    const text = (await file.read(at, WINDOW)).toString('latin1');
    if (/\/Encrypt[\s\0]*(?:\d+[\s\0]+\d+[\s\0]+R\b|<<)/.test(text)) return true;
  }
  return false;
}

/** Names of the top level, with the first word of each value. */
type Dictionary = ReadonlyMap<string, string>;

/** Comments, strings without inner parentheses, hexadecimal strings, brackets, names and plain words. */
const TOKEN = /%[^\r\n]*|<<|>>|\[|\]|<[^<>]*>|\(|\/[^\s\0/<>[\](){}%]*|[^\s\0/<>[\](){}%]+/g;

/** Reads `<< … >>`; undefined when it is none, or does not end in the text. */
function readDictionary(text: string): Dictionary | undefined {
  const entries = new Map<string, string>();
  const tokens = new RegExp(TOKEN);
  let depth = 0;
  let name: string | undefined;
  for (let match = tokens.exec(text); match; match = tokens.exec(text)) {
    const [token] = match;
    if (token.startsWith('%')) continue;
    if (token === '(') tokens.lastIndex = endOfString(text, tokens.lastIndex);
    if (depth === 0 && token !== '<<') return undefined;
    if (depth === 1 && token === '>>') return entries;
    if (depth === 1 && name !== undefined) {
      entries.set(name, token);
      name = undefined;
    } else if (depth === 1 && token.startsWith('/')) name = decodeName(token.slice(1));
    if (token === '<<' || token === '[') depth++;
    else if (token === '>>' || token === ']') depth--;
  }
  return undefined;
}

/** Position after a string whose opening parenthesis has been read. */
function endOfString(text: string, from: number): number {
  let depth = 1;
  for (let at = from; at < text.length; at++) {
    const char = text[at];
    if (char === '\\') at++;
    else if (char === '(') depth++;
    else if (char === ')' && --depth === 0) return at + 1;
  }
  return text.length;
}

/** `#45ncrypt` is another way to write `Encrypt`. */
const decodeName = (name: string): string =>
  name.replace(/#([\da-f]{2})/gi, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
