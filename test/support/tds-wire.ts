/** What SQL Server's protocol (TDS 7.4) writes on the wire, as far as a test server needs it. */

export const PACKET = {
  batch: 1,
  rpc: 3,
  reply: 4,
  attention: 6,
  transaction: 14,
  login: 16,
  prelogin: 18,
} as const;

export const HEADER_BYTES = 8;
/** Status of a packet: the last one of its message. */
export const LAST = 1;

export type TdsValue = string | number | bigint | Uint8Array | null;

export interface TdsColumn {
  readonly name: string;
  readonly type: 'bigint' | 'nvarchar' | 'varbinary';
}

/** An error as the server reports it. */
export interface TdsError {
  readonly number: number;
  readonly state?: number;
  readonly message?: string;
}

const u16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
};
const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const u64 = (value: bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(value);
  return bytes;
};
const ucs2 = (text: string): Buffer => Buffer.from(text, 'utf16le');
const shortText = (text: string): Buffer => Buffer.concat([Buffer.from([text.length]), ucs2(text)]);
const longText = (text: string): Buffer => Buffer.concat([u16(text.length), ucs2(text)]);

/** Chinese_PRC_CI_AS: code page 936. */
const COLLATION = Buffer.from([0x04, 0x08, 0xd0, 0x00, 0x00]);

/** Packets of one message. */
export function packets(type: number, body: Buffer, size = 4096): Buffer {
  const parts: Buffer[] = [];
  const room = size - HEADER_BYTES;
  for (let at = 0; at === 0 || at < body.length; at += room) {
    const part = body.subarray(at, at + room);
    const header = Buffer.alloc(HEADER_BYTES);
    header[0] = type;
    header[1] = at + room >= body.length ? LAST : 0;
    header.writeUInt16BE(part.length + HEADER_BYTES, 2);
    parts.push(header, part);
  }
  return Buffer.concat(parts);
}

/** Answers about encryption in PRELOGIN. */
export const ENCRYPTION = { off: 0, on: 1, none: 2, required: 3 } as const;

export function preloginAnswer(encryption: number): Buffer {
  const options: readonly (readonly [number, Buffer])[] = [
    [0, Buffer.from([10, 0, 0x06, 0x40, 0, 0])],
    [1, Buffer.from([encryption])],
    [2, Buffer.from([0])],
    [3, Buffer.alloc(0)],
    [4, Buffer.from([0])],
  ];
  let offset = options.length * 5 + 1;
  const heads = options.map(([option, value]) => {
    const head = Buffer.alloc(5);
    head[0] = option;
    head.writeUInt16BE(offset, 1);
    head.writeUInt16BE(value.length, 3);
    offset += value.length;
    return head;
  });
  return Buffer.concat([...heads, Buffer.from([0xff]), ...options.map(([, value]) => value)]);
}

