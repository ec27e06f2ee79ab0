/** C-ECHO: does the peer answer, and does it know us (PS3.4 annex A)? */
import { Command } from './command-set';
import { type Peer, requestAssociation } from './request-association';
import { VERIFICATION } from './sop-classes';
import { statusFailure } from './status-failure';
import { EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN } from './transfer-syntax';

/**
 * Gives what the peer calls its software; empty where it says nothing.
 * @throws {ExchangeError} every way in which an association or a request can fail
 */
export async function echo(peer: Peer, signal?: AbortSignal): Promise<{ readonly implementation: string }> {
  const syntaxes = [IMPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN];
  const contexts = [{ abstractSyntax: VERIFICATION, transferSyntaxes: syntaxes }];
  const association = await requestAssociation(peer, contexts, signal ? { signal } : {});
  try {
    const context = association.contextFor(VERIFICATION);
    if (!context) throw statusFailure(association.host, 'C-ECHO', 0x0122);
    const messageId = association.nextMessageId();
    await association.send(context.id, {
      commandField: Command.cEchoRq,
      messageId,
      affectedSopClassUid: VERIFICATION,
      hasDataSet: false,
    });
    const { status = 0 } = (await association.response(messageId)).command;
    if (status !== 0) throw statusFailure(association.host, 'C-ECHO', status);
    return { implementation: association.agreement.peerImplementation ?? '' };
  } finally {
    await association.release();
  }
}
