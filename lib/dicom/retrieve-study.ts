/** Retrieves studies: asks what there is, fetches what is missing, and compares (5.1.3, A-52, A-55). */
import { ExchangeError, type Text } from '../errors';
import { type DicomValues, textOf } from './data-set';
import type { ObjectFolder } from './object-folder';
import { ended } from './protocol-failure';
import { type Queries, type QueryPeer, withQueries } from './query-scu';
import { type RetrieveOptions, getObjects, moveObjects } from './retrieve-scu';
import type { StudyOnDisk } from './source';
import { CANCELLED } from './status';

/** What studies are looked up by: the UID, or patient and accession number. */
export interface StudyKeys {
  readonly studyInstanceUid: string;
  readonly patientId: string;
  readonly accessionNumber: string;
}

/** Where the objects come to. */
export type RetrieveWay =
  | { readonly method: 'get'; readonly folder: ObjectFolder }
  /** By a station of this process, into its folder. */
  | { readonly method: 'move'; readonly folder: ObjectFolder; readonly aeTitle: string };

export interface RetrievedStudy extends StudyOnDisk {
  /** Objects that the peer says it has. */
  readonly expected: number;
  /** Of these, not on disk: the peer could not send them. */
  readonly missing: readonly string[];
}

interface Series {
  readonly seriesInstanceUid: string;
  readonly instances: readonly string[];
}

/**
 * @returns the studies that match, complete or not: `missing` tells
 * @throws {ExchangeError} DICOM_NOT_FOUND; DICOM_KEYS when the study has other keys than those given; what ends an
 *   association: called again, only what is not on disk is fetched
 */
export async function retrieveStudies(
  peer: QueryPeer,
  keys: StudyKeys,
  way: RetrieveWay,
  options: RetrieveOptions = {},
): Promise<RetrievedStudy[]> {
  const wanted = await withQueries(peer, 'STUDY', options.signal, async queries => {
    const found = await findStudies(queries, keys);
    const studies = [];
    for (const studyInstanceUid of found)
      studies.push({ studyInstanceUid, series: await seriesOf(queries, studyInstanceUid) });
    return studies;
  });
  const retrieved: RetrievedStudy[] = [];
  for (const { studyInstanceUid, series } of wanted)
    retrieved.push(await retrieveOne(peer, studyInstanceUid, series, way, options));
  return retrieved;
}

async function findStudies(queries: Queries, keys: StudyKeys): Promise<string[]> {
  const { studyInstanceUid, patientId, accessionNumber } = keys;
  const byUid = studyInstanceUid !== '';
  const answers = await queries.find('STUDY', {
    StudyInstanceUID: studyInstanceUid,
    PatientID: byUid ? '' : patientId,
    AccessionNumber: byUid ? '' : accessionNumber,
  });
  // Some answer with everything when they do not know a key.
  const matching = answers.filter(
    answer => !byUid || textOf(answer, 'StudyInstanceUID') === studyInstanceUid,
  );
  if (matching.length === 0) throw notFound;
  for (const answer of matching) compareKeys(answer, keys);
  return uidsOf(matching, 'StudyInstanceUID');
}

/** Each once: some peers answer with a study for each of its images. */
const uidsOf = (answers: readonly DicomValues[], keyword: Parameters<typeof textOf>[1]): string[] => [
  ...new Set(answers.map(answer => textOf(answer, keyword)).filter(uid => uid !== '')),
];

/** The report and its images belong together only if their keys say so. */
function compareKeys(answer: DicomValues, { patientId, accessionNumber }: StudyKeys): void {
  for (const [keyword, expected] of [
    ['PatientID', patientId],
    ['AccessionNumber', accessionNumber],
  ] as const) {
    const actual = textOf(answer, keyword).trim();
    if (expected !== '' && actual !== '' && actual !== expected) throw otherKeys(keyword);
  }
}

