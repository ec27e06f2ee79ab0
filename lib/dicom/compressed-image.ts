/**
 * A data set with compressed pixel data (PS3.5 A.4) as one without (PS3.5 A.2): the frames are decoded by whoever can,
 * and the elements that tell how pixels are written follow. All others stay byte for byte.
 */
import { Tag } from './dictionary';
import {
  type DataElement,
  ElementReader,
  EXPLICIT_LE,
  headerAt,
  ITEM,
  SEQUENCE_DELIMITER,
  shownTag,
  UNDEFINED_LENGTH,
} from './element-reader';
import { asciiElement, elementHeader } from './element-writer';
import { malformed } from './failure';

/** How the pixels of an image are written (PS3.3 C.7.6.3). */
export interface PixelFormat {
  readonly rows: number;
  readonly columns: number;
  readonly samplesPerPixel: number;
  readonly photometricInterpretation: string;
  /** 0: by pixel, 1: by plane. */
  readonly planarConfiguration: number;
  readonly bitsAllocated: number;
  readonly bitsStored: number;
  readonly highBit: number;
  readonly pixelRepresentation: number;
}

/** A frame that was decoded. */
export interface DecodedFrame {
  readonly pixels: Buffer;
  readonly photometricInterpretation: string;
  readonly planarConfiguration: number;
}

export type DecodeFrame = (frame: Buffer, format: PixelFormat) => DecodedFrame;

/** All that an image may become, in bytes. */
const MOST_PIXELS = 256 * 1024 * 1024;

const PIXEL_GROUP = 0x7fe00000;
const PIXEL_FORMAT_GROUP = 0x00280000;
const PLANAR_CONFIGURATION = 0x00280006;
const EXTENDED_OFFSETS = 0x7fe00001;
const EXTENDED_LENGTHS = 0x7fe00002;
const TOTAL_LENGTH = 0x7fe00003;

/** Group lengths, which would be wrong, and what is of compressed pixel data alone. */
const LEFT_OUT: ReadonlySet<number> = new Set([
  PIXEL_FORMAT_GROUP,
  PIXEL_GROUP,
  EXTENDED_OFFSETS,
  EXTENDED_LENGTHS,
  TOTAL_LENGTH,
]);

/** An element in the place where it is written. */
interface Found extends DataElement {
  /** Where the next one begins. */
  end: number;
}

/**
 * The data set in Explicit VR Little Endian.
 *
 * @throws ExchangeError MALFORMED; whatever `decode` throws
 */
export function uncompressed(dataSet: Buffer, decode: DecodeFrame): Buffer {
  const elements = elementsOf(dataSet);
  const pixels = elements.get(Tag.PixelData);
  if (pixels?.length !== UNDEFINED_LENGTH) throw notCompressed();
  const format = formatOf(elements);
  const count = Math.max(1, Number(textOf(elements.get(Tag.NumberOfFrames)) || '1'));
  const frameBytes = format.rows * format.columns * format.samplesPerPixel * (format.bitsAllocated / 8);
  // Also false for what is no number.
  if (!(frameBytes > 0 && frameBytes * count <= MOST_PIXELS)) throw tooLarge();
  const decoded = framesOf(dataSet.subarray(pixels.position + pixels.size, pixels.end), count).map(frame => {
    const one = decode(frame, format);
    // Frames may be padded to an even length; here they follow each other without gaps.
    if (one.pixels.length < frameBytes || one.pixels.length > frameBytes + 1) throw otherSize();
    return { ...one, pixels: one.pixels.subarray(0, frameBytes) };
  });
  return rewritten(dataSet, elements, format, decoded);
}

function elementsOf(dataSet: Buffer): Map<number, Found> {
  const elements = new Map<number, Found>();
  const reader = new ElementReader(EXPLICIT_LE, { length: dataSet.length, wants: tag => WANTED.has(tag) });
  let last: Found | undefined;
  for (const element of reader.feed(dataSet)) {
    if (last) last.end = element.position;
    if (elements.has(element.tag)) throw twice(element.tag);
    last = { ...element, end: dataSet.length };
    elements.set(element.tag, last);
  }
  reader.end();
  return elements;
}

const WANTED: ReadonlySet<number> = new Set([
  Tag.SamplesPerPixel,
  Tag.PhotometricInterpretation,
  PLANAR_CONFIGURATION,
  Tag.NumberOfFrames,
  Tag.Rows,
  Tag.Columns,
  Tag.BitsAllocated,
  Tag.BitsStored,
  Tag.HighBit,
  Tag.PixelRepresentation,
]);

const textOf = (element: Found | undefined): string =>
  (element?.value?.toString('latin1') ?? '').replace(/\0/g, '').trim();

