/** Small XML documents → elements: headers, request bodies, short answers. Strict; large answers see xml-rows. */
import { SaxesParser } from 'saxes';
import { ExchangeError } from '../errors';
import { type Repair, repairXml } from './xml-repair';

export interface XmlElement {
  /** Local name, as written. */
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  /** Text and CDATA directly inside, not trimmed. */
  readonly text: string;
}

/** Depth that no message of the agreement comes near; a deeper document is an attack on the reader. */
export const MAX_DEPTH = 64;

type Open = { name: string; attributes: Record<string, string>; children: XmlElement[]; text: string };

/**
 * Reads one well-formed document. Prefixes are dropped, a declared encoding is ignored (the text is decoded already),
 * a byte-order mark and blanks before it are allowed.
 * @throws {ExchangeError} MALFORMED with line and column; a DOCTYPE and a depth over 64 are refused.
 */
export function readXml(text: string): XmlElement {
  const parser = new SaxesParser({ position: true });
  const stack: Open[] = [{ name: '', attributes: {}, children: [], text: '' }];
  parser.on('error', error => {
    throw malformed(error.message, parser.line, parser.column);
  });
  parser.on('doctype', () => {
    throw malformed('DOCTYPE', parser.line, parser.column);
  });
  parser.on('opentag', tag => {
    if (stack.length > MAX_DEPTH) throw malformed(`depth > ${MAX_DEPTH}`, parser.line, parser.column);
    // Names come from outside: an object without prototype has no `__proto__` to set.
    const attributes = Object.create(null) as Record<string, string>;
    for (const [name, value] of Object.entries(tag.attributes as Record<string, string>))
      attributes[localName(name)] = value;
    stack.push({ name: localName(tag.name), attributes, children: [], text: '' });
  });
  const addText = (part: string): void => {
    const top = stack.at(-1);
    if (top) top.text += part;
  };
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('closetag', () => {
    const done = stack.pop();
    if (done) stack.at(-1)?.children.push(done);
  });
  parser.write(text.replace(/^[\uFEFF\s]+/, '')).close();
  const root = stack[0]?.children[0];
  if (!root) throw malformed('no root element', 1, 0);
  return root;
}

/** Reads a document, and once more after the repair of the agreement's own misprints. */
export function readXmlTolerant(text: string): {
  readonly root: XmlElement;
  readonly repairs: readonly Repair[];
} {
  try {
    return { root: readXml(text), repairs: [] };
  } catch (error) {
    const mended = repairXml(text);
    if (mended.repairs.length === 0) throw error;
    return { root: readXml(mended.text), repairs: mended.repairs };
  }
}

/** First child of that name, in any case. */
export const child = (element: XmlElement, name: string): XmlElement | undefined =>
  element.children.find(candidate => candidate.name.toLowerCase() === name.toLowerCase());

/** All children of that name, in any case. */
export const childrenNamed = (element: XmlElement, name: string): XmlElement[] =>
  element.children.filter(candidate => candidate.name.toLowerCase() === name.toLowerCase());

/** The trimmed texts of an element's children by name; of repeated names the last filled one counts. */
export function valuesOf(element: XmlElement): Record<string, string> {
  const values = Object.create(null) as Record<string, string>;
  for (const { name, text } of element.children) {
    const value = text.trim();
    if (value !== '' || values[name] === undefined) values[name] = value;
  }
  return values;
}

export const localName = (name: string): string => name.slice(name.indexOf(':') + 1);

/** The parser's own message may quote the document, so only its kind and place are passed on. */
function malformed(reason: string, line: number, column: number): ExchangeError {
  const kind = /DOCTYPE|depth/.test(reason) ? `${reason} ` : '';
  return new ExchangeError({
    code: 'MALFORMED',
    retry: 'never',
    text: {
      zh: `${kind}XML 格式错误，第 ${line} 行第 ${column} 列，请对照协议检查标签是否成对、字符是否转义`,
      en: `${kind}malformed XML at line ${line}, column ${column}: check tags and escaping`,
    },
    details: { line, column },
  });
}
