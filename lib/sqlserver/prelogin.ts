/**
 * PRELOGIN, the first message of SQL Server's protocol (TDS): both sides say what they can, before any password.
 * Drivers up to tedious 19 go on in clear text when they asked for encryption and the server says that it has none.
 */
import type { Socket } from 'node:net';

/** The server's answer. */
export interface Prelogin {
  /** Of the server, such as 10.50.6000; 10 is SQL Server 2008, 11 is 2012. */
  readonly version: string;
  /** Everything after this message, the login first, is encrypted. */
  readonly encrypts: boolean;
}

/** Encryption was asked for and the server has none. Nothing but the question has been sent. */
export class NoEncryption extends Error {
  override readonly name = 'NoEncryption';
  readonly version: string;

  constructor(version: string) {
    super(`SQL Server ${version} offers no encryption`);
    this.version = version;
  }
}

const HEADER_BYTES = 8;
/** Kinds of messages: the client's first one, and what comes from the server. */
const QUESTION = 0x12;
const REPLY = 4;
/** Status of a packet: the last one of its message. */
const LAST = 1;
const OPTION_BYTES = 5;
const VERSION = 0;
const ENCRYPTION = 1;
const END = 0xff;
/** The answers ON and REQUIRED; the others are OFF and NOT SUPPORTED. */
const ENCRYPTS: ReadonlySet<number> = new Set([1, 3]);

/** The client's message, as a driver sends it: version, encryption, instance, thread, several result sets. */
export function preloginQuestion(encrypts: boolean): Buffer {
  const options: readonly (readonly [number, Buffer])[] = [
    [VERSION, Buffer.from([16, 0, 0, 0, 0, 0])],
    [ENCRYPTION, Buffer.from([encrypts ? 1 : 0])],
    [2, Buffer.from([0])],
    [3, Buffer.alloc(4)],
    [4, Buffer.from([0])],
  ];
  let offset = options.length * OPTION_BYTES + 1;
  const heads = options.map(([option, value]) => {
    const head = Buffer.alloc(OPTION_BYTES);
    head[0] = option;
    head.writeUInt16BE(offset, 1);
    head.writeUInt16BE(value.length, 3);
    offset += value.length;
    return head;
  });
  const body = Buffer.concat([...heads, Buffer.from([END]), ...options.map(([, value]) => value)]);
  const header = Buffer.from([QUESTION, LAST, 0, 0, 0, 0, 1, 0]);
  header.writeUInt16BE(HEADER_BYTES + body.length, 2);
  return Buffer.concat([header, body]);
}

/** Reads the server's answer. Undefined while it is incomplete; what is no such answer offers no encryption. */
export function readPrelogin(bytes: Buffer): Prelogin | undefined {
  if (bytes.length > 0 && bytes[0] !== REPLY) return { version: '?', encrypts: false };
  if (bytes.length < HEADER_BYTES || bytes.length < bytes.readUInt16BE(2)) return undefined;
  const body = bytes.subarray(HEADER_BYTES, bytes.readUInt16BE(2));
  let version = '?';
  const answers: number[] = [];
  for (let at = 0; at + OPTION_BYTES <= body.length && body[at] !== END; at += OPTION_BYTES) {
    const start = body.readUInt16BE(at + 1);
    const value = body.subarray(start, start + body.readUInt16BE(at + 3));
    if (body[at] === VERSION && value.length >= 4)
      version = `${value[0]}.${value[1]}.${value.readUInt16BE(2)}`;
    if (body[at] === ENCRYPTION) answers.push(value[0] ?? 0);
  }
  return { version, encrypts: answers.length > 0 && answers.every(answer => ENCRYPTS.has(answer)) };
}

/**
 * Watches the answer on the connection that the driver is going to log in on, and destroys it with
 * {@link NoEncryption} before the driver can act on an answer without encryption: what is written after that goes
 * nowhere. Must be called before the driver gets the socket.
 */
export function insistOnEncryption(socket: Socket): void {
  let bytes = Buffer.alloc(0);
  const look = (chunk: Buffer): void => {
    bytes = Buffer.concat([bytes, chunk]);
    const answer = readPrelogin(bytes);
    if (!answer) return;
    socket.off('data', look);
    if (!answer.encrypts) socket.destroy(new NoEncryption(answer.version));
  };
  socket.on('data', look);
}
