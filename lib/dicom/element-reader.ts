/**
 * Reads the headers of data elements (PS3.5 7.1) from bytes that arrive in pieces, and walks past their values.
 *
 * The package reads DICOM with own code: dcmjs decodes and re-encodes whole objects, which changes bytes and takes
 * six times their size in memory.
 */
import { malformed } from './failure';

/** How data elements are written. */
export interface Encoding {
  readonly explicitVr: boolean;
  readonly littleEndian: boolean;
}

export interface ElementHeader {
  /** Group and element number in one: 0x00080060. */
  readonly tag: number;
  /** As written; empty with implicit VR, and for items and delimiters. */
  readonly vr: string;
  /** Of the value; `UNDEFINED_LENGTH` where a delimiter ends it. */
  readonly length: number;
  /** Bytes of the header itself. */
  readonly size: number;
}

/** An element on the top level of a data set. */
export interface DataElement extends ElementHeader {
  /** Where its header begins. */
  readonly position: number;
  /** Its value, if it was asked for and is no longer than `LONGEST_VALUE`. */
  readonly value?: Buffer;
}

export const UNDEFINED_LENGTH = 0xffffffff;
export const ITEM = 0xfffee000;
export const ITEM_DELIMITER = 0xfffee00d;
export const SEQUENCE_DELIMITER = 0xfffee0dd;

/** What a value of UN with undefined length holds, whatever the syntax around it (PS3.5 6.2.2). */
export const IMPLICIT_LE: Encoding = { explicitVr: false, littleEndian: true };
export const EXPLICIT_LE: Encoding = { explicitVr: true, littleEndian: true };

/** Longer values are not kept: no identifier comes near. */
export const LONGEST_VALUE = 4096;
/** Sequences within sequences. */
export const DEEPEST_NESTING = 64;

/** The VRs whose length takes 2 bytes (PS3.5 7.1.2); all others, also those still to come, take 4. */
const SHORT_VRS = new Set('AE AS AT CS DA DS DT FL FD IS LO LT PN SH SL SS ST TM UI UL US'.split(' '));
/** What some programs write for "unknown"; DCMTK, too, reads a length of 2 bytes then. */
const NO_VRS = new Set(['??', '  ', '\0\0', '--']);
/** The VRs that may have a value of undefined length. */
const OPEN_VRS = new Set(['SQ', 'UN', 'OB', 'OW', '']);
const NOT_A_LETTER = /[^A-Z]/;

export const isShortVr = (vr: string): boolean => SHORT_VRS.has(vr) || NO_VRS.has(vr);

/** A tag as the standard writes it without parentheses: `0008,0060`. */
export const shownTag = (tag: number): string => tag.toString(16).padStart(8, '0').replace(/^..../, '$&,');

/** The tag at a place; undefined when its bytes aren't all there. */
export function tagAt(bytes: Buffer, at: number, { littleEndian }: Encoding): number | undefined {
  if (bytes.length - at < 4) return undefined;
  return littleEndian
    ? bytes.readUInt16LE(at) * 0x10000 + bytes.readUInt16LE(at + 2)
    : bytes.readUInt32BE(at);
}

/**
 * The header at a place; undefined when its bytes aren't all there.
 *
 * @throws ExchangeError MALFORMED: no VR where one must be, or an undefined length that the VR forbids
 */
