/** Makes DICOM files element by element, for tests: also what no program should write. Shares no code with lib/. */
import zlib from 'node:zlib';

/** Root of all UIDs in tests. */
export const UID_ROOT = '1.2.826.0.1.3680043.10.1.99999';

export const SYNTAX = {
  implicit: '1.2.840.10008.1.2',
  explicit: '1.2.840.10008.1.2.1',
  deflated: '1.2.840.10008.1.2.1.99',
  bigEndian: '1.2.840.10008.1.2.2',
  jpeg: '1.2.840.10008.1.2.4.50',
  rle: '1.2.840.10008.1.2.5',
} as const;

export interface Writing {
  readonly explicitVr: boolean;
  readonly littleEndian: boolean;
}

export const writingOf = (syntax: string): Writing => ({
  explicitVr: syntax !== SYNTAX.implicit,
  littleEndian: syntax !== SYNTAX.bigEndian,
});

export interface TestElement {
  readonly tag: number;
  readonly vr: string;
  /** Text is written in Latin-1; arrays are the items of a sequence. */
  readonly value: string | Buffer | readonly (readonly TestElement[])[];
  readonly open: boolean;
}

export const element = (tag: number, vr: string, value: TestElement['value'] = ''): TestElement => ({
  tag,
  vr,
  value,
  open: false,
});

/** A sequence whose length, and that of its items, is undefined. */
export const openSequence = (
  tag: number,
  items: readonly (readonly TestElement[])[],
  vr = 'SQ',
): TestElement => ({ tag, vr, value: items, open: true });

/** Compressed pixel data: an empty offset table, and fragments. */
export const fragments = (...parts: readonly Buffer[]): TestElement => ({
  tag: 0x7fe00010,
  vr: 'OB',
  value: Buffer.concat([
    itemHeader(0xfffee000, 0, true),
    ...parts.flatMap(part => [itemHeader(0xfffee000, part.length, true), part]),
    itemHeader(0xfffee0dd, 0, true),
  ]),
  open: true,
});

const SHORT = 'AE AS AT CS DA DS DT FL FD IS LO LT PN SH SL SS ST TM UI UL US ??'.split(' ');

export function writeElement(one: TestElement, writing: Writing): Buffer {
  // The value of UN with undefined length is implicit little endian, whatever is around it.
  const within = one.vr === 'UN' && one.open ? { explicitVr: false, littleEndian: true } : writing;
  const value = writeValue(one, within);
  const length = one.open ? 0xffffffff : value.length;
  return Buffer.concat([elementHeader(one.tag, one.vr, length, writing), value]);
}

function writeValue({ value, vr, open }: TestElement, writing: Writing): Buffer {
  if (Buffer.isBuffer(value)) return value;
  if (typeof value === 'string') {
    const text = Buffer.from(value, 'latin1');
    return text.length % 2 === 0 ? text : Buffer.concat([text, Buffer.from(vr === 'UI' ? '\0' : ' ')]);
  }
  const items = value.flatMap(item => {
    const bytes = writeDataSet(item, writing);
    return open
      ? [
          itemHeader(0xfffee000, 0xffffffff, writing.littleEndian),
          bytes,
          itemHeader(0xfffee00d, 0, writing.littleEndian),
        ]
      : [itemHeader(0xfffee000, bytes.length, writing.littleEndian), bytes];
  });
  return Buffer.concat(open ? [...items, itemHeader(0xfffee0dd, 0, writing.littleEndian)] : items);
}

function elementHeader(
  tag: number,
  vr: string,
  length: number,
  { explicitVr, littleEndian }: Writing,
): Buffer {
  if (!explicitVr) return itemHeader(tag, length, littleEndian);
  const isShort = SHORT.includes(vr);
  const bytes = Buffer.alloc(isShort ? 8 : 12);
  itemHeader(tag, 0, littleEndian).copy(bytes);
  bytes.write(vr, 4, 'latin1');
  if (isShort) bytes[littleEndian ? 'writeUInt16LE' : 'writeUInt16BE'](length, 6);
  else bytes[littleEndian ? 'writeUInt32LE' : 'writeUInt32BE'](length, 8);
  return bytes;
}

/** Tag and a length of 4 bytes. */
export function itemHeader(tag: number, length: number, littleEndian: boolean): Buffer {
  const bytes = Buffer.alloc(8);
  bytes[littleEndian ? 'writeUInt16LE' : 'writeUInt16BE'](tag >>> 16);
  bytes[littleEndian ? 'writeUInt16LE' : 'writeUInt16BE'](tag & 0xffff, 2);
  bytes[littleEndian ? 'writeUInt32LE' : 'writeUInt32BE'](length, 4);
  return bytes;
}

