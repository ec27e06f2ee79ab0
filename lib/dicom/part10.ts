/** DICOM files (PS3.10 7): preamble, file meta information, data set. */
import { isUid } from '../contract/dicom-terms';
import type { RandomAccess } from '../report-file/content';
import { withoutTrailing } from '../trailing';
import { decodeText, type Fallback } from './character-set';
import { StartReader, readStart } from './data-set-start';
import { Tag } from './dictionary';
import { type DataElement, ElementReader, EXPLICIT_LE, headerAt } from './element-reader';
import { asciiElement, elementHeader } from './element-writer';
import { dicomFileError, readFailure } from './failure';
import { openObject } from './object-bytes';
import type { ObjectIdentity, ObjectSource } from './source';
import { type TransferSyntax, transferSyntaxOf } from './transfer-syntax';

export { isUid };

const PREAMBLE = 128;
const NO_PREAMBLE = Buffer.alloc(PREAMBLE);
const PREFIX = Buffer.from('DICM');
const META_START = PREAMBLE + PREFIX.length;
/** File meta information is a few hundred bytes, and what private information an application adds (0002,0102). */
const LONGEST_META = 1024 * 1024;
const META_PIECE = 4096;

const META_ELEMENTS: ReadonlySet<number> = new Set([
  Tag.FileMetaInformationGroupLength,
  Tag.MediaStorageSOPClassUID,
  Tag.MediaStorageSOPInstanceUID,
  Tag.TransferSyntaxUID,
]);
const IDENTITY_ELEMENTS: ReadonlySet<number> = new Set([
  Tag.SpecificCharacterSet,
  Tag.SOPClassUID,
  Tag.SOPInstanceUID,
  Tag.AccessionNumber,
  Tag.Modality,
  Tag.PatientID,
  Tag.StudyInstanceUID,
  Tag.SeriesInstanceUID,
]);

/**
 * Reads what identifies an object, and where its data set lies. Reads the first elements only, whatever the object's
 * size.
 *
 * @param data complete path of a file, or its bytes
 * @param fallback how text is read that its character set cannot be right for
 * @throws ExchangeError DICOM_FILE; CONFIG or TRANSPORT_NOT_SENT for what the file system refuses
 */
export async function readObject(data: string | Buffer, fallback?: Fallback): Promise<ObjectSource> {
  try {
    const bytes = await openObject(data);
    try {
      const { end: offset, ...meta } = await readMeta(bytes);
      const values = new Map<number, Buffer>();
      const syntax = knownSyntax(meta.transferSyntaxUid);
      const length = bytes.bytes - offset;
      await readStart(bytes, { syntax, offset, length }, IDENTITY, keptIn(values));
      const identity = identityFrom(values, meta.transferSyntaxUid, fallback);
      checkSame(meta, identity);
      return { ...identity, data, offset, length };
    } finally {
      await bytes.close();
    }
  } catch (error) {
    throw readFailure(error);
  }
}

/** What identifies the object in a file. @throws as {@link readObject} */
export async function readIdentity(file: string): Promise<ObjectIdentity> {
  const { data: _data, offset: _offset, length: _length, ...identity } = await readObject(file);
  return identity;
}

interface WrittenMeta {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly transferSyntaxUid: string;
  /** Where the data set begins. */
  readonly end: number;
}

async function readMeta(bytes: RandomAccess): Promise<WrittenMeta> {
  const start = await bytes.read(0, META_START);
  if (!start.subarray(PREAMBLE).equals(PREFIX)) throw notPart10(bytes.bytes === 0);
  const { values, end } = await metaElements(bytes);
  return {
    sopClassUid: uidText(values.get(Tag.MediaStorageSOPClassUID)),
    sopInstanceUid: uidText(values.get(Tag.MediaStorageSOPInstanceUID)),
    transferSyntaxUid: uidText(values.get(Tag.TransferSyntaxUID)),
    end,
  };
}

/** Group 0002 and where it ends: where its group length says, or another group begins. Not all group lengths are right. */
async function metaElements(
  bytes: RandomAccess,
): Promise<{ readonly values: ReadonlyMap<number, Buffer>; readonly end: number }> {
  const reader = new ElementReader(EXPLICIT_LE, {
    length: bytes.bytes - META_START,
    wants: tag => META_ELEMENTS.has(tag),
    endsBefore: tag => tag >>> 16 !== 0x0002,
  });
  const values = new Map<number, Buffer>();
  let groupEnd = -1;
  for (let at = 0; !reader.ended; at = reader.skipAhead()) {
    if (at > LONGEST_META) throw notPart10(false);
    const piece = await bytes.read(META_START + at, META_PIECE);
    if (piece.length === 0) break;
    for (const element of reader.feed(piece)) {
      if (element.value) values.set(element.tag, element.value);
      if (element.tag === Tag.FileMetaInformationGroupLength) groupEnd = groupEndOf(element);
      if (endOf(element) === groupEnd) return { values, end: META_START + groupEnd };
    }
  }
  reader.end();
  return { values, end: META_START + reader.position };
}

