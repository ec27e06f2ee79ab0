/** A DICOM peer by hand, byte by byte, also for what no program should send. Shares no code with lib/. */
import net from 'node:net';
import tls from 'node:tls';
import { portOf } from './misbehaving-server';

export const PDU = {
  associateRq: 1,
  associateAc: 2,
  associateRj: 3,
  data: 4,
  releaseRq: 5,
  releaseRp: 6,
  abort: 7,
} as const;

export const COMMAND = 1;
export const LAST = 2;

export const STORE_RQ = 0x0001;
export const ECHO_RQ = 0x0030;
export const FIND_RQ = 0x0020;
export const GET_RQ = 0x0010;
export const MOVE_RQ = 0x0021;

export interface Pdu {
  readonly type: number;
  readonly body: Buffer;
}

const uint16 = (value: number): Buffer => Buffer.from([value >>> 8, value & 0xff]);
export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** @param length in place of the right one */
export const pdu = (type: number, body: Buffer = Buffer.alloc(4), length = body.length): Buffer =>
  Buffer.concat([Buffer.from([type, 0]), uint32(length), body]);

export const reject = (result: number, source: number, reason: number): Buffer =>
  pdu(PDU.associateRj, Buffer.from([0, result, source, reason]));

export const abort = (source: number, reason = 0): Buffer =>
  pdu(PDU.abort, Buffer.from([0, 0, source, reason]));

export const data = (contextId: number, flags: number, bytes: Buffer): Buffer =>
  pdu(PDU.data, Buffer.concat([uint32(bytes.length + 2), Buffer.from([contextId, flags]), bytes]));

const item = (type: number, ...parts: readonly Buffer[]): Buffer => {
  const value = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([type, 0]), uint16(value.length), value]);
};
const text = (type: number, value: string): Buffer => item(type, Buffer.from(value, 'latin1'));

export interface Proposed {
  readonly id: number;
  readonly abstractSyntax: string;
  readonly transferSyntaxes: readonly string[];
}

/** An association request, or the answer to one. */
export interface Asked {
  readonly called: string;
  readonly calling: string;
  readonly maxPdu: number;
  readonly contexts: readonly Proposed[];
}

const associate = (type: number, { called, calling, maxPdu }: Asked, contexts: readonly Buffer[]): Buffer =>
  pdu(
    type,
    Buffer.concat([
      Buffer.from([0, 1, 0, 0]),
      Buffer.from(called.padEnd(16) + calling.padEnd(16), 'latin1'),
      Buffer.alloc(32),
      text(0x10, '1.2.840.10008.3.1.1.1'),
      ...contexts,
      item(0x50, item(0x51, uint32(maxPdu)), text(0x52, '2.25.1')),
    ]),
  );

export const request = (asked: Asked): Buffer =>
  associate(
    PDU.associateRq,
    asked,
    asked.contexts.map(({ id, abstractSyntax, transferSyntaxes }) =>
      item(
        0x20,
        Buffer.from([id, 0, 0, 0]),
        text(0x30, abstractSyntax),
        ...transferSyntaxes.map(uid => text(0x40, uid)),
      ),
    ),
  );

/** @param result of each context; 0: accepted, in the first transfer syntax */
export const accept = (asked: Asked, maxPdu = 16_384, result: (one: Proposed) => number = () => 0): Buffer =>
  associate(
    PDU.associateAc,
    { ...asked, maxPdu },
    asked.contexts.map(one =>
      item(0x21, Buffer.from([one.id, 0, result(one), 0]), text(0x40, one.transferSyntaxes[0] ?? '')),
    ),
  );

/** Values of a command set by element number: numbers are US, texts are padded. */
export type Values = Readonly<Record<number, number | string>>;

export function command(values: Values): Buffer {
  const parts = Object.entries(values).map(([number, value]) => {
    let bytes: Buffer;
    if (typeof value === 'number') {
      bytes = Buffer.alloc(2);
      bytes.writeUInt16LE(value);
    } else bytes = Buffer.from(value.length % 2 === 0 ? value : `${value}\0`, 'latin1');
    const head = Buffer.alloc(8);
    head.writeUInt16LE(Number(number), 2);
    head.writeUInt32LE(bytes.length, 4);
    return Buffer.concat([head, bytes]);
  });
  return Buffer.concat(parts);
}