export function headerAt(bytes: Buffer, at: number, encoding: Encoding): ElementHeader | undefined {
  const available = bytes.length - at;
  const tag = tagAt(bytes, at, encoding);
  if (tag === undefined || available < 8) return undefined;
  const { explicitVr, littleEndian } = encoding;
  if (!explicitVr || tag >>> 16 === 0xfffe)
    return { tag, vr: '', length: lengthAt(bytes, at + 4, littleEndian), size: 8 };
  const vr = String.fromCharCode(bytes[at + 4]!, bytes[at + 5]!);
  if (isShortVr(vr)) {
    const length = littleEndian ? bytes.readUInt16LE(at + 6) : bytes.readUInt16BE(at + 6);
    return { tag, vr, length, size: 8 };
  }
  if (NOT_A_LETTER.test(vr)) {
    throw malformed({
      zh: `元素 (${shownTag(tag)}) 没有值表示类型（VR）`,
      en: `element (${shownTag(tag)}) has no value representation`,
    });
  }
  if (available < 12) return undefined;
  const length = lengthAt(bytes, at + 8, littleEndian);
  if (length === UNDEFINED_LENGTH && !OPEN_VRS.has(vr)) throw badLength(tag);
  return { tag, vr, length, size: 12 };
}

const lengthAt = (bytes: Buffer, at: number, littleEndian: boolean): number =>
  littleEndian ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);

/** How the value of an element of undefined length is written. */
export const encodingWithin = (header: ElementHeader, around: Encoding): Encoding =>
  header.vr === 'UN' ? IMPLICIT_LE : around;

export const badLength = (tag: number): Error =>
  malformed({
    zh: `元素 (${shownTag(tag)}) 的长度不正确，或数据不完整`,
    en: `the length of element (${shownTag(tag)}) is wrong, or the data is incomplete`,
  });

export const withinElement = (): Error =>
  malformed({
    zh: '数据在元素中间结束，不完整',
    en: 'the data ends within an element: it is incomplete',
  });

export const tooDeep = (): Error =>
  malformed({
    zh: `序列嵌套超过 ${DEEPEST_NESTING} 层`,
    en: `sequences are nested more than ${DEEPEST_NESTING} deep`,
  });

export interface ReaderOptions {
  /** Length of the data set where it is known: a value that reaches past it is an error at once. */
  readonly length?: number;
  /** Whether the value of an element is kept. */
  readonly wants?: (tag: number) => boolean;
  /** Whether reading ends before a top-level element; asked before anything but its tag is looked at. */
  readonly endsBefore?: (tag: number) => boolean;
}

/** A value of undefined length that is being walked through: a sequence, fragments, or an item. */
interface OpenValue {
  readonly kind: 'sequence' | 'fragments' | 'item';
  readonly encoding: Encoding;
}

const NOTHING = Buffer.alloc(0);

/** Keeps no more than one header or one wanted value, whatever is fed. */
export class ElementReader {
  readonly #encoding: Encoding;
  readonly #options: ReaderOptions;
  /** Values of undefined length only: any other is passed in one step. */
  readonly #open: OpenValue[] = [];
  /** Bytes at `position` that are not enough yet. */
  #rest: Buffer = NOTHING;
  #position = 0;
  #toSkip = 0;
  #ended = false;

  constructor(encoding: Encoding, options: ReaderOptions = {}) {
    this.#encoding = encoding;
    this.#options = options;
  }

  /** Where in the data set the next header begins, or the rest of a value that is skipped. */
  get position(): number {
    return this.#position;
  }

  /** `endsBefore` has ended the reading; `position` is where that element begins. */
  get ended(): boolean {
    return this.#ended;
  }

