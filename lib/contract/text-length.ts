/** How long a text is in the units that a database column may count. */
import { TextDecoder } from 'node:util';

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

let codesOfUnits: Uint16Array | undefined;

/** The two bytes of each character of the basic plane; 0 where there are none. Made once, by the decoder. */
export function gbkCodes(): Uint16Array {
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
