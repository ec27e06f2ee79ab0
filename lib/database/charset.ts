/**
 * What a varchar can hold. The driver, and the server after it, write `?` for a character that the code page of the
 * database lacks, and say nothing: a name must not change on its way, so it is looked at before.
 */
import { TextDecoder } from 'node:util';
import { gbkCodes } from '../contract/text-length';

export interface VarcharText {
  /** The first character that cannot be kept; undefined when all can. */
  readonly lost: string | undefined;
  readonly bytes: number;
}

/** @param codePage as the driver calls it: `CP936`, `CP1252`, `utf-8` */
export function inVarchar(text: string, codePage: string): VarcharText {
  if (/^utf-?8$/i.test(codePage)) return { lost: undefined, bytes: Buffer.byteLength(text) };
  const sizeOf = codePage.toUpperCase() === 'CP936' ? gbkSize : singleByteSize(codePage);
  let bytes = 0;
  for (const character of text) {
    const size = sizeOf(character.codePointAt(0)!);
    if (size === 0) return { lost: character, bytes };
    bytes += size;
  }
  return { lost: undefined, bytes };
}

const EURO = 0x20ac;

/** Code page 936 is GBK without what GB 18030 has added to its two-byte characters. */
function gbkSize(code: number): number {
  if (code < 0x80 || code === EURO) return 1;
  if (code >= 0x10000 || isPrivate(code)) return 0;
  const pair = gbkCodes()[code]!;
  return pair === 0 || isOfGb18030(code, pair) ? 0 : 2;
}

const isPrivate = (code: number): boolean => code >= 0xe000 && code < 0xf900;

const isOfGb18030 = (code: number, pair: number): boolean =>
  pair === 0xa8bc ||
  pair === 0xa8bf ||
  (pair >= 0xa989 && pair <= 0xa995) ||
  (pair >= 0xfe50 && pair <= 0xfea0) ||
  (code >= 0xfe10 && code <= 0xfe19);

const sizes = new Map<string, (code: number) => number>();

function singleByteSize(codePage: string): (code: number) => number {
  let size = sizes.get(codePage);
  if (!size) {
    const known = upperHalf(codePage);
    size = code => (code < 0x80 || known.has(code) ? 1 : 0);
    sizes.set(codePage, size);
  }
  return size;
}

/**
 * What the bytes from 0xA0 on stand for. Those before differ between versions of Node, and refusing what can be kept
 * loses nothing. None of a code page that Node does not know: only ASCII is sure there.
 */
function upperHalf(codePage: string): Set<number> {
  const known = new Set<number>();
  try {
    const decoder = new TextDecoder(codePage.replace(/^CP(?=125\d$|874$)/i, 'windows-'));
    for (let byte = 0xa0; byte < 0x100; byte++)
      known.add(decoder.decode(Uint8Array.of(byte)).codePointAt(0)!);
  } catch {
    return known;
  }
  known.delete(0xfffd);
  return known;
}
