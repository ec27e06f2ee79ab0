/** Command sets of DIMSE messages (PS3.7 annex E): implicit VR little endian, group 0000. */
import { withoutTrailing } from '../trailing';
import { ProtocolViolation } from './protocol-failure';

export const Command = {
  cStoreRq: 0x0001,
  cStoreRsp: 0x8001,
  cGetRq: 0x0010,
  cGetRsp: 0x8010,
  cFindRq: 0x0020,
  cFindRsp: 0x8020,
  cMoveRq: 0x0021,
  cMoveRsp: 0x8021,
  cEchoRq: 0x0030,
  cEchoRsp: 0x8030,
  nEventReportRq: 0x0100,
  nEventReportRsp: 0x8100,
  nActionRq: 0x0130,
  nActionRsp: 0x8130,
  cCancelRq: 0x0fff,
} as const;

/** The bit that makes a command a response. */
export const isResponse = (commandField: number): boolean => (commandField & 0x8000) !== 0;

export interface CommandSet {
  readonly commandField: number;
  readonly messageId?: number;
  readonly messageIdBeingRespondedTo?: number;
  readonly affectedSopClassUid?: string;
  readonly requestedSopClassUid?: string;
  readonly affectedSopInstanceUid?: string;
  readonly requestedSopInstanceUid?: string;
  readonly moveDestination?: string;
  readonly moveOriginatorAeTitle?: string;
  readonly moveOriginatorMessageId?: number;
  readonly priority?: number;
  readonly status?: number;
  readonly errorComment?: string;
  readonly actionTypeId?: number;
  readonly eventTypeId?: number;
  readonly remaining?: number;
  readonly completed?: number;
  readonly failed?: number;
  readonly warning?: number;
  /** A data set follows. */
  readonly hasDataSet: boolean;
}

type Name = keyof CommandSet;
type Kind = 'number' | 'uid' | 'text' | 'data-set-type';

/** Element number within group 0000, and how the value is written: a number (US) or text. In the order of the elements. */
const ELEMENTS: readonly (readonly [element: number, name: Name, kind: Kind])[] = [
  [0x0002, 'affectedSopClassUid', 'uid'],
  [0x0003, 'requestedSopClassUid', 'uid'],
  [0x0100, 'commandField', 'number'],
  [0x0110, 'messageId', 'number'],
  [0x0120, 'messageIdBeingRespondedTo', 'number'],
  [0x0600, 'moveDestination', 'text'],
  [0x0700, 'priority', 'number'],
  [0x0800, 'hasDataSet', 'data-set-type'],
  [0x0900, 'status', 'number'],
  [0x0902, 'errorComment', 'text'],
  [0x1000, 'affectedSopInstanceUid', 'uid'],
  [0x1001, 'requestedSopInstanceUid', 'uid'],
  [0x1002, 'eventTypeId', 'number'],
  [0x1008, 'actionTypeId', 'number'],
  [0x1020, 'remaining', 'number'],
  [0x1021, 'completed', 'number'],
  [0x1022, 'failed', 'number'],
  [0x1023, 'warning', 'number'],
  [0x1030, 'moveOriginatorAeTitle', 'text'],
  [0x1031, 'moveOriginatorMessageId', 'number'],
];
/** Value of (0000,0800) when no data set follows, and any other when one does. */
const NO_DATA_SET = 0x0101;
const DATA_SET = 0x0000;
const HEADER_BYTES = 8;
/** (0000,0000): length of all that follows it. */
const GROUP_LENGTH_BYTES = HEADER_BYTES + 4;

const byElement = new Map(ELEMENTS.map(entry => [entry[0], entry]));

export function encodeCommand(command: CommandSet): Buffer {
  let length = 0;
  for (const [, name] of ELEMENTS) length += lengthOf(command[name]);
  const bytes = Buffer.allocUnsafe(GROUP_LENGTH_BYTES + length);
  writeHeader(bytes, 0, 0, 4);
  bytes.writeUInt32LE(length, HEADER_BYTES);
  let at = GROUP_LENGTH_BYTES;
  for (const [element, name, kind] of ELEMENTS) {
    const value = command[name];
    if (value === undefined) continue;
    const end = at + lengthOf(value);
    writeHeader(bytes, at, element, end - at - HEADER_BYTES);
    at += HEADER_BYTES;
    if (typeof value === 'string') {
      bytes[end - 1] = kind === 'uid' ? 0 : 0x20;
      bytes.write(value, at, 'latin1');
    } else bytes.writeUInt16LE(typeof value === 'number' ? value : value ? DATA_SET : NO_DATA_SET, at);
    at = end;
  }
  return bytes;
}

/** @throws {ProtocolViolation} */
export function decodeCommand(bytes: Buffer): CommandSet {
  const values: Partial<Record<Name, number | string | boolean>> = { hasDataSet: false };
  for (let at = 0; at < bytes.length;) {
    if (at + HEADER_BYTES > bytes.length) throw new ProtocolViolation('command element cut off');
    const from = at + HEADER_BYTES;
    const to = from + bytes.readUInt32LE(at + 4);
    if (bytes.readUInt16LE(at) !== 0 || to > bytes.length) throw new ProtocolViolation('no command set');
    const known = byElement.get(bytes.readUInt16LE(at + 2));
    if (known) values[known[1]] = valueOf(known[2], bytes, from, to);
    at = to;
  }
  if (typeof values.commandField !== 'number') throw new ProtocolViolation('command without its field');
  // Each value has the kind that its element is listed with.
  return values as unknown as CommandSet;
}

/** Of an element, with its header; 0 for what is left out. */
function lengthOf(value: string | number | boolean | undefined): number {
  if (value === undefined) return 0;
  return HEADER_BYTES + (typeof value === 'string' ? value.length + (value.length % 2) : 2);
}

function writeHeader(bytes: Buffer, at: number, element: number, length: number): void {
  bytes.writeUInt16LE(0, at);
  bytes.writeUInt16LE(element, at + 2);
  bytes.writeUInt32LE(length, at + 4);
}

function valueOf(kind: Kind, bytes: Buffer, from: number, to: number): number | string | boolean {
  if (kind === 'uid' || kind === 'text') return withoutTrailing(bytes.toString('latin1', from, to), '\0 ');
  const number = to - from >= 2 ? bytes.readUInt16LE(from) : 0;
  return kind === 'number' ? number : number !== NO_DATA_SET;
}
