/**
 * Text by Specific Character Set (0008,0005): PS3.3 C.12.1.1.2, PS3.5 6.1. Node's decoders know every repertoire; what
 * they lack is ISO 2022 (escape sequences), and writing.
 */
import { TextDecoder } from 'node:util';
import { encodeGb18030, encodeGb2312, encodeGbk } from './gb-encoder';
import { encodeSingleByte } from './single-byte-encoder';
import { unwritable } from './failure';

/** What text is taken for when the declared character set cannot be right: the peer's setting. */
export type Fallback = 'GB18030' | 'ISO_IR 192' | 'ISO_IR 100';

export const DEFAULT_FALLBACK: Fallback = 'GB18030';

const ESC = 0x1b;
const DECODERS = new Map<string, TextDecoder>();

/** Name of Node's decoder for each defined term, without its blanks and underscores. */
export const DECODER_NAMES: Readonly<Record<string, string>> = {
  ISOIR100: 'windows-1252',
  ISOIR101: 'iso-8859-2',
  ISOIR109: 'iso-8859-3',
  ISOIR110: 'iso-8859-4',
  ISOIR144: 'iso-8859-5',
  ISOIR127: 'iso-8859-6',
  ISOIR126: 'iso-8859-7',
  ISOIR138: 'iso-8859-8',
  ISOIR148: 'windows-1254',
  ISOIR203: 'iso-8859-15',
  ISOIR13: 'shift_jis',
  ISOIR166: 'windows-874',
  ISOIR192: 'utf-8',
  GB18030: 'gb18030',
  GBK: 'gb18030',
  // No terms of the standard, but seen.
  GB2312: 'gb18030',
  ISOIR58: 'gb18030',
  UTF8: 'utf-8',
};

/** A repertoire that an escape sequence calls up (PS3.3 tables C.12-3 and C.12-4). */
interface Designation {
  /** The half of the code table: G0 is 0x21–0x7E, G1 is 0xA1–0xFE. */
  readonly half: 'G0' | 'G1';
  readonly decoder: string;
  /** Bytes of G0 are raised to where the decoder expects them. */
  readonly prefix?: number;
}

const ASCII: Designation = { half: 'G0', decoder: 'ascii' };

export const DESIGNATIONS: ReadonlyMap<string, Designation> = new Map<string, Designation>([
  ['(B', ASCII],
  ['(J', ASCII],
  [')I', { half: 'G1', decoder: 'shift_jis' }],
  ['-A', { half: 'G1', decoder: 'windows-1252' }],
  ['-B', { half: 'G1', decoder: 'iso-8859-2' }],
  ['-C', { half: 'G1', decoder: 'iso-8859-3' }],
  ['-D', { half: 'G1', decoder: 'iso-8859-4' }],
  ['-L', { half: 'G1', decoder: 'iso-8859-5' }],
  ['-G', { half: 'G1', decoder: 'iso-8859-6' }],
  ['-F', { half: 'G1', decoder: 'iso-8859-7' }],
  ['-H', { half: 'G1', decoder: 'iso-8859-8' }],
  ['-M', { half: 'G1', decoder: 'windows-1254' }],
  ['-b', { half: 'G1', decoder: 'iso-8859-15' }],
  ['-T', { half: 'G1', decoder: 'windows-874' }],
  ['$)A', { half: 'G1', decoder: 'gb18030' }],
  ['$)C', { half: 'G1', decoder: 'euc-kr' }],
  ['$B', { half: 'G0', decoder: 'euc-jp' }],
  ['$(D', { half: 'G0', decoder: 'euc-jp', prefix: 0x8f }],
]);
/** For a peer that declares one of these and then leaves the escape sequences out. */
const IMPLIED: Readonly<Record<string, string>> = {
  ISO2022IR58: 'gb18030',
  ISO2022IR149: 'euc-kr',
  ISO2022IR13: 'shift_jis',
};

/**
 * Text of a value. Bytes that no character set explains become U+FFFD; nothing is ever thrown.
 *
 * @param declared (0008,0005) as it stands in the data set; empty for the default repertoire
 */
