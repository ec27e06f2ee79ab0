/** C-FIND: what does a peer have (PS3.4 annex C)? */
import { ExchangeError } from '../errors';
import type { Association } from './association';
import type { Fallback } from './character-set';
import { Command } from './command-set';
import { type DicomValues, LONGEST_DATA_SET, decodeDataSet, encodeDataSet } from './data-set';
import { type Peer, requestAssociation } from './request-association';
import { queryRetrieve } from './sop-classes';
import { isPending } from './status';
import { statusFailure } from './status-failure';
import { EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN, transferSyntaxOf } from './transfer-syntax';

export type Level = 'PATIENT' | 'STUDY' | 'SERIES' | 'IMAGE';

export interface QueryPeer extends Peer {
  /** Character set of keys; and of answers that declare none. */
  readonly characterSet: Fallback;
}

/** Answers of one query; more means that its keys are too wide. */
const MOST_ANSWERS = 100_000;

/** The information model that has a level: patients are only in the one of patients. */
export const modelOf = (level: Level): (typeof queryRetrieve)['STUDY'] | (typeof queryRetrieve)['PATIENT'] =>
  queryRetrieve[level === 'PATIENT' ? 'PATIENT' : 'STUDY'];

export const queryContext = (abstractSyntax: string) => ({
  abstractSyntax,
  transferSyntaxes: [EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN],
});

/**
 * Opens an association for queries, and ends it when `work` has.
 * @throws {ExchangeError} what `work` throws; DICOM_CONTEXT when the peer answers no queries of the level
 */
export async function withQueries<T>(
  peer: QueryPeer,
  level: Level,
  signal: AbortSignal | undefined,
  work: (queries: Queries) => Promise<T>,
): Promise<T> {
  const { find } = modelOf(level);
  const association = await requestAssociation(peer, [queryContext(find)], signal ? { signal } : {});
  try {
    return await work(new Queries(association, find, peer.characterSet));
  } finally {
    await association.release();
  }
}

export class Queries {
  readonly #association: Association;
  readonly #sopClass: string;
  readonly #characterSet: Fallback;

  constructor(association: Association, sopClass: string, characterSet: Fallback) {
    this.#association = association;
    this.#sopClass = sopClass;
    this.#characterSet = characterSet;
  }

  /**
   * @param keys attributes to match by, and, with empty values, those to be answered
   * @throws {ExchangeError} DICOM_STATUS, DICOM_CONTEXT, and what ends the association
   */
  async find(level: Level, keys: DicomValues): Promise<DicomValues[]> {
    const association = this.#association;
    const context = association.contextFor(this.#sopClass);
    if (!context) throw notOffered(association.host, 'C-FIND');
    const encoding = transferSyntaxOf(context.transferSyntax);
    const messageId = association.nextMessageId();
    const identifier = encodeDataSet({ ...keys, QueryRetrieveLevel: level }, encoding, this.#characterSet);
    await association.send(
      context.id,
      {
        commandField: Command.cFindRq,
        messageId,
        affectedSopClassUid: this.#sopClass,
        priority: 0,
        hasDataSet: true,
      },
      identifier,
    );
    const answers: DicomValues[] = [];
    for (;;) {
      const answer = await association.response(messageId);
      const bytes = await association.dataSetOf(answer, LONGEST_DATA_SET);
      const { status = 0xc000 } = answer.command;
      if (!isPending(status)) {
        if (status === 0) return answers;
        throw statusFailure(association.host, 'C-FIND', status);
      }
      if (bytes) answers.push(decodeDataSet(bytes, encoding, { fallback: this.#characterSet }));
      if (answers.length > MOST_ANSWERS) throw association.fail('more answers than any query needs');
    }
  }
}

export const notOffered = (host: string, service: string): ExchangeError =>
  new ExchangeError({
    code: 'DICOM_CONTEXT',
    retry: 'never',
    text: {
      zh: `${host} 不提供 ${service} 服务：请在对方为本机 AE 开通查询/调取`,
      en: `${host} does not offer ${service}: have query/retrieve enabled there for our AE`,
    },
  });
