/**
 * A server on loopback that speaks SQL Server's protocol to the real driver: login, TLS, statements, transactions,
 * cancelling. What it answers is up to the test. It knows no SQL: nothing here shows that SQL Server would accept a
 * statement, lock a row or find a plan.
 */
import { once } from 'node:events';
import net from 'node:net';
import { Duplex } from 'node:stream';
import tls from 'node:tls';
import { portOf } from './misbehaving-server';
import {
  ENCRYPTION,
  HEADER_BYTES,
  LAST,
  type Login,
  PACKET,
  STATUS,
  type TdsColumn,
  type TdsError,
  type TdsParameter,
  type TdsValue,
  done,
  doneInProcedure,
  doneProcedure,
  errorToken,
  loginAnswer,
  metadata,
  packets,
  preloginAnswer,
  readLogin,
  readStatement,
  returnValue,
  row,
  transactionAnswer,
} from './tds-wire';

export interface TdsStatement {
  /** Statements, procedures by their name, and the steps of a transaction, which have no text. */
  readonly kind: 'sql' | 'procedure' | 'begin' | 'commit' | 'rollback';
  readonly sql: string;
  readonly parameters: readonly TdsParameter[];
}

export interface TdsRows {
  readonly columns: readonly TdsColumn[];
  /** Values, or the bytes of `row`. Sent as fast as the client takes them. */
  readonly rows: Iterable<readonly TdsValue[] | Buffer>;
  /** The server dies within the row after so many. */
  readonly cutAfter?: number;
  /** An error after the rows. */
  readonly fails?: TdsError;
}

export type TdsAnswer =
  | TdsRows
  | { readonly affected: number }
  /** Of a procedure. */
  | {
      readonly sets: readonly TdsRows[];
      readonly output?: readonly (readonly [TdsColumn, TdsValue])[];
      readonly returnValue?: number;
    }
  | { readonly error: TdsError }
  /** The server dies at work, or nothing is said until the client cancels. */
  | 'cut'
  | 'silence';

export interface TdsOptions {
  readonly answer: (statement: TdsStatement) => TdsAnswer;
  /** What it says about encryption; `none` unless it has a certificate. */
  readonly encryption?: keyof typeof ENCRYPTION;
  readonly tls?: tls.SecureContextOptions;
  /** Connections are taken, and nothing is said. */
  readonly mute?: boolean;
  /** Why it refuses a login. */
  readonly refuse?: (login: Login) => TdsError | undefined;
}

export class TdsServer {
  readonly #options: TdsOptions;
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();
  readonly logins: Login[] = [];
  /** Batches of the driver's own, such as the settings of a new session. */
  readonly batches: string[] = [];
  cancelled = 0;
  /** Rows that were written to sockets. */
  rowsSent = 0;

