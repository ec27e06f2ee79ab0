/**
 * Small data sets (queries and their answers, storage commitment) as plain objects, and back (PS3.5 7). Images never
 * go through here: their data sets travel as they are.
 */
import { ExchangeError } from '../errors';
import { withoutTrailing } from '../trailing';
import { decodeText, encodeText, type Fallback, isAsciiText } from './character-set';
import { attributeOfKeyword, attributeOfTag, type Keyword, Tag } from './dictionary';
import {
  badLength,
  DEEPEST_NESTING,
  type ElementHeader,
  type Encoding,
  encodingWithin,
  headerAt,
  isShortVr,
  ITEM,
  ITEM_DELIMITER,
  SEQUENCE_DELIMITER,
  tooDeep,
  UNDEFINED_LENGTH,
} from './element-reader';
import { elementHeader, evenBytes } from './element-writer';
import { malformed } from './failure';

/** Text, also of numbers; several values are parted by `\`. Items of a sequence. Bytes of what is no text. */
export type DicomValue = string | readonly DicomValues[] | Buffer;

/** By keyword where the dictionary has one, else by the tag as eight hexadecimal digits. */
export interface DicomValues {
  readonly [attribute: string]: DicomValue;
}

/** The longest data set that is read or written here. */
export const LONGEST_DATA_SET = 1024 * 1024;

/** The text of an attribute; empty when there is none. */
export function textOf(values: DicomValues, keyword: Keyword): string {
  const value = values[keyword];
  return typeof value === 'string' ? value : '';
}

/** The items of a sequence. */
export function itemsOf(values: DicomValues, keyword: Keyword): readonly DicomValues[] {
  const value = values[keyword];
  return isItems(value) ? value : [];
}

const isItems = (value: DicomValue | undefined): value is readonly DicomValues[] => Array.isArray(value);

/** How numbers are written: bytes of one, and how to write and read it. */
interface NumberFormat {
  readonly size: number;
  write(to: DataView, number: string, littleEndian: boolean): void;
  read(from: DataView, at: number, littleEndian: boolean): string;
}

const format = (
  size: number,
  write: (to: DataView, value: number, littleEndian: boolean) => void,
  read: (from: DataView, at: number, littleEndian: boolean) => number | bigint,
): NumberFormat => ({
  size,
  write: (to, text, littleEndian) => write(to, Number(text), littleEndian),
  read: (from, at, littleEndian) => String(read(from, at, littleEndian)),
});

const NUMBERS: Readonly<Record<string, NumberFormat>> = {
  US: format(
    2,
    (to, value, le) => to.setUint16(0, value, le),
    (from, at, le) => from.getUint16(at, le),
  ),
  SS: format(
    2,
    (to, value, le) => to.setInt16(0, value, le),
    (from, at, le) => from.getInt16(at, le),
  ),
  UL: format(
    4,
    (to, value, le) => to.setUint32(0, value, le),
    (from, at, le) => from.getUint32(at, le),
  ),
  SL: format(
    4,
    (to, value, le) => to.setInt32(0, value, le),
    (from, at, le) => from.getInt32(at, le),
  ),
  FL: format(
    4,
    (to, value, le) => to.setFloat32(0, value, le),
    (from, at, le) => from.getFloat32(at, le),
  ),
  FD: format(
    8,
    (to, value, le) => to.setFloat64(0, value, le),
    (from, at, le) => from.getFloat64(at, le),
  ),
  AT: {
    size: 4,
    write(to, text, littleEndian) {
      to.setUint16(0, Number(`0x${text.slice(0, 4)}`), littleEndian);
      to.setUint16(2, Number(`0x${text.slice(4)}`), littleEndian);
    },
    read: (from, at, littleEndian) =>
      hexTag(from.getUint16(at, littleEndian) * 0x10000 + from.getUint16(at + 2, littleEndian)),
  },
};

