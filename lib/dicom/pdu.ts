/** Protocol data units of an association (PS3.8 section 9.3): written and read, with limits. */
import { withoutTrailing } from '../trailing';
import { ProtocolViolation, type Rejection } from './protocol-failure';

export const PduType = {
  associateRq: 1,
  associateAc: 2,
  associateRj: 3,
  pData: 4,
  releaseRq: 5,
  releaseRp: 6,
  abort: 7,
} as const;

/** Type, a reserved byte, and the length of what follows. */
export const PDU_HEADER_BYTES = 6;
/** Length, context and flags of a presentation data value. */
export const PDV_HEADER_BYTES = 6;
/** Association PDUs longer than this are an attack, or not DICOM. */
export const MOST_ASSOCIATION_PDU_BYTES = 64 * 1024;

export interface ProposedContext {
  /** Odd, 1 to 255. */
  readonly id: number;
  readonly abstractSyntax: string;
  readonly transferSyntaxes: readonly string[];
}

export interface AnsweredContext {
  readonly id: number;
  /** 0: accepted. */
  readonly result: number;
  readonly transferSyntax: string;
}

/** SCP/SCU Role Selection (PS3.7 D.3.3.4). */
export interface Role {
  readonly sopClassUid: string;
  readonly scu: boolean;
  readonly scp: boolean;
}

interface Parties {
  readonly calledAeTitle: string;
  readonly callingAeTitle: string;
  /** Largest P-DATA PDU that the sender of this takes, in bytes; 0: any. */
  readonly maxPdu: number;
  readonly roles: readonly Role[];
}

export interface AssociateRequest extends Parties {
  readonly contexts: readonly ProposedContext[];
}

export interface AssociateAccept extends Parties {
  readonly contexts: readonly AnsweredContext[];
}

const APPLICATION_CONTEXT = '1.2.840.10008.3.1.1.1';
/** Of this package, below the arc of UUIDs (PS3.5 B.2). */
export const IMPLEMENTATION_CLASS_UID = '2.25.198365530982410478150127734116203914201';
export const IMPLEMENTATION_VERSION = 'NODERED_HOSP_1';

const Item = {
  applicationContext: 0x10,
  proposedContext: 0x20,
  answeredContext: 0x21,
  abstractSyntax: 0x30,
  transferSyntax: 0x40,
  userInformation: 0x50,
  maxLength: 0x51,
  implementationClassUid: 0x52,
  role: 0x54,
  implementationVersion: 0x55,
} as const;

export const encodeAssociateRequest = (request: AssociateRequest): Buffer =>
  associate(
    PduType.associateRq,
    request,
    request.contexts.map(({ id, abstractSyntax, transferSyntaxes }) =>
      item(Item.proposedContext, [
        Buffer.from([id, 0, 0, 0]),
        textItem(Item.abstractSyntax, abstractSyntax),
        ...transferSyntaxes.map(uid => textItem(Item.transferSyntax, uid)),
      ]),
    ),
  );

export const encodeAssociateAccept = (accept: AssociateAccept): Buffer =>
  associate(
    PduType.associateAc,
    accept,
    accept.contexts.map(({ id, result, transferSyntax }) =>
      item(Item.answeredContext, [
        Buffer.from([id, 0, result, 0]),
        textItem(Item.transferSyntax, transferSyntax),
      ]),
    ),
  );

export const encodeReject = ({ result, source, reason }: Rejection): Buffer =>
  pdu(PduType.associateRj, Buffer.from([0, result, source, reason]));

export const encodeRelease = (type: 'releaseRq' | 'releaseRp'): Buffer => pdu(PduType[type], Buffer.alloc(4));

/** @param source 0: service user, 2: service provider */
export const encodeAbort = (source: 0 | 2, reason: number): Buffer =>
  pdu(PduType.abort, Buffer.from([0, 0, source, reason]));

/** @throws {ProtocolViolation} */
export function decodeAssociateRequest(body: Buffer): AssociateRequest {
  const { items, ...parties } = decodeAssociate(body);
  return {
    ...parties,
    contexts: items
      .filter(({ type }) => type === Item.proposedContext)
      .map(({ value }) => {
        const parts = itemsOf(value, 4);
        return {
          id: byteAt(value, 0),
          abstractSyntax: textOf(parts.find(({ type }) => type === Item.abstractSyntax)),
          transferSyntaxes: parts.filter(({ type }) => type === Item.transferSyntax).map(textOf),
        };
      }),
  };
}

