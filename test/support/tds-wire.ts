/** What SQL Server's protocol (TDS 7.4) writes on the wire, as far as a test server needs it. */
import { encodeGbk } from './gbk';

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

/** Dates and times are wall clock text, decimals text. */
export type TdsType =
  | 'int'
  | 'bigint'
  | 'bit'
  | 'float'
  | 'decimal'
  | 'money'
  | 'date'
  | 'time'
  | 'datetime'
  | 'smalldatetime'
  | 'datetime2'
  | 'datetimeoffset'
  | 'nvarchar'
  | 'varchar'
  | 'varbinary';

export interface TdsColumn {
  readonly name: string;
  readonly type: TdsType;
  /** Of decimals and times. */
  readonly scale?: number;
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

/** End of one statement within a procedure call, and of the call with the procedure's return value. */
export const doneInProcedure = (count: number): Buffer =>
  Buffer.concat([Buffer.from([0xff]), u16(STATUS.count | 1), u16(0xc1), u64(BigInt(count))]);
export const doneProcedure = (isError: boolean, value = 0): Buffer =>
  Buffer.concat([
    Buffer.from([0x79]),
    u32(value >>> 0),
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

const LARGEST = u16(0xffff);

function typeInfo({ type, scale = 0 }: TdsColumn): Buffer {
  switch (type) {
    case 'int':
      return Buffer.from([0x26, 4]);
    case 'bigint':
      return Buffer.from([0x26, 8]);
    case 'bit':
      return Buffer.from([0x68, 1]);
    case 'float':
      return Buffer.from([0x6d, 8]);
    case 'decimal':
      return Buffer.from([0x6a, 17, 38, scale]);
    case 'money':
      return Buffer.from([0x6e, 8]);
    case 'date':
      return Buffer.from([0x28]);
    case 'time':
      return Buffer.from([0x29, scale]);
    case 'datetime2':
      return Buffer.from([0x2a, scale]);
    case 'datetimeoffset':
      return Buffer.from([0x2b, scale]);
    case 'datetime':
      return Buffer.from([0x6f, 8]);
    case 'smalldatetime':
      return Buffer.from([0x6f, 4]);
    case 'varchar':
      return Buffer.concat([Buffer.from([0xa7]), u16(8000), COLLATION]);
    case 'varbinary':
      return Buffer.concat([Buffer.from([0xa5]), LARGEST]);
    default:
      return Buffer.concat([Buffer.from([0xe7]), LARGEST, COLLATION]);
  }
}

export function metadata(columns: readonly TdsColumn[]): Buffer {
  const described = columns.map(column =>
    Buffer.concat([u32(0), u16(9), typeInfo(column), shortText(column.name)]),
  );
  return Buffer.concat([Buffer.from([0x81]), u16(columns.length), ...described]);
}

export function row(columns: readonly TdsColumn[], values: readonly TdsValue[]): Buffer {
  return Buffer.concat([
    Buffer.from([0xd1]),
    ...columns.map((column, at) => cell(column, values[at] ?? null)),
  ]);
}

/** The value of an output parameter. */
export function returnValue(column: TdsColumn, value: TdsValue): Buffer {
  return Buffer.concat([
    Buffer.from([0xac]),
    u16(0),
    shortText(`@${column.name}`),
    Buffer.from([1]),
    u32(0),
    u16(9),
    typeInfo(column),
    cell(column, value),
  ]);
}

function cell(column: TdsColumn, value: TdsValue): Buffer {
  const { type } = column;
  if (type === 'nvarchar' || type === 'varbinary') return large(value);
  if (type === 'varchar')
    return value === null
      ? LARGEST
      : Buffer.concat([u16(encodeGbk(String(value)).length), encodeGbk(String(value))]);
  if (value === null) return Buffer.from([0]);
  const bytes = fixed(column, value);
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

function large(value: TdsValue): Buffer {
  if (value === null) return Buffer.alloc(8, 0xff);
  const bytes = typeof value === 'string' ? ucs2(value) : Buffer.from(value as Uint8Array);
  const chunk = bytes.length > 0 ? [u32(bytes.length), bytes] : [];
  return Buffer.concat([u64(BigInt(bytes.length)), ...chunk, u32(0)]);
}

const DAY_MS = 86_400_000;
const daysSince = (year: number, text: string): number =>
  Math.round(
    (Date.parse(`${text.slice(0, 10)}T00:00:00Z`) -
      Date.parse(`${String(year).padStart(4, '0')}-01-01T00:00:00Z`)) /
      DAY_MS,
  );

/** Units of 10^-scale seconds since midnight. */
function unitsOf(time: string, scale: number): number {
  const [clock = '', fraction = ''] = time.split('.');
  const [hours = 0, minutes = 0, seconds = 0] = clock.split(':').map(Number);
  return (
    ((hours * 60 + minutes) * 60 + seconds) * 10 ** scale +
    Number(fraction.padEnd(scale, '0').slice(0, scale))
  );
}

const littleEndian = (value: number | bigint, length: number): Buffer => {
  const bytes = Buffer.alloc(length);
  let rest = BigInt(value);
  for (let at = 0; at < length; at++, rest >>= 8n) bytes[at] = Number(rest & 0xffn);
  return bytes;
};
const timeBytes = (time: string, scale: number): Buffer =>
  littleEndian(unitsOf(time, scale), scale <= 2 ? 3 : scale <= 4 ? 4 : 5);

function fixed({ type, scale = 0 }: TdsColumn, value: TdsValue): Buffer {
  const text = String(value);
  const [day = '', time = '00:00:00'] = text.split(' ');
  switch (type) {
    case 'int':
      return littleEndian(BigInt.asUintN(32, BigInt(text)), 4);
    case 'bigint':
      return littleEndian(BigInt.asUintN(64, BigInt(text)), 8);
    case 'bit':
      return Buffer.from([Number(value)]);
    case 'float': {
      const bytes = Buffer.alloc(8);
      bytes.writeDoubleLE(Number(value));
      return bytes;
    }
    case 'decimal': {
      const [whole = '', fraction = ''] = text.replace('-', '').split('.');
      const units = BigInt(whole + fraction.padEnd(scale, '0'));
      return Buffer.concat([Buffer.from([text.startsWith('-') ? 0 : 1]), littleEndian(units, 16)]);
    }
    case 'money': {
      const units = BigInt.asUintN(64, BigInt(Math.round(Number(value) * 10_000)));
      // The upper half comes first.
      return Buffer.concat([littleEndian(units >> 32n, 4), littleEndian(units & 0xffffffffn, 4)]);
    }
    case 'date':
      return littleEndian(daysSince(1, day), 3);
    case 'time':
      return timeBytes(text, scale);
    case 'datetime2':
      return Buffer.concat([timeBytes(time, scale), littleEndian(daysSince(1, day), 3)]);
    case 'datetimeoffset':
      return Buffer.concat([timeBytes(time, scale), littleEndian(daysSince(1, day), 3), u16(0)]);
    case 'datetime':
      return Buffer.concat([
        littleEndian(BigInt.asUintN(32, BigInt(daysSince(1900, day))), 4),
        littleEndian(Math.round((unitsOf(time, 3) * 3) / 10), 4),
      ]);
    default:
      return Buffer.concat([u16(daysSince(1900, day)), u16(Math.floor(unitsOf(time, 0) / 60))]);
  }
}

/** A parameter of a procedure call, with the type that the client has declared. */
export interface TdsParameter {
  readonly name: string;
  readonly type: TdsType | 'table' | 'guid';
  /** Characters or bytes; 65535 stands for the largest. Of times the scale. */
  readonly length: number;
  readonly value: TdsValue;
  /** Of a table-valued parameter, whose value is the name of its type. */
  readonly rows?: readonly (readonly TdsValue[])[];
  readonly output: boolean;
}

const SP_EXECUTESQL = 10;

export interface TdsCall {
  readonly kind: 'sql' | 'procedure';
  readonly sql: string;
  readonly parameters: readonly TdsParameter[];
}

/** Reads a call of a procedure, or of `sp_executesql`: the statement and its parameters. */
export function readStatement(body: Buffer): TdsCall {
  const reader = new Reader(body, body.readUInt32LE(0));
  const length = reader.u16();
  const isStatement = length === 0xffff;
  if (isStatement && reader.u16() !== SP_EXECUTESQL) throw new Error('another procedure');
  const name = isStatement ? '' : reader.characters(length);
  reader.u16();
  const parameters: TdsParameter[] = [];
  while (!reader.atEnd) parameters.push(reader.parameter());
  if (!isStatement) return { kind: 'procedure', sql: name, parameters };
  // The statement, the declaration of its parameters, and these.
  return { kind: 'sql', sql: String(parameters[0]?.value), parameters: parameters.slice(2) };
}

interface Declared {
  readonly type: TdsType | 'guid';
  readonly length: number;
  readonly scale: number;
}

const pad = (value: number, length = 2): string => String(value).padStart(length, '0');
const dayText = (year: number, days: number): string =>
  new Date(Date.parse(`${pad(year, 4)}-01-01T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
function clockText(units: number, scale: number): string {
  const seconds = Math.floor(units / 10 ** scale);
  const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map(part =>
    pad(part),
  );
  return clock.join(':') + (scale > 0 ? `.${pad(units % 10 ** scale, scale)}` : '');
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

  characters(count: number): string {
    return this.#take(count * 2).toString('utf16le');
  }

  parameter(): TdsParameter {
    const name = this.characters(this.u8());
    const output = (this.u8() & 1) !== 0;
    const token = this.u8();
    if (token === 0xf3) return { name, type: 'table', length: 0, output, ...this.#table() };
    const declared = this.#declared(token);
    return { name, type: declared.type, length: declared.length, output, value: this.#value(declared) };
  }

  #declared(token: number): Declared {
    const made = (type: Declared['type'], length: number, scale = 0): Declared => ({ type, length, scale });
    switch (token) {
      case 0x26: {
        const length = this.u8();
        return made(length === 8 ? 'bigint' : 'int', length);
      }
      case 0x68:
        return made('bit', this.u8());
      case 0x6d:
        return made('float', this.u8());
      case 0x6e:
        return made('money', this.u8());
      case 0x24:
        return made('guid', this.u8());
      case 0x6f: {
        const length = this.u8();
        return made(length === 8 ? 'datetime' : 'smalldatetime', length);
      }
      case 0x6a:
      case 0x6c: {
        this.u8();
        const precision = this.u8();
        return made('decimal', precision, this.u8());
      }
      case 0x28:
        return made('date', 3);
      case 0x29:
      case 0x2a:
      case 0x2b: {
        const scale = this.u8();
        const types = ['time', 'datetime2', 'datetimeoffset'] as const;
        return made(types[token - 0x29]!, scale, scale);
      }
      case 0xa5:
      case 0xad:
        return made('varbinary', this.u16());
      case 0xa7:
      case 0xaf:
      case 0xe7:
      case 0xef: {
        const length = this.u16();
        this.#take(COLLATION.length);
        return made(token < 0xe0 ? 'varchar' : 'nvarchar', length);
      }
      default:
        throw new Error(`a type that is not read here: ${token}`);
    }
  }

  #value({ type, length, scale }: Declared): TdsValue {
    if (type === 'varbinary') return this.#text(length);
    if (type === 'nvarchar') return this.#text(length)?.toString('utf16le') ?? null;
    if (type === 'varchar') {
      const bytes = this.#text(length);
      return bytes && new TextDecoder('gbk').decode(bytes);
    }
    const size = this.u8();
    if (size === 0) return null;
    const bytes = this.#take(size);
    const units = (from: number, to: number): number => bytes.readUIntLE(from, to - from);
    switch (type) {
      case 'bigint': {
        const value = bytes.readBigInt64LE();
        return Number.isSafeInteger(Number(value)) ? Number(value) : value;
      }
      case 'int':
        return bytes.readIntLE(0, size);
      case 'bit':
        return bytes[0] ?? 0;
      case 'float':
        return bytes.readDoubleLE();
      case 'money':
        return (bytes.readInt32LE(0) * 2 ** 32 + bytes.readUInt32LE(4)) / 10_000;
      case 'decimal': {
        const digits = String(bytes.readUIntLE(1, Math.min(6, size - 1))).padStart(scale + 1, '0');
        const [whole, fraction] = [
          digits.slice(0, digits.length - scale),
          digits.slice(digits.length - scale),
        ];
        return `${bytes[0] === 0 ? '-' : ''}${whole}${scale > 0 ? `.${fraction}` : ''}`;
      }
      case 'date':
        return dayText(1, units(0, 3));
      case 'time':
        return clockText(units(0, size), scale);
      case 'datetime2':
        return `${dayText(1, units(size - 3, size))} ${clockText(units(0, size - 3), scale)}`;
      case 'datetimeoffset':
        return `${dayText(1, units(size - 5, size - 2))} ${clockText(units(0, size - 5), scale)}Z`;
      case 'datetime': {
        const milliseconds = Math.round((bytes.readUInt32LE(4) * 10) / 3);
        return `${dayText(1900, bytes.readInt32LE(0))} ${clockText(milliseconds, 3)}`;
      }
      case 'smalldatetime':
        return `${dayText(1900, bytes.readUInt16LE(0))} ${clockText(bytes.readUInt16LE(2) * 60, 0)}`;
      default:
        return bytes.toString('hex');
    }
  }

  #table(): { value: string; rows: TdsValue[][] } {
    const [, schema, name] = [0, 1, 2].map(() => this.characters(this.u8()));
    const columns: Declared[] = [];
    for (let count = this.u16(); count > 0; count--) {
      this.#take(6);
      columns.push(this.#declared(this.u8()));
      this.u8();
    }
    this.u8();
    const rows: TdsValue[][] = [];
    while (this.u8() === 1) rows.push(columns.map(column => this.#value(column)));
    return { value: `${schema}.${name}`, rows };
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