export interface Login {
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

export function readLogin(body: Buffer): Login {
  const field = (at: number): Buffer => {
    const start = body.readUInt16LE(at);
    return body.subarray(start, start + body.readUInt16LE(at + 2) * 2);
  };
  // The password is obfuscated: bits are turned over, halves of the bytes exchanged.
  const clear = Buffer.from(field(44)).map(byte => {
    const turned = byte ^ 0xa5;
    return ((turned << 4) | (turned >> 4)) & 0xff;
  });
  return {
    user: field(40).toString('utf16le'),
    password: Buffer.from(clear).toString('utf16le'),
    database: field(68).toString('utf16le'),
  };
}

const environment = (kind: number, now: Buffer, before: Buffer): Buffer =>
  Buffer.concat([Buffer.from([0xe3]), u16(1 + now.length + before.length), Buffer.from([kind]), now, before]);

export function loginAnswer(database: string): Buffer {
  const version = Buffer.from([0x74, 0x00, 0x00, 0x04]);
  const product = shortText('Microsoft SQL Server');
  const ack = Buffer.concat([Buffer.from([1]), version, product, Buffer.from([10, 0, 0x06, 0x40])]);
  return Buffer.concat([
    environment(1, shortText(database), shortText('master')),
    environment(7, Buffer.concat([Buffer.from([COLLATION.length]), COLLATION]), Buffer.from([0])),
    Buffer.from([0xad]),
    u16(ack.length),
    ack,
    environment(4, shortText('4096'), shortText('4096')),
    done(),
  ]);
}

/** Begin, commit and rollback of the transaction with that number. */
export function transactionAnswer(kind: 'begin' | 'commit' | 'rollback', id: bigint): Buffer {
  const number = Buffer.concat([Buffer.from([8]), u64(id)]);
  const none = Buffer.from([0]);
  const change =
    kind === 'begin' ? environment(8, number, none) : environment(kind === 'commit' ? 9 : 10, none, number);
  return Buffer.concat([change, done()]);
}

export const STATUS = { error: 0x02, count: 0x10, attention: 0x20 } as const;

export function done(status = 0, count = 0): Buffer {
  return Buffer.concat([Buffer.from([0xfd]), u16(status), u16(0xc1), u64(BigInt(count))]);
}

/** End of one statement within a procedure call, and of the call. */
export const doneInProcedure = (count: number): Buffer =>
  Buffer.concat([Buffer.from([0xff]), u16(STATUS.count | 1), u16(0xc1), u64(BigInt(count))]);
export const doneProcedure = (isError: boolean): Buffer =>
  Buffer.concat([
    Buffer.from([0x79]),
    u32(0),
    Buffer.from([0xfe]),
    u16(isError ? STATUS.error : 0),
    u16(0xe0),
    u64(0n),
  ]);

export function errorToken({ number, state = 1, message = 'refused' }: TdsError): Buffer {
  const body = Buffer.concat([
    u32(number),
    Buffer.from([state, 16]),
    longText(message),
    shortText('LOOPBACK'),
    shortText(''),
    u32(1),
  ]);
  return Buffer.concat([Buffer.from([0xaa]), u16(body.length), body]);
}

const TYPES: Readonly<Record<TdsColumn['type'], Buffer>> = {
  bigint: Buffer.from([0x26, 8]),
  nvarchar: Buffer.concat([Buffer.from([0xe7]), u16(0xffff), COLLATION]),
  varbinary: Buffer.concat([Buffer.from([0xa5]), u16(0xffff)]),
};

export function metadata(columns: readonly TdsColumn[]): Buffer {
  const described = columns.map(({ name, type }) =>
    Buffer.concat([u32(0), u16(9), TYPES[type], shortText(name)]),
  );
  return Buffer.concat([Buffer.from([0x81]), u16(columns.length), ...described]);
}

export function row(columns: readonly TdsColumn[], values: readonly TdsValue[]): Buffer {
  return Buffer.concat([
    Buffer.from([0xd1]),
    ...columns.map(({ type }, at) => cell(type, values[at] ?? null)),
  ]);
}

function cell(type: TdsColumn['type'], value: TdsValue): Buffer {
  if (type === 'bigint')
    return value === null
      ? Buffer.from([0])
      : Buffer.concat([Buffer.from([8]), u64(BigInt(value as number))]);
  if (value === null) return Buffer.alloc(8, 0xff);
  const bytes = typeof value === 'string' ? ucs2(value) : Buffer.from(value as Uint8Array);
  const chunk = bytes.length > 0 ? [u32(bytes.length), bytes] : [];
  return Buffer.concat([u64(BigInt(bytes.length)), ...chunk, u32(0)]);
}

/** A parameter of a procedure call, with the type that the client has declared. */
export interface TdsParameter {
  readonly name: string;
  readonly type: 'bigint' | 'int' | 'nvarchar' | 'varbinary';
  /** Characters or bytes; 65535 stands for the largest. */
  readonly length: number;
  readonly value: TdsValue;
}

const SP_EXECUTESQL = 10;

/** Reads a call of `sp_executesql`: the statement and its parameters. */
export function readStatement(body: Buffer): { sql: string; parameters: TdsParameter[] } {
  const reader = new Reader(body, body.readUInt32LE(0));
  if (reader.u16() !== 0xffff || reader.u16() !== SP_EXECUTESQL) throw new Error('another procedure');
  reader.u16();
  const parameters: TdsParameter[] = [];
  while (!reader.atEnd) parameters.push(reader.parameter());
  // The statement, the declaration of its parameters, and these.
  return { sql: String(parameters[0]?.value), parameters: parameters.slice(2) };
}

class Reader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get atEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  u8(): number {
    return this.#bytes.readUInt8(this.#skip(1));
  }

  u16(): number {
    return this.#bytes.readUInt16LE(this.#skip(2));
  }

  parameter(): TdsParameter {
    const name = this.#take(this.u8() * 2).toString('utf16le');
    this.u8();
    const type = this.u8();
    if (type === 0x26) {
      const length = this.u8();
      return { name, type: length === 8 ? 'bigint' : 'int', length, value: this.#integer() };
    }
    const length = this.u16();
    if (type === 0xa5) return { name, type: 'varbinary', length, value: this.#text(length) };
    if (type !== 0xe7) throw new Error(`a type that the store does not use: ${type}`);
    this.#take(COLLATION.length);
    return { name, type: 'nvarchar', length, value: this.#text(length)?.toString('utf16le') ?? null };
  }

  #integer(): number | null {
    const length = this.u8();
    if (length === 0) return null;
    const bytes = this.#take(length);
    return length === 8 ? Number(bytes.readBigInt64LE()) : bytes.readIntLE(0, length);
  }

  #text(declared: number): Buffer | null {
    if (declared !== 0xffff) {
      const length = this.u16();
      return length === 0xffff ? null : this.#take(length);
    }
    if (this.#take(8).readBigInt64LE() === -1n) return null;
    const chunks: Buffer[] = [];
    for (let length = this.#u32(); length > 0; length = this.#u32()) chunks.push(this.#take(length));
    return Buffer.concat(chunks);
  }

  #u32(): number {
    return this.#bytes.readUInt32LE(this.#skip(4));
  }

  #take(length: number): Buffer {
    const start = this.#skip(length);
    return this.#bytes.subarray(start, start + length);
  }

  #skip(length: number): number {
    const start = this.#at;
    this.#at += length;
    return start;
  }
}
