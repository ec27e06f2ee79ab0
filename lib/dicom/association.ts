/**
 * One DICOM association over one connection (PS3.8), from either side.
 *
 * Own code beneath the DIMSE services: the package of the field (dcmjs-dimse) parses and encodes every object anew (20
 * times DCMTK's CPU, six times the object in memory), takes PDUs of any length, and takes late answers for success.
 */
import type net from 'node:net';
import { ExchangeError } from '../errors';
import { type ByteSource, MemoryBytes } from './byte-source';
import { type CommandSet, encodeCommand, isResponse } from './command-set';
import { DataSetPdus, PduBuffers, commandPdu } from './data-set-pdus';
import { Inbox, type Message } from './incoming';
import { PduType, type Role, decodeReject, encodeAbort, encodeRelease } from './pdu';
import { PduReader } from './pdu-reader';
import {
  ProtocolViolation,
  abortedByPeer,
  ended,
  lost,
  rejected,
  silent,
  tlsFailed,
  violated,
} from './protocol-failure';

export interface AcceptedContext {
  readonly id: number;
  readonly abstractSyntax: string;
  readonly transferSyntax: string;
}

/** What both sides have agreed on. */
export interface Agreement {
  readonly calledAeTitle: string;
  readonly callingAeTitle: string;
  readonly contexts: readonly AcceptedContext[];
  readonly roles: readonly Role[];
  /** Largest P-DATA PDU that the peer takes, in bytes; 0: any. */
  readonly peerMaxPdu: number;
  /** What the peer calls its software, where it was asked for the association; it may say nothing. */
  readonly peerImplementation?: string;
}

/** Where the peer takes any length. */
const LARGEST_PDU = 256 * 1024;
const SMALLEST_PDU = 1024;
const RELEASE_MS = 5_000;
const EMPTY = Buffer.alloc(0);

/** The upper layer on a socket: PDUs in and out, and the one reason for which it ends. */
export class Connection {
  readonly host: string;
  readonly inbox: Inbox;
  readonly #socket: net.Socket;
  readonly #timeoutMs: number;
  #associateBody:
    { resolve: (pdu: { type: number; body: Buffer }) => void; reject: (error: Error) => void } | undefined;
  #early: { type: number; body: Buffer } | undefined;
  #failure: ExchangeError | undefined;
  #established = false;
  #released = false;
  readonly #closed: Promise<void>;
  /** Rejects what is written and has not left yet: a peer that does not read must not hold up the end. */
  readonly #unwritten = new Set<(error: Error) => void>();

