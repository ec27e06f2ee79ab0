/** Writes data elements (PS3.5 7.1). */
import { type Encoding, isShortVr } from './element-reader';

/** Tag, VR where it is explicit, and length. An empty VR is that of items and delimiters, which never have one. */
export function elementHeader(
  tag: number,
  vr: string,
  length: number,
  { explicitVr, littleEndian }: Encoding,
): Buffer {
  const hasVr = explicitVr && vr !== '';
  const isLong = hasVr && !isShortVr(vr);
  const bytes = Buffer.alloc(isLong ? 12 : 8);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  view.setUint16(0, tag >>> 16, littleEndian);
  view.setUint16(2, tag & 0xffff, littleEndian);
  if (hasVr) bytes.write(vr, 4, 'latin1');
  if (isLong) view.setUint32(8, length, littleEndian);
  else if (hasVr) view.setUint16(6, length, littleEndian);
  else view.setUint32(4, length, littleEndian);
  return bytes;
}

/** An element with a value of ASCII text. */
export function asciiElement(tag: number, vr: string, text: string, encoding: Encoding): Buffer {
  const value = evenBytes(Buffer.from(text, 'latin1'), vr);
  return Buffer.concat([elementHeader(tag, vr, value.length, encoding), value]);
}

const PADDED_WITH_BLANK = new Set('AE AS CS DA DS DT IS LO LT PN SH ST TM UC UR UT'.split(' '));

/** Values have an even length (PS3.5 6.2): a blank makes up texts, a NUL all else. */
export const evenBytes = (value: Buffer, vr: string): Buffer =>
  value.length % 2 === 0 ? value : Buffer.concat([value, Buffer.of(PADDED_WITH_BLANK.has(vr) ? 0x20 : 0)]);
