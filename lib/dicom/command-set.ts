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

type Name = Exclude<keyof CommandSet, 'hasDataSet'>;

/** Element number within group 0000, and whether the value is a number (US) or text. In the order of the elements. */
const ELEMENTS: readonly (readonly [element: number, name: Name, kind: 'number' | 'uid' | 'text'])[] = [
  [0x0002, 'affectedSopClassUid', 'uid'],
  [0x0003, 'requestedSopClassUid', 'uid'],
  [0x0100, 'commandField', 'number'],
  [0x0110, 'messageId', 'number'],
  [0x0120, 'messageIdBeingRespondedTo', 'number'],
  [0x0600, 'moveDestination', 'text'],
  [0x0700, 'priority', 'number'],
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
const DATA_SET_TYPE = 0x0800;
/** Value of (0000,0800) when no data set follows. */
const NO_DATA_SET = 0x0101;

const byElement = new Map(ELEMENTS.map(entry => [entry[0], entry]));

export function encodeCommand(command: CommandSet): Buffer {
  const parts: Buffer[] = [];
  let hasType = false;
  const addType = (): void => {
    hasType = true;
    parts.push(element(DATA_SET_TYPE, number(command.hasDataSet ? 0 : NO_DATA_SET)));
  };
  for (const [at, name, kind] of ELEMENTS) {
    if (at > DATA_SET_TYPE && !hasType) addType();
    const value = command[name];
    if (value === undefined) continue;
    parts.push(
      element(at, typeof value === 'number' ? number(value) : padded(value, kind === 'uid' ? '\0' : ' ')),
    );
  }
  const body = Buffer.concat(parts);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(body.length);
  return Buffer.concat([element(0, length), body]);
}

/** @throws {ProtocolViolation} */
export function decodeCommand(bytes: Buffer): CommandSet {
  const values: Partial<Record<Name, number | string>> = {};
  let dataSetType = NO_DATA_SET;
  for (let at = 0; at < bytes.length;) {
    if (at + 8 > bytes.length) throw new ProtocolViolation('command element cut off');
    const [group, number_, length] = [
      bytes.readUInt16LE(at),
      bytes.readUInt16LE(at + 2),
      bytes.readUInt32LE(at + 4),
    ];
    const end = at + 8 + length;
    if (group !== 0 || end > bytes.length) throw new ProtocolViolation('no command set');
    const value = bytes.subarray(at + 8, end);
    if (number_ === DATA_SET_TYPE) dataSetType = numberOf(value);
    const known = byElement.get(number_);
    if (known) values[known[1]] = known[2] === 'number' ? numberOf(value) : textOf(value);
    at = end;
  }
  if (typeof values.commandField !== 'number') throw new ProtocolViolation('command without its field');
  return {
    // Each value has the kind that its element is listed with.
    ...(values as Omit<CommandSet, 'hasDataSet'>),
    hasDataSet: dataSetType !== NO_DATA_SET,
  };
}

function element(at: number, value: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt16LE(at, 2);
  head.writeUInt32LE(value.length, 4);
  return Buffer.concat([head, value]);
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

const padded = (text: string, by: string): Buffer =>
  Buffer.from(text.length % 2 === 0 ? text : text + by, 'latin1');

const numberOf = (bytes: Buffer): number => (bytes.length >= 2 ? bytes.readUInt16LE(0) : 0);

const textOf = (bytes: Buffer): string => withoutTrailing(bytes.toString('latin1'), '\0 ');