export function decodeText(bytes: Buffer, declared: string, fallback?: Fallback): string {
  if (isAscii(bytes)) return bytes.toString('latin1');
  const terms = termsOf(declared);
  if (bytes.includes(ESC)) return decodeIso2022(bytes, terms, fallback);
  const implied = terms.map(term => IMPLIED[term] ?? DECODER_NAMES[term.replace('ISO2022', 'ISO')]);
  const stated = implied.find(name => name !== undefined);
  if (stated === undefined || isWrong(bytes, stated, fallback)) return decodeUndeclared(bytes, fallback);
  return decoderOf(stated).decode(bytes);
}

/**
 * A value, written by the character set.
 *
 * @throws ExchangeError CONTRACT: it lacks a character. No `?` is written instead, which would match any character.
 */
export function encodeText(text: string, characterSet: string): Buffer {
  if (isAsciiText(text)) return Buffer.from(text, 'latin1');
  const terms = termsOf(characterSet);
  const bytes = encodeBy(text, terms);
  if (!bytes) throw unwritable(characterSet.trim());
  return bytes;
}

/** Whether every character set has all of the text. */
export const isAsciiText = (text: string): boolean => !/[^\0-\x7f]/.test(text);

function encodeBy(text: string, terms: readonly string[]): Buffer | undefined {
  if (terms.includes('ISO2022IR58')) return encodeIso2022Ir58(text);
  const [term = ''] = terms;
  switch (term) {
    case 'ISOIR192':
    case 'UTF8':
      return Buffer.from(text);
    case 'GB18030':
      return encodeGb18030(text);
    case 'GBK':
    case 'GB2312':
      return encodeGbk(text);
    default: {
      const name = DECODER_NAMES[term];
      return name === undefined ? undefined : encodeSingleByte(text, name);
    }
  }
}

/** Terms in capitals without the blanks, underscores and dashes that programs mix up; empty ones are the default. */
const termsOf = (declared: string): string[] =>
  declared.split('\\').map(term => term.toUpperCase().replace(/[\s_\0-]/g, ''));

function decoderOf(name: string): TextDecoder {
  const known = DECODERS.get(name);
  if (known) return known;
  const decoder = new TextDecoder(name);
  DECODERS.set(name, decoder);
  return decoder;
}

function isAscii(bytes: Buffer): boolean {
  for (const byte of bytes) if (byte >= 0x80 || byte === ESC) return false;
  return true;
}

/** Whether the declared repertoire cannot be what the bytes are written in. */
function isWrong(bytes: Buffer, decoder: string, fallback: Fallback | undefined): boolean {
  if (decoder === 'utf-8') return !isUtf8(bytes);
  // Devices that came set to Latin-1 pass on what they were sent.
  if (decoder === 'windows-1252') return isUtf8(bytes) || (fallback === 'GB18030' && isGb2312(bytes));
  return false;
}

