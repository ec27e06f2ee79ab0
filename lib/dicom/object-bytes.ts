/** The bytes of an object at any place, from a file or from memory. */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { RandomAccess } from '../report-file/content';
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
  const handle = await open(data, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const stats = await handle.stat();
    if (stats.isFile()) return new FileBytes(handle, stats.size);
  } catch (error) {
    await handle.close();
    throw error;
  }
  await handle.close();
  throw dicomFileError('missing', { zh: '路径不是文件', en: 'the path is no file' });
}

class FileBytes implements ObjectBytes {
  readonly bytes: number;
  readonly #handle: FileHandle;
  #position = 0;
  #window: Buffer = Buffer.alloc(0);

  constructor(handle: FileHandle, bytes: number) {
    this.#handle = handle;
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

  close(): Promise<void> {
    return this.#handle.close();
  }

  async #readAt(position: number, length: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafe(length);
    let done = 0;
    while (done < length) {
      const { bytesRead } = await this.#handle.read(buffer, done, length - done, position + done);
      if (bytesRead === 0) break;
      done += bytesRead;
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
