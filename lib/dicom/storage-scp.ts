/** Our application entity: takes objects, answers C-ECHO, commits itself to what it has (PS3.4 annexes A, B, J). */
import net from 'node:net';
import tls from 'node:tls';
import type { ExchangeError, Text } from '../errors';
import { ExchangeError as Failure } from '../errors';
import { acceptAssociation } from './accept-association';
import type { Association } from './association';
import { Command, isResponse } from './command-set';
import { answerCommitment, takeReport } from './commitment';
import type { DataSetPieces, Message } from './incoming';
import { type ObjectFolder, type Refusal, refusalStatus } from './object-folder';
import { isUsableUid } from './part10';
import type { AssociateRequest } from './pdu';
import type { Rejection } from './protocol-failure';
import { STORAGE_COMMITMENT, VERIFICATION, isStorageClass } from './sop-classes';
import type { StoredObject } from './source';
import { statusClass } from './status';
import type { Transfer } from './transfer';

export interface StationOptions {
  readonly aeTitle: string;
  /** Address to listen at; undefined: all. */
  readonly host?: string;
  readonly port: number;
  readonly tls?: tls.TlsOptions;
  /** Upper case; empty: any may call. */
  readonly allowedAeTitles: ReadonlySet<string>;
  /** Looks at the address of a caller. */
  readonly admitsAddress: (address: string) => boolean;
  readonly checkCalledAeTitle: boolean;
  /** Associations at the same time. */
  readonly associations: number;
  readonly timeoutMs: number;
  readonly maxPdu: number;
  readonly folder: ObjectFolder;
}

export interface StationEvents {
  /** An object is on disk; the caller is told of the success when the promise resolves. */
  onObject(object: StoredObject, association: number): Promise<void>;
  /** An association has ended, in order or not. */
  onAssociationEnd(association: number): void;
  /** An object has come, and was taken or not. */
  onTransfer?(callingAeTitle: string, transfer: Transfer): void;
  /** A caller was turned away, or did what it must not. */
  onProblem(text: Text): void;
}

/** Reasons of a rejection (PS3.8 table 9-21). */
export const CALLED_UNKNOWN: Rejection = { result: 1, source: 1, reason: 7 };
export const CALLING_UNKNOWN: Rejection = { result: 1, source: 1, reason: 3 };
export const LIMIT_EXCEEDED: Rejection = { result: 2, source: 3, reason: 2 };

/** Connections that have not asked for an association yet. */
const MOST_WAITING = 64;
/** As long as a caller has for its first request (PS3.8: ARTIM timer). */
const HANDSHAKE_MS = 10_000;

const SUCCESS = 0x0000;
const UNRECOGNIZED_OPERATION = 0x0211;
const INVALID_INSTANCE = 0x0117;

export class Station {
  readonly #options: StationOptions;
  readonly #events: StationEvents;
  readonly #server: net.Server;
  /** By a number of their own. */
  readonly #associations = new Map<number, Association>();
  #count = 0;
  /** Those at work, and those that were promised to be. */
  #admitted = 0;
  /** Also those whose TLS handshake is not done. */
  readonly #sockets = new Set<net.Socket>();

