/**
 * Whether a compressed frame is what its data set says. The codecs take a damaged stream, or one of another size, and
 * fill up what is missing: such an image must not be sent.
 */
import type { PixelFormat } from './compressed-image';
import { malformed } from './failure';

const RLE = '1.2.840.10008.1.2.5';

interface StreamFormat {
  readonly rows: number;
  readonly columns: number;
  readonly components: number;
  readonly precision: number;
  /** Null where the stream doesn't say. */
  readonly isSigned: boolean | null;
  /** Components in its first scan; there may be more scans. */
  readonly inScan: number;
}

/** @throws ExchangeError MALFORMED */
export function checkFrame(frame: Buffer, format: PixelFormat, transferSyntaxUid: string): void {
  const isRight =
    transferSyntaxUid === RLE ? isRle(frame, format) : isWhole(frame) && fits(streamFormat(frame), format);
  if (!isRight) throw otherFrame();
}

function fits(stream: StreamFormat | undefined, format: PixelFormat): boolean {
  return (
    stream !== undefined &&
    stream.rows === format.rows &&
    stream.columns === format.columns &&
    stream.components === format.samplesPerPixel &&
    // One scan for each colour, which JPEG-LS allows, is given as planes by the codec, and called none.
    stream.inScan === format.samplesPerPixel &&
    stream.precision <= format.bitsAllocated &&
    stream.precision > 8 === format.bitsAllocated > 8 &&
    (stream.isSigned === null || stream.isSigned === (format.pixelRepresentation === 1)) &&
    // The codec gives wrong pixels.
    !(stream.isSigned === true && format.bitsAllocated === 8)
  );
}

/** All streams of the JPEG family end with the same marker; a NUL makes up an even length. */
function isWhole(frame: Buffer): boolean {
  let end = frame.length;
  while (end > 2 && frame[end - 1] === 0) end--;
  return end >= 2 && frame.readUInt16BE(end - 2) === 0xffd9;
}

function streamFormat(frame: Buffer): StreamFormat | undefined {
  return frame.length > 43 && frame.readUInt32BE() === 0xff4fff51 ? jpeg2000(frame) : jpeg(frame);
}

/** The marker segment SIZ (ISO/IEC 15444-1 A.5.1). */
function jpeg2000(frame: Buffer): StreamFormat {
  const depth = frame[42]!;
  const components = frame.readUInt16BE(40);
  return {
    rows: frame.readUInt32BE(12) - frame.readUInt32BE(20),
    columns: frame.readUInt32BE(8) - frame.readUInt32BE(16),
    components,
    precision: (depth & 0x7f) + 1,
    isSigned: depth > 0x7f,
    inScan: components,
  };
}

/** The frame header and the first scan header (ISO/IEC 10918-1 B.2.2 and B.2.3, ISO/IEC 14495-1 C.2.2 and C.2.3). */
function jpeg(frame: Buffer): StreamFormat | undefined {
  let found: Omit<StreamFormat, 'inScan'> | undefined;
  for (let at = 2; at + 10 < frame.length && frame[at] === 0xff; at += 2 + frame.readUInt16BE(at + 2)) {
    const marker = frame[at + 1]!;
    if (marker === 0xda) return found && { ...found, inScan: frame[at + 4]! };
    if (!isFrameHeader(marker)) continue;
    found = {
      precision: frame[at + 4]!,
      rows: frame.readUInt16BE(at + 5),
      columns: frame.readUInt16BE(at + 7),
      components: frame[at + 9]!,
      isSigned: null,
    };
  }
  return undefined;
}

/** SOF0 to SOF15 without DHT, JPG and DAC among them, and SOF55 of JPEG-LS. */
const isFrameHeader = (marker: number): boolean =>
  marker === 0xf7 || (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker));

/** A segment for each byte of a pixel, and each with as many bytes as the frame has pixels (PS3.5 G.4, G.5). */
function isRle(frame: Buffer, { rows, columns, samplesPerPixel, bitsAllocated }: PixelFormat): boolean {
  const count = (samplesPerPixel * bitsAllocated) / 8;
  if (frame.length < 64 || count > 15 || frame.readUInt32LE() !== count) return false;
  const starts = Array.from({ length: count }, (_, at) => frame.readUInt32LE(4 + 4 * at));
  return starts.every((start, at) => {
    const end = starts[at + 1] ?? frame.length;
    return start >= 64 && end <= frame.length && unpackedLength(frame.subarray(start, end)) >= rows * columns;
  });
}

/** PS3.5 G.3.2. */
function unpackedLength(segment: Buffer): number {
  let length = 0;
  for (let at = 0; at < segment.length;) {
    const code = segment[at]!;
    if (code < 128) {
      length += Math.min(code + 1, segment.length - at - 1);
      at += code + 2;
    } else {
      if (code > 128 && at + 1 < segment.length) length += 257 - code;
      at += code === 128 ? 1 : 2;
    }
  }
  return length;
}

const otherFrame = (): Error =>
  malformed({
    zh: '压缩的图像损坏，或其尺寸、位数与影像属性不符',
    en: 'the compressed image is damaged, or differs in size or bits from what its attributes say',
  });
