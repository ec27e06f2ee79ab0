/** C-GET and C-MOVE: a peer sends what it has (PS3.4 annex C), by the same association or by one of its own. */
import type { Association } from './association';
import { Cancellation } from './cancellation';
import { type CommandSet, Command } from './command-set';
import { type DicomValues, LONGEST_DATA_SET, decodeDataSet, encodeDataSet, textOf } from './data-set';
import type { Message } from './incoming';
import { type ObjectFolder, refusalStatus } from './object-folder';
import { type QueryPeer, modelOf, notOffered, queryContext } from './query-scu';
import type { ProposedContext, Role } from './pdu';
import { requestAssociation } from './request-association';
import { STORAGE_CLASSES } from './sop-classes';
import { CANCELLED, isPending, statusClass } from './status';
import type { Transfer } from './transfer';
import { statusFailure } from './status-failure';
import { EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN, transferSyntaxOf } from './transfer-syntax';

/** JPEG baseline, extended, lossless, JPEG-LS, JPEG 2000, RLE: what archives keep images in. More would not fit. */
export const COMPRESSED_SYNTAXES = ['4.50', '4.51', '4.57', '4.70', '4.80', '4.81', '4.90', '4.91', '5'].map(
  end => `${IMPLICIT_VR_LITTLE_ENDIAN}.${end}`,
);

/** What became of the sub-operations, in the peer's words. */
export interface SubOperations {
  /** FE00 when it was cancelled: what is missing is neither completed nor failed. */
  readonly status: number;
  readonly completed: number;
  readonly failed: number;
  readonly warning: number;
  /** SOP instance UIDs that the peer could not send, where it names them. */
  readonly failedUids: readonly string[];
}

export interface RetrieveOptions {
  /** Cancels: by C-CANCEL first, and by an abort when the peer does not obey. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, remaining: number) => void;
  /** What has come. Objects that a station takes have no bytes here: they are its own. */
  readonly onTransfer?: (transfer: Transfer) => void;
}

/**
 * Retrieves by C-GET into a folder. Each storage class is proposed twice, uncompressed and compressed, so that the peer
 * need not convert what it has.
 * @param keys with the level: what is to be sent
 * @throws {ExchangeError} what ends the association, or refuses the request as a whole
 */
export async function getObjects(
  peer: QueryPeer,
  keys: DicomValues,
  folder: ObjectFolder,
  options: RetrieveOptions = {},
): Promise<SubOperations> {
  const { get } = modelOf('STUDY');
  const storage = STORAGE_CLASSES.flatMap(abstractSyntax => [
    { abstractSyntax, transferSyntaxes: [EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN] },
    { abstractSyntax, transferSyntaxes: COMPRESSED_SYNTAXES },
  ]);
  const roles = STORAGE_CLASSES.map(sopClassUid => ({ sopClassUid, scu: false, scp: true }));
  return retrieve(peer, keys, options, {
    service: 'C-GET',
    sopClass: get,
    commandField: Command.cGetRq,
    contexts: storage,
    roles,
    onRequest: (message, association) => storeSubOperation(association, message, folder, options),
  });
}

/**
 * Has a peer send by C-MOVE to a station.
 * @param destination AE title of the station, which the peer must know with its address
 * @throws {ExchangeError} as {@link getObjects}
 */
export async function moveObjects(
  peer: QueryPeer,
  keys: DicomValues,
  destination: string,
  options: RetrieveOptions = {},
): Promise<SubOperations> {
  const done = await retrieve(peer, keys, options, {
    service: 'C-MOVE',
    sopClass: modelOf('STUDY').move,
    commandField: Command.cMoveRq,
    moveDestination: destination,
  });
  for (const [result, objects] of [
    ['success', done.completed],
    ['warning', done.warning],
    ['failed', done.failed],
  ] as const)
    if (objects > 0) options.onTransfer?.({ result, bytes: 0, objects });
  return done;
}

