/** Associations that we ask for. */
import net from 'node:net';
import tls from 'node:tls';
import { ExchangeError } from '../errors';
import { Association, Connection } from './association';
import {
  PduType,
  type ProposedContext,
  type Role,
  decodeAssociateAccept,
  encodeAssociateRequest,
} from './pdu';
import { ProtocolViolation, ended, lost, silent, tlsFailed, violated } from './protocol-failure';

/** A peer as its node describes it. */
export interface Peer {
  readonly host: string;
  readonly port: number;
  readonly aeTitle: string;
  /** What we call ourselves towards it. */
  readonly callingAeTitle: string;
  readonly tls?: tls.ConnectionOptions;
  readonly connectTimeoutMs: number;
  /** Time without a byte in either direction after which the peer counts as gone. */
  readonly timeoutMs: number;
  /** Largest P-DATA PDU that we take, in bytes. */
  readonly maxPdu: number;
}

/** Contexts of one association: their ids are the odd numbers to 255 (PS3.8 9.3.2.2). */
export const MOST_CONTEXTS = 128;

/**
 * @param contexts at most 128
 * @throws {ExchangeError} TRANSPORT_NOT_SENT, TLS, DICOM_REJECTED, DICOM_ABORTED, DICOM_PROTOCOL, ABORTED
 */
export async function requestAssociation(
  peer: Peer,
  contexts: readonly Omit<ProposedContext, 'id'>[],
  options: { readonly roles?: readonly Role[]; readonly signal?: AbortSignal } = {},
): Promise<Association> {
  const { signal, roles = [] } = options;
  if (signal?.aborted) throw ended(false);
  const host = `${peer.aeTitle}@${peer.host}:${peer.port}`;
  const socket = await connect(peer, host, signal);
  const connection = new Connection(socket, host, peer.timeoutMs, peer.maxPdu);
  const stop = (): void => connection.abort(ended(true));
  signal?.addEventListener('abort', stop, { once: true });
  void connection.closed.then(() => signal?.removeEventListener('abort', stop));
  if (signal?.aborted) stop();
  const proposed = contexts.map((context, at) => ({ ...context, id: at * 2 + 1 }));
  const { aeTitle: calledAeTitle, callingAeTitle, maxPdu } = peer;
  await connection.write(
    encodeAssociateRequest({ calledAeTitle, callingAeTitle, maxPdu, roles, contexts: proposed }),
  );
  const { type, body } = await connection.associatePdu();
  try {
    if (type !== PduType.associateAc) throw new ProtocolViolation('no answer to the association request');
    const accept = decodeAssociateAccept(body);
    return new Association(connection, {
      calledAeTitle,
      callingAeTitle,
      peerMaxPdu: accept.maxPdu,
      peerImplementation: accept.implementationVersion,
      roles: accept.roles,
      contexts: accept.contexts.flatMap(({ id, result, transferSyntax }) => {
        const context = proposed.find(one => one.id === id);
        return result === 0 && context
          ? [{ id, abstractSyntax: context.abstractSyntax, transferSyntax }]
          : [];
      }),
    });
  } catch (error) {
    const failure = violated(host, error instanceof ProtocolViolation ? error.message : 'internal');
    connection.abort(failure, 2, 2);
    throw failure;
  }
}

function connect(peer: Peer, host: string, signal?: AbortSignal): Promise<net.Socket> {
  const { port, connectTimeoutMs } = peer;
  return new Promise((resolve, reject) => {
    const socket = peer.tls
      ? tls.connect({ ...peer.tls, host: peer.host, port, ...serverName(peer) })
      : net.connect({ host: peer.host, port });
    let isConnected = false;
    const timer = setTimeout(
      // A peer without TLS takes our greeting for the beginning of a long PDU, and waits for the rest.
      () => fail(isConnected ? tlsFailed(host, 'ETIMEDOUT') : silent(host, connectTimeoutMs / 1000, false)),
      connectTimeoutMs,
    );
    const stop = (): void => fail(ended(false));
    const onError = (error: NodeJS.ErrnoException): void =>
      fail(peer.tls && isTlsError(error) ? tlsFailed(host, error.code ?? '') : lost(host, false, error.code));
    const onClose = (): void => fail(lost(host, false));
    const settle = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
      socket.off('error', onError).off('close', onClose);
    };
    const fail = (error: ExchangeError): void => {
      settle();
      socket.on('error', () => undefined);
      socket.destroy();
      reject(error);
    };
    signal?.addEventListener('abort', stop, { once: true });
    socket.on('error', onError).on('close', onClose);
    socket.once('connect', () => (isConnected = true));
    socket.once(peer.tls ? 'secureConnect' : 'connect', () => {
      settle();
      resolve(socket);
    });
  });
}

/** An IP address is no name that a certificate could be asked for. */
const serverName = ({ host, tls: options }: Peer): { servername?: string } =>
  options?.servername === undefined && net.isIP(host) === 0 ? { servername: host } : {};

/** Errors of the network have the names of the system; all others are of TLS. */
const isTlsError = ({ code = '' }: NodeJS.ErrnoException): boolean =>
  !/^(?:ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EADDRNOTAVAIL)$/.test(code);
