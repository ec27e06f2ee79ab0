/**
 * Takes PDUs out of the bytes of a connection. Presentation data values are handed on piece by piece as they come,
 * never gathered: memory does not depend on the length of a PDU or an object.
 */
import { MOST_ASSOCIATION_PDU_BYTES, PDU_HEADER_BYTES, PDV_HEADER_BYTES, PduType } from './pdu';
import { ProtocolViolation } from './protocol-failure';

export interface PduHandler {
  /** An association PDU, whole. */
  onPdu(type: number, body: Buffer): void;
  /** A piece of a presentation data value; `last` with the last piece of the last fragment of a message part. */
  onData(contextId: number, isCommand: boolean, piece: Buffer, last: boolean): void;
}

const COMMAND = 1;
const LAST = 2;

export class PduReader {
  readonly #handler: PduHandler;
  readonly #mostPdu: number;
  /** Beginning of a header or of an association PDU. */
  #held: Buffer = Buffer.alloc(0);
  #wanted = PDU_HEADER_BYTES;
  #expecting: 'pdu' | 'body' | 'pdv' | 'data' = 'pdu';
  #type = 0;
  /** Bytes of the P-DATA PDU, and of the presentation data value, that have not come yet. */
  #pduLeft = 0;
  #pdvLeft = 0;
  #contextId = 0;
  #flags = 0;

  /** @param mostPdu largest P-DATA PDU that was offered to the peer, in bytes; 0: any */
  constructor(handler: PduHandler, mostPdu: number) {
    this.#handler = handler;
    this.#mostPdu = mostPdu === 0 ? Number.MAX_SAFE_INTEGER : mostPdu;
  }

  /** @throws {ProtocolViolation} for what is no DICOM, or too long */
  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length)
      at += this.#expecting === 'data' ? this.#data(chunk, at) : this.#gather(chunk, at);
  }

  #data(chunk: Buffer, at: number): number {
    const piece = chunk.subarray(at, at + this.#pdvLeft);
    this.#pdvLeft -= piece.length;
    this.#pduLeft -= piece.length;
    this.#hand(piece);
    if (this.#pdvLeft === 0) this.#next();
    return piece.length;
  }

  #hand(piece: Buffer): void {
    const last = this.#pdvLeft === 0 && (this.#flags & LAST) !== 0;
    this.#handler.onData(this.#contextId, (this.#flags & COMMAND) !== 0, piece, last);
  }

  /** Gathers bytes until what is expected is whole. */
  #gather(chunk: Buffer, at: number): number {
    const piece = chunk.subarray(at, at + this.#wanted - this.#held.length);
    this.#held = this.#held.length === 0 ? piece : Buffer.concat([this.#held, piece]);
    if (this.#held.length === this.#wanted) {
      const whole = this.#held;
      this.#held = Buffer.alloc(0);
      this.#take(whole);
    }
    return piece.length;
  }

  #take(whole: Buffer): void {
    if (this.#expecting === 'pdu') this.#begin(whole.readUInt8(0), whole.readUInt32BE(2));
    else if (this.#expecting === 'pdv') this.#beginValue(whole);
    else {
      this.#expect('pdu', PDU_HEADER_BYTES);
      this.#handler.onPdu(this.#type, whole);
    }
  }

  #begin(type: number, length: number): void {
    this.#type = type;
    if (type === PduType.pData) {
      if (length > this.#mostPdu) throw new ProtocolViolation(`P-DATA PDU of ${length} bytes`);
      this.#pduLeft = length;
      this.#next();
      return;
    }
    if (type < PduType.associateRq || type > PduType.abort)
      throw new ProtocolViolation(`PDU of the unknown type ${type}`);
    if (length > MOST_ASSOCIATION_PDU_BYTES)
      throw new ProtocolViolation(`association PDU of ${length} bytes`);
    if (length === 0) throw new ProtocolViolation('empty PDU');
    this.#expect('body', length);
  }

  #beginValue(head: Buffer): void {
    const length = head.readUInt32BE(0) - 2;
    this.#pduLeft -= PDV_HEADER_BYTES;
    if (length < 0 || length > this.#pduLeft) throw new ProtocolViolation('data value longer than its PDU');
    this.#contextId = head.readUInt8(4);
    this.#flags = head.readUInt8(5);
    this.#pdvLeft = length;
    if (length > 0) this.#expecting = 'data';
    else {
      this.#hand(Buffer.alloc(0));
      this.#next();
    }
  }

  /** After a data value: the next one of the PDU, or the next PDU. */
  #next(): void {
    if (this.#pduLeft === 0) this.#expect('pdu', PDU_HEADER_BYTES);
    else if (this.#pduLeft < PDV_HEADER_BYTES) throw new ProtocolViolation('data value cut off');
    else this.#expect('pdv', PDV_HEADER_BYTES);
  }

  #expect(what: 'pdu' | 'body' | 'pdv', bytes: number): void {
    this.#expecting = what;
    this.#wanted = bytes;
  }
}
