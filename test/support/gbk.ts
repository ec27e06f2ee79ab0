/** Writes GBK, which Node only reads. */
import { gbkCodes } from '../../lib/contract/text-length';

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
