/** The plainest form of a row, `<lab_subitem><ORG_CODE>…</ORG_CODE>…</lab_subitem>`, read without the XML parser. */
import { decodeReference } from './xml-text';

export interface FlatRow {
  /** Name of the row element in lower case. */
  readonly row: string;
  readonly values: Record<string, string>;
  /** Where the text goes on. */
  readonly end: number;
}

interface Field {
  readonly name: string;
  /** `<ORG_CODE>`, or `<ORG_CODE />` for an element of its own. */
  readonly open: string;
  /** Undefined for an element of its own. */
  readonly close: string | undefined;
  /** The field that last came after this one: nearly always the one that will come again. */
  next: Field | undefined;
}

/** The fields of rows that are alike. */
interface Shape {
  readonly fields: readonly Field[];
  readonly empty: Readonly<Record<string, string>>;
}

const MOST_SHAPES = 4;
const SLASH = 0x2f;
const NAMED = /^<([A-Za-z_][\w.-]*)[ \t\r\n]*(\/?)>$/;

/**
 * The platform writes tens of thousands of rows in this form; finding their tags by comparison takes a third of the
 * parser's time (25,000 rows: 0.4 s and not 1.1 s). Any other form is left to the parser. The text must hold neither
 * `]]>` nor characters that XML forbids: the reader of the envelope has left those out.
 */
export class FlatRowReader {
  readonly #rowNames: ReadonlySet<string>;
  readonly #rowStart: RegExp;
  readonly #nextRow: RegExp;
  /** By their start tags. */
  readonly #fields = new Map<string, Field>();
  readonly #shapes: Shape[] = [];

  /** @param rowNames in lower case; letters, digits and `_` only */
  constructor(rowNames: ReadonlySet<string>) {
    const names = [...rowNames].join('|');
    this.#rowNames = rowNames;
    this.#rowStart = new RegExp(`[ \\t\\r\\n]*<(${names})>`, 'iy');
    this.#nextRow = new RegExp(`>[ \\t\\r\\n]*<(?:${names})>`, 'ig');
  }

  /** Where the parser may stop for the next row to be tried: behind a tag, after `at`. */
  beforeNextRow(text: string, at: number): number {
    this.#nextRow.lastIndex = at;
    const found = this.#nextRow.exec(text);
    return found ? found.index + 1 : text.length;
  }

  /** The row at `at`, blanks before it allowed; undefined when it has another form, no field or no end. */
  read(text: string, at: number): FlatRow | undefined {
    this.#rowStart.lastIndex = at;
    const row = this.#rowStart.exec(text)?.[1];
    if (row === undefined) return undefined;
    const fields: Field[] = [];
    const texts: string[] = [];
    let next = skipBlanks(text, this.#rowStart.lastIndex);
    while (text.charCodeAt(next + 1) !== SLASH) {
      const field = this.#fieldAt(text, next, fields.at(-1));
      if (!field) return undefined;
      fields.push(field);
      next += field.open.length;
      if (field.close === undefined) texts.push('');
      else {
        const end = text.indexOf('<', next);
        if (end < 0 || !text.startsWith(field.close, end)) return undefined;
        const value = unescaped(text.slice(next, end));
        if (value === undefined) return undefined;
        texts.push(value.trim());
        next = end + field.close.length;
      }
      next = skipBlanks(text, next);
    }
    const close = `</${row}>`;
    if (fields.length === 0 || !text.startsWith(close, next)) return undefined;
    return { row: row.toLowerCase(), values: this.#valuesOf(fields, texts), end: next + close.length };
  }

  /**
   * An object that grows name by name becomes a hash table, the copy of one that has them all does not: 0.08 s less
   * for 25,000 rows, until they are normalised.
   */
  #valuesOf(fields: readonly Field[], texts: readonly string[]): Record<string, string> {
    const shape = this.#shapes.find(known => isOf(known, fields)) ?? this.#addShape(fields);
    const values = { ...shape.empty };
    for (let at = 0; at < fields.length; at++) values[fields[at]!.name] = texts[at]!;
    return values;
  }

  #addShape(fields: readonly Field[]): Shape {
    const shape = { fields, empty: Object.fromEntries(fields.map(({ name }) => [name, ''])) };
    this.#shapes.unshift(shape);
    this.#shapes.length = Math.min(this.#shapes.length, MOST_SHAPES);
    return shape;
  }

  /** Looks first for the field that followed the one before it in other rows. */
  #fieldAt(text: string, at: number, before: Field | undefined): Field | undefined {
    if (before?.next && text.startsWith(before.next.open, at)) return before.next;
    const field = this.#fieldOf(text.slice(at, text.indexOf('>', at) + 1));
    if (before && field) before.next = field;
    return field;
  }

  #fieldOf(tag: string): Field | undefined {
    const known = this.#fields.get(tag);
    if (known) return known;
    const [, name, slash] = NAMED.exec(tag) ?? [];
    if (name === undefined || this.#isRowOrItem(name.toLowerCase())) return undefined;
    const field = { name, open: tag, close: slash === '/' ? undefined : `</${name}>`, next: undefined };
    this.#fields.set(tag, field);
    return field;
  }

  #isRowOrItem(name: string): boolean {
    return name === 'item' || this.#rowNames.has(name);
  }
}

const isOf = (shape: Shape, fields: readonly Field[]): boolean =>
  shape.fields.length === fields.length && shape.fields.every((field, at) => field === fields[at]);

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (isBlank(text.charCodeAt(at))) at++;
  return at;
}

const isBlank = (code: number): boolean => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;

/** As a parser reads it; undefined for a reference that the parser has to judge. */
function unescaped(text: string): string | undefined {
  const lines = text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text;
  if (!lines.includes('&')) return lines;
  let known = true;
  const plain = lines.replace(/&([^&;]*)(;?)/g, (_found, reference: string, semicolon: string) => {
    const character = semicolon && decodeReference(reference);
    known &&= Boolean(character);
    return character ?? '';
  });
  return known ? plain : undefined;
}
