/**
 * Electronic film (5.1.4 of the agreement, A-51): Modality (0008,0060) becomes EFILM while the object is sent. All other
 * bytes stay as they are.
 */
import { createHash } from 'node:crypto';
import { pipeline, Readable } from 'node:stream';
import zlib from 'node:zlib';
import { withoutTrailing } from '../trailing';
import { asDeflateError, type DataSetPlace, inflaterFor, readStart } from './data-set-start';
import { Tag } from './dictionary';
import type { DataElement } from './element-reader';
import { asciiElement } from './element-writer';
import { malformed, readFailure } from './failure';
import { type ObjectBytes, openObject } from './object-bytes';
import type { ObjectIdentity, ObjectSource } from './source';
import { growthOf, type Patch, splice } from './splice';
import { type TransferSyntax, transferSyntaxOf } from './transfer-syntax';

export const EFILM = 'EFILM';

export interface EfilmOptions {
  /**
   * New UIDs for series and object, derived from the old ones: Modality belongs to the series (PS3.3 C.7.3.1), and the
   * archive may hold the same series as images.
   */
  readonly newUids: boolean;
}

/** An object as it is sent: a changed one, or the same when it is an electronic film already. */
export interface EfilmObject {
  readonly identity: ObjectIdentity;
  readonly isChanged: boolean;
  /** Of the data set; null when it is not known before it is sent (deflated). */
  readonly length: number | null;
  /** The data set to send, made from that of the source. To be called once. */
  stream(input: AsyncIterable<Buffer>): AsyncIterable<Buffer>;
}

/**
 * Looks at the first elements of an object and prepares the change. A second pass changes nothing.
 *
 * @throws ExchangeError DICOM_FILE
 */
export async function efilm(source: ObjectSource, options: EfilmOptions): Promise<EfilmObject> {
  const { data: _data, offset: _offset, length, ...identity } = source;
  if (identity.modality === EFILM) {
    return { identity, isChanged: false, length, stream: input => input };
  }
  const place = { syntax: transferSyntaxOf(source.transferSyntaxUid), offset: source.offset, length };
  const renamed = options.newUids ? withNewUids(identity) : identity;
  try {
    const bytes = await openObject(source.data);
    try {
      const patches = await patchesFor(bytes, place, { ...renamed, modality: EFILM });
      const makeInflater = await inflaterFor(bytes, place);
      return {
        identity: { ...renamed, modality: EFILM },
        isChanged: true,
        length: place.syntax.deflated ? null : length + growthOf(patches),
        stream: input =>
          place.syntax.deflated ? recode(input, patches, makeInflater) : splice(input, patches),
      };
    } finally {
      await bytes.close();
    }
  } catch (error) {
    throw readFailure(error);
  }
}

const withNewUids = (identity: ObjectIdentity): ObjectIdentity => ({
  ...identity,
  seriesInstanceUid: derivedUid(identity.seriesInstanceUid),
  sopInstanceUid: derivedUid(identity.sopInstanceUid),
});

/** The UID of the film of a series or object: always the same for the same. A UUID as a UID (PS3.5 B.2). */
export function derivedUid(uid: string): string {
  const digest = createHash('sha256').update(`${EFILM} ${uid}`).digest();
  // Version 8 and variant of RFC 9562: a UUID made by a digest of our own choice.
  digest[6] = (digest[6]! & 0x0f) | 0x80;
  digest[8] = (digest[8]! & 0x3f) | 0x80;
  return `2.25.${BigInt(`0x${digest.toString('hex', 0, 16)}`)}`;
}

const GROUP_0008 = 0x00080000;
const GROUP_0020 = 0x00200000;
const LOOKED_AT: ReadonlySet<number> = new Set([
  GROUP_0008,
  Tag.SOPInstanceUID,
  Tag.Modality,
  GROUP_0020,
  Tag.SeriesInstanceUID,
]);

