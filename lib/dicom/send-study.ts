/** Studies on their way to an archive: what is to be sent, what has been, and what became of each object (5.1.3, 5.1.4). */
import { setTimeout as pause } from 'node:timers/promises';
import type { Delivered, Work } from '../delivery/channel';
import type { Item } from '../delivery/hand-in';
import { ExchangeError, bilingual } from '../errors';
import { type ByteSource, IterableBytes, openBytes } from './byte-source';
import { decompress, isDecompressible } from './decompress';
import { EFILM, derivedUid, efilm } from './efilm';
import { FileShare, type FileShareOptions } from './file-share';
import { requestCommitment } from './commitment';
import { piecesOf } from './object-bytes';
import type { FileObject } from './outgoing';
import { isRecodable, toImplicit } from './recode';
import type { Peer } from './request-association';
import type { ObjectSource } from './source';
import { type StatusClass, mayPass, statusClass, statusHex } from './status';
import type { Transfer } from './transfer';
import { type ObjectResult, type Outgoing, type Written, storeObjects } from './store-scu';
import { EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN } from './transfer-syntax';

/** How the objects of a study are sent. */
export interface SendMode {
  /** (0008,0060) becomes EFILM. */
  readonly efilm: boolean;
  /** With it: new series and instance UIDs, derived from the old ones. */
  readonly newUids: boolean;
  /** Of a file share: the day of its path, so that a repetition finds its file. */
  readonly day?: string;
}

/** The content of a message: a study, and what has been done of it. */
interface StoredStudy {
  readonly studyInstanceUid: string;
  readonly mode: SendMode;
  readonly objects: readonly FileObject[];
  /** What the archive has answered, by the SOP instance UID of the file; final answers only. */
  readonly done: Readonly<Record<string, Answer>>;
  /** Objects at which an association was lost the last time: one that breaks the peer must not keep back the others. */
  readonly last?: readonly string[];
}

interface Answer {
  readonly status: number;
  readonly comment: string;
  readonly recodedTo?: string;
}

/** An object as the flow sees it. */
export interface SentObject {
  readonly sopInstanceUid: string;
  readonly file: string;
  readonly status: string | null;
  readonly class: StatusClass | 'unknown';
  readonly comment: string;
  /** The transfer syntax in which it was sent because the peer does not accept its own. */
  readonly recodedTo?: string;
}

export interface SentStudy {
  readonly studyInstanceUid: string;
  readonly total: number;
  readonly accepted: number;
  readonly warnings: number;
  readonly failed: number;
  readonly objects: readonly SentObject[];
}

/** One item for each study among the objects. */
export function studyItems(objects: readonly FileObject[], mode: SendMode): Item[] {
  const studies = new Map<string, FileObject[]>();
  for (const object of objects) {
    const known = studies.get(object.studyInstanceUid);
    if (known) known.push(object);
    else studies.set(object.studyInstanceUid, [object]);
  }
  return [...studies].map(([studyInstanceUid, ofStudy]) => {
    const stored: StoredStudy = { studyInstanceUid, mode, objects: ofStudy, done: {} };
    const [first] = ofStudy;
    return {
      service: mode.efilm ? 'EFILM' : 'C-STORE',
      key: studyInstanceUid,
      label: studyInstanceUid,
      terms: { patient: first?.patientId ?? '', accession: first?.accessionNumber ?? '' },
      content: JSON.stringify(stored),
      repeats: 'known',
    };
  });
}

export interface SendOptions {
  readonly associations: number;
  /** Asks the archive to commit itself to what it has taken; time to wait for its report, in ms. */
  readonly commitmentMs?: number;
  readonly onProgress?: (done: number, total: number) => void;
  readonly onTransfer?: (transfer: Transfer) => void;
}

/** Milliseconds between two times that progress is kept: what a crash can make to be sent twice. */
const KEEP_EVERY_MS = 200;

/**
 * Sends what has not been sent of a study. Progress is kept on the way, so that only missing objects are sent again.
 * @returns accepted when the archive has taken all objects, refused when it has refused some for good
 * @throws {ExchangeError} what keeps the rest from being sent now
 */
