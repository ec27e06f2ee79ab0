/** Bytes to text for whatever charset a hospital's system sends. */
import { TextDecoder } from 'node:util';
import { shownWord } from '../privacy/shown-text';
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
  const shown = shownWord(charset);
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
