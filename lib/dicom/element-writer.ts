/** Writes data elements (PS3.5 7.1). */
import { type Encoding, isShortVr } from './element-reader';

/** Tag, VR where it is explicit, and length. An empty VR is that of items and delimiters, which never have one. */
export function elementHeader(tag: number, vr: string, length: number, encoding: Encoding): Buffer {
  const bytes = Buffer.allocUnsafe(headerSize(vr, encoding));
  writeHeader(bytes, tag, vr, length, encoding);
  return bytes;
}

/** An element with a value of ASCII text. */
export function asciiElement(tag: number, vr: string, text: string, encoding: Encoding): Buffer {
  const size = headerSize(vr, encoding);
  const length = text.length + (text.length % 2);
  const bytes = Buffer.allocUnsafe(size + length);
  writeHeader(bytes, tag, vr, length, encoding);
  if (length > text.length) bytes[size + text.length] = paddingOf(vr);
  bytes.write(text, size, 'latin1');
  return bytes;
}

const headerSize = (vr: string, { explicitVr }: Encoding): 8 | 12 =>
  explicitVr && vr !== '' && !isShortVr(vr) ? 12 : 8;

function writeHeader(
  bytes: Buffer,
  tag: number,
  vr: string,
  length: number,
  { explicitVr, littleEndian }: Encoding,
): void {
  const put16 = (value: number, at: number): void =>
    void (littleEndian ? bytes.writeUInt16LE(value, at) : bytes.writeUInt16BE(value, at));
  const put32 = (value: number, at: number): void =>
    void (littleEndian ? bytes.writeUInt32LE(value, at) : bytes.writeUInt32BE(value, at));
  put16(tag >>> 16, 0);
  put16(tag & 0xffff, 2);
  if (!explicitVr || vr === '') {
    put32(length, 4);
    return;
  }
  bytes.write(vr, 4, 'latin1');
  if (isShortVr(vr)) put16(length, 6);
  else {
    put16(0, 6);
    put32(length, 8);
  }
}

const PADDED_WITH_BLANK = new Set('AE AS CS DA DS DT IS LO LT PN SH ST TM UC UR UT'.split(' '));

/** Values have an even length (PS3.5 6.2): a blank makes up texts, a NUL all else. */
export const evenBytes = (value: Buffer, vr: string): Buffer =>
  value.length % 2 === 0 ? value : Buffer.concat([value, Buffer.of(paddingOf(vr))]);

const paddingOf = (vr: string): number => (PADDED_WITH_BLANK.has(vr) ? 0x20 : 0);
