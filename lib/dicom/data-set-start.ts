/** Reads the first elements of a data set, and no more of it than that takes. */
import { Readable } from 'node:stream';
import zlib from 'node:zlib';
import type { RandomAccess } from '../report-file/content';
import { type DataElement, ElementReader, type ReaderOptions, withinElement } from './element-reader';
import { malformed } from './failure';
import type { TransferSyntax } from './transfer-syntax';

const PIECE = 16 * 1024;
/** All that may stand before the last wanted element; long values are passed without reading them. */
const MOST_BYTES = 4 * 1024 * 1024;

/** Where a data set lies within an object, and how it is written. */
export interface DataSetPlace {
  readonly syntax: TransferSyntax;
  readonly offset: number;
  /** In bytes, as they lie there. */
  readonly length: number;
}

/** How far a data set is read, and which values are wanted of it. */
export interface StartOptions {
  readonly last: number;
  readonly wants: ReadonlySet<number>;
}

const readerOptions = ({ last, wants }: StartOptions): ReaderOptions => ({
  wants: tag => wants.has(tag),
  endsBefore: tag => tag > last,
});

/**
 * Visits the top-level elements up to the tag `last`, with the values that are wanted. Gives the place in the
 * (inflated) data set of the first element after it, or of the end.
 *
 * @throws ExchangeError MALFORMED; the file system's own error
 */
export function readStart(
  bytes: RandomAccess,
  place: DataSetPlace,
  start: StartOptions,
  visit: (element: DataElement) => void,
): Promise<number> {
  const options = readerOptions(start);
  return place.syntax.deflated
    ? readInflated(bytes, place, new ElementReader(place.syntax, options), visit)
    : readPlain(bytes, place, new ElementReader(place.syntax, { ...options, length: place.length }), visit);
}

/** As {@link readStart}, of a data set that comes piece by piece. Deflated ones cannot be read so. */
export class StartReader {
  readonly #reader: ElementReader;
  readonly #visit: (element: DataElement) => void;
  /** Where the next piece begins, and what is looked at next: long values are passed. */
  #at = 0;
  #next = 0;
  #read = 0;

  constructor(syntax: TransferSyntax, start: StartOptions, visit: (element: DataElement) => void) {
    this.#reader = new ElementReader(syntax, readerOptions(start));
    this.#visit = visit;
  }

  /** @throws ExchangeError MALFORMED */
  feed(piece: Buffer): void {
    const begin = this.#at;
    this.#at += piece.length;
    while (!this.#reader.ended && this.#next < this.#at) {
      const from = this.#next - begin;
      const part = piece.subarray(from, from + PIECE);
      this.#read = counted(this.#read, part);
      for (const element of this.#reader.feed(part)) this.#visit(element);
      this.#next = this.#reader.skipAhead();
    }
  }

  /** After the last piece. @throws ExchangeError MALFORMED when it ends within an element */
  end(): void {
    if (!this.#reader.ended && this.#next > this.#at) throw withinElement();
    this.#reader.end();
  }
}

async function readPlain(
  bytes: RandomAccess,
  { offset, length }: DataSetPlace,
  reader: ElementReader,
  visit: (element: DataElement) => void,
): Promise<number> {
  let read = 0;
  for (let at = 0; at < length && !reader.ended; at = reader.skipAhead()) {
    const piece = await bytes.read(offset + at, Math.min(PIECE, length - at));
    if (piece.length === 0) break;
    read = counted(read, piece);
    for (const element of reader.feed(piece)) visit(element);
  }
  reader.end();
  return reader.position;
}

async function readInflated(
  bytes: RandomAccess,
  place: DataSetPlace,
  reader: ElementReader,
  visit: (element: DataElement) => void,
): Promise<number> {
  const source = Readable.from(compressed(bytes, place));
  const inflated = source.pipe((await inflaterFor(bytes, place))());
  source.on('error', error => inflated.destroy(error));
  try {
    let read = 0;
    for await (const piece of inflated as AsyncIterable<Buffer>) {
      read = counted(read, piece);
      for (const element of reader.feed(piece)) visit(element);
      if (reader.ended) break;
    }
  } catch (error) {
    throw asDeflateError(error);
  } finally {
    source.destroy();
    inflated.destroy();
  }
  reader.end();
  return reader.position;
}

async function* compressed(bytes: RandomAccess, { offset, length }: DataSetPlace): AsyncGenerator<Buffer> {
  for (let at = 0; at < length; at += PIECE)
    yield await bytes.read(offset + at, Math.min(PIECE, length - at));
}

/** Makes what inflates an object. */
export async function inflaterFor(
  bytes: RandomAccess,
  { offset }: Pick<DataSetPlace, 'offset'>,
): Promise<() => zlib.InflateRaw | zlib.Inflate> {
  const start = await bytes.read(offset, 2);
  return () => makeInflater(start);
}

/**
 * Makes what inflates a data set. PS3.5 A.5 says a bare deflate stream; some programs write the header of zlib.
 *
 * @param start at least its first two bytes
 */
export function makeInflater(start: Buffer): zlib.InflateRaw | zlib.Inflate {
  // No deflate stream begins so: its first block would be a stored one with bits set that are always zero.
  const isZlib = start.length >= 2 && (start[0]! & 0x0f) === 8 && start.readUInt16BE(0) % 31 === 0;
  return isZlib ? zlib.createInflate() : zlib.createInflateRaw();
}

/** What zlib says about bytes that are no deflate stream, in our words; any other error as it is. */
export function asDeflateError(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && code.startsWith('Z_')
    ? malformed({
        zh: `压缩数据（Deflate）损坏或不完整（${code}）`,
        en: `the deflated data is damaged or incomplete (${code})`,
      })
    : error;
}

function counted(read: number, piece: Buffer): number {
  if (read + piece.length <= MOST_BYTES) return read + piece.length;
  throw malformed({
    zh: '在数据集开头 4 MiB 内未找到所需的标识元素',
    en: 'the identifying elements are not within the first 4 MiB of the data set',
  });
}