export async function sendStudy(
  work: Work,
  peer: Peer,
  options: SendOptions,
  signal: AbortSignal,
): Promise<Delivered> {
  // Written by studyItems, or below.
  const stored = JSON.parse(work.content) as StoredStudy;
  const done = new Map(Object.entries(stored.done));
  let last = stored.last ?? [];
  const save = (): Promise<void> =>
    work.save(JSON.stringify({ ...stored, done: Object.fromEntries(done), last } satisfies StoredStudy));
  const isLast = ({ sopInstanceUid }: FileObject): boolean => last.includes(sopInstanceUid);
  const open = stored.objects.filter(({ sopInstanceUid }) => !done.has(sopInstanceUid));
  const missing = [...open.filter(object => !isLast(object)), ...open.filter(isLast)];
  const origin = new Map<string, string>();
  const lengths = new Map<string, number>();
  const outgoing = missing.map(object => {
    const prepared = outgoingOf(object, stored.mode);
    origin.set(prepared.sopInstanceUid, object.sopInstanceUid);
    lengths.set(prepared.sopInstanceUid, object.length);
    return prepared;
  });
  let saving: Promise<void> | undefined;
  const atEnd = new AbortController();
  const onResult = ({ sopInstanceUid, status, comment, recodedTo, class: result }: ObjectResult): void => {
    // An answer comes when all of the object has left.
    options.onTransfer?.({ result, bytes: status === null ? 0 : (lengths.get(sopInstanceUid) ?? 0) });
    if (status === null || mayPass(status)) return;
    const answer = { status, comment, ...(recodedTo && { recodedTo }) };
    done.set(origin.get(sopInstanceUid) ?? sopInstanceUid, answer);
    options.onProgress?.(done.size, stored.objects.length);
    saving ??= pause(KEEP_EVERY_MS, undefined, { signal: atEnd.signal })
      .then(save)
      // Called off, or failed: the last one keeps all that this one would have.
      .catch(() => undefined)
      .finally(() => (saving = undefined));
  };
  const { associations } = options;
  const results = await storeObjects(peer, outgoing, { associations, signal, onResult });
  atEnd.abort();
  await saving;
  last = results.flatMap(result =>
    result.class === 'unknown' ? (origin.get(result.sopInstanceUid) ?? []) : [],
  );
  await save();
  const passing = results.find(
    ({ error, status }) => (status !== null && mayPass(status)) || (error && isPassing(error)),
  );
  if (passing) throw passing.error ?? busy(peer);
  const outcome = delivered(stored, done, results, origin);
  return options.commitmentMs === undefined || outcome.state !== 'accepted'
    ? outcome
    : committed(outcome, stored, peer, options.commitmentMs, signal);
}

/** The archive has taken all; does it also promise to keep it? Without its word the study is unconfirmed. */
async function committed(
  outcome: Delivered,
  { objects, mode }: StoredStudy,
  peer: Peer,
  waitMs: number,
  signal: AbortSignal,
): Promise<Delivered> {
  const references = objects.map(object => outgoingOf(object, mode));
  const answer = await requestCommitment(peer, references, waitMs, signal);
  const missing = answer ? references.length - answer.committed.length : references.length;
  const exchange = { ...outcome.exchange, committed: answer?.committed.length ?? 0 };
  if (missing === 0) return { ...outcome, exchange };
  const text = answer
    ? {
        zh: `对方未承诺保存其中 ${missing} 个影像`,
        en: `the peer does not commit itself to ${missing} objects`,
      }
    : { zh: '对方尚未作出存储承诺', en: 'the peer has not reported on its commitment yet' };
  const state = answer ? 'refused' : 'unconfirmed';
  return { ...outcome, state, exchange, failure: { code: 'DICOM_COMMITMENT', text } };
}

/** Errors after which the same object may be taken another time. */
const isPassing = ({ retry, code }: ExchangeError): boolean => retry !== 'never' || code === 'DICOM_REJECTED';

/** An object as it is sent in a mode. */
export function outgoingOf(object: ObjectSource, mode: SendMode): Outgoing {
  const { sopClassUid, sopInstanceUid, transferSyntaxUid } = object;
  const sent = { sopClassUid, sopInstanceUid, transferSyntaxUid, alternatives: alternativesOf(object, mode) };
  const hasNewUid = becomesFilm(object, mode) && mode.newUids;
  return {
    ...sent,
    ...(hasNewUid && { sopInstanceUid: derivedUid(sopInstanceUid) }),
    open: () => ownBytes(object, mode),
  };
}

/** In the transfer syntax of the object. */
async function ownBytes(object: ObjectSource, mode: SendMode): Promise<ByteSource> {
  if (becomesFilm(object, mode)) return new IterableBytes(await filmOf(object, mode));
  return openBytes(object.data, object.offset, object.length);
}

const becomesFilm = ({ modality }: ObjectSource, mode: SendMode): boolean => mode.efilm && modality !== EFILM;

/** The data set of an object as that of a film, changed while it is read. */
async function filmOf(object: ObjectSource, { newUids }: SendMode): Promise<AsyncIterable<Buffer>> {
  return (await efilm(object, { newUids })).stream(dataSetOf(object));
}

const dataSetOf = ({ data, offset, length }: ObjectSource): AsyncIterable<Buffer> =>
  piecesOf(data, offset, length);