export const commandData = (contextId: number, values: Values): Buffer =>
  data(contextId, COMMAND | LAST, command(values));

function readCommand(bytes: Buffer): ReadonlyMap<number, Buffer> {
  const values = new Map<number, Buffer>();
  for (let at = 0; at < bytes.length;) {
    const end = at + 8 + bytes.readUInt32LE(at + 4);
    values.set(bytes.readUInt16LE(at + 2), bytes.subarray(at + 8, end));
    at = end;
  }
  return values;
}

/** A DIMSE message. */
export class Message {
  readonly contextId: number;
  readonly #values: ReadonlyMap<number, Buffer>;
  readonly dataSet: Buffer;

  constructor(contextId: number, commandBytes: Buffer, dataSet: Buffer) {
    this.contextId = contextId;
    this.#values = readCommand(commandBytes);
    this.dataSet = dataSet;
  }

  number(element: number): number {
    return this.#values.get(element)?.readUInt16LE(0) ?? -1;
  }

  text(element: number): string {
    return this.#values.get(element)?.toString('latin1').replace(/\0$/, '') ?? '';
  }

  get field(): number {
    return this.number(0x0100);
  }

  get messageId(): number {
    return this.number(0x0110);
  }

  get status(): number {
    return this.number(0x0900);
  }

  get hasDataSet(): boolean {
    return this.number(0x0800) !== 0x0101;
  }
}

/** One connection: PDUs come out of it, bytes go in. */
export class Wire {
  readonly socket: net.Socket;
  #bytes: Buffer = Buffer.alloc(0);
  #ended = false;
  #wake: (() => void) | undefined;