interface Request {
  readonly service: string;
  readonly sopClass: string;
  readonly commandField: number;
  readonly moveDestination?: string;
  /** Beside that of the request. */
  readonly contexts?: readonly Omit<ProposedContext, 'id'>[];
  readonly roles?: readonly Role[];
  readonly onRequest?: (message: Message, association: Association) => Promise<void>;
}

async function retrieve(
  peer: QueryPeer,
  keys: DicomValues,
  options: RetrieveOptions,
  what: Request,
): Promise<SubOperations> {
  const { contexts = [], roles = [], sopClass } = what;
  const cancellation = new Cancellation(options.signal);
  try {
    const association = await requestAssociation(peer, [queryContext(sopClass), ...contexts], {
      roles,
      signal: cancellation.signal,
    });
    try {
      return await request(association, peer, keys, options, what, cancellation);
    } finally {
      await association.release();
    }
  } finally {
    cancellation.end();
  }
}

async function request(
  association: Association,
  peer: QueryPeer,
  keys: DicomValues,
  { onProgress, signal }: RetrieveOptions,
  { service, sopClass, commandField, moveDestination, onRequest }: Request,
  cancellation: Cancellation,
): Promise<SubOperations> {
  const context = association.contextFor(sopClass);
  if (!context) throw notOffered(association.host, service);
  const encoding = transferSyntaxOf(context.transferSyntax);
  const messageId = association.nextMessageId();
  await association.send(
    context.id,
    {
      commandField,
      messageId,
      affectedSopClassUid: sopClass,
      priority: 0,
      ...(moveDestination !== undefined && { moveDestination }),
      hasDataSet: true,
    },
    encodeDataSet(keys, encoding, peer.characterSet),
  );
  cancellation.within(() =>
    association.send(context.id, {
      commandField: Command.cCancelRq,
      messageIdBeingRespondedTo: messageId,
      hasDataSet: false,
    }),
  );
  for (;;) {
    const response = await association.response(
      messageId,
      onRequest && (message => onRequest(message, association)),
    );
    const bytes = await association.dataSetOf(response, LONGEST_DATA_SET);
    const { status = 0xc000, remaining = 0, completed = 0, failed = 0, warning = 0 } = response.command;
    if (isPending(status)) {
      onProgress?.(completed + failed + warning, remaining);
      continue;
    }
    const isPartial = completed + failed + warning > 0;
    const isOurs = status === CANCELLED && signal?.aborted === true;
    if (!['success', 'warning'].includes(statusClass(status)) && !isPartial && !isOurs)
      throw statusFailure(association.host, service, status);
    const answer = bytes ? decodeDataSet(bytes, encoding, { fallback: peer.characterSet }) : {};
    const list = textOf(answer, 'FailedSOPInstanceUIDList');
    return { status, completed, failed, warning, failedUids: list === '' ? [] : list.split('\\') };
  }
}

/** An object that comes by the association that asked for it. */
async function storeSubOperation(
  association: Association,
  { command, contextId, dataSet }: Message,
  folder: ObjectFolder,
  { onTransfer }: RetrieveOptions,
): Promise<void> {
  const context = association.contextOf(contextId);
  if (command.commandField !== Command.cStoreRq || !dataSet || !context)
    throw association.fail('request that is no sub-operation');
  const { affectedSopClassUid = '', affectedSopInstanceUid = '', messageId = 0 } = command;
  const stored = await folder.write(
    {
      sopClassUid: affectedSopClassUid,
      sopInstanceUid: affectedSopInstanceUid,
      transferSyntaxUid: context.transferSyntax,
      sourceAeTitle: association.agreement.calledAeTitle,
    },
    dataSet,
  );
  if (!dataSet.hasEnded) throw association.fail('object that is far too large');
  const status = typeof stored === 'string' ? refusalStatus[stored] : 0;
  onTransfer?.({ result: statusClass(status), bytes: dataSet.readBytes });
  const answer: CommandSet = {
    commandField: Command.cStoreRsp,
    messageIdBeingRespondedTo: messageId,
    affectedSopClassUid,
    affectedSopInstanceUid,
    status,
    hasDataSet: false,
  };
  await association.send(contextId, answer);
}