/** For a peer that does not accept the object's own transfer syntax. */
function alternativesOf(object: ObjectSource, mode: SendMode): Written[] {
  const { transferSyntaxUid, length } = object;
  if (isRecodable(transferSyntaxUid))
    return [{ transferSyntaxUid: IMPLICIT_VR_LITTLE_ENDIAN, open: () => implicitBytes(object, mode) }];
  if (!isDecompressible(transferSyntaxUid, length)) return [];
  return [
    {
      transferSyntaxUid: EXPLICIT_VR_LITTLE_ENDIAN,
      open: async () => ownBytes(await decompressed(object), mode),
    },
    {
      transferSyntaxUid: IMPLICIT_VR_LITTLE_ENDIAN,
      open: async () => implicitBytes(await decompressed(object), mode),
    },
  ];
}

/** The object with its data set in memory, without compression. */
async function decompressed(object: ObjectSource): Promise<ObjectSource> {
  const pieces: Buffer[] = [];
  for await (const piece of dataSetOf(object)) pieces.push(piece);
  const data = await decompress(Buffer.concat(pieces), object.transferSyntaxUid);
  return { ...object, transferSyntaxUid: EXPLICIT_VR_LITTLE_ENDIAN, data, offset: 0, length: data.length };
}

async function implicitBytes(object: ObjectSource, mode: SendMode): Promise<ByteSource> {
  const { transferSyntaxUid } = object;
  // What cannot be recoded must show before the first byte leaves: half of a data set cannot be taken back, and the
  // association would be lost to the other objects. So the object is read twice.
  for await (const _piece of toImplicit(dataSetOf(object), transferSyntaxUid));
  const pieces = becomesFilm(object, mode) ? await filmOf(object, mode) : dataSetOf(object);
  return new IterableBytes(toImplicit(pieces, transferSyntaxUid));
}

function delivered(
  { studyInstanceUid, objects }: StoredStudy,
  done: ReadonlyMap<string, Answer>,
  results: readonly ObjectResult[],
  origin: ReadonlyMap<string, string>,
): Delivered {
  const byUid = new Map(results.map(result => [origin.get(result.sopInstanceUid) ?? '', result]));
  const sent = objects.map(({ sopInstanceUid, data }): SentObject => {
    const answer = done.get(sopInstanceUid);
    const result = byUid.get(sopInstanceUid);
    return {
      sopInstanceUid,
      file: data,
      status: answer ? statusHex(answer.status) : null,
      class: answer ? statusClass(answer.status) : (result?.class ?? 'unknown'),
      comment: answer?.comment || (result?.error ? bilingual(result.error.text) : ''),
      ...(answer?.recodedTo && { recodedTo: answer.recodedTo }),
    };
  });
  const count = (kind: SentObject['class']): number => sent.filter(object => object.class === kind).length;
  const [accepted, warnings] = [count('success'), count('warning')];
  const study: SentStudy = {
    studyInstanceUid,
    total: sent.length,
    accepted,
    warnings,
    failed: sent.length - accepted - warnings,
    objects: sent,
  };
  return {
    state: study.failed === 0 ? 'accepted' : 'refused',
    payload: study,
    exchange: { key: studyInstanceUid, objects: study.total, failed: study.failed },
    ...(study.failed > 0 && {
      failure: {
        code: 'DICOM_STATUS',
        text: {
          zh: `${study.total} 个影像中有 ${study.failed} 个未被接收`,
          en: `${study.failed} of ${study.total} objects were not taken`,
        },
      },
    }),
  };
}

/**
 * Writes the objects of a study into a share, those that are there already are left as they are.
 * @throws {ExchangeError} what keeps the rest from being written now
 */
export async function shareStudy(
  { content }: Work,
  options: FileShareOptions,
  signal: AbortSignal,
  onTransfer: (transfer: Transfer) => void = () => undefined,
): Promise<Delivered> {
  // Written by studyItems.
  const stored = JSON.parse(content) as StoredStudy;
  const { mode, objects } = stored;
  const share = new FileShare(options);
  const done = new Map<string, Answer>();
  const results: ObjectResult[] = [];
  for (const object of objects) {
    const { sopInstanceUid } = object;
    try {
      const { file } = await share.share(object, {
        signal,
        ...(mode.day && { date: new Date(mode.day) }),
        ...(mode.efilm && { efilm: { newUids: mode.newUids } }),
      });
      done.set(sopInstanceUid, { status: 0, comment: file });
      onTransfer({ result: 'success', bytes: object.length });
    } catch (error) {
      if (!(error instanceof ExchangeError) || isPassing(error) || error.code === 'CONFIG') throw error;
      results.push({ sopInstanceUid, class: 'failed', status: null, comment: '', error });
      onTransfer({ result: 'failed', bytes: 0 });
    }
  }
  return delivered(stored, done, results, new Map(objects.map(({ sopInstanceUid: uid }) => [uid, uid])));
}

const busy = ({ aeTitle }: Peer): ExchangeError =>
  new ExchangeError({
    code: 'DICOM_STATUS',
    retry: 'retry',
    text: {
      zh: `${aeTitle} 资源不足，稍后继续`,
      en: `${aeTitle} is out of resources: the rest is sent later`,
    },
  });