  private constructor(options: TdsOptions) {
    this.#options = options;
    this.#server = net.createServer(socket => {
      this.#sockets.add(socket);
      socket.on('error', () => {}).on('close', () => this.#sockets.delete(socket));
      new Session(socket, options, this).start();
    });
  }

  static async start(options: TdsOptions, port = 0): Promise<TdsServer> {
    const server = new TdsServer(options);
    await new Promise<void>(resolve => server.#server.listen(port, '127.0.0.1', resolve));
    return server;
  }

  get port(): number {
    return portOf(this.#server);
  }

  get connections(): number {
    return this.#sockets.size;
  }

  /** Cuts all connections. */
  cutAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    const closed = new Promise<unknown>(resolve => this.#server.close(resolve));
    this.cutAll();
    await closed;
  }

  answer(statement: TdsStatement): TdsAnswer {
    return this.#options.answer(statement);
  }
}

const ROWS_IN_PART = 200;

const aborted = (signal: AbortSignal, until: AbortSignal): Promise<unknown> =>
  new Promise(resolve => signal.addEventListener('abort', resolve, { once: true, signal: until }));

const bytesOf = (columns: readonly TdsColumn[], values: readonly TdsValue[] | Buffer): Buffer =>
  Buffer.isBuffer(values) ? values : row(columns, values);

/** One connection of a client. */
class Session {
  readonly #socket: net.Socket;
  readonly #options: TdsOptions;
  readonly #server: TdsServer;
  #out: Duplex;
  #received: Buffer = Buffer.alloc(0);
  #message: Buffer[] = [];
  #tunnel: Tunnel | undefined;
  #transactions = 0n;
  /** A statement has no whole answer yet. */
  #isAtWork = false;
  /** What a cancel ends. */
  #answering = new AbortController();

  constructor(socket: net.Socket, options: TdsOptions, server: TdsServer) {
    this.#socket = socket;
    this.#out = socket;
    this.#options = options;
    this.#server = server;
  }

  start(): void {
    if (this.#options.mute) {
      this.#socket.resume();
      return;
    }
    this.#socket.on('data', bytes => {
      if (this.#tunnel?.isOpen) this.#tunnel.open(bytes);
      else this.#receive(bytes);
    });
  }

  #receive(bytes: Buffer): void {
    this.#received = Buffer.concat([this.#received, bytes]);
    while (this.#received.length >= HEADER_BYTES) {
      // The handshake travels in PRELOGIN packets, however they are cut; everything after it within TLS.
      if (this.#tunnel && !this.#tunnel.isOpen && this.#received[0] !== PACKET.prelogin) {
        const plain = this.#received;
        this.#received = Buffer.alloc(0);
        this.#tunnel.open(plain);
        return;
      }
      const length = this.#received.readUInt16BE(2);
      if (this.#received.length < length) return;
      const packet = this.#received.subarray(0, length);
      this.#received = this.#received.subarray(length);
      this.#message.push(packet.subarray(HEADER_BYTES));
      if (((packet[1] ?? 0) & LAST) === 0) continue;
      const body = Buffer.concat(this.#message);
      this.#message = [];
      this.#handle(packet[0] ?? 0, body);
    }
  }

  #handle(type: number, body: Buffer): void {
    if (type === PACKET.prelogin) this.#prelogin(body);
    else if (type === PACKET.login) this.#login(readLogin(body));
    else if (type === PACKET.attention) this.#cancel();
    else if (type === PACKET.transaction) this.#transaction(body.readUInt16LE(body.readUInt32LE(0)));
    else if (type === PACKET.rpc) this.#statement(readStatement(body));
    else if (type === PACKET.batch) this.#batch(body.subarray(body.readUInt32LE(0)).toString('utf16le'));
    else throw new Error(`a message that the driver does not send here: ${type}`);
  }

  #prelogin(body: Buffer): void {
    if (this.#tunnel) {
      this.#tunnel.handshake(body);
      return;
    }
    const { tls: secure, encryption = secure ? 'on' : 'none' } = this.#options;
    this.#send(preloginAnswer(ENCRYPTION[encryption]));
    if (!secure || ENCRYPTION[encryption] % 2 === 0) return;
    this.#tunnel = new Tunnel(secure, this.#socket, bytes => this.#receive(bytes));
  }

  #login(login: Login): void {
    if (this.#tunnel) this.#out = this.#tunnel.inside;
    this.#server.logins.push(login);
    const refusal = this.#options.refuse?.(login);
    if (refusal) this.#send(Buffer.concat([errorToken(refusal), done(STATUS.error)]));
    else this.#send(loginAnswer(login.database));
  }

  #batch(sql: string): void {
    this.#server.batches.push(sql);
    this.#send(done());
  }

  /** An interrupted answer ends, and the cancelling is acknowledged in a message of its own. */
  #cancel(): void {
    this.#server.cancelled++;
    this.#answering.abort();
    if (this.#isAtWork) this.#send(done(STATUS.error));
    this.#send(done(STATUS.attention));
  }

  #transaction(request: number): void {
    const kind = request === 5 ? 'begin' : request === 7 ? 'commit' : 'rollback';
    const answer = this.#server.answer({ kind, sql: '', parameters: [] });
    if (answer === 'cut') this.#die();
    else if (answer === 'silence') return;
    else if ('error' in answer) this.#send(Buffer.concat([errorToken(answer.error), done(STATUS.error)]));
    else this.#send(transactionAnswer(kind, kind === 'begin' ? ++this.#transactions : this.#transactions));
  }

  #statement(statement: TdsStatement): void {
    this.#isAtWork = true;
    const answer = this.#server.answer(statement);
    if (answer === 'cut') this.#die();
    else if (answer === 'silence') return;
    else if ('error' in answer) this.#send(Buffer.concat([errorToken(answer.error), doneProcedure(true)]));
    else if ('affected' in answer)
      this.#send(Buffer.concat([doneInProcedure(answer.affected), doneProcedure(false)]));
    else if ('sets' in answer) this.#procedure(answer);
    else void this.#rows(answer);
  }

  #procedure({ sets, output = [], returnValue: value = 0 }: Extract<TdsAnswer, { sets: unknown }>): void {
    const rows = sets.flatMap(set => {
      const all = [...set.rows];
      return [
        metadata(set.columns),
        ...all.map(values => bytesOf(set.columns, values)),
        doneInProcedure(all.length),
      ];
    });
    const values = output.map(([column, given]) => returnValue(column, given));
    this.#send(Buffer.concat([...rows, ...values, doneProcedure(false, value)]));
  }

  /** In parts, each when the client has taken the one before. */
  async #rows({ columns, rows, cutAfter = Number.POSITIVE_INFINITY, fails }: TdsRows): Promise<void> {
    this.#answering = new AbortController();
    const { signal } = this.#answering;
    let tokens = [metadata(columns)];
    let count = 0;
    for (const values of rows) {
      const bytes = bytesOf(columns, values);
      if (count++ === cutAfter) {
        this.#part(Buffer.concat([...tokens, bytes.subarray(0, bytes.length / 2)]));
        this.#die();
        return;
      }
      tokens.push(bytes);
      if (tokens.length < ROWS_IN_PART) continue;
      this.#server.rowsSent += tokens.length;
      if (!this.#part(Buffer.concat(tokens))) await this.#drained(signal);
      if (signal.aborted || this.#socket.destroyed) return;
      tokens = [];
    }
    const end = fails
      ? [errorToken(fails), doneProcedure(true)]
      : [doneInProcedure(count), doneProcedure(false)];
    this.#send(Buffer.concat([...tokens, ...end]));
  }

  async #drained(signal: AbortSignal): Promise<void> {
    const wait = new AbortController();
    const drained = once(this.#out, 'drain', { signal: wait.signal });
    const gone = once(this.#socket, 'close', { signal: wait.signal });
    await Promise.race([drained, gone, aborted(signal, wait.signal)]).catch(() => {});
    // A long answer waits often: the listeners of each time must go.
    wait.abort();
  }

  /** A part of a message that goes on. */
  #part(body: Buffer): boolean {
    const bytes = packets(PACKET.reply, body);
    for (let at = 0; at < bytes.length; at += bytes.readUInt16BE(at + 2)) bytes[at + 1] = 0;
    return this.#out.write(bytes);
  }

  /** Not at once: a driver that waits for an answer behaves in another way than one that still sends. */
  #die(): void {
    setTimeout(() => this.#socket.destroy(), 20);
  }

  #send(body: Buffer): void {
    this.#isAtWork = false;
    this.#out.write(packets(PACKET.reply, body));
  }
}