  /**
   * The top-level elements that the next piece of bytes completes. The caller may leave the loop early, but feeds
   * nothing more then.
   *
   * @throws ExchangeError MALFORMED
   */
  *feed(piece: Buffer): Generator<DataElement, void> {
    const bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, piece]) : piece;
    let at = 0;
    while (!this.#ended) {
      const skipped = Math.min(this.#toSkip, bytes.length - at);
      at += skipped;
      this.#toSkip -= skipped;
      this.#position += skipped;
      const step = this.#toSkip > 0 ? undefined : this.#step(bytes, at);
      if (step === undefined) break;
      at += step.passed;
      this.#position += step.passed;
      if (step.element) yield step.element;
    }
    // A copy: a view would keep the whole piece in memory, or change with a reused buffer.
    this.#rest = this.#ended ? NOTHING : Buffer.from(bytes.subarray(at));
  }

  /** For a source with random access: leaves out the rest of a skipped value, and gives the place to go on from. */
  skipAhead(): number {
    this.#position += this.#toSkip;
    this.#toSkip = 0;
    return this.#position + this.#rest.length;
  }

  /**
   * To be called after the last piece.
   *
   * @throws ExchangeError MALFORMED when the data ends within an element
   */
  end(): void {
    if (this.#ended || (this.#rest.length === 0 && this.#toSkip === 0 && this.#open.length === 0)) return;
    throw withinElement();
  }

  /** Reads one header, and a wanted value; undefined when more bytes are needed. */
  #step(bytes: Buffer, at: number): { readonly passed: number; readonly element?: DataElement } | undefined {
    const within = this.#open.at(-1);
    const encoding = within?.encoding ?? this.#encoding;
    if (!within) {
      const tag = tagAt(bytes, at, encoding);
      if (tag !== undefined && this.#options.endsBefore?.(tag)) {
        this.#ended = true;
        return undefined;
      }
    }
    const header = headerAt(bytes, at, encoding);
    if (!header) return undefined;
    if (within) {
      this.#walk(header, within);
      return { passed: header.size };
    }
    if (header.tag >>> 16 === 0xfffe) throw misplaced(header.tag);
    return this.#topLevel(header, bytes, at);
  }

  #topLevel(
    header: ElementHeader,
    bytes: Buffer,
    at: number,
  ): { readonly passed: number; readonly element: DataElement } | undefined {
    const { tag, vr, length, size } = header;
    const position = this.#position;
    if (length > LONGEST_VALUE || !this.#options.wants?.(tag)) {
      this.#pass(header, this.#encoding);
      return { passed: size, element: { tag, vr, length, size, position } };
    }
    this.#checkEnd(header);
    const from = at + size;
    const to = from + length;
    if (to > bytes.length) return undefined;
    const value = Buffer.from(bytes.subarray(from, to));
    return { passed: to - at, element: { tag, vr, length, size, position, value } };
  }

  /** One header within a value of undefined length. */
  #walk(header: ElementHeader, within: OpenValue): void {
    const { tag } = header;
    if (within.kind === 'item') {
      if (tag === ITEM_DELIMITER) this.#open.pop();
      else if (tag >>> 16 === 0xfffe) throw misplaced(tag);
      else this.#pass(header, within.encoding);
    } else if (tag === SEQUENCE_DELIMITER) this.#open.pop();
    else if (tag !== ITEM) throw misplaced(tag);
    else if (header.length !== UNDEFINED_LENGTH) this.#skipValue(header);
    else if (within.kind === 'fragments') throw badLength(tag);
    else this.#enter({ kind: 'item', encoding: within.encoding });
  }

  /** Goes past a value, in one step or through all that is in it. */
  #pass(header: ElementHeader, encoding: Encoding): void {
    if (header.length !== UNDEFINED_LENGTH) this.#skipValue(header);
    else {
      const kind = header.vr === 'OB' || header.vr === 'OW' ? 'fragments' : 'sequence';
      this.#enter({ kind, encoding: encodingWithin(header, encoding) });
    }
  }

  #skipValue(header: ElementHeader): void {
    this.#checkEnd(header);
    this.#toSkip = header.length;
  }

  #checkEnd(header: ElementHeader): void {
    const end = this.#position + header.size + header.length;
    if (end > (this.#options.length ?? Infinity)) throw badLength(header.tag);
  }

  #enter(value: OpenValue): void {
    // A sequence and its item are one level.
    if (this.#open.length >= 2 * DEEPEST_NESTING) throw tooDeep();
    this.#open.push(value);
  }
}

export const misplaced = (tag: number): Error =>
  malformed({
    zh: `序列结构不正确：此处不应出现 (${shownTag(tag)})`,
    en: `the structure of a sequence is wrong: (${shownTag(tag)}) is out of place`,
  });
