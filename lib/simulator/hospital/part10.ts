/** Writes small DICOM Part 10 files in Explicit VR Little Endian, all in memory. For made-up images only. */

export type ShortVr = 'CS' | 'DA' | 'DS' | 'IS' | 'LO' | 'PN' | 'SH' | 'TM' | 'UI';

/** Group and element number in one, as 0x00100020. */
export type DicomElement =
  | readonly [tag: number, vr: ShortVr, value: string]
  | readonly [tag: number, vr: 'US', value: number]
  | readonly [tag: number, vr: 'OW', value: Buffer];

const EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';
/** Of this package's simulator; from a UUID, as PS3.5 B.2 has it. */
const IMPLEMENTATION_CLASS = '2.25.230104177731862364861347186512402718530';
const PREAMBLE_BYTES = 128;

/** A whole file. `elements` are the data set; SOP class and instance are taken from it. */
export function part10(elements: readonly DicomElement[]): Buffer {
  const dataSet = elements.toSorted(([one], [other]) => one - other);
  const uid = (wanted: number): string => String(dataSet.find(([tag]) => tag === wanted)?.[2] ?? '');
  const meta = Buffer.concat([
    encode(0x00020001, 'OB', Buffer.from([0, 1])),
    ...[
      [0x00020002, 'UI', uid(0x00080016)] as const,
      [0x00020003, 'UI', uid(0x00080018)] as const,
      [0x00020010, 'UI', EXPLICIT_LITTLE_ENDIAN] as const,
      [0x00020012, 'UI', IMPLEMENTATION_CLASS] as const,
    ].map(write),
  ]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(meta.length);
  return Buffer.concat([
    Buffer.alloc(PREAMBLE_BYTES),
    Buffer.from('DICM'),
    encode(0x00020000, 'UL', length),
    meta,
    ...dataSet.map(write),
  ]);
}

function write([tag, vr, value]: DicomElement): Buffer {
  if (typeof value === 'string') return encode(tag, vr, Buffer.from(value, 'utf8'));
  if (typeof value !== 'number') return encode(tag, vr, value);
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return encode(tag, vr, bytes);
}

/** Values have an even length; UIDs are filled up by a zero byte, texts by a blank (PS3.5 6.2). */
function encode(tag: number, vr: string, value: Buffer): Buffer {
  const long = vr === 'OB' || vr === 'OW';
  const fill = Buffer.alloc(value.length % 2, vr === 'UI' || long ? 0 : ' ');
  const header = Buffer.alloc(long ? 12 : 8);
  header.writeUInt16LE(tag >>> 16, 0);
  header.writeUInt16LE(tag & 0xffff, 2);
  header.write(vr, 4, 'latin1');
  if (long) header.writeUInt32LE(value.length + fill.length, 8);
  else header.writeUInt16LE(value.length + fill.length, 6);
  return Buffer.concat([header, value, fill]);
}
