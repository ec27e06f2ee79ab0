/** Keys of a study from what a flow has: DICOM attributes, or the record of an exam report (4.2, A-52, A-53). */
import { type Row, isRow, textAt } from '../contract/row';
import { ExchangeError } from '../errors';
import type { StudyKeys } from './retrieve-study';

/** Names of a key in lower case, in the order in which they count: DICOM's, then the report's. */
const NAMES: Readonly<Record<keyof StudyKeys, readonly string[]>> = {
  studyInstanceUid: ['studyinstanceuid', 'study_instance_uid'],
  // The id of the imaging system is the DICOM one, where a report has both.
  patientId: ['patientid', 'patient_local_id', 'patient_id'],
  accessionNumber: ['accessionnumber', 'pacs_id'],
};

/**
 * Takes an object, an array of them, or a UID as text; several UIDs are parted by commas, each is a study of its own.
 * @throws {ExchangeError} CONTRACT when there is neither a UID, nor patient and accession number
 */
export function readStudyKeys(input: unknown): StudyKeys[] {
  const rows: readonly unknown[] = Array.isArray(input) ? input : [input];
  const keys = rows.flatMap(row => keysOf(typeof row === 'string' ? { StudyInstanceUID: row } : row));
  if (keys.length === 0) throw noKeys();
  return keys;
}

function keysOf(row: unknown): StudyKeys[] {
  if (!isRow(row)) throw noKeys();
  const [patientId, accessionNumber] = [first(row, NAMES.patientId), first(row, NAMES.accessionNumber)];
  const uids = first(row, NAMES.studyInstanceUid)
    .split(/[,，;；\\]/)
    .map(uid => uid.trim())
    .filter(uid => uid !== '');
  if (uids.length > 0)
    return uids.map(studyInstanceUid => ({ studyInstanceUid, patientId, accessionNumber }));
  if (patientId === '' || accessionNumber === '') throw noKeys();
  return [{ studyInstanceUid: '', patientId, accessionNumber }];
}

function first(row: Row, names: readonly string[]): string {
  for (const name of names) {
    const text = textAt(row, name).trim();
    if (text !== '') return text;
  }
  return '';
}

const noKeys = (): ExchangeError =>
  new ExchangeError({
    code: 'CONTRACT',
    retry: 'never',
    text: {
      zh: '缺少检查的关键字：应有 StudyInstanceUID，或同时有 PatientID 与 AccessionNumber',
      en: 'the keys of a study are missing: give StudyInstanceUID, or both PatientID and AccessionNumber',
    },
  });
