/** Text that goes into XML: escaping, CDATA, and the characters XML 1.0 has no place for. */

export const XML_DECLARATION = '<?xml version="1.0" encoding="utf-8"?>';

// The C0 controls but TAB, LF and CR, and the two non-characters: XML 1.0 has no way to write them.
const ILLEGAL = '\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\ufffe\\uffff';
const NEEDS_WORK_IN_TEXT = new RegExp(`[&<>\\r${ILLEGAL}]`);
const NEEDS_WORK_IN_ATTRIBUTE = new RegExp(`[&<>"\\r\\n\\t${ILLEGAL}]`);
const ILLEGAL_OR_LONE_SURROGATE = new RegExp(`[${ILLEGAL}\\p{Cs}]`, 'u');
const EVERY_ILLEGAL_OR_LONE_SURROGATE = new RegExp(ILLEGAL_OR_LONE_SURROGATE, 'gu');

const NAMED_REFERENCES: ReadonlyMap<string, string> = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['quot', '"'],
  ['apos', "'"],
]);

type Replacements = readonly (string | undefined)[];

// A CR is written as a reference because a reader turns a raw CR LF into LF (XML 1.0, 2.11).
const TEXT = replacements({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '\r': '&#13;' });
/** For text of a document that is itself text in another one: both escapes at once. By ASCII code. */
export const TEXT_TWICE = replacements({
  '&': '&amp;amp;',
  '<': '&amp;lt;',
  '>': '&amp;gt;',
  '\r': '&amp;#13;',
});
// A reader turns raw line breaks in an attribute into blanks (XML 1.0, 3.3.3): findings would lose their lines.
const ATTRIBUTE = replacements({
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#13;',
  '\n': '&#10;',
  '\t': '&#9;',
});

/**
 * Text for between tags. Illegal characters are left out, so that the outcome is always well-formed; use
 * {@link stripIllegal} first where the loss has to be counted.
 */
export const escapeText = (text: string): string =>
  NEEDS_WORK_IN_TEXT.test(text) ? replaceAll(text, TEXT) : text;

/** Text for an attribute in double quotes; line breaks and tabs survive as character references. */
export const escapeAttribute = (text: string): string =>
  NEEDS_WORK_IN_ATTRIBUTE.test(text) ? replaceAll(text, ATTRIBUTE) : text;

/** A CDATA section, or several where the text itself holds `]]>`. */
export const cdata = (text: string): string => `<![CDATA[${text.replaceAll(']]>', ']]]]><![CDATA[>')}]]>`;

/** The text without the characters that XML 1.0 cannot hold, lone surrogates included, and how many were removed. */
export function stripIllegal(text: string): { text: string; removed: number } {
  if (!ILLEGAL_OR_LONE_SURROGATE.test(text)) return { text, removed: 0 };
  const stripped = text.replace(EVERY_ILLEGAL_OR_LONE_SURROGATE, '');
  return { text: stripped, removed: text.length - stripped.length };
}

/**
 * Leaves out the character references, `&#7;` and the like, that XML forbids as much as the characters themselves.
 * CDATA is not touched: there they are plain text.
 */
export function stripIllegalReferences(xml: string): string {
  const [start = '', ...sections] = xml.split('<![CDATA[');
  const cleaned = sections.map(section => {
    const end = section.indexOf(']]>');
    return end < 0 ? section : section.slice(0, end) + withoutIllegalReferences(section.slice(end));
  });
  return [withoutIllegalReferences(start), ...cleaned].join('<![CDATA[');
}

const withoutIllegalReferences = (xml: string): string =>
  xml.replace(/&(#[^;&<]{1,12});/g, (found, reference: string) =>
    decodeReference(reference) === '' ? '' : found,
  );

/**
 * The character that a reference stands for, `lt` or `#20013` or `#x4e2d`. '' for one that XML forbids; undefined
 * when there is no such reference.
 */
export function decodeReference(reference: string): string | undefined {
  const named = NAMED_REFERENCES.get(reference);
  if (named !== undefined) return named;
  const numeric = /^#(?:x([0-9a-fA-F]+)|([0-9]+))$/.exec(reference);
  if (!numeric) return undefined;
  const code = numeric[1] === undefined ? Number(numeric[2]) : Number.parseInt(numeric[1], 16);
  if (code > 0x10ffff) return '';
  return stripIllegal(String.fromCodePoint(code)).text;
}

function replacements(named: Record<string, string>): Replacements {
  const table: (string | undefined)[] = Array.from({ length: 0x80 });
  for (let code = 0; code < 0x20; code++) if (![0x09, 0x0a, 0x0d].includes(code)) table[code] = '';
  for (const [character, written] of Object.entries(named)) table[character.charCodeAt(0)] = written;
  return table;
}

/** One pass over the text, copying the untouched stretches whole. */
function replaceAll(text: string, table: Replacements): string {
  let written = '';
  let copied = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    const replacement = code < 0x80 ? table[code] : code >= 0xfffe ? '' : undefined;
    if (replacement === undefined) continue;
    written += text.slice(copied, index) + replacement;
    copied = index + 1;
  }
  return written + text.slice(copied);
}