/** @throws {ProtocolViolation} */
export function decodeAssociateAccept(body: Buffer): AssociateAccept & { implementationVersion: string } {
  const { items, ...parties } = decodeAssociate(body);
  return {
    ...parties,
    contexts: items
      .filter(({ type }) => type === Item.answeredContext)
      .map(({ value }) => ({
        id: byteAt(value, 0),
        result: byteAt(value, 2),
        transferSyntax: textOf(itemsOf(value, 4).find(({ type }) => type === Item.transferSyntax)),
      })),
  };
}

/** @throws {ProtocolViolation} */
export const decodeReject = (body: Buffer): Rejection => ({
  result: byteAt(body, 1),
  source: byteAt(body, 2),
  reason: byteAt(body, 3),
});

function associate(type: number, parties: Parties, contexts: readonly Buffer[]): Buffer {
  const { calledAeTitle, callingAeTitle, maxPdu, roles } = parties;
  const max = Buffer.alloc(4);
  max.writeUInt32BE(maxPdu);
  const fixed = Buffer.alloc(68);
  fixed.writeUInt16BE(1); // protocol version
  fixed.write(calledAeTitle.padEnd(16).slice(0, 16), 4, 'latin1');
  fixed.write(callingAeTitle.padEnd(16).slice(0, 16), 20, 'latin1');
  const user = item(Item.userInformation, [
    item(Item.maxLength, [max]),
    textItem(Item.implementationClassUid, IMPLEMENTATION_CLASS_UID),
    ...roles.map(roleItem),
    textItem(Item.implementationVersion, IMPLEMENTATION_VERSION),
  ]);
  return pdu(
    type,
    Buffer.concat([fixed, textItem(Item.applicationContext, APPLICATION_CONTEXT), ...contexts, user]),
  );
}

function roleItem({ sopClassUid, scu, scp }: Role): Buffer {
  const uid = Buffer.from(sopClassUid, 'latin1');
  const length = Buffer.alloc(2);
  length.writeUInt16BE(uid.length);
  return item(Item.role, [length, uid, Buffer.from([scu ? 1 : 0, scp ? 1 : 0])]);
}

function pdu(type: number, body: Buffer): Buffer {
  const head = Buffer.alloc(PDU_HEADER_BYTES);
  head[0] = type;
  head.writeUInt32BE(body.length, 2);
  return Buffer.concat([head, body]);
}

function item(type: number, parts: readonly Buffer[]): Buffer {
  const value = Buffer.concat(parts);
  const head = Buffer.alloc(4);
  head[0] = type;
  head.writeUInt16BE(value.length, 2);
  return Buffer.concat([head, value]);
}

const textItem = (type: number, text: string): Buffer => item(type, [Buffer.from(text, 'latin1')]);

interface RawItem {
  readonly type: number;
  readonly value: Buffer;
}

function decodeAssociate(
  body: Buffer,
): Parties & { implementationVersion: string; items: readonly RawItem[] } {
  if (body.length < 68) throw new ProtocolViolation('association PDU too short');
  const items = itemsOf(body, 68);
  const user = items.find(({ type }) => type === Item.userInformation);
  const information = user ? itemsOf(user.value, 0) : [];
  const max = information.find(({ type }) => type === Item.maxLength)?.value;
  return {
    calledAeTitle: body.toString('latin1', 4, 20).trim(),
    callingAeTitle: body.toString('latin1', 20, 36).trim(),
    maxPdu: max && max.length >= 4 ? max.readUInt32BE(0) : 0,
    roles: information.filter(({ type }) => type === Item.role).map(({ value }) => roleOf(value)),
    implementationVersion: textOf(information.find(({ type }) => type === Item.implementationVersion)),
    items,
  };
}

function roleOf(value: Buffer): Role {
  const length = value.length >= 2 ? value.readUInt16BE(0) : 0;
  return {
    sopClassUid: uidText(value.subarray(2, 2 + length)),
    scu: value[2 + length] === 1,
    scp: value[3 + length] === 1,
  };
}

function itemsOf(bytes: Buffer, start: number): RawItem[] {
  const items: RawItem[] = [];
  for (let at = start; at < bytes.length;) {
    if (at + 4 > bytes.length) throw new ProtocolViolation('item cut off');
    const end = at + 4 + bytes.readUInt16BE(at + 2);
    if (end > bytes.length) throw new ProtocolViolation('item longer than its PDU');
    items.push({ type: byteAt(bytes, at), value: bytes.subarray(at + 4, end) });
    at = end;
  }
  return items;
}

const textOf = (found: RawItem | undefined): string => (found ? uidText(found.value) : '');

/** Some pad UIDs here too, though PS3.8 says not to. */
const uidText = (bytes: Buffer): string => withoutTrailing(bytes.toString('latin1'), '\0 ');

function byteAt(bytes: Buffer, at: number): number {
  const value = bytes[at];
  if (value === undefined) throw new ProtocolViolation('PDU too short');
  return value;
}