function formatOf(elements: ReadonlyMap<number, Found>): PixelFormat {
  const number = (tag: number, otherwise: number): number => {
    const value = elements.get(tag)?.value;
    return value && value.length >= 2 ? value.readUInt16LE() : otherwise;
  };
  const bitsAllocated = number(Tag.BitsAllocated, 0);
  const bitsStored = number(Tag.BitsStored, bitsAllocated);
  return {
    rows: number(Tag.Rows, 0),
    columns: number(Tag.Columns, 0),
    samplesPerPixel: number(Tag.SamplesPerPixel, 1),
    photometricInterpretation: textOf(elements.get(Tag.PhotometricInterpretation)),
    planarConfiguration: number(PLANAR_CONFIGURATION, 0),
    bitsAllocated,
    bitsStored,
    highBit: number(Tag.HighBit, bitsStored - 1),
    pixelRepresentation: number(Tag.PixelRepresentation, 0),
  };
}

interface Fragment {
  /** From the first one, as offset tables count. */
  readonly offset: number;
  readonly bytes: Buffer;
}

/** The compressed frames, each in one piece. */
function framesOf(value: Buffer, count: number): Buffer[] {
  const [table, ...fragments] = itemsOf(value);
  if (!table) throw badFragments();
  if (count === 1) return [Buffer.concat(fragments.map(({ bytes }) => bytes))];
  if (fragments.length === count) return fragments.map(({ bytes }) => bytes);
  if (table.bytes.length !== 4 * count) throw badFragments();
  const starts = Array.from({ length: count }, (_, at) => table.bytes.readUInt32LE(4 * at));
  return starts.map((start, at) => {
    const end = starts[at + 1] ?? Infinity;
    const parts = fragments.filter(({ offset }) => offset >= start && offset < end);
    if (parts[0]?.offset !== start) throw badFragments();
    return Buffer.concat(parts.map(({ bytes }) => bytes));
  });
}

/** The Basic Offset Table and the fragments. The element reader has walked through them: they are whole. */
function itemsOf(value: Buffer): Fragment[] {
  const items: Fragment[] = [];
  let first: number | undefined;
  for (let at = 0; ;) {
    const header = headerAt(value, at, EXPLICIT_LE);
    if (header?.tag === SEQUENCE_DELIMITER) return items;
    if (header?.tag !== ITEM) throw badFragments();
    const end = at + header.size + header.length;
    if (items.length === 1) first = at;
    items.push({ offset: at - (first ?? at), bytes: value.subarray(at + header.size, end) });
    at = end;
  }
}

/** The elements in their order, some of them anew. */
function rewritten(
  dataSet: Buffer,
  elements: ReadonlyMap<number, Found>,
  format: PixelFormat,
  frames: readonly DecodedFrame[],
): Buffer {
  const [first] = frames;
  if (!first) throw badFragments();
  const parts: Buffer[] = [];
  for (const [tag, { position, end }] of elements) {
    if (tag === Tag.PixelData) {
      const length = frames.reduce((sum, { pixels }) => sum + pixels.length, 0);
      const vr = format.bitsAllocated > 8 ? 'OW' : 'OB';
      parts.push(elementHeader(tag, vr, length + (length % 2), EXPLICIT_LE));
      parts.push(...frames.map(({ pixels }) => pixels), Buffer.alloc(length % 2));
    } else if (tag === Tag.PhotometricInterpretation) {
      parts.push(asciiElement(tag, 'CS', first.photometricInterpretation, EXPLICIT_LE));
    } else if (tag === PLANAR_CONFIGURATION) {
      const value = Buffer.of(first.planarConfiguration, 0);
      parts.push(elementHeader(tag, 'US', value.length, EXPLICIT_LE), value);
    } else if (!LEFT_OUT.has(tag)) parts.push(dataSet.subarray(position, end));
  }
  return Buffer.concat(parts);
}

const twice = (tag: number): Error =>
  malformed({
    zh: `元素 (${shownTag(tag)}) 出现两次`,
    en: `element (${shownTag(tag)}) is there twice`,
  });

const notCompressed = (): Error =>
  malformed({ zh: '没有压缩的像素数据', en: 'there is no compressed pixel data' });

const tooLarge = (): Error =>
  malformed({
    zh: `影像尺寸不正确，或解压后超过 ${MOST_PIXELS / 1024 / 1024} MiB`,
    en: `the size of the image is wrong, or it exceeds ${MOST_PIXELS / 1024 / 1024} MiB when decompressed`,
  });

const otherSize = (): Error =>
  malformed({
    zh: '解压得到的像素数与影像尺寸不符',
    en: 'the decompressed pixels do not have the size of the image',
  });

const badFragments = (): Error =>
  malformed({
    zh: '压缩数据的分段与帧数不符',
    en: 'the fragments of the compressed data do not fit its number of frames',
  });