/** Values are bytes. */
const BINARY = new Set('OB OD OF OL OV OW SV UV UN'.split(' '));
/** Specific Character Set applies to these alone (PS3.5 6.1.2.2). */
const BY_CHARACTER_SET = new Set('LO LT PN SH ST UC UT UN'.split(' '));
/** One text, in which `\` is a character and leading blanks count (PS3.5 6.2). */
const ONE_TEXT = new Set('LT ST UT UR'.split(' '));

const hexTag = (tag: number): string => tag.toString(16).padStart(8, '0');

/** A private creator: it reserves elements of an odd group (PS3.5 7.8.1). */
const isPrivateCreator = (tag: number): boolean =>
  ((tag >>> 16) & 1) === 1 && (tag & 0xffff) >= 0x10 && (tag & 0xffff) <= 0xff;

const isGroupLength = (tag: number): boolean => (tag & 0xffff) === 0;

/** VR of a tag by the dictionary; UN for one that it lacks. */
const vrOf = (tag: number): string => attributeOfTag(tag)?.vr ?? (isPrivateCreator(tag) ? 'LO' : 'UN');

// Writing

/**
 * Writes a data set. (0008,0005) is added when a value is not ASCII; one that stands in the values goes before
 * `characterSet`.
 *
 * @throws ExchangeError CONTRACT: no such attribute, or a value that its VR or the character set has no form for
 */
export function encodeDataSet(values: DicomValues, encoding: Encoding, characterSet: string): Buffer {
  const own = textOf(values, 'SpecificCharacterSet');
  const used = own === '' && !isAllAscii(values) ? characterSet : own;
  const bytes = encodeItem(
    used === '' ? values : { ...values, SpecificCharacterSet: used },
    { encoding, characterSet: used },
    0,
  );
  if (bytes.length > LONGEST_DATA_SET) throw tooLarge();
  return bytes;
}

const isAllAscii = (values: DicomValues): boolean =>
  Object.values(values).every(value => {
    if (typeof value === 'string') return isAsciiText(value);
    return !isItems(value) || value.every(isAllAscii);
  });

interface WriteContext {
  readonly encoding: Encoding;
  readonly characterSet: string;
}

function encodeItem(values: DicomValues, context: WriteContext, depth: number): Buffer {
  if (depth > DEEPEST_NESTING) throw tooDeep();
  const elements = Object.entries(values)
    .map(([attribute, value]) => ({ attribute, tag: tagOf(attribute), value }))
    .filter(({ tag }) => !isGroupLength(tag))
    .toSorted((one, other) => one.tag - other.tag);
  return Buffer.concat(elements.flatMap(element => encodeElement(element, context, depth)));
}

function tagOf(attribute: string): number {
  const known = attributeOfKeyword(attribute)?.tag;
  if (known !== undefined) return known;
  if (/^[\da-f]{8}$/i.test(attribute)) return Number.parseInt(attribute, 16);
  const shown = attribute.replace(/[^\w ]/g, '').slice(0, 64);
  throw contract({
    zh: `没有名为“${shown}”的 DICOM 属性：请用标准关键字（如 PatientID）或 8 位十六进制标签`,
    en: `no DICOM attribute "${shown}": use a keyword of the standard (PatientID) or a tag of 8 hexadecimal digits`,
  });
}

interface Element {
  readonly attribute: string;
  readonly tag: number;
  readonly value: DicomValue;
}

function encodeElement({ attribute, tag, value }: Element, context: WriteContext, depth: number): Buffer[] {
  const { encoding } = context;
  const known = vrOf(tag);
  if (isItems(value)) {
    if (known !== 'SQ' && known !== 'UN') throw unfit(attribute, known);
    const items = value.flatMap(item => {
      const bytes = encodeItem(item, context, depth + 1);
      return [elementHeader(ITEM, '', bytes.length, encoding), bytes];
    });
    const length = items.reduce((sum, { length: bytes }) => sum + bytes, 0);
    return [elementHeader(tag, 'SQ', length, encoding), ...items];
  }
  // An empty text asks for all of a sequence.
  const bytes = value === '' ? Buffer.alloc(0) : encodeValue({ attribute, tag, value }, known, context);
  if (encoding.explicitVr && isShortVr(known) && bytes.length > 0xffff) throw unfit(attribute, known);
  return [elementHeader(tag, known, bytes.length, encoding), bytes];
}

