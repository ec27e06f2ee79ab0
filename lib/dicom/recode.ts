/**
 * Data sets in Implicit VR Little Endian (PS3.5 A.1), made of uncompressed ones with explicit VR. Every peer has to take
 * that syntax (PS3.5 10.1), and values needn't be understood for it: headers alone are written anew (PS3.5 7.1.3).
 */
import { pipeline, Readable } from 'node:stream';
import { asDeflateError, makeInflater } from './data-set-start';
import {
  badLength,
  DEEPEST_NESTING,
  type ElementHeader,
  type Encoding,
  encodingWithin,
  headerAt,
  IMPLICIT_LE,
  ITEM,
  ITEM_DELIMITER,
  misplaced,
  SEQUENCE_DELIMITER,
  tooDeep,
  UNDEFINED_LENGTH,
  withinElement,
} from './element-reader';
import { elementHeader } from './element-writer';
import { malformed, readFailure } from './failure';
import {
  DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
  EXPLICIT_VR_BIG_ENDIAN,
  EXPLICIT_VR_LITTLE_ENDIAN,
  transferSyntaxOf,
} from './transfer-syntax';

/** Those without compressed pixel data: fragments need explicit VR (PS3.5 A.4). */
const RECODABLE = new Set([
  EXPLICIT_VR_LITTLE_ENDIAN,
  DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
  EXPLICIT_VR_BIG_ENDIAN,
]);

/** Whether `toImplicit` takes data sets of a transfer syntax. */
export const isRecodable = (transferSyntaxUid: string): boolean => RECODABLE.has(transferSyntaxUid);

/**
 * The data set in Implicit VR Little Endian. Keeps no more than a header, whatever is in the data set: sequences and
 * items get an undefined length, so that nothing has to be known ahead.
 *
 * @param input the data set in the transfer syntax, one that `isRecodable`
 * @throws ExchangeError DICOM_FILE
 */
export async function* toImplicit(
  input: AsyncIterable<Buffer>,
  transferSyntaxUid: string,
): AsyncGenerator<Buffer, void> {
  const syntax = transferSyntaxOf(transferSyntaxUid);
  const recoder = new Recoder(syntax);
  try {
    for await (const piece of syntax.deflated ? inflated(input) : input) {
      const bytes = recoder.feed(piece);
      if (bytes.length > 0) yield bytes;
    }
    recoder.end();
  } catch (error) {
    throw readFailure(asDeflateError(error));
  }
}

/** PS3.5 A.5; the first two bytes tell how it is deflated. */
async function* inflated(input: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
  const iterator = input[Symbol.asyncIterator]();
  let start: Buffer = Buffer.alloc(0);
  while (start.length < 2) {
    const next = await iterator.next();
    if (next.done === true) break;
    start = Buffer.concat([start, next.value]);
  }
  const all = async function* (): AsyncGenerator<Buffer, void> {
    try {
      yield start;
      for (let next = await iterator.next(); next.done !== true; next = await iterator.next())
        yield next.value;
    } finally {
      await iterator.return?.();
    }
  };
  // The reader of the last stream is told of every error.
  const pieces = pipeline(Readable.from(all()), makeInflater(start), () => {});
  try {
    yield* pieces as AsyncIterable<Buffer>;
  } finally {
    pieces.destroy();
  }
}

/** A sequence or an item that is being walked through. */
interface OpenValue {
  readonly kind: 'sequence' | 'item';
  /** Of what is in it. */
  readonly encoding: Encoding;
  /** Where it ends at the latest. */
  readonly end: number;
  /** Of defined length: it ends there, without a delimiter. */
  readonly endsThere: boolean;
}

/** A value on its way. */
interface PassingValue {
  left: number;
  /** Bytes of a number whose order is reversed; 1: none is. */
  readonly unit: number;
  readonly isDropped: boolean;
}

const NOTHING = Buffer.alloc(0);

/** Bytes of the numbers in values, by VR (PS3.5 6.2, 7.3): an AT is two of them. UN is not touched (PS3.5 6.2.2). */
const UNITS: ReadonlyMap<string, number> = new Map([
  ...['US', 'SS', 'OW', 'AT'].map(vr => [vr, 2] as const),
  ...['UL', 'SL', 'FL', 'OL', 'OF'].map(vr => [vr, 4] as const),
  ...['FD', 'OD', 'UV', 'SV', 'OV'].map(vr => [vr, 8] as const),
]);

class Recoder {
  readonly #encoding: Encoding;
  readonly #open: OpenValue[] = [];
  #value: PassingValue | undefined;
  /** Bytes at `#position` that are not enough yet. */
  #rest: Buffer = NOTHING;
  #position = 0;
  #written: Buffer[] = [];

  constructor(encoding: Encoding) {
    this.#encoding = encoding;
  }

