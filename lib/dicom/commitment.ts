/** Storage Commitment Push Model (PS3.4 annex J), both sides: the archive takes responsibility for what it was sent. */
import { randomBytes } from 'node:crypto';
import type { Association } from './association';
import { Command } from './command-set';
import {
  type DicomValues,
  LONGEST_DATA_SET,
  decodeDataSet,
  encodeDataSet,
  itemsOf,
  textOf,
} from './data-set';
import type { Message } from './incoming';
import { notOffered, queryContext } from './query-scu';
import { type Peer, requestAssociation } from './request-association';
import { STORAGE_COMMITMENT, STORAGE_COMMITMENT_INSTANCE } from './sop-classes';
import { statusFailure } from './status-failure';
import { transferSyntaxOf } from './transfer-syntax';

export interface ReferencedObject {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
}

/** What the archive has said. */
export interface Commitment {
  readonly committed: readonly string[];
  readonly failed: readonly string[];
}

const ALL_STORED = 1;
const SOME_FAILED = 2;
/** «No such object instance» of (0008,1197). */
const NOT_STORED = 0x0112;

/** Transactions that wait for a report, of all peers: it may come to our station, by an association of the archive's. */
const waiting = new Map<string, (commitment: Commitment) => void>();

/**
 * Asks an archive to commit itself, and waits for its report, on the same association or at a station of this process.
 * @returns null when no report has come in time: it may come later
 * @throws {ExchangeError} DICOM_CONTEXT, DICOM_STATUS, and what ends the association before the request is answered
 */
export async function requestCommitment(
  peer: Peer,
  objects: readonly ReferencedObject[],
  waitMs: number,
  signal?: AbortSignal,
): Promise<Commitment | null> {
  const association = await requestAssociation(
    peer,
    [queryContext(STORAGE_COMMITMENT)],
    signal ? { signal } : {},
  );
  // A UUID as a UID (PS3.5 B.2).
  const transaction = `2.25.${BigInt(`0x${randomBytes(16).toString('hex')}`)}`;
  try {
    const reported = new Promise<Commitment>(resolve => waiting.set(transaction, resolve));
    await ask(association, transaction, objects);
    return await Promise.race([reported, onSameAssociation(association), after(waitMs)]);
  } finally {
    waiting.delete(transaction);
    await association.release();
  }
}

async function ask(
  association: Association,
  TransactionUID: string,
  objects: readonly ReferencedObject[],
): Promise<void> {
  const context = association.contextFor(STORAGE_COMMITMENT);
  if (!context) throw notOffered(association.host, 'Storage Commitment');
  const encoding = transferSyntaxOf(context.transferSyntax);
  const messageId = association.nextMessageId();
  const ReferencedSOPSequence = objects.map(({ sopClassUid, sopInstanceUid }) => ({
    ReferencedSOPClassUID: sopClassUid,
    ReferencedSOPInstanceUID: sopInstanceUid,
  }));
  const bytes = encodeDataSet({ TransactionUID, ReferencedSOPSequence }, encoding, '');
  await association.send(
    context.id,
    {
      commandField: Command.nActionRq,
      messageId,
      requestedSopClassUid: STORAGE_COMMITMENT,
      requestedSopInstanceUid: STORAGE_COMMITMENT_INSTANCE,
      actionTypeId: 1,
      hasDataSet: true,
    },
    bytes,
  );
  const { command, dataSet } = await association.response(messageId, message =>
    takeReport(association, message),
  );
  await dataSet?.whole(LONGEST_DATA_SET);
  const { status = 0xc000 } = command;
  if (status !== 0) throw statusFailure(association.host, 'N-ACTION', status);
}

/** Reads reports that come on the association until it ends; the report itself arrives by `waiting`. */
async function onSameAssociation(association: Association): Promise<never> {
  try {
    for (let message = await association.receive(); message; message = await association.receive())
      await takeReport(association, message);
  } catch {
    // The report may still come to the station.
  }
  return new Promise<never>(() => undefined);
}