/** Where the data set differs from the film's. */
async function patchesFor(
  bytes: ObjectBytes,
  place: DataSetPlace,
  film: ObjectIdentity,
): Promise<readonly Patch[]> {
  const found = new Map<number, DataElement>();
  let afterModality: number | undefined;
  let previous = -1;
  const end = await readStart(bytes, place, { last: Tag.SeriesInstanceUID, wants: LOOKED_AT }, element => {
    // In a data set out of order a Modality further on could stay, and the object have two.
    if (element.tag <= previous) throw outOfOrder();
    previous = element.tag;
    if (LOOKED_AT.has(element.tag)) found.set(element.tag, element);
    if (element.tag > Tag.Modality) afterModality ??= element.position;
  });
  const modality = found.get(Tag.Modality);
  const patches = [
    replacing(modality, afterModality ?? end, asciiElement(Tag.Modality, 'CS', film.modality, place.syntax)),
    ...uidPatch(found.get(Tag.SOPInstanceUID), film.sopInstanceUid, place.syntax),
    ...uidPatch(found.get(Tag.SeriesInstanceUID), film.seriesInstanceUid, place.syntax),
  ];
  return [...patches, ...groupLengths(found, patches, place.syntax)].toSorted(
    (one, other) => one.position - other.position,
  );
}

/** An element in the place of another, or inserted where it belongs. */
const replacing = (old: DataElement | undefined, place: number, insert: Buffer): Patch =>
  old ? { position: old.position, remove: wholeLength(old), insert } : { position: place, remove: 0, insert };

function wholeLength(element: DataElement): number {
  if (element.value) return element.size + element.value.length;
  throw malformed({
    zh: '检查类型 (0008,0060) 或 UID 的长度不正确',
    en: 'the length of Modality (0008,0060) or of a UID is wrong',
  });
}

function uidPatch(old: DataElement | undefined, uid: string, syntax: TransferSyntax): Patch[] {
  if (!old || uidText(old) === uid) return [];
  return [replacing(old, old.position, asciiElement(old.tag, 'UI', uid, syntax))];
}

const uidText = ({ value }: DataElement): string => withoutTrailing(value?.toString('latin1') ?? '', '\0 ');

const outOfOrder = (): Error =>
  malformed({
    zh: '数据元素未按标签顺序排列，无法安全地改写检查类型',
    en: 'the data elements are not in the order of their tags, so Modality cannot be changed safely',
  });

/** Group lengths are retired (PS3.5 7.2); where an object has them, they follow the change. */
function groupLengths(
  found: ReadonlyMap<number, DataElement>,
  patches: readonly Patch[],
  { littleEndian }: TransferSyntax,
): Patch[] {
  return [GROUP_0008, GROUP_0020].flatMap(tag => {
    const element = found.get(tag);
    const growth = growthOf(patches.filter(({ insert }) => groupOf(insert, littleEndian) === tag >>> 16));
    if (element?.value?.length !== 4 || growth === 0) return [];
    const old = littleEndian ? element.value.readUInt32LE() : element.value.readUInt32BE();
    const insert = Buffer.alloc(4);
    insert[littleEndian ? 'writeUInt32LE' : 'writeUInt32BE']((old + growth) >>> 0);
    return [{ position: element.position + element.size, remove: 4, insert }];
  });
}

const groupOf = (element: Buffer, littleEndian: boolean): number =>
  littleEndian ? element.readUInt16LE() : element.readUInt16BE();

/** Inflates, changes and deflates piece by piece. The length becomes even (PS3.5 A.5). */
async function* recode(
  input: AsyncIterable<Buffer>,
  patches: readonly Patch[],
  makeInflater: () => zlib.Inflate | zlib.InflateRaw,
): AsyncGenerator<Buffer, void> {
  const deflated = pipeline(
    Readable.from(input),
    makeInflater(),
    (inflated: AsyncIterable<Buffer>) => splice(inflated, patches),
    zlib.createDeflateRaw(),
    // The reader of the last stream is told of every error.
    () => {},
  );
  let length = 0;
  try {
    for await (const piece of deflated as AsyncIterable<Buffer>) {
      length += piece.length;
      yield piece;
    }
  } catch (error) {
    throw readFailure(asDeflateError(error));
  } finally {
    deflated.destroy();
  }
  if (length % 2 !== 0) yield Buffer.of(0);
}
