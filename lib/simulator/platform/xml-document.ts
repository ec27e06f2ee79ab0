/**
 * Reads what our own side wrote, with a parser of its own: a mistake that our writer and our reader share would show
 * here. The parser's validator lets several malformed documents pass, which are refused here too.
 */
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { UnreadableError } from './fault';

export interface XmlNode {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlNode[];
  /** Text and CDATA directly inside, not trimmed. */
  readonly text: string;
}

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  htmlEntities: true,
  maxNestedTags: 64,
});

const CDATA = /<!\[CDATA\[[^]*?\]\]>/g;
const TAG_OR_CDATA = /<!\[CDATA\[[^]*?\]\]>|<(?:[^"'<>]|"[^"]*"|'[^']*')*>/g;
// oxlint-disable-next-line no-control-regex -- these are what XML 1.0 forbids
const ILLEGAL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Cs}/u;
const UNKNOWN_REFERENCE = /&(?!(?:lt|gt|amp|quot|apos|#\d+|#x[\da-fA-F]+);)/;

/**
 * Reads one well-formed document without DOCTYPE.
 * @throws {UnreadableError} saying what is wrong; it quotes nothing of the document.
 */
export function readDocument(text: string): XmlNode {
  checkWellFormed(text);
  let parsed: unknown;
  try {
    parsed = parser.parse(asParserSeesAttributes(text));
  } catch {
    throw new UnreadableError('XML 无法解析', 'the XML cannot be parsed');
  }
  const roots = nodesOf(parsed).filter(({ name }) => !name.startsWith('?'));
  const [root] = roots;
  if (!root || roots.length > 1)
    throw new UnreadableError('XML 应有且只有一个根元素', 'the XML must have exactly one root element');
  return root;
}

export const childNamed = (node: XmlNode, name: string): XmlNode | undefined =>
  node.children.find(child => child.name === name);

function checkWellFormed(text: string): void {
  const markup = text.replace(CDATA, '');
  if (/<!DOCTYPE/i.test(markup))
    throw new UnreadableError('XML 不允许含有 DOCTYPE', 'a DOCTYPE is not allowed');
  if (ILLEGAL.test(text))
    throw new UnreadableError('XML 含有非法字符', 'the XML holds characters that XML 1.0 forbids');
  const verdict = XMLValidator.validate(text);
  if (verdict !== true) {
    const { line, col } = verdict.err;
    throw new UnreadableError(
      `XML 格式错误，第 ${line} 行第 ${col} 列`,
      `malformed XML at line ${line}, column ${col}`,
    );
  }
  const loose = [...markup.matchAll(TAG_OR_CDATA)].some(([tag]) => tag.lastIndexOf('<') > 0);
  if (loose || markup.includes(']]>') || UNKNOWN_REFERENCE.test(markup)) {
    throw new UnreadableError('XML 格式错误：存在未转义的字符', 'malformed XML: characters are not escaped');
  }
}

/** XML 1.0, 3.3.3: a raw line break or tab in an attribute reads as a blank. The parser leaves that out. */
const asParserSeesAttributes = (text: string): string =>
  text.replace(TAG_OR_CDATA, found => (found.startsWith('<![') ? found : found.replace(/[\t\r\n]/g, ' ')));

/** The parser's ordered form: one object for each node, its children under its name, its attributes under `:@`. */
function nodesOf(list: unknown): XmlNode[] {
  return entriesOf(list).map(([name, children, attributes]) => ({
    name,
    attributes,
    children: nodesOf(children),
    text: textOf(children),
  }));
}

function textOf(list: unknown): string {
  if (!Array.isArray(list)) return '';
  return list
    .map((entry: unknown) => (isObject(entry) && typeof entry['#text'] === 'string' ? entry['#text'] : ''))
    .join('');
}

type Entry = readonly [name: string, children: unknown, attributes: Record<string, string>];

function entriesOf(list: unknown): Entry[] {
  if (!Array.isArray(list)) return [];
  return list.filter(isObject).flatMap(entry =>
    Object.entries(entry)
      .filter(([name]) => name !== ':@' && name !== '#text')
      .map(([name, children]): Entry => [name, children, attributesOf(entry[':@'])]),
  );
}

function attributesOf(value: unknown): Record<string, string> {
  const attributes: Record<string, string> = {};
  if (isObject(value)) for (const [name, held] of Object.entries(value)) attributes[name] = String(held);
  return attributes;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;
