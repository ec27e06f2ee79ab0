/** XML for people: an element a line, indented. */
import { escapeAttribute, escapeText } from '../wire/xml-text';
import type { XmlElement } from '../wire/xml-read';

const INDENT = '  ';
/** Attributes of one element that share its line. */
const BESIDE = 3;

export function printXml(element: XmlElement, indent = ''): string {
  const { name, children, text } = element;
  const start = `${indent}<${name}${attributesOf(element, indent)}`;
  const content = text.trim();
  if (children.length === 0)
    return content === '' ? `${start}/>` : `${start}>${escapeText(content)}</${name}>`;
  const lines = children.map(child => printXml(child, indent + INDENT));
  if (content !== '') lines.unshift(indent + INDENT + escapeText(content));
  return [`${start}>`, ...lines, `${indent}</${name}>`].join('\n');
}

function attributesOf({ attributes }: XmlElement, indent: string): string {
  const written = Object.entries(attributes).map(([name, value]) => `${name}="${escapeAttribute(value)}"`);
  const between = written.length > BESIDE ? `\n${indent}${INDENT}${INDENT}` : ' ';
  return written.map(one => between + one).join('');
}
