/** Associations that peers ask us for. */
import type net from 'node:net';
import type { ExchangeError } from '../errors';
import { type AcceptedContext, Association, Connection } from './association';
import {
  type AnsweredContext,
  type AssociateRequest,
  PduType,
  decodeAssociateRequest,
  encodeAssociateAccept,
  encodeReject,
} from './pdu';
import { ProtocolViolation, type Rejection, turnedAway, violated } from './protocol-failure';

export interface Acceptance {
  readonly timeoutMs: number;
  /** Largest P-DATA PDU that we take, in bytes. */
  readonly maxPdu: number;
  /** Looks at who calls, and at whom. */
  admit(request: AssociateRequest): Rejection | null;
  /** Whether an abstract syntax is served. */
  serves(abstractSyntax: string): boolean;
  /** The transfer syntax that is taken of those proposed; undefined: none of them. */
  choose(abstractSyntax: string, transferSyntaxes: readonly string[]): string | undefined;
}

/** Time in which a caller must say what it wants (PS3.8: ARTIM timer). */
const REQUEST_MS = 10_000;

/** Result of a presentation context that is not accepted (PS3.8 table 9-18). */
const NO_ABSTRACT_SYNTAX = 3;
const NO_TRANSFER_SYNTAX = 4;

/** @throws {ExchangeError} what the caller did instead of asking for an association that we accept */
export async function acceptAssociation(socket: net.Socket, acceptance: Acceptance): Promise<Association> {
  const host = `${socket.remoteAddress ?? '?'}:${socket.remotePort ?? 0}`;
  const connection = new Connection(socket, host, acceptance.timeoutMs, acceptance.maxPdu);
  const timer = setTimeout(
    () => connection.abort(violated(host, 'no association request'), 2, 0),
    REQUEST_MS,
  );
  try {
    const { type, body } = await connection.associatePdu();
    if (type !== PduType.associateRq) throw new ProtocolViolation('no association request');
    const request = decodeAssociateRequest(body);
    const rejection = acceptance.admit(request);
    if (rejection) {
      const refused = turnedAway(host, request, rejection);
      await connection.write(encodeReject(rejection));
      connection.end(refused);
      throw refused;
    }
    return await accept(connection, request, acceptance);
  } catch (error) {
    if (!(error instanceof ProtocolViolation)) throw error;
    const failure: ExchangeError = violated(host, error.message);
    connection.abort(failure, 2, 2);
    throw failure;
  } finally {
    clearTimeout(timer);
  }
}

async function accept(
  connection: Connection,
  request: AssociateRequest,
  acceptance: Acceptance,
): Promise<Association> {
  const contexts: AcceptedContext[] = [];
  const answers = request.contexts.map(({ id, abstractSyntax, transferSyntaxes }): AnsweredContext => {
    const [first = ''] = transferSyntaxes;
    if (!acceptance.serves(abstractSyntax)) return { id, result: NO_ABSTRACT_SYNTAX, transferSyntax: first };
    const transferSyntax = acceptance.choose(abstractSyntax, transferSyntaxes);
    if (transferSyntax === undefined) return { id, result: NO_TRANSFER_SYNTAX, transferSyntax: first };
    contexts.push({ id, abstractSyntax, transferSyntax });
    return { id, result: 0, transferSyntax };
  });
  const { calledAeTitle, callingAeTitle, roles } = request;
  const association = new Association(connection, {
    calledAeTitle,
    callingAeTitle,
    roles,
    peerMaxPdu: request.maxPdu,
    contexts,
  });
  await connection.write(
    encodeAssociateAccept({
      calledAeTitle,
      callingAeTitle,
      maxPdu: acceptance.maxPdu,
      roles,
      contexts: answers,
    }),
  );
  return association;
}