const after = (ms: number): Promise<null> =>
  new Promise(resolve => {
    setTimeout(() => resolve(null), ms).unref();
  });

/** Takes an N-EVENT-REPORT, by whichever association it comes, and answers it. */
export async function takeReport(
  association: Association,
  { command, contextId, dataSet }: Message,
): Promise<void> {
  const context = association.contextOf(contextId);
  const bytes = await dataSet?.whole(LONGEST_DATA_SET);
  const { messageId = 0, eventTypeId = 0 } = command;
  if (context && bytes) {
    const values = decodeDataSet(bytes, transferSyntaxOf(context.transferSyntax));
    waiting.get(textOf(values, 'TransactionUID'))?.(commitmentOf(values));
  }
  await association.send(contextId, {
    commandField: Command.nEventReportRsp,
    messageIdBeingRespondedTo: messageId,
    affectedSopClassUid: STORAGE_COMMITMENT,
    affectedSopInstanceUid: STORAGE_COMMITMENT_INSTANCE,
    eventTypeId,
    status: 0,
    hasDataSet: false,
  });
}

const commitmentOf = (values: DicomValues): Commitment => ({
  committed: itemsOf(values, 'ReferencedSOPSequence').map(item => textOf(item, 'ReferencedSOPInstanceUID')),
  failed: itemsOf(values, 'FailedSOPSequence').map(item => textOf(item, 'ReferencedSOPInstanceUID')),
});

/**
 * Answers a request for commitment: says at once that it was understood, then which of the objects are kept here.
 * @param isStored looks for an object
 */
export async function answerCommitment(
  association: Association,
  { command, contextId, dataSet }: Message,
  isStored: (object: ReferencedObject) => Promise<boolean>,
): Promise<void> {
  const context = association.contextOf(contextId);
  const bytes = await dataSet?.whole(LONGEST_DATA_SET);
  const { messageId = 0, actionTypeId = 1 } = command;
  await association.send(contextId, {
    commandField: Command.nActionRsp,
    messageIdBeingRespondedTo: messageId,
    affectedSopClassUid: STORAGE_COMMITMENT,
    affectedSopInstanceUid: STORAGE_COMMITMENT_INSTANCE,
    actionTypeId,
    status: context && bytes ? 0 : INVALID_ARGUMENT,
    hasDataSet: false,
  });
  if (!context || !bytes) return;
  const encoding = transferSyntaxOf(context.transferSyntax);
  const report = await reportOf(decodeDataSet(bytes, encoding), isStored);
  const failed = itemsOf(report, 'FailedSOPSequence').length;
  await association.send(
    contextId,
    {
      commandField: Command.nEventReportRq,
      messageId: association.nextMessageId(),
      affectedSopClassUid: STORAGE_COMMITMENT,
      affectedSopInstanceUid: STORAGE_COMMITMENT_INSTANCE,
      eventTypeId: failed > 0 ? SOME_FAILED : ALL_STORED,
      hasDataSet: true,
    },
    encodeDataSet(report, encoding, ''),
  );
}

const INVALID_ARGUMENT = 0x0115;

async function reportOf(
  request: DicomValues,
  isStored: (object: ReferencedObject) => Promise<boolean>,
): Promise<DicomValues> {
  const stored: DicomValues[] = [];
  const failed: DicomValues[] = [];
  for (const item of itemsOf(request, 'ReferencedSOPSequence')) {
    const object = {
      sopClassUid: textOf(item, 'ReferencedSOPClassUID'),
      sopInstanceUid: textOf(item, 'ReferencedSOPInstanceUID'),
    };
    if (await isStored(object)) stored.push(item);
    else failed.push({ ...item, FailureReason: String(NOT_STORED) });
  }
  return {
    TransactionUID: textOf(request, 'TransactionUID'),
    ReferencedSOPSequence: stored,
    ...(failed.length > 0 && { FailedSOPSequence: failed }),
  };
}