/** TLS whose handshake is wrapped into PRELOGIN packets. */
class Tunnel {
  /** The decrypted side. */
  readonly inside: tls.TLSSocket;
  readonly #outside: Duplex;
  readonly #socket: net.Socket;
  isOpen = false;
  #flight: Buffer[] = [];

  constructor(context: tls.SecureContextOptions, socket: net.Socket, receive: (bytes: Buffer) => void) {
    this.#socket = socket;
    this.#outside = new Duplex({
      read: () => {},
      write: (chunk: Buffer, _encoding, written) => {
        if (this.isOpen) socket.write(chunk);
        else this.#answer(chunk);
        written();
      },
    });
    this.inside = new tls.TLSSocket(this.#outside, {
      isServer: true,
      secureContext: tls.createSecureContext(context),
    });
    this.inside.on('error', () => socket.destroy()).on('data', receive);
    socket.on('close', () => this.inside.destroy());
  }

  handshake(flight: Buffer): void {
    this.#outside.push(flight);
  }

  /** The client has finished the handshake: its bytes are plain TLS from now on. */
  open(bytes: Buffer): void {
    this.isOpen = true;
    this.#outside.push(bytes);
  }

  /** What TLS writes in one turn goes in one packet: the client waits for one answer to each of its own. */
  #answer(chunk: Buffer): void {
    this.#flight.push(chunk);
    if (this.#flight.length > 1) return;
    setImmediate(() => {
      this.#socket.write(packets(PACKET.prelogin, Buffer.concat(this.#flight), 32_767));
      this.#flight = [];
    });
  }
}
