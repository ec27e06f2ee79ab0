/** The bytes of a data set, read straight into the PDU that carries them. */
import { DiskFile } from './disk-file';
import { DiskPace } from './disk-pace';

export interface ByteSource {
  /** Fills buffers one after the other; gives fewer bytes than they hold only at the end. */
  readInto(targets: readonly Buffer[]): Promise<number>;
  close(): Promise<void>;
}

/** A part of a file, or of bytes in memory. */
export async function openBytes(data: string | Buffer, offset: number, length: number): Promise<ByteSource> {
  return typeof data === 'string'
    ? new FileBytes(await DiskFile.open(data, 'r', DiskPace.unknown), offset, length)
    : new MemoryBytes(data.subarray(offset, offset + length));
}

class FileBytes implements ByteSource {
  readonly #file: DiskFile;
  #at: number;
  #left: number;

  constructor(file: DiskFile, offset: number, length: number) {
    this.#file = file;
    this.#at = offset;
    this.#left = length;
  }

  /** All in one call of the system, as a rule: each is a way to another thread and back. */
  async readInto(targets: readonly Buffer[]): Promise<number> {
    const wanted = Math.min(lengthOf(targets), this.#left);
    let done = 0;
    while (done < wanted) {
      const read = await this.#file.read(between(targets, done, wanted), this.#at);
      // The file has become shorter since it was looked at: the receiver must not take it for whole.
      if (read === 0) throw new Error('the file has become shorter');
      done += read;
      this.#at += read;
      this.#left -= read;
    }
    return done;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

/** Bytes in memory. */
export class MemoryBytes implements ByteSource {
  #left: Buffer;

  constructor(bytes: Buffer) {
    this.#left = bytes;
  }

  readInto(targets: readonly Buffer[]): Promise<number> {
    let done = 0;
    for (const target of targets) done += this.#left.copy(target, 0, done);
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

  async readInto(targets: readonly Buffer[]): Promise<number> {
    let done = 0;
    for (const target of targets) done += await this.#fill(target);
    return done;
  }

  async close(): Promise<void> {
    await this.#iterator.return?.();
  }

  async #fill(target: Buffer): Promise<number> {
    let done = 0;
    while (done < target.length) {
      if (this.#rest.length === 0) {
        if (this.#ended) break;
        const next = await this.#iterator.next();
        if (next.done === true) {
          this.#ended = true;
          break;
        }
        this.#rest = next.value;
      }
      const copied = this.#rest.copy(target, done);
      this.#rest = this.#rest.subarray(copied);
      done += copied;
    }
    return done;
  }
}

const lengthOf = (buffers: readonly Buffer[]): number => buffers.reduce((sum, { length }) => sum + length, 0);

/** The same bytes of memory from one position to another, counted over all buffers. */
function between(buffers: readonly Buffer[], start: number, end: number): Buffer[] {
  const parts: Buffer[] = [];
  let at = 0;
  for (const buffer of buffers) {
    const part = buffer.subarray(Math.max(0, start - at), Math.max(0, end - at));
    if (part.length > 0) parts.push(part);
    at += buffer.length;
  }
  return parts;
}