const endOf = ({ position, size, length }: DataElement): number => position + size + length;

const groupEndOf = (element: DataElement): number =>
  element.value?.length === 4 ? endOf(element) + element.value.readUInt32LE() : -1;

/** Reads what identifies an object out of its data set while that comes, unless it is deflated. */
export class IdentityReader {
  readonly #transferSyntaxUid: string;
  readonly #values = new Map<number, Buffer>();
  readonly #reader: StartReader;

  /** @throws ExchangeError DICOM_FILE for what is no transfer syntax */
  constructor(transferSyntaxUid: string) {
    this.#transferSyntaxUid = transferSyntaxUid;
    this.#reader = new StartReader(knownSyntax(transferSyntaxUid), IDENTITY, keptIn(this.#values));
  }

  /** @throws ExchangeError DICOM_FILE */
  feed(piece: Buffer): void {
    this.#reader.feed(piece);
  }

  /** After the last piece. @throws ExchangeError DICOM_FILE */
  end(): ObjectIdentity {
    this.#reader.end();
    return identityFrom(this.#values, this.#transferSyntaxUid);
  }
}

const IDENTITY = { last: Tag.SeriesInstanceUID, wants: IDENTITY_ELEMENTS };

const keptIn =
  (values: Map<number, Buffer>) =>
  ({ tag, value }: DataElement): void => {
    if (value) values.set(tag, value);
  };

function knownSyntax(uid: string): TransferSyntax {
  if (!isUsableUid(uid)) throw noSyntax();
  return transferSyntaxOf(uid);
}

function identityFrom(
  values: ReadonlyMap<number, Buffer>,
  transferSyntaxUid: string,
  fallback?: Fallback,
): ObjectIdentity {
  const characterSet = latin1(values.get(Tag.SpecificCharacterSet));
  const text = (tag: number): string =>
    decodeText(values.get(tag) ?? Buffer.alloc(0), characterSet, fallback).trim();
  const identity = {
    sopClassUid: uidText(values.get(Tag.SOPClassUID)),
    sopInstanceUid: uidText(values.get(Tag.SOPInstanceUID)),
    transferSyntaxUid,
    studyInstanceUid: uidText(values.get(Tag.StudyInstanceUID)),
    seriesInstanceUid: uidText(values.get(Tag.SeriesInstanceUID)),
    patientId: text(Tag.PatientID),
    accessionNumber: text(Tag.AccessionNumber),
    modality: latin1(values.get(Tag.Modality)).trim(),
  };
  checkUids(identity);
  return identity;
}

function checkUids(identity: ObjectIdentity): void {
  for (const [name, uid] of [
    ['SOPClassUID (0008,0016)', identity.sopClassUid],
    ['SOPInstanceUID (0008,0018)', identity.sopInstanceUid],
    ['StudyInstanceUID (0020,000D)', identity.studyInstanceUid],
    ['SeriesInstanceUID (0020,000E)', identity.seriesInstanceUid],
  ] as const) {
    if (isUsableUid(uid)) continue;
    throw dicomFileError(
      'uid',
      uid === ''
        ? { zh: `影像缺少 ${name}`, en: `the object has no ${name}` }
        : { zh: `影像的 ${name} 不是有效的 UID`, en: `${name} of the object is no valid UID` },
    );
  }
}

/** What the file says it holds must be what it holds; some programs leave the meta elements out. */
function checkSame(meta: Omit<WrittenMeta, 'end'>, identity: ObjectIdentity): void {
  const said = [meta.sopClassUid, meta.sopInstanceUid];
  const found = [identity.sopClassUid, identity.sopInstanceUid];
  if (said.every((uid, index) => uid === '' || uid === found[index])) return;
  throw dicomFileError('meta-differs', {
    zh: '文件元信息 (0002,0002)/(0002,0003) 与数据集的 SOP 类或实例 UID 不一致',
    en: 'SOP class or instance UID of the file meta information (0002,0002)/(0002,0003) differ from those of the data set',
  });
}

/**
 * A UID that others have made: leading zeros in its components are wrong (PS3.5 9.1), but some devices write them, and
 * archives take them. Such a UID can name a file, too.
 */
export const isUsableUid = (text: string): boolean => text.length <= 64 && /^\d+(?:\.\d+)+$/.test(text);

const latin1 = (bytes: Buffer | undefined): string => (bytes ? bytes.toString('latin1') : '');

const uidText = (bytes: Buffer | undefined): string => withoutTrailing(latin1(bytes), '\0 ');

const noSyntax = (): Error =>
  dicomFileError('syntax', {
    zh: '文件元信息中没有有效的传输语法 (0002,0010)，无法判断数据如何编码',
    en: 'the file meta information has no valid transfer syntax (0002,0010), so nobody can tell how the data is written',
  });

const notPart10 = (isEmpty: boolean): Error =>
  dicomFileError(
    'not-part-10',
    isEmpty
      ? { zh: '影像文件为空', en: 'the DICOM file is empty' }
      : {
          zh: '不是 DICOM 文件（PS3.10）：缺少 128 字节前导和“DICM”标记；请从 PACS 以带文件头的格式导出',
          en: 'no DICOM file (PS3.10): the preamble of 128 bytes and “DICM” are missing; export it with its file header',
        },
  );

export interface Implementation {
  readonly classUid: string;
  /** At most 16 characters. */
  readonly versionName: string;
}

export interface FileMetaValues {
  readonly sopClassUid: string;
  readonly transferSyntaxUid: string;
  /** Of the station that sent the objects; left out when empty. */
  readonly sourceAeTitle: string;
}

/**
 * Preamble, prefix and file meta information for files whose data sets follow (PS3.10 7.1): of objects that differ in
 * their instance UID only, as those of a series do.
 */
export class FileMeta {
  readonly #values: FileMetaValues;
  readonly #before: Buffer;
  readonly #after: Buffer;