  constructor(options: StationOptions, events: StationEvents) {
    this.#options = options;
    this.#events = events;
    const onSocket = (socket: net.Socket): void => void this.#serve(socket);
    this.#server = options.tls
      ? tls.createServer({ handshakeTimeout: HANDSHAKE_MS, ...options.tls }, onSocket)
      : net.createServer(onSocket);
    // Callers that ask for nothing must not use up the handles of this process.
    this.#server.maxConnections = options.associations + MOST_WAITING;
    this.#server.on('connection', (socket: net.Socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    this.#server.on('tlsClientError', (error: NodeJS.ErrnoException, socket: tls.TLSSocket) => {
      // Whoever hangs up before it says anything only looks whether the port is open.
      if (error.code !== 'ECONNRESET')
        this.#events.onProblem(noTls(socket.remoteAddress ?? '?', error.code ?? ''));
      socket.destroy();
    });
  }

  /** @throws {ExchangeError} CONFIG when it cannot listen there */
  listen(): Promise<void> {
    const { port, host } = this.#options;
    return new Promise((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) =>
        reject(cannotListen(port, error.code ?? '')),
      );
      this.#server.listen(port, host, () => {
        this.#server.removeAllListeners('error');
        this.#server.on('error', () => undefined);
        resolve();
      });
    });
  }

  /** Associations at work now. */
  get openAssociations(): number {
    return this.#associations.size;
  }

  /** Takes no more calls, and aborts those at work: their senders send again. */
  async close(): Promise<void> {
    const closed = new Promise<void>(resolve => this.#server.close(() => resolve()));
    for (const association of this.#associations.values()) association.abort();
    for (const socket of this.#sockets) socket.destroySoon();
    const force = setTimeout(() => this.#sockets.forEach(socket => socket.destroy()), 2000);
    await closed;
    clearTimeout(force);
  }

  async #serve(socket: net.Socket): Promise<void> {
    socket.on('error', () => undefined);
    try {
      await this.#serveAssociation(socket);
    } catch (error) {
      if (error instanceof Failure) {
        // A caller that hangs up before it asks for anything only looks whether the port is open.
        if (error.code !== 'TRANSPORT_NOT_SENT') this.#events.onProblem(error.text);
      } else {
        socket.destroy();
        this.#events.onProblem({ zh: '接收影像时内部错误', en: 'internal error while receiving images' });
      }
    }
  }

  async #serveAssociation(socket: net.Socket): Promise<void> {
    const { timeoutMs, maxPdu } = this.#options;
    let isAdmitted = false;
    socket.once('close', () => (this.#admitted -= isAdmitted ? 1 : 0));
    const association = await acceptAssociation(socket, {
      timeoutMs,
      maxPdu,
      admit: request => {
        const rejection = this.#admit(request, socket.remoteAddress ?? '');
        isAdmitted = rejection === null;
        this.#admitted += isAdmitted ? 1 : 0;
        return rejection;
      },
      serves: abstractSyntax =>
        isStorageClass(abstractSyntax) ||
        [VERIFICATION, STORAGE_COMMITMENT].includes(abstractSyntax) ||
        isPrivate(abstractSyntax),
      // In the order of the sender's preference: it is kept as it is sent.
      choose: (_abstractSyntax, [first]) => first,
    });
    const number = ++this.#count;
    this.#associations.set(number, association);
    try {
      for (let message = await association.receive(); message; message = await association.receive())
        await this.#answer(association, number, message);
    } finally {
      this.#associations.delete(number);
      this.#events.onAssociationEnd(number);
    }
  }

  #admit({ calledAeTitle, callingAeTitle }: AssociateRequest, address: string): Rejection | null {
    const { aeTitle, checkCalledAeTitle, allowedAeTitles, admitsAddress, associations } = this.#options;
    if (this.#admitted >= associations) return LIMIT_EXCEEDED;
    if (checkCalledAeTitle && calledAeTitle !== aeTitle) return CALLED_UNKNOWN;
    const isKnown = allowedAeTitles.size === 0 || allowedAeTitles.has(callingAeTitle.toUpperCase());
    return isKnown && admitsAddress(address) ? null : CALLING_UNKNOWN;
  }

  async #answer(association: Association, number: number, message: Message): Promise<void> {
    const { command, contextId, dataSet } = message;
    const { commandField, messageId = 0 } = command;
    if (isResponse(commandField)) {
      await drain(dataSet);
      return;
    }
    const respond = (status: number): Promise<void> =>
      association.send(contextId, {
        commandField: commandField | 0x8000,
        messageIdBeingRespondedTo: messageId,
        ...(command.affectedSopClassUid && { affectedSopClassUid: command.affectedSopClassUid }),
        ...(command.affectedSopInstanceUid && { affectedSopInstanceUid: command.affectedSopInstanceUid }),
        status,
        hasDataSet: false,
      });
    if (commandField === Command.cEchoRq) return respond(SUCCESS);
    if (commandField === Command.cStoreRq && dataSet) {
      const status = await this.#store(association, number, message, dataSet);
      const { callingAeTitle } = association.agreement;
      this.#events.onTransfer?.(callingAeTitle, { result: statusClass(status), bytes: dataSet.readBytes });
      await respond(status);
      // What is left of an object that is far too large is not worth waiting for.
      if (!dataSet.hasEnded) association.abort();
      return undefined;
    }
    if (commandField === Command.nEventReportRq) return takeReport(association, message);
    if (commandField === Command.nActionRq) {
      const { folder } = this.#options;
      return answerCommitment(association, message, ({ sopInstanceUid }) => folder.has(sopInstanceUid));
    }
    await drain(dataSet);
    return respond(UNRECOGNIZED_OPERATION);
  }

  async #store(
    association: Association,
    number: number,
    { command, contextId }: Message,
    dataSet: DataSetPieces,
  ): Promise<number> {
    const context = association.contextOf(contextId);
    const { affectedSopClassUid = '', affectedSopInstanceUid = '' } = command;
    if (!context || !isUsableUid(affectedSopInstanceUid) || affectedSopClassUid !== context.abstractSyntax) {
      await drain(dataSet);
      return INVALID_INSTANCE;
    }
    const { callingAeTitle } = association.agreement;
    const stored = await this.#options.folder.write(
      {
        sopClassUid: affectedSopClassUid,
        sopInstanceUid: affectedSopInstanceUid,
        transferSyntaxUid: context.transferSyntax,
        sourceAeTitle: callingAeTitle,
      },
      dataSet,
    );
    if (typeof stored === 'string') {
      this.#events.onProblem(words[stored](association.host));
      return refusalStatus[stored];
    }
    await this.#events.onObject(stored, number);
    return SUCCESS;
  }
}

/** Vendors' own storage classes; what they hold is checked when it comes. */
const isPrivate = (uid: string): boolean => !uid.startsWith('1.2.840.10008.');

async function drain(dataSet: DataSetPieces | null): Promise<void> {
  await dataSet?.each(1, () => true);
}

const words: Readonly<Record<Refusal, (host: string) => Text>> = {
  'too-large': host => ({
    zh: `${host} 发来的影像超过大小上限`,
    en: `an object of ${host} exceeds the size limit`,
  }),
  'no-room': host => ({
    zh: `磁盘空间不足或出错，未接收 ${host} 发来的影像`,
    en: `no room on the disk, or it fails: an object of ${host} was not taken`,
  }),
  'not-as-announced': host => ({
    zh: `${host} 发来的影像与其命令中的 UID 不符`,
    en: `an object of ${host} is not the one that its command names`,
  }),
  unreadable: host => ({ zh: `${host} 发来的影像无法解析`, en: `an object of ${host} cannot be read` }),
};

const noTls = (host: string, code: string): Text => ({
  zh: `${host} 的 TLS 握手失败（${code}）：请检查对方是否启用 TLS、其客户端证书是否受信任`,
  en: `TLS with ${host} failed (${code}): check that it has TLS, and a client certificate that is trusted`,
});

const cannotListen = (port: number, code: string): ExchangeError =>
  new Failure({
    code: 'CONFIG',
    retry: 'never',
    text: {
      zh: `无法监听端口 ${port}（${code}）：可能已被占用，或没有权限`,
      en: `cannot listen at port ${port} (${code}): it may be taken, or not permitted`,
    },
  });