  constructor(socket: net.Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
      this.#wake?.();
    });
    socket.on('error', () => undefined);
    for (const event of ['end', 'close']) {
      socket.on(event, () => {
        this.#ended = true;
        this.#wake?.();
      });
    }
  }

  /** Null when the other side has ended the connection. */
  async next(): Promise<Pdu | null> {
    const head = await this.#take(6);
    const body = head && (await this.#take(head.readUInt32BE(2)));
    return head && body && { type: head.readUInt8(0), body };
  }

  /** The next message whole, each part in as many PDUs as it takes; null when another PDU, or the end, comes first. */
  async message(): Promise<Message | null> {
    const commandPart = await this.#part();
    if (!commandPart) return null;
    const head = new Message(commandPart.contextId, commandPart.bytes, Buffer.alloc(0));
    if (!head.hasDataSet) return head;
    const dataSet = await this.#part();
    return dataSet && new Message(head.contextId, commandPart.bytes, dataSet.bytes);
  }

  async asked(): Promise<Asked> {
    const first = await this.next();
    if (first?.type !== PDU.associateRq) throw new Error('no association request');
    return readAsked(first.body);
  }

  send(...bytes: readonly Buffer[]): void {
    this.socket.write(Buffer.concat(bytes));
  }

  /** Resolves when the connection is closed on both sides. */
  async closed(): Promise<void> {
    if (!this.socket.closed) await new Promise(resolve => this.socket.once('close', resolve));
  }

  async #part(): Promise<{ contextId: number; bytes: Buffer } | null> {
    const pieces: Buffer[] = [];
    for (;;) {
      const found = await this.next();
      if (found?.type !== PDU.data) return null;
      for (let at = 0; at < found.body.length;) {
        const length = found.body.readUInt32BE(at);
        pieces.push(found.body.subarray(at + 6, at + 4 + length));
        const [contextId, flags] = [found.body.readUInt8(at + 4), found.body.readUInt8(at + 5)];
        at += 4 + length;
        if ((flags & LAST) !== 0) return { contextId, bytes: Buffer.concat(pieces) };
      }
    }
  }

  async #take(length: number): Promise<Buffer | null> {
    while (this.#bytes.length < length) {
      if (this.#ended) return null;
      await new Promise<void>(resolve => (this.#wake = resolve));
    }
    const taken = this.#bytes.subarray(0, length);
    this.#bytes = this.#bytes.subarray(length);
    return taken;
  }
}

function readAsked(body: Buffer): Asked {
  const items = (bytes: Buffer, start: number): { type: number; value: Buffer }[] => {
    const found = [];
    for (let at = start; at < bytes.length;) {
      const end = at + 4 + bytes.readUInt16BE(at + 2);
      found.push({ type: bytes.readUInt8(at), value: bytes.subarray(at + 4, end) });
      at = end;
    }
    return found;
  };
  const all = items(body, 68);
  const user = all.find(({ type }) => type === 0x50);
  const most = user && items(user.value, 0).find(({ type }) => type === 0x51);
  return {
    called: body.toString('latin1', 4, 20).trim(),
    calling: body.toString('latin1', 20, 36).trim(),
    maxPdu: most?.value.readUInt32BE(0) ?? 0,
    contexts: all
      .filter(({ type }) => type === 0x20)
      .map(({ value }) => {
        const parts = items(value, 4).map(one => ({ type: one.type, uid: one.value.toString('latin1') }));
        return {
          id: value.readUInt8(0),
          abstractSyntax: parts.find(({ type }) => type === 0x30)?.uid ?? '',
          transferSyntaxes: parts.filter(({ type }) => type === 0x40).map(({ uid }) => uid),
        };
      }),
  };
}

/** What a peer does with one connection; `number` counts them from 1. */
export type Script = (wire: Wire, number: number) => Promise<void> | void;

export interface Scp {
  readonly port: number;
  readonly wires: readonly Wire[];
  /** Ends all connections. Rejects with what a script has thrown. */
  close(): Promise<void>;
}

/** A peer that waits for connections, and plays a script on each. */
export async function startScp(script: Script): Promise<Scp> {
  const wires: Wire[] = [];
  const failures: unknown[] = [];
  const server = net.createServer({ allowHalfOpen: true }, socket => {
    const wire = new Wire(socket);
    wires.push(wire);
    Promise.resolve(script(wire, wires.length)).catch((error: unknown) => failures.push(error));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    port: portOf(server),
    wires,
    async close() {
      for (const { socket } of wires) socket.destroy();
      await new Promise<unknown>(resolve => server.close(resolve));
      if (failures.length > 0) throw failures[0];
    },
  };
}

/** A connection to somebody who waits for some. */
export async function connectTo(port: number, secure?: tls.ConnectionOptions): Promise<Wire> {
  const socket = secure
    ? tls.connect({ host: '127.0.0.1', port, ...secure })
    : net.connect({ host: '127.0.0.1', port });
  const wire = new Wire(socket);
  await new Promise((resolve, fail) =>
    socket.once(secure ? 'secureConnect' : 'connect', resolve).once('error', fail),
  );
  return wire;
}

/** The answer to a request. */
export const answerTo = (message: Message, values: Values): Buffer =>
  commandData(message.contextId, {
    0x0002: message.text(0x0002),
    0x0100: message.field | 0x8000,
    0x0120: message.messageId,
    0x0800: 0x0101,
    ...values,
  });

/** Accepts an association, answers each message with what `answer` gives, and releases. */
export async function serve(
  wire: Wire,
  answer: (message: Message, number: number) => Buffer | null | Promise<Buffer | null>,
  maxPdu?: number,
): Promise<void> {
  wire.send(accept(await wire.asked(), maxPdu));
  await serveMessages(wire, answer);
}

export async function serveMessages(
  wire: Wire,
  answer: (message: Message, number: number) => Buffer | null | Promise<Buffer | null>,
): Promise<void> {
  for (let number = 1; ; number++) {
    const message = await wire.message();
    if (!message) break;
    const bytes = await answer(message, number);
    if (bytes) wire.send(bytes);
  }
  if (!wire.socket.destroyed) wire.socket.end(pdu(PDU.releaseRp));
}