export const writeDataSet = (elements: readonly TestElement[], writing: Writing): Buffer =>
  Buffer.concat(elements.map(one => writeElement(one, writing)));

export interface FileOptions {
  readonly syntax?: string;
  /** In place of the right ones. */
  readonly meta?: readonly TestElement[];
  /** Added to the true group length; undefined leaves the element out. */
  readonly groupLength?: number | undefined;
}

/** A Part 10 file of a data set that is given as bytes, already deflated where that is its syntax. */
export function fileOf(dataSet: Buffer, options: FileOptions = {}): Buffer {
  const { syntax = SYNTAX.explicit, meta = metaOf(syntax) } = options;
  const group = writeDataSet(meta, writingOf(SYNTAX.explicit));
  const length = Buffer.alloc(4);
  length.writeInt32LE(group.length + (options.groupLength ?? 0));
  const hasLength = !('groupLength' in options) || options.groupLength !== undefined;
  const first = hasLength
    ? writeElement(element(0x00020000, 'UL', length), writingOf(SYNTAX.explicit))
    : Buffer.alloc(0);
  return Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), first, group, dataSet]);
}

export const metaOf = (syntax: string, sopClass = CT_IMAGE, sop = `${UID_ROOT}.3`): TestElement[] => [
  element(0x00020001, 'OB', Buffer.from([0, 1])),
  element(0x00020002, 'UI', sopClass),
  element(0x00020003, 'UI', sop),
  element(0x00020010, 'UI', syntax),
  element(0x00020012, 'UI', `${UID_ROOT}.9`),
];

export const CT_IMAGE = '1.2.840.10008.5.1.4.1.1.2';

/** The elements of a small CT image; `changed` replaces those of the same tag, or adds some; '' removes. */
export function imageElements(changed: Readonly<Record<number, TestElement | null>> = {}): TestElement[] {
  const all = new Map<number, TestElement>(
    [
      element(0x00080008, 'CS', 'ORIGINAL\\PRIMARY\\AXIAL'),
      element(0x00080016, 'UI', CT_IMAGE),
      element(0x00080018, 'UI', `${UID_ROOT}.3`),
      element(0x00080020, 'DA', '20260102'),
      element(0x00080050, 'SH', 'ACC0001'),
      element(0x00080060, 'CS', 'CT'),
      element(0x00080070, 'LO', 'SYNTHETIC'),
      openSequence(0x00081140, [
        [
          element(0x00081150, 'UI', CT_IMAGE),
          element(0x00081155, 'UI', `${UID_ROOT}.7`),
          openSequence(0x0040a170, [[element(0x00080060, 'CS', 'MR'), element(0x00080100, 'SH', '121311')]]),
        ],
        [],
      ]),
      element(0x00100010, 'PN', 'Ceshi^Jia'),
      element(0x00100020, 'LO', 'P0001'),
      element(0x0020000d, 'UI', `${UID_ROOT}.1`),
      element(0x0020000e, 'UI', `${UID_ROOT}.2`),
      element(0x00200013, 'IS', '1'),
      element(0x00280010, 'US', Buffer.from([4, 0])),
      element(0x00280011, 'US', Buffer.from([4, 0])),
      element(0x00290010, 'LO', 'SYNTHETIC PRIVATE'),
      element(0x00291010, 'OB', Buffer.from([1, 2, 3, 4])),
      element(0x7fe00010, 'OW', Buffer.alloc(32, 7)),
    ].map(one => [one.tag, one]),
  );
  for (const [tag, one] of Object.entries(changed)) {
    if (one === null) all.delete(Number(tag));
    else all.set(Number(tag), one);
  }
  return [...all.values()].toSorted((one, other) => one.tag - other.tag);
}

/** A CT image as a file, in any syntax. */
export function imageFile(
  syntax: string = SYNTAX.explicit,
  changed: Readonly<Record<number, TestElement | null>> = {},
): Buffer {
  const pixels =
    syntax === SYNTAX.jpeg || syntax === SYNTAX.rle
      ? { 0x7fe00010: fragments(Buffer.alloc(10, 1), Buffer.alloc(6, 2)) }
      : {};
  const dataSet = writeDataSet(imageElements({ ...pixels, ...changed }), writingOf(syntax));
  return fileOf(syntax === SYNTAX.deflated ? zlib.deflateRawSync(dataSet) : dataSet, { syntax });
}
