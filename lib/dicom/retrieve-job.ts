/** Retrieval as a job of the message store: what is to be fetched, and what has come. */
import type { Delivered, Work } from '../delivery/channel';
import type { Item } from '../delivery/hand-in';
import { ExchangeError } from '../errors';
import type { QueryPeer } from './query-scu';
import type { Transfer } from './transfer';
import { type RetrieveWay, type StudyKeys, retrieveStudies } from './retrieve-study';

export function retrieveItem(keys: StudyKeys): Item {
  const { studyInstanceUid, patientId, accessionNumber } = keys;
  return {
    service: 'RETRIEVE',
    key: studyInstanceUid || `${patientId}|${accessionNumber}`,
    label: studyInstanceUid || accessionNumber,
    terms: { patient: patientId, accession: accessionNumber },
    content: JSON.stringify(keys),
    // The archive may have more of the study by now.
    repeats: 'waits',
  };
}

/**
 * Retrieves what the message names. Accepted when all of it is on disk; refused when the peer could not send some of it.
 * @param timeoutMs for all of it
 * @throws {ExchangeError} what keeps it from being fetched now
 */
export async function retrieveWork(
  { content }: Work,
  peer: QueryPeer,
  way: RetrieveWay,
  timeoutMs: number,
  signal: AbortSignal,
  onTransfer: (transfer: Transfer) => void = () => undefined,
): Promise<Delivered> {
  const limit = AbortSignal.timeout(timeoutMs);
  // Written by retrieveItem.
  const keys = JSON.parse(content) as StudyKeys;
  let studies;
  try {
    const options = { signal: AbortSignal.any([signal, limit]), onTransfer };
    studies = await retrieveStudies(peer, keys, way, options);
  } catch (error) {
    throw limit.aborted && !signal.aborted ? tooSlow(timeoutMs) : error;
  }
  // From now on the flow knows of them: their time of keeping begins.
  for (const study of studies) await way.folder.markAnnounced(study);
  const missing = studies.reduce((sum, study) => sum + study.missing.length, 0);
  const [first] = studies;
  return {
    state: missing === 0 ? 'accepted' : 'refused',
    payload: studies.length === 1 ? first : studies,
    exchange: { studies: studies.length, missing },
    ...(missing > 0 && {
      failure: {
        code: 'DICOM_STATUS',
        text: { zh: `有 ${missing} 个影像未能调取`, en: `${missing} objects could not be retrieved` },
      },
    }),
  };
}

/** What has come so far is on disk: the next attempt fetches the rest. */
const tooSlow = (timeoutMs: number): ExchangeError =>
  new ExchangeError({
    code: 'TRANSPORT_UNKNOWN',
    retry: 'in-doubt',
    text: {
      zh: `${timeoutMs / 1000} 秒内未能完成调取，稍后继续`,
      en: `not retrieved within ${timeoutMs / 1000} s: the rest is fetched later`,
    },
  });
