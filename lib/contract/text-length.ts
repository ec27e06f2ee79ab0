/** How long a text is in the units that a database column may count. */

let gbkCharacters: Map<string, number> | undefined;

/** Characters of GBK with their two bytes; Node decodes GBK but does not encode it, so the table is read off once. */
export function gbkTable(): ReadonlyMap<string, number> {
  if (gbkCharacters) return gbkCharacters;
  gbkCharacters = new Map();
  const decoder = new TextDecoder('gbk');
  for (let lead = 0x81; lead <= 0xfe; lead++) {
    for (let trail = 0x40; trail <= 0xfe; trail++) {
      if (trail === 0x7f) continue;
      const char = decoder.decode(Uint8Array.of(lead, trail));
      if ([...char].length === 1 && char !== '\uFFFD') gbkCharacters.set(char, (lead << 8) | trail);
    }
  }
  return gbkCharacters;
}

/** Bytes in GBK; a character outside GBK counts four, as in GB18030. */
export function gbkLength(text: string): number {
  const table = gbkTable();
  let bytes = 0;
  for (const char of text) bytes += char.charCodeAt(0) < 0x80 ? 1 : table.has(char) ? 2 : 4;
  return bytes;
}

export const utf8Length = (text: string): number => Buffer.byteLength(text, 'utf8');