  /**
   * @param timeoutMs time without a byte in either direction after which the peer counts as gone
   * @param mostPdu largest P-DATA PDU that we take, in bytes
   */
  constructor(socket: net.Socket, host: string, timeoutMs: number, mostPdu: number) {
    this.host = host;
    this.#socket = socket;
    this.#timeoutMs = timeoutMs;
    this.inbox = new Inbox(hold => void (hold ? socket.pause() : socket.resume()));
    const reader = new PduReader(
      {
        onPdu: (type, body) => this.#onPdu(type, body),
        onData: (contextId, isCommand, piece, last) => {
          if (!this.#established) throw new ProtocolViolation('data before the association stands');
          this.inbox.push(contextId, isCommand, piece, last);
        },
      },
      mostPdu,
    );
    socket.setNoDelay(true);
    socket.setTimeout(timeoutMs);
    socket.on('timeout', () => this.end(silent(host, timeoutMs / 1000, this.#established)));
    socket.on('error', ({ code = '' }: NodeJS.ErrnoException) =>
      // With TLS 1.3 a peer refuses our certificate only when the handshake is done for us.
      this.end(code.startsWith('ERR_SSL_') ? tlsFailed(host, code) : lost(host, this.#established, code)),
    );
    socket.on('data', (chunk: Buffer) => this.#read(reader, chunk));
    this.#closed = new Promise(resolve => {
      socket.once('close', () => {
        this.end(lost(host, this.#established));
        resolve();
      });
    });
    socket.once('end', () => this.end(lost(host, this.#established)));
  }

  /** True as long as messages may be sent. */
  get isOpen(): boolean {
    return this.#failure === undefined && !this.#released;
  }

  /** The answer to an association request, or the request itself. */
  associatePdu(): Promise<{ type: number; body: Buffer }> {
    if (this.#early) return Promise.resolve(this.#early);
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => (this.#associateBody = { resolve, reject }));
  }

  /** From now on messages may come. */
  establish(): void {
    this.#established = true;
  }

  /** Resolves when the bytes have left this process. Rejects with the reason for which the association has ended. */
  write(...pieces: readonly Buffer[]): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#unwritten.add(reject);
      // Together: each packet that leaves alone costs a peer that delays its acknowledgements 40 ms.
      if (pieces.length > 1) this.#socket.cork();
      for (const piece of pieces.slice(0, -1)) this.#socket.write(piece);
      this.#socket.write(pieces.at(-1) ?? EMPTY, error => {
        this.#unwritten.delete(reject);
        if (error) reject(this.#failure ?? lost(this.host, this.#established));
        else resolve();
      });
      this.#socket.uncork();
    });
  }

  /** Ends everything that waits, and the connection, with an A-ABORT where the peer may still read it. */
  abort(error: ExchangeError, source: 0 | 2 = 0, reason = 0): void {
    if (!this.#failure && !this.#released) this.#socket.write(encodeAbort(source, reason));
    this.end(error);
  }

  /** Ends everything that waits, and the connection. The first reason counts. */
  end(error: ExchangeError | null): void {
    if (this.#failure || this.#released) {
      this.#socket.destroySoon();
      return;
    }
    if (error === null) this.#released = true;
    else this.#failure = error;
    this.#associateBody?.reject(error ?? ended(false));
    this.inbox.end(error);
    for (const reject of this.#unwritten) reject(error ?? lost(this.host, true));
    this.#unwritten.clear();
    // Lets what is written, such as the abort, leave first.
    this.#socket.destroySoon();
    setTimeout(() => this.#socket.destroy(), RELEASE_MS).unref();
  }

  /** Resolves when the connection is closed. */
  get closed(): Promise<void> {
    return this.#closed;
  }

  #read(reader: PduReader, chunk: Buffer): void {
    if (this.#failure) return; // late answers count no more
    try {
      reader.push(chunk);
    } catch (error) {
      const what = error instanceof ProtocolViolation ? error.message : 'internal';
      this.abort(violated(this.host, what), 2, 0);
    }
  }

  #onPdu(type: number, body: Buffer): void {
    switch (type) {
      case PduType.abort:
        return this.end(abortedByPeer(this.host, body[2] ?? 0, body[3] ?? 0));
      case PduType.associateRj:
        return this.end(rejected(this.host, decodeReject(body)));
      case PduType.releaseRq:
      case PduType.releaseRp:
        if (!this.#established) throw new ProtocolViolation('release of what does not stand');
        if (this.inbox.isWithinMessage) throw new ProtocolViolation('release within a message');
        if (type === PduType.releaseRq) this.#socket.write(encodeRelease('releaseRp'));
        return this.end(null);
      default:
        if (this.#established || this.#early) throw new ProtocolViolation('association PDU out of turn');
        this.#early = { type, body };
        this.#associateBody?.resolve(this.#early);
    }
  }

  get timeoutMs(): number {
    return this.#timeoutMs;
  }
}

/** An association that stands. */
export class Association {
  readonly agreement: Agreement;
  readonly #connection: Connection;
  readonly #contexts: ReadonlyMap<number, AcceptedContext>;
  readonly #buffers: PduBuffers;
  #messageId = 0;
  /** Messages that are being sent, or wait for it. */
  #unsent = 0;
  #sending: Promise<unknown> = Promise.resolve();

  constructor(connection: Connection, agreement: Agreement) {
    this.#connection = connection;
    this.agreement = agreement;
    this.#contexts = new Map(agreement.contexts.map(context => [context.id, context]));
    const { peerMaxPdu } = agreement;
    const most = peerMaxPdu === 0 ? LARGEST_PDU : Math.min(peerMaxPdu, LARGEST_PDU);
    this.#buffers = new PduBuffers(Math.max(most, SMALLEST_PDU));
    connection.establish();
  }

  get host(): string {
    return this.#connection.host;
  }

  /** True until it is released, aborted or lost. */
  get isOpen(): boolean {
    return this.#connection.isOpen;
  }

  /** The context that the peer has accepted for an abstract syntax, in one of the transfer syntaxes if given. */
  contextFor(abstractSyntax: string, transferSyntax?: string): AcceptedContext | undefined {
    return this.agreement.contexts.find(
      context =>
        context.abstractSyntax === abstractSyntax &&
        (transferSyntax === undefined || context.transferSyntax === transferSyntax),
    );
  }

  /** The accepted context of an id. */
  contextOf(id: number): AcceptedContext | undefined {
    return this.#contexts.get(id);
  }

  nextMessageId(): number {
    this.#messageId = (this.#messageId % 0xffff) + 1;
    return this.#messageId;
  }

  /** A data set as it is sent here. It is for the caller to close. */
  pdusOf(source: ByteSource): DataSetPdus {
    return new DataSetPdus(source, this.#buffers);
  }

  /**
   * Sends a message. The data set is read while it is sent; memory is bounded whatever its length.
   * @throws {ExchangeError} the reason for which the association has ended; what reading the data set throws, after
   *   which the association is aborted unless nothing has left: half of a data set cannot be taken back
   */
  send(contextId: number, command: CommandSet, dataSet?: DataSetPdus | Buffer): Promise<void> {
    const pdus = Buffer.isBuffer(dataSet) ? this.pdusOf(new MemoryBytes(dataSet)) : dataSet;
    const send = (): Promise<void> => this.#send(contextId, command, pdus);
    // Messages must not mix, also when a request is cancelled while another is sent.
    const sent = this.#unsent === 0 ? send() : this.#sending.then(send);
    this.#unsent++;
    const done = (): void => void this.#unsent--;
    this.#sending = sent.then(done, done);
    return sent;
  }

  /** The next message of the peer; null when it has released the association. */
  receive(): Promise<Message | null> {
    return this.#connection.inbox.next();
  }

  /**
   * The answer to a request. Other requests of the peer that come before it are for `onRequest`.
   * @throws {ExchangeError} the reason for which the association has ended; DICOM_PROTOCOL for an answer to nothing
   */
  async response(messageId: number, onRequest?: (message: Message) => Promise<void>): Promise<Message> {
    for (;;) {
      const message = await this.receive();
      if (!message) throw lost(this.host, true);
      const { command } = message;
      if (isResponse(command.commandField)) {
        if (command.messageIdBeingRespondedTo === messageId) return message;
        throw this.fail('answer to a message that was not sent');
      }
      if (!onRequest) throw this.fail('request where an answer was expected');
      await onRequest(message);
    }
  }

  /**
   * The data set of a message, which is small; undefined when it has none.
   * @throws {ExchangeError} DICOM_PROTOCOL when it is longer than `most` bytes: the association is aborted
   */
  async dataSetOf({ dataSet }: Message, most: number): Promise<Buffer | undefined> {
    try {
      return await dataSet?.whole(most);
    } catch (error) {
      throw error instanceof ProtocolViolation ? this.fail(error.message) : error;
    }
  }

  /** Aborts because of what the peer did; gives the error. */
  fail(what: string): ExchangeError {
    const error = violated(this.host, what);
    this.#connection.abort(error, 2, 2);
    return error;
  }

  /** Ends the association in order; an unanswered release is the end as well. */
  async release(): Promise<void> {
    if (!this.isOpen) return;
    const timer = setTimeout(() => this.#connection.end(null), RELEASE_MS);
    try {
      await this.#connection.write(encodeRelease('releaseRq'));
      while ((await this.receive()) !== null);
    } catch {
      // Ended otherwise: what was sent before was answered.
    } finally {
      clearTimeout(timer);
    }
    this.#connection.end(null);
  }

  /** Ends the association at once. What is under way rejects with `error`. */
  abort(error: ExchangeError = ended(true)): void {
    this.#connection.abort(error);
  }

  /** Resolves when the connection is closed. */
  get closed(): Promise<void> {
    return this.#connection.closed;
  }

  async #send(contextId: number, command: CommandSet, dataSet?: DataSetPdus): Promise<void> {
    const head = commandPdu(contextId, encodeCommand({ ...command, hasDataSet: dataSet !== undefined }));
    if (!dataSet) return this.#connection.write(head);
    // Nothing has left when the beginning cannot be read: the association stays.
    let next = await dataSet.next(contextId);
    let before: readonly Buffer[] = [head];
    let earlier: Promise<void> = Promise.resolve();
    try {
      while (next) {
        const { bytes, done } = next;
        const written = this.#connection.write(...before, bytes).then(done);
        written.catch(() => undefined); // seen below, unless reading goes wrong first
        before = [];
        // Two at most are on their way, while a third one is read.
        await earlier;
        earlier = written;
        next = await dataSet.next(contextId);
      }
      await earlier;
    } catch (error) {
      if (this.isOpen) this.abort(error instanceof ExchangeError ? error : ended(true));
      throw error;
    }
  }
}