function decodeUndeclared(bytes: Buffer, fallback: Fallback = DEFAULT_FALLBACK): string {
  if (isUtf8(bytes)) return decoderOf('utf-8').decode(bytes);
  const name = DECODER_NAMES[termsOf(fallback)[0] ?? ''] ?? 'gb18030';
  return decoderOf(name).decode(bytes);
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

function isUtf8(bytes: Buffer): boolean {
  try {
    strictUtf8.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** Whether all bytes above ASCII are pairs of the Chinese characters of GB 2312: hardly ever so in Latin-1. */
function isGb2312(bytes: Buffer): boolean {
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (byte < 0x80) continue;
    const second = bytes[++at] ?? 0;
    if (byte < 0xb0 || byte > 0xf7 || second < 0xa1 || second > 0xfe) return false;
  }
  return true;
}

/** Text with code extensions (PS3.5 6.1.2.5): each run of bytes by the repertoires called up before it. */
function decodeIso2022(bytes: Buffer, terms: readonly string[], fallback: Fallback | undefined): string {
  const initial = { G0: ASCII, G1: initialG1(terms, fallback) };
  let { G0, G1 } = initial;
  let text = '';
  for (let at = 0; at < bytes.length;) {
    if (bytes[at] === ESC) {
      const { designation, length } = escapeAt(bytes, at);
      if (designation?.half === 'G0') G0 = designation;
      else if (designation) G1 = designation;
      at += length;
    } else if (G0 === ASCII && isDelimiter(bytes[at]!)) {
      // Whatever was called up is forgotten at the end of a line, component or value (PS3.5 6.1.2.5.3).
      ({ G0, G1 } = initial);
      text += String.fromCharCode(bytes[at]!);
      at++;
    } else {
      const end = runEnd(bytes, at, G0, G1);
      text += decodeRun(bytes.subarray(at, end), G0, G1);
      at = end;
    }
  }
  return text;
}

function initialG1(terms: readonly string[], fallback: Fallback | undefined): Designation {
  const [first = ''] = terms;
  const own = DECODER_NAMES[first.replace('ISO2022', 'ISO')];
  const implied = terms.map(term => IMPLIED[term]).find(name => name !== undefined);
  const decoder =
    own ?? implied ?? DECODER_NAMES[termsOf(fallback ?? DEFAULT_FALLBACK)[0] ?? ''] ?? 'gb18030';
  return { half: 'G1', decoder };
}

/** An unknown escape sequence is left out, by the pattern of ISO 2022: intermediate bytes, one final byte. */
function escapeAt(
  bytes: Buffer,
  at: number,
): { readonly designation: Designation | undefined; readonly length: number } {
  let end = at + 1;
  while (end < bytes.length && bytes[end]! >= 0x20 && bytes[end]! <= 0x2f) end++;
  end = Math.min(end + 1, bytes.length);
  return { designation: DESIGNATIONS.get(bytes.toString('latin1', at + 1, end)), length: end - at };
}

/** TAB, LF, FF, CR, and what separates values, components and component groups. */
const isDelimiter = (byte: number): boolean =>
  byte === 0x09 ||
  byte === 0x0a ||
  byte === 0x0c ||
  byte === 0x0d ||
  byte === 0x5c ||
  byte === 0x5e ||
  byte === 0x3d;

/** Where a run ends that is decoded in one: at an escape sequence, or at a delimiter that is no half of a character. */
function runEnd(bytes: Buffer, from: number, G0: Designation, G1: Designation): number {
  // Peers write GBK where they declare GB 2312: its second bytes may look like delimiters.
  const hasPairs = G1.decoder === 'gb18030';
  const endsAt = (byte: number): boolean => byte === ESC || (G0 === ASCII && isDelimiter(byte));
  let end = from;
  while (end < bytes.length && !endsAt(bytes[end]!)) {
    end += hasPairs && bytes[end]! >= 0x80 && bytes[end + 1] !== ESC ? 2 : 1;
  }
  return Math.min(end, bytes.length);
}

function decodeRun(run: Buffer, G0: Designation, G1: Designation): string {
  if (G0 === ASCII) return decoderOf(G1.decoder).decode(run);
  const raised: number[] = [];
  for (let at = 0; at + 1 < run.length; at += 2) {
    if (G0.prefix !== undefined) raised.push(G0.prefix);
    raised.push(run[at]! | 0x80, run[at + 1]! | 0x80);
  }
  return decoderOf(G0.decoder).decode(Uint8Array.from(raised));
}

const ESCAPE_IR_58 = Buffer.from('\x1b$)A', 'latin1');

/** GB 2312 in G1, called up anew in each component that needs it, as PS3.5 K.2 shows. */
function encodeIso2022Ir58(text: string): Buffer | undefined {
  const parts: Buffer[] = [];
  for (const component of text.split(/([\t\n\f\r\\^=])/)) {
    const bytes = encodeGb2312(component);
    if (!bytes) return undefined;
    if (!isAsciiText(component)) parts.push(ESCAPE_IR_58);
    parts.push(bytes);
  }
  return Buffer.concat(parts);
}