function encodeValue({ attribute, value }: Element, vr: string, context: WriteContext): Buffer {
  if (typeof value !== 'string') {
    if (Buffer.isBuffer(value) && BINARY.has(vr)) return evenBytes(value, vr);
    throw unfit(attribute, vr);
  }
  const number = NUMBERS[vr];
  if (number) return encodeNumbers(value, number, context.encoding, () => unfit(attribute, vr));
  if (vr === 'SQ' || (BINARY.has(vr) && vr !== 'UN')) throw unfit(attribute, vr);
  const bytes = encodeText(value, BY_CHARACTER_SET.has(vr) ? context.characterSet : '');
  return evenBytes(bytes, vr);
}

function encodeNumbers(
  text: string,
  number: NumberFormat,
  { littleEndian }: Encoding,
  unfitting: () => Error,
): Buffer {
  return Buffer.concat(
    text.split('\\').map(one => {
      const bytes = Buffer.alloc(number.size);
      const view = viewOf(bytes);
      number.write(view, one.trim(), littleEndian);
      // Written and read again: whatever does not fit, a sign, a fraction or letters, comes back as another.
      const isSame = sameNumber(one.trim(), number.read(view, 0, littleEndian), number);
      if (!isSame) throw unfitting();
      return bytes;
    }),
  );
}

function sameNumber(written: string, read: string, number: NumberFormat): boolean {
  if (written.toLowerCase() === read) return true;
  if (number === NUMBERS['AT'] || written === '') return false;
  const difference = Math.abs(Number(written) - Number(read));
  const isExact = number !== NUMBERS['FL'] && number !== NUMBERS['FD'];
  return isExact ? difference === 0 : difference <= Math.abs(Number(written)) * 1e-6;
}

const viewOf = (bytes: Buffer): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

// Reading

export interface DecodeOptions {
  /** How text is read that its character set cannot be right for. */
  readonly fallback?: Fallback;
}

/**
 * Reads a data set. Group lengths are left out; padding is removed.
 *
 * @throws ExchangeError MALFORMED, TOO_LARGE
 */
export function decodeDataSet(bytes: Buffer, encoding: Encoding, options: DecodeOptions = {}): DicomValues {
  if (bytes.length > LONGEST_DATA_SET) throw tooLarge();
  return new Decoder(bytes, options.fallback).item(encoding, '', bytes.length, 0);
}

class Decoder {
  readonly #bytes: Buffer;
  readonly #fallback: Fallback | undefined;
  #at = 0;

  constructor(bytes: Buffer, fallback: Fallback | undefined) {
    this.#bytes = bytes;
    this.#fallback = fallback;
  }

  /** The elements up to `end`, or to the delimiter of an item when there is none. */
  item(encoding: Encoding, characterSetAround: string, end: number | undefined, depth: number): DicomValues {
    if (depth > DEEPEST_NESTING) throw tooDeep();
    const values: Record<string, DicomValue> = {};
    let characterSet = characterSetAround;
    while (this.#at !== end) {
      const head = this.#header(encoding, end);
      if (head.tag === ITEM_DELIMITER && end === undefined) break;
      if (head.tag >>> 16 === 0xfffe) throw badLength(head.tag);
      const value = this.#value(head, encoding, characterSet, end, depth);
      if (value === undefined || isGroupLength(head.tag)) continue;
      values[attributeOfTag(head.tag)?.keyword ?? hexTag(head.tag)] = value;
      if (head.tag === Tag.SpecificCharacterSet && typeof value === 'string') characterSet = value;
    }
    return values;
  }

