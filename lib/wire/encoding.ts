/** Bytes to text for whatever charset a hospital's system sends, and the byte lengths that databases count. */
import { TextDecoder } from 'node:util';
import { notSoap } from './soap-types';

export interface DecodedText {
  readonly text: string;
  /** Name of the charset that was used. */
  readonly charset: string;
}

/**
 * Decodes a message: by its BOM, else the charset of its Content-Type, else its XML declaration, else UTF-8. Bytes
 * that the charset doesn't know become U+FFFD.
 *
 * @throws ExchangeError NOT_SOAP: a charset that nobody here knows
 */
export function decodeText(bytes: Uint8Array, contentTypeCharset?: string): DecodedText {
  const charset = charsetOf(bytes, contentTypeCharset);
  const decoder = DECODERS.get(charset);
  if (decoder) return { text: decoder.decode(bytes), charset };
  const shown = charset.replace(/[^\w.:-]/g, '').slice(0, 40);
  throw notSoap(
    { zh: `不支持的字符编码“${shown}”，请使用 utf-8`, en: `unknown charset "${shown}"; use utf-8` },
    { charset: shown },
  );
}

/** The charset parameter of a Content-Type, without quotes. */
export const charsetParameter = (contentType: string | undefined): string | undefined =>
  /;\s*charset\s*=\s*["']?([^\s;"']+)/i.exec(contentType ?? '')?.[1];

/** Decoders keep no state between calls without `stream`, so that one for each charset serves all. */
const DECODERS: ReadonlyMap<string, TextDecoder> = new Map(
  ['utf-8', 'utf-16le', 'utf-16be', 'gb18030', 'iso-8859-1'].map(charset => [
    charset,
    new TextDecoder(charset),
  ]),
);

/** GB18030 holds GBK, which holds GB2312; ASCII is read as UTF-8, since a sender that says ASCII often isn't. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['utf8', 'utf-8'],
  ['us-ascii', 'utf-8'],
  ['ascii', 'utf-8'],
  ['gbk', 'gb18030'],
  ['gb2312', 'gb18030'],
  ['gb_2312-80', 'gb18030'],
  ['cp936', 'gb18030'],
  ['ms936', 'gb18030'],
  ['x-gbk', 'gb18030'],
  ['latin1', 'iso-8859-1'],
  ['windows-1252', 'iso-8859-1'],
]);

/** The charset that `decodeText` goes by. */
export function charsetOf(bytes: Uint8Array, contentTypeCharset: string | undefined): string {
  const marked = byteOrderMark(bytes);
  if (marked) return marked;
  const wide = zeroByteOrder(bytes);
  const stated = (contentTypeCharset ?? declaredCharset(bytes) ?? 'utf-8').trim().toLowerCase();
  // The bytes know better than the label: .NET writes encoding="utf-16" into strings that are sent as UTF-8.
  if (/^(utf-?16|ucs-?2|unicode)/.test(stated)) return wide ?? 'utf-8';
  return contentTypeCharset === undefined && wide ? wide : (ALIASES.get(stated) ?? stated);
}

function byteOrderMark(bytes: Uint8Array): string | undefined {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 'utf-8';
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  return undefined;
}

/** XML starts with an ASCII character, so the place of the zero byte tells the order of UTF-16. */
function zeroByteOrder(bytes: Uint8Array): string | undefined {
  if (bytes.length < 2) return undefined;
  if (bytes[0] !== 0 && bytes[1] === 0) return 'utf-16le';
  if (bytes[0] === 0 && bytes[1] !== 0) return 'utf-16be';
  return undefined;
}

function declaredCharset(bytes: Uint8Array): string | undefined {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 256)).toString(
    'latin1',
  );
  return /^\s*<\?xml[^>]*?\sencoding\s*=\s*["']([^"']+)["']/.exec(start)?.[1];
}

/** Length in UTF-8. */
export const utf8Length = (text: string): number => Buffer.byteLength(text);

/** Length in GBK; a character that GBK lacks counts the 4 bytes it takes in GB18030. */
export function gbkLength(text: string): number {
  const codes = gbkCodes();
  let length = 0;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) length++;
    else if (codes[unit] !== 0) length += 2;
    else {
      length += 4;
      if (unit >= 0xd800 && unit < 0xdc00) index++;
    }
  }
  return length;
}

/** GBK bytes, for tests and simulators. What GBK lacks is written in the 4 bytes of GB18030. */
export function encodeGbk(text: string): Buffer {
  const codes = gbkCodes();
  const bytes: number[] = [];
  for (const character of text) {
    const code = character.codePointAt(0)!;
    const pair = code < 0x10000 ? codes[code]! : 0;
    if (code < 0x80) bytes.push(code);
    else if (pair !== 0) bytes.push(pair >> 8, pair & 0xff);
    else bytes.push(...fourBytes(code));
  }
  return Buffer.from(bytes);
}

let codesOfUnits: Uint16Array | undefined;

/** The two bytes of each character of the basic plane; 0 where there are none. Made once, by the decoder. */
function gbkCodes(): Uint16Array {
  if (codesOfUnits) return codesOfUnits;
  const decoder = new TextDecoder('gb18030');
  codesOfUnits = new Uint16Array(0x10000);
  for (let lead = 0x81; lead <= 0xfe; lead++) {
    for (let trail = 0x40; trail <= 0xfe; trail++) {
      if (trail === 0x7f) continue;
      const decoded = decoder.decode(Uint8Array.of(lead, trail));
      if (decoded.length === 1 && decoded !== '\ufffd')
        codesOfUnits[decoded.charCodeAt(0)] = (lead << 8) | trail;
    }
  }
  return codesOfUnits;
}

/** GB18030 numbers its four-byte characters: the basic plane by a table, all above in sequence. */
const fourBytes = (code: number): number[] =>
  fourBytesOfNumber(code >= 0x10000 ? 189_000 + (code - 0x10000) : fourByteNumber(code));

const fourBytesOfNumber = (number: number): number[] => [
  0x81 + Math.floor(number / 12_600),
  0x30 + (Math.floor(number / 1260) % 10),
  0x81 + (Math.floor(number / 10) % 126),
  0x30 + (number % 10),
];

const FOUR_BYTE_CHARACTERS_OF_BASIC_PLANE = 39_420;
let numbersOfUnits: ReadonlyMap<number, number> | undefined;

/** A lone surrogate has no number; it is written as U+FFFD. */
function fourByteNumber(unit: number): number {
  if (!numbersOfUnits) {
    const all = Array.from({ length: FOUR_BYTE_CHARACTERS_OF_BASIC_PLANE }, (_, number) =>
      fourBytesOfNumber(number),
    );
    const units = new TextDecoder('gb18030').decode(Uint8Array.from(all.flat()));
    numbersOfUnits = new Map(Array.from(units, (character, number) => [character.charCodeAt(0), number]));
  }
  return numbersOfUnits.get(unit) ?? numbersOfUnits.get(0xfffd)!;
}
