/** Writes GB18030, GBK and GB 2312, which Node only reads. Tables are made once, by its decoder. */
import { TextDecoder } from 'node:util';
import { gbkCodes } from '../contract/text-length';

/**
 * A lone surrogate is written as U+FFFD, and so are the few private characters that GB 18030-2022 has given their true
 * code points; all others have a code.
 */
export function encodeGb18030(text: string): Buffer {
  const bytes: number[] = [];
  for (const character of text) {
    const code = character.codePointAt(0)!;
    const pair = pairOf(code);
    if (code < 0x80) bytes.push(code);
    else if (pair !== 0) bytes.push(pair >> 8, pair & 0xff);
    else bytes.push(...fourBytes(code));
  }
  return Buffer.from(bytes);
}

/** Undefined when GBK lacks a character. */
export const encodeGbk = (text: string): Buffer | undefined => encodePairs(text, () => true);

/** Undefined when GB 2312 lacks a character. */
export const encodeGb2312 = (text: string): Buffer | undefined => encodePairs(text, isGb2312);

function encodePairs(text: string, has: (pair: number) => boolean): Buffer | undefined {
  const bytes: number[] = [];
  for (const character of text) {
    const code = character.codePointAt(0)!;
    if (code < 0x80) {
      bytes.push(code);
      continue;
    }
    const pair = pairOf(code);
    if (pair === 0 || !has(pair)) return undefined;
    bytes.push(pair >> 8, pair & 0xff);
  }
  return Buffer.from(bytes);
}

const pairOf = (code: number): number => (code < 0x10000 ? gbkCodes()[code]! : 0);

/** The cells of GB 2312-80 that hold a character: first and last pair of each block. */
const GB2312_BLOCKS: readonly (readonly [first: number, last: number])[] = [
  [0xa1a1, 0xa1fe],
  [0xa2b1, 0xa2e2],
  [0xa2e5, 0xa2ee],
  [0xa2f1, 0xa2fc],
  [0xa3a1, 0xa3fe],
  [0xa4a1, 0xa4f3],
  [0xa5a1, 0xa5f6],
  [0xa6a1, 0xa6b8],
  [0xa6c1, 0xa6d8],
  [0xa7a1, 0xa7c1],
  [0xa7d1, 0xa7f1],
  [0xa8a1, 0xa8ba],
  [0xa8c5, 0xa8e9],
  [0xa9a4, 0xa9ef],
  [0xb0a1, 0xd7f9],
  [0xd8a1, 0xf7fe],
];

const isGb2312 = (pair: number): boolean =>
  (pair & 0xff) >= 0xa1 && GB2312_BLOCKS.some(([first, last]) => pair >= first && pair <= last);

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
