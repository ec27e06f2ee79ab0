/** What identifies an object, read by dcmjs: it must not share mistakes with our own reader in lib/dicom. */
import { constants, Dataset, log } from 'dcmjs-dimse';
import zlib from 'node:zlib';
import type { ObjectIdentity } from '../../dicom/source';
import { withoutTrailing } from '../../trailing';

// It logs each PDU to the console otherwise, patients included.
log.disableAll();

/** As much of a data set as is read for its identity; what lies behind it is pixels, or of no interest. */
export const HEAD_BYTES = 1024 * 1024;

const PIXEL_DATA = '7FE00010';
/** Deflated heads are short, and may not grow without limit. */
const DEFLATED_BYTES = 64 * 1024;
const INFLATED_BYTES = 64 * 1024 * 1024;

/** Everything before the pixels. Of a damaged data set, what could be read. */
export function readHead(dataSet: Buffer, transferSyntaxUid: string): Dataset {
  const head = dataSet.subarray(0, HEAD_BYTES);
  const deflated = transferSyntaxUid === constants.TransferSyntax.DeflatedExplicitVRLittleEndian;
  return new Dataset(deflated ? inflateHead(head) : head, transferSyntaxUid, {
    untilTag: PIXEL_DATA,
    stopOnGreaterTag: true,
  });
}

function inflateHead(head: Buffer): Buffer {
  return zlib.inflateRawSync(head.subarray(0, DEFLATED_BYTES), {
    finishFlush: zlib.constants.Z_SYNC_FLUSH,
    maxOutputLength: INFLATED_BYTES,
  });
}

export function identityOf(head: Dataset): ObjectIdentity {
  const text = (keyword: string): string => textOf(head.getElement(keyword));
  return {
    sopClassUid: text('SOPClassUID'),
    sopInstanceUid: text('SOPInstanceUID'),
    transferSyntaxUid: head.getTransferSyntaxUid(),
    studyInstanceUid: text('StudyInstanceUID'),
    seriesInstanceUid: text('SeriesInstanceUID'),
    patientId: text('PatientID'),
    accessionNumber: text('AccessionNumber'),
    modality: text('Modality'),
  };
}

/** A value as DICOM writes it: several by backslash, the groups of a name by equals sign. */
export function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(textOf).join('\\');
  if (typeof value === 'string') return withoutTrailing(value, '\0 ').trimStart();
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'object' || value === null) return '';
  const { Alphabetic, Ideographic, Phonetic } = value as Record<string, unknown>;
  return withoutTrailing([Alphabetic, Ideographic, Phonetic].map(textOf).join('='), '=');
}