  #header(encoding: Encoding, end: number | undefined): ElementHeader {
    const head = headerAt(this.#bytes, this.#at, encoding);
    if (!head || this.#at + head.size > (end ?? this.#bytes.length)) throw cutOff();
    this.#at += head.size;
    return head;
  }

  /** Undefined for compressed pixel data, which no such data set has. */
  #value(
    head: ElementHeader,
    around: Encoding,
    characterSet: string,
    end: number | undefined,
    depth: number,
  ): DicomValue | undefined {
    const isOpen = head.length === UNDEFINED_LENGTH;
    const valueEnd = isOpen ? undefined : this.#endOf(head, end);
    if (isOpen && (head.vr === 'OB' || head.vr === 'OW')) return this.#skipFragments(around);
    const vr = head.vr === '' || head.vr === 'UN' ? vrOf(head.tag) : head.vr;
    if (isOpen || vr === 'SQ') {
      return this.#sequence(encodingWithin(head, around), characterSet, valueEnd, depth);
    }
    const value = this.#bytes.subarray(this.#at, valueEnd);
    this.#at += value.length;
    return decodeValue(value, vr, around, bytes => decodeText(bytes, characterSet, this.#fallback));
  }

  #endOf(head: ElementHeader, around: number | undefined): number {
    const end = this.#at + head.length;
    if (end > (around ?? this.#bytes.length)) throw badLength(head.tag);
    return end;
  }

  #sequence(encoding: Encoding, characterSet: string, end: number | undefined, depth: number): DicomValues[] {
    const items: DicomValues[] = [];
    while (this.#at !== end) {
      const head = this.#header(encoding, end);
      if (head.tag === SEQUENCE_DELIMITER && end === undefined) break;
      if (head.tag !== ITEM) throw badLength(head.tag);
      const itemEnd = head.length === UNDEFINED_LENGTH ? undefined : this.#endOf(head, end);
      items.push(this.item(encoding, characterSet, itemEnd, depth + 1));
    }
    return items;
  }

  #skipFragments(encoding: Encoding): undefined {
    for (;;) {
      const head = this.#header(encoding, undefined);
      if (head.tag === SEQUENCE_DELIMITER) return undefined;
      if (head.tag !== ITEM) throw badLength(head.tag);
      this.#at = this.#endOf(head, undefined);
    }
  }
}

function decodeValue(
  bytes: Buffer,
  vr: string,
  { littleEndian }: Encoding,
  decode: (bytes: Buffer) => string,
): DicomValue {
  const number = NUMBERS[vr];
  if (number) {
    const view = viewOf(bytes);
    const count = Math.floor(bytes.length / number.size);
    return Array.from({ length: count }, (_, index) =>
      number.read(view, index * number.size, littleEndian),
    ).join('\\');
  }
  // A copy: the bytes are those of a message, which nobody else shall keep.
  if (BINARY.has(vr)) return Buffer.from(bytes);
  const text = withoutTrailing(BY_CHARACTER_SET.has(vr) ? decode(bytes) : bytes.toString('latin1'), '\0 ');
  return ONE_TEXT.has(vr) || !text.includes(' ')
    ? text
    : text
        .split('\\')
        .map(one => one.trim())
        .join('\\');
}

const contract = (text: { readonly zh: string; readonly en: string }): ExchangeError =>
  new ExchangeError({ code: 'CONTRACT', retry: 'never', text });

const unfit = (attribute: string, vr: string): ExchangeError =>
  contract({
    zh: `DICOM 属性 ${attribute} 的值与其类型 ${vr} 不符`,
    en: `the value of DICOM attribute ${attribute} is none of its type ${vr}`,
  });

const cutOff = (): ExchangeError =>
  malformed({ zh: '数据在元素中间结束，不完整', en: 'the data ends within an element: it is incomplete' });

const tooLarge = (): ExchangeError =>
  new ExchangeError({
    code: 'TOO_LARGE',
    retry: 'never',
    text: {
      zh: 'DICOM 查询或应答的数据集超过 1 MiB',
      en: 'the data set of a DICOM query or answer exceeds 1 MiB',
    },
  });