  /**
   * What the next piece of bytes becomes.
   *
   * @throws ExchangeError MALFORMED
   */
  feed(piece: Buffer): Buffer {
    const bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, piece]) : piece;
    let at = 0;
    for (;;) {
      const passed = this.#value ? this.#passValue(this.#value, bytes, at) : this.#passHeader(bytes, at);
      if (passed === 0) break;
      at += passed;
      this.#position += passed;
      this.#closeEnded();
    }
    this.#rest = Buffer.from(bytes.subarray(at));
    const [first = NOTHING, ...others] = this.#written;
    const written = others.length === 0 ? first : Buffer.concat(this.#written);
    this.#written = [];
    return written;
  }

  /**
   * To be called after the last piece.
   *
   * @throws ExchangeError MALFORMED when the data ends within an element
   */
  end(): void {
    if (this.#rest.length > 0 || this.#value || this.#open.length > 0) throw withinElement();
  }

  #passValue(value: PassingValue, bytes: Buffer, at: number): number {
    const available = Math.min(value.left, bytes.length - at);
    const passed = available - (available % value.unit);
    if (passed > 0 && !value.isDropped)
      this.#written.push(reversed(bytes.subarray(at, at + passed), value.unit));
    value.left -= passed;
    if (value.left === 0) this.#value = undefined;
    return passed;
  }

  #passHeader(bytes: Buffer, at: number): number {
    const within = this.#open.at(-1);
    const header = headerAt(bytes, at, within?.encoding ?? this.#encoding);
    if (!header) return 0;
    const { tag, size } = header;
    if (this.#endOf(header) > (within?.end ?? Infinity)) throw badLength(tag);
    const isWithinUndefined = within !== undefined && !within.endsThere;
    if (within?.kind === 'sequence') {
      if (tag === SEQUENCE_DELIMITER && isWithinUndefined) this.#close();
      else if (tag === ITEM) this.#item(header, within);
      else throw misplaced(tag);
    } else if (tag === ITEM_DELIMITER && isWithinUndefined) this.#close();
    else if (tag >>> 16 === 0xfffe) throw misplaced(tag);
    else this.#element(header, within?.encoding ?? this.#encoding);
    return size;
  }

  #item(header: ElementHeader, { encoding }: OpenValue): void {
    // Within UN everything is implicit already: what has a length is passed whole.
    if (!encoding.explicitVr && header.length !== UNDEFINED_LENGTH) this.#pass(header, 1);
    else this.#enter('item', header, encoding);
  }

  #element(header: ElementHeader, encoding: Encoding): void {
    const { tag, vr, length } = header;
    if (length === UNDEFINED_LENGTH && (vr === 'OB' || vr === 'OW')) throw compressed();
    if (length === UNDEFINED_LENGTH || vr === 'SQ')
      this.#enter('sequence', header, encodingWithin(header, encoding));
    else if ((tag & 0xffff) === 0 && encoding.explicitVr) {
      // A group length (PS3.5 7.2) would have to be known ahead; it is retired.
      if (length > 0) this.#value = { left: length, unit: 1, isDropped: true };
    } else this.#pass(header, encoding.littleEndian ? 1 : (UNITS.get(vr) ?? 1));
  }

  #pass({ tag, length }: ElementHeader, unit: number): void {
    if (length % unit !== 0) throw badLength(tag);
    this.#write(tag, length);
    if (length > 0) this.#value = { left: length, unit, isDropped: false };
  }

  #enter(kind: OpenValue['kind'], header: ElementHeader, encoding: Encoding): void {
    // A sequence and its item are one level.
    if (this.#open.length >= 2 * DEEPEST_NESTING) throw tooDeep();
    this.#write(header.tag, UNDEFINED_LENGTH);
    const endsThere = header.length !== UNDEFINED_LENGTH;
    const end = endsThere ? this.#endOf(header) : (this.#open.at(-1)?.end ?? Infinity);
    this.#open.push({ kind, encoding, end, endsThere });
  }

  /** Of an element whose header is at `#position`: of the header alone where the length is undefined. */
  #endOf({ size, length }: ElementHeader): number {
    return this.#position + size + (length === UNDEFINED_LENGTH ? 0 : length);
  }

  #closeEnded(): void {
    for (
      let last = this.#open.at(-1);
      last?.endsThere && last.end === this.#position;
      last = this.#open.at(-1)
    )
      this.#close();
  }

  #close(): void {
    this.#write(this.#open.pop()?.kind === 'item' ? ITEM_DELIMITER : SEQUENCE_DELIMITER, 0);
  }

  #write(tag: number, length: number): void {
    this.#written.push(elementHeader(tag, '', length, IMPLICIT_LE));
  }
}

/** Numbers in the other byte order; a copy, as the bytes may belong to somebody. */
function reversed(bytes: Buffer, unit: number): Buffer {
  switch (unit) {
    case 2:
      return Buffer.from(bytes).swap16();
    case 4:
      return Buffer.from(bytes).swap32();
    case 8:
      return Buffer.from(bytes).swap64();
    default:
      return bytes;
  }
}

const compressed = (): Error =>
  malformed({
    zh: '像素数据已压缩，与传输语法不符，不能转为隐式 VR',
    en: 'the pixel data is compressed, which its transfer syntax excludes: it cannot be written with implicit VR',
  });