  constructor(values: FileMetaValues, { classUid, versionName }: Implementation) {
    const { sopClassUid, transferSyntaxUid, sourceAeTitle } = values;
    this.#values = values;
    this.#before = Buffer.concat([
      // File Meta Information Version: bytes 00 and 01.
      ascii(0x00020001, 'OB', '\0\x01'),
      ascii(Tag.MediaStorageSOPClassUID, 'UI', sopClassUid),
    ]);
    this.#after = Buffer.concat([
      ascii(Tag.TransferSyntaxUID, 'UI', transferSyntaxUid),
      ascii(0x00020012, 'UI', classUid),
      ascii(0x00020013, 'SH', versionName),
      ...(sourceAeTitle === '' ? [] : [ascii(0x00020016, 'AE', sourceAeTitle)]),
    ]);
  }

  /** Whether it is that of such objects. */
  suits({ sopClassUid, transferSyntaxUid, sourceAeTitle }: FileMetaValues): boolean {
    const own = this.#values;
    return (
      own.sopClassUid === sopClassUid &&
      own.transferSyntaxUid === transferSyntaxUid &&
      own.sourceAeTitle === sourceAeTitle
    );
  }

  bytesFor(sopInstanceUid: string): Buffer {
    const uid = ascii(Tag.MediaStorageSOPInstanceUID, 'UI', sopInstanceUid);
    return withPreamble([this.#before, uid, this.#after]);
  }
}

/**
 * Preamble and meta information for a copy of an object that may have got another UID; else as they are.
 *
 * @throws ExchangeError DICOM_FILE; the file system's own error
 */
export async function metaOfCopy(source: ObjectSource, sopInstanceUid: string): Promise<Buffer> {
  const bytes = await openObject(source.data);
  try {
    const meta = await bytes.read(0, source.offset);
    return sopInstanceUid === source.sopInstanceUid ? meta : renamed(meta, sopInstanceUid);
  } finally {
    await bytes.close();
  }
}

function renamed(meta: Buffer, sopInstanceUid: string): Buffer {
  const elements: Buffer[] = [];
  for (let at = META_START; at < meta.length;) {
    const header = headerAt(meta, at, EXPLICIT_LE);
    if (!header) break;
    const end = at + header.size + header.length;
    if (header.tag === Tag.MediaStorageSOPInstanceUID) {
      elements.push(ascii(header.tag, 'UI', sopInstanceUid));
    } else if (header.tag !== Tag.FileMetaInformationGroupLength) elements.push(meta.subarray(at, end));
    at = end;
  }
  return withPreamble(elements, meta.subarray(0, PREAMBLE));
}

const ascii = (tag: number, vr: string, text: string): Buffer => asciiElement(tag, vr, text, EXPLICIT_LE);

function withPreamble(elements: readonly Buffer[], preamble: Buffer = NO_PREAMBLE): Buffer {
  const length = Buffer.allocUnsafe(4);
  length.writeUInt32LE(elements.reduce((sum, element) => sum + element.length, 0));
  const header = elementHeader(Tag.FileMetaInformationGroupLength, 'UL', length.length, EXPLICIT_LE);
  return Buffer.concat([preamble, PREFIX, header, length, ...elements]);
}
