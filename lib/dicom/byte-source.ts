/** The bytes of a data set, read straight into the PDU that carries them. */
import fs from 'node:fs';
import type { FileHandle } from 'node:fs/promises';

export interface ByteSource {
  /** Fills a part of `target`; gives fewer bytes only at the end. */
  readInto(target: Buffer, at: number, length: number): Promise<number>;
  close(): Promise<void>;
}

/** A part of a file, or of bytes in memory. */
export async function openBytes(data: string | Buffer, offset: number, length: number): Promise<ByteSource> {
  return typeof data === 'string'
    ? new FileBytes(await fs.promises.open(data, 'r'), offset, length)
    : new MemoryBytes(data.subarray(offset, offset + length));
}

class FileBytes implements ByteSource {
  readonly #file: FileHandle;
  #at: number;
  #left: number;

  constructor(file: FileHandle, offset: number, length: number) {
    this.#file = file;
    this.#at = offset;
    this.#left = length;
  }

  async readInto(target: Buffer, at: number, length: number): Promise<number> {
    let done = 0;
    const wanted = Math.min(length, this.#left);
    while (done < wanted) {
      const { bytesRead } = await this.#file.read(target, at + done, wanted - done, this.#at);
      // The file has become shorter since it was looked at: the receiver must not take it for whole.
      if (bytesRead === 0) throw new Error('the file has become shorter');
      done += bytesRead;
      this.#at += bytesRead;
      this.#left -= bytesRead;
    }
    return done;
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

/** Bytes in memory. */
export class MemoryBytes implements ByteSource {
  #left: Buffer;

  constructor(bytes: Buffer) {
    this.#left = bytes;
  }

  readInto(target: Buffer, at: number, length: number): Promise<number> {
    const done = this.#left.copy(target, at, 0, length);
    this.#left = this.#left.subarray(done);
    return Promise.resolve(done);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Bytes that are made while they are sent, such as a data set in which an element is changed. */
export class IterableBytes implements ByteSource {
  readonly #iterator: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);
  #ended = false;

  constructor(pieces: AsyncIterable<Buffer>) {
    this.#iterator = pieces[Symbol.asyncIterator]();
  }

  async readInto(target: Buffer, at: number, length: number): Promise<number> {
    let done = 0;
    while (done < length) {
      if (this.#rest.length === 0) {
        if (this.#ended) break;
        const next = await this.#iterator.next();
        if (next.done === true) {
          this.#ended = true;
          break;
        }
        this.#rest = next.value;
      }
      const copied = this.#rest.copy(target, at + done, 0, length - done);
      this.#rest = this.#rest.subarray(copied);
      done += copied;
    }
    return done;
  }

  async close(): Promise<void> {
    await this.#iterator.return?.();
  }
}