async function seriesOf(queries: Queries, StudyInstanceUID: string): Promise<Series[]> {
  const answers = await queries.find('SERIES', { StudyInstanceUID, SeriesInstanceUID: '' });
  const series: Series[] = [];
  for (const SeriesInstanceUID of uidsOf(answers, 'SeriesInstanceUID')) {
    const images = await queries.find('IMAGE', { StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID: '' });
    series.push({ seriesInstanceUid: SeriesInstanceUID, instances: uidsOf(images, 'SOPInstanceUID') });
  }
  return series;
}

async function retrieveOne(
  peer: QueryPeer,
  studyInstanceUid: string,
  series: readonly Series[],
  way: RetrieveWay,
  options: RetrieveOptions,
): Promise<RetrievedStudy> {
  const { folder } = way;
  const onDisk = async (): Promise<ReadonlySet<string>> =>
    new Set((await folder.study(studyInstanceUid))?.files.map(({ sopInstanceUid }) => sopInstanceUid));
  const have = await onDisk();
  for (const keys of requestsFor(studyInstanceUid, series, have)) {
    const { status } =
      way.method === 'get'
        ? await getObjects(peer, keys, folder, options)
        : await moveObjects(peer, keys, way.aeTitle, options);
    if (status === CANCELLED && options.signal?.aborted) throw ended(true);
  }
  const study = await folder.study(studyInstanceUid);
  if (!study) throw nothingCame;
  const now = await onDisk();
  const expected = series.flatMap(({ instances }) => instances);
  return { ...study, expected: expected.length, missing: expected.filter(uid => !now.has(uid)) };
}

/** One request for a study of which nothing is here; else one for each series that is not complete. */
function requestsFor(
  StudyInstanceUID: string,
  series: readonly Series[],
  have: ReadonlySet<string>,
): DicomValues[] {
  const study = { QueryRetrieveLevel: 'STUDY', StudyInstanceUID };
  if (have.size === 0) return [study];
  return series.flatMap(({ seriesInstanceUid, instances }) => {
    const missing = instances.filter(uid => !have.has(uid));
    if (missing.length === 0) return [];
    const ofSeries = { StudyInstanceUID, SeriesInstanceUID: seriesInstanceUid };
    if (missing.length === instances.length) return [{ QueryRetrieveLevel: 'SERIES', ...ofSeries }];
    return someAtATime(missing).map(uids => ({
      QueryRetrieveLevel: 'IMAGE',
      ...ofSeries,
      SOPInstanceUID: uids.join('\\'),
    }));
  });
}

/** A list of UIDs must fit into 64 KB, with up to 65 bytes for each. */
const MOST_UIDS = 500;

const someAtATime = (uids: readonly string[]): string[][] =>
  Array.from({ length: Math.ceil(uids.length / MOST_UIDS) }, (_, at) =>
    uids.slice(at * MOST_UIDS, (at + 1) * MOST_UIDS),
  );

const failure = (code: 'DICOM_NOT_FOUND' | 'DICOM_KEYS' | 'DICOM_STATUS', text: Text): ExchangeError =>
  new ExchangeError({ code, retry: code === 'DICOM_STATUS' ? 'retry' : 'never', text });

const notFound = failure('DICOM_NOT_FOUND', {
  zh: '对方没有符合条件的检查：请核对检查实例 UID，或患者编号与检查号',
  en: 'the peer has no such study: check the study instance UID, or patient id and accession number',
});

const nothingCame = failure('DICOM_STATUS', {
  zh: '对方称有该检查，但没有送来任何影像',
  en: 'the peer says that it has the study, and sent nothing of it',
});

const otherKeys = (keyword: 'PatientID' | 'AccessionNumber'): ExchangeError => {
  const zh = keyword === 'PatientID' ? '患者编号(PatientID)' : '检查号(AccessionNumber)';
  return failure('DICOM_KEYS', {
    zh: `影像的${zh}与已注册的报告不一致：请核对，不上传`,
    en: `${keyword} of the images differs from the registered report: check it; nothing is sent`,
  });
};
