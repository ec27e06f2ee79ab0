/** The bytes of an object at any place, from a file or from memory. */
import { constants } from 'node:fs';
import type { RandomAccess } from '../report-file/content';
import { DiskFile } from './disk-file';
import { DiskPace } from './disk-pace';
import { dicomFileError } from './failure';

export interface ObjectBytes extends RandomAccess {
  close(): Promise<void>;
}

/** Bytes read at a time where a whole object is read. */
const PIECE = 256 * 1024;
/** Bytes read at least: file meta information and what identifies an object come by one call of the system. */
const LEAST = 32 * 1024;

/** @throws ExchangeError DICOM_FILE for what is no file; the file system's own error */
export async function openObject(data: string | Buffer): Promise<ObjectBytes> {
  if (typeof data !== 'string') {
    return {
      bytes: data.length,
      read: (position, length) => Promise.resolve(data.subarray(position, position + length)),
      close: () => Promise.resolve(),
    };
  }
  // A named pipe would make a plain open wait for ever.
  const file = await DiskFile.open(data, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0), DiskPace.unknown);
  try {
    const stats = await file.stat();
    if (stats.isFile()) return new FileBytes(file, stats.size);
  } catch (error) {
    await file.close();
    throw error;
  }
  await file.close();
  throw dicomFileError('missing', { zh: '路径不是文件', en: 'the path is no file' });
}

class FileBytes implements ObjectBytes {
  readonly bytes: number;
  readonly #file: DiskFile;
  #position = 0;
  #window: Buffer = Buffer.alloc(0);

  constructor(file: DiskFile, bytes: number) {
    this.#file = file;
    this.bytes = bytes;
  }

  async read(position: number, length: number): Promise<Buffer> {
    const wanted = Math.max(0, Math.min(length, this.bytes - position));
    const start = position - this.#position;
    if (start >= 0 && start + wanted <= this.#window.length)
      return this.#window.subarray(start, start + wanted);
    if (wanted >= LEAST) return this.#readAt(position, wanted);
    this.#window = await this.#readAt(position, Math.min(LEAST, this.bytes - position));
    this.#position = position;
    return this.#window.subarray(0, wanted);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #readAt(position: number, length: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafe(length);
    let done = 0;
    while (done < length) {
      const read = await this.#file.read([buffer.subarray(done)], position + done);
      if (read === 0) break;
      done += read;
    }
    return buffer.subarray(0, done);
  }
}

/**
 * A part of an object, piece by piece.
 *
 * @throws ExchangeError DICOM_FILE when it has become shorter
 */
export async function* piecesOf(
  data: string | Buffer,
  offset: number,
  length: number,
): AsyncGenerator<Buffer, void> {
  const object = await openObject(data);
  try {
    for (let done = 0; done < length;) {
      const piece = await object.read(offset + done, Math.min(PIECE, length - done));
      if (piece.length === 0) {
        throw dicomFileError('truncated', {
          zh: '影像文件在读取过程中变短',
          en: 'the DICOM file became shorter while it was read',
        });
      }
      done += piece.length;
      yield piece;
    }
  } finally {
    await object.close();
  }
}
