/** P-DATA-TF PDUs (PS3.8 9.3.5): those of a data set are read many at a time, and written many at a time. */
import type { ByteSource } from './byte-source';
import { PDU_HEADER_BYTES, PDV_HEADER_BYTES, PduType } from './pdu';

/** Bytes that are read and written by one call of the system: an image of 512 x 512 pixels of 16 bits fits. */
const BATCH_BYTES = 640 * 1024;
const HEAD_BYTES = PDU_HEADER_BYTES + PDV_HEADER_BYTES;

/** Bits of a message control header (PS3.8 E.2). */
const COMMAND = 1;
const LAST = 2;

/** A command set in a PDU of its own. It is far shorter than any PDU that a peer takes. */
export function commandPdu(contextId: number, command: Buffer): Buffer {
  const pdu = Buffer.allocUnsafe(HEAD_BYTES + command.length);
  command.copy(pdu, HEAD_BYTES);
  writeHeaders(pdu, 0, command.length, contextId, COMMAND | LAST);
  return pdu;
}

/** Memory for the PDUs of one association. What has been written is filled again. */
export class PduBuffers {
  /** Length of a PDU with its headers. */
  readonly pduBytes: number;
  readonly #batchBytes: number;
  readonly #free: Buffer[] = [];

  /** @param mostPdu longest PDU that the peer takes, as it states it: without the header */
  constructor(mostPdu: number) {
    this.pduBytes = PDU_HEADER_BYTES + mostPdu;
    this.#batchBytes = Math.max(1, Math.floor(BATCH_BYTES / this.pduBytes)) * this.pduBytes;
  }

  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(this.#batchBytes);
  }

  giveBack(memory: Buffer): void {
    this.#free.push(memory);
  }
}

/** PDUs one after the other, of which the last may be shorter. */
interface Batch {
  readonly memory: Buffer;
  /** Of the data set. */
  readonly bytes: number;
  readonly isFull: boolean;
}

/** PDUs to be written. */
export interface FilledPdus {
  readonly bytes: Buffer;
  /** To be called when they are written. */
  readonly done: () => void;
}

/** The PDUs of one data set, as its bytes are read. */
export class DataSetPdus {
  readonly #source: ByteSource;
  readonly #buffers: PduBuffers;
  /** Only when more has been read it is known which PDU is the last. */
  #ahead: Batch | undefined;
  #hasEnded = false;
  #hasFailed = false;

  constructor(source: ByteSource, buffers: PduBuffers) {
    this.#source = source;
    this.#buffers = buffers;
  }

  /** Whether it was reading that went wrong. */
  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  /** Reads the beginning, before it is its turn. @throws what reading throws; then it is closed */
  async begin(): Promise<void> {
    try {
      this.#ahead ??= await this.#read();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** The next PDUs; null after the last. An empty data set has one, too. @throws what reading throws */
  async next(contextId: number): Promise<FilledPdus | null> {
    if (this.#hasEnded) return null;
    const batch = this.#ahead ?? (await this.#read());
    this.#ahead = batch.isFull ? await this.#read() : undefined;
    if (this.#ahead?.bytes === 0) {
      this.#buffers.giveBack(this.#ahead.memory);
      this.#ahead = undefined;
    }
    this.#hasEnded = this.#ahead === undefined;
    const { memory } = batch;
    return { bytes: this.#framed(batch, contextId), done: () => this.#buffers.giveBack(memory) };
  }

  /** What has been read is read, whether the file can be closed or not. */
  async close(): Promise<void> {
    await this.#source.close().catch(() => undefined);
  }

  async #read(): Promise<Batch> {
    const memory = this.#buffers.take();
    const { pduBytes } = this.#buffers;
    const targets: Buffer[] = [];
    for (let at = 0; at < memory.length; at += pduBytes)
      targets.push(memory.subarray(at + HEAD_BYTES, at + pduBytes));
    try {
      const bytes = await this.#source.readInto(targets);
      return { memory, bytes, isFull: bytes === targets.length * (pduBytes - HEAD_BYTES) };
    } catch (error) {
      this.#hasFailed = true;
      throw error;
    }
  }

  #framed({ memory, bytes }: Batch, contextId: number): Buffer {
    const { pduBytes } = this.#buffers;
    const room = pduBytes - HEAD_BYTES;
    let at = 0;
    let left = bytes;
    for (; left > room; at += pduBytes, left -= room) writeHeaders(memory, at, room, contextId, 0);
    writeHeaders(memory, at, left, contextId, this.#hasEnded ? LAST : 0);
    return memory.subarray(0, at + HEAD_BYTES + left);
  }
}

function writeHeaders(target: Buffer, at: number, length: number, contextId: number, flags: number): void {
  target[at] = PduType.pData;
  target[at + 1] = 0;
  target.writeUInt32BE(PDV_HEADER_BYTES + length, at + 2);
  target.writeUInt32BE(2 + length, at + 6);
  target[at + 10] = contextId;
  target[at + 11] = flags;
}
