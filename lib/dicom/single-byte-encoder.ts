/** Writes the single-byte repertoires (ISO 8859, TIS 620, JIS X 0201), by tables made from Node's decoders. */
import { TextDecoder } from 'node:util';

const TABLES = new Map<string, ReadonlyMap<string, number>>();

/** Undefined when the repertoire lacks a character. */
export function encodeSingleByte(text: string, decoderName: string): Buffer | undefined {
  const table = tableOf(decoderName);
  const bytes = Array.from(text, character => table.get(character));
  return bytes.every(byte => byte !== undefined) ? Buffer.from(bytes) : undefined;
}

function tableOf(decoderName: string): ReadonlyMap<string, number> {
  const known = TABLES.get(decoderName);
  if (known) return known;
  const decoder = new TextDecoder(decoderName);
  const table = new Map<string, number>();
  for (let byte = 0; byte < 0x80; byte++) table.set(String.fromCharCode(byte), byte);
  // 0x80–0x9F are controls in all of these; what Windows has there is no part of them.
  for (let byte = 0xa0; byte < 0x100; byte++) {
    const character = decoder.decode(Uint8Array.of(byte));
    if (character !== '\ufffd') table.set(character, byte);
  }
  TABLES.set(decoderName, table);
  return table;
}
