/** The bytes of a report file, from memory or from a file, read without holding them all. */
import { constants, type Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { fileError, inputError, systemCode, tooLarge } from './failure';

/** Bytes at any position. */
export interface RandomAccess {
  readonly bytes: number;
  /** Fewer bytes than asked for only at the end. */
  read(position: number, length: number): Promise<Buffer>;
}

export interface Content extends RandomAccess {
  /** Name of the file without folder and extension; empty for bytes from memory. */
  readonly fileName: string;
  /** The file carries the read-only attribute, or nobody may write it. */
  readonly writeProtected: boolean;
  /** All bytes from the start. May be called again. */
  stream(): Readable;
  close(): Promise<void>;
}

/** Bytes read at a time. */
const PIECE = 256 * 1024;
const SOURCE = { zh: '报告文件', en: 'the report file' };

/**
 * Opens a Buffer or the complete path of a file.
 *
 * @throws ExchangeError CONTRACT for anything else, an empty or a missing file; TOO_LARGE; CONFIG for one that may not
 *   be read
 */
export async function openContent(source: unknown, maxBytes: number): Promise<Content> {
  const content = typeof source === 'string' ? await openFile(source) : fromMemory(source);
  const fault = content.bytes > maxBytes ? tooLarge(maxBytes) : content.bytes === 0 ? empty() : undefined;
  if (!fault) return content;
  await content.close();
  throw fault;
}

function fromMemory(source: unknown): Content {
  if (!(source instanceof Uint8Array)) {
    throw inputError({
      zh: '内容应为 Buffer，或 PDF/JPG 文件的完整路径',
      en: 'the content must be a Buffer, or the complete path of a PDF or JPG file',
    });
  }
  const buffer = Buffer.from(source.buffer, source.byteOffset, source.byteLength);
  return {
    bytes: buffer.length,
    fileName: '',
    writeProtected: false,
    read: (position, length) => Promise.resolve(buffer.subarray(position, position + length)),
    stream: () => Readable.from([buffer]),
    close: () => Promise.resolve(),
  };
}

async function openFile(file: string): Promise<Content> {
  if (!path.isAbsolute(file) || file.includes('\0')) {
    throw inputError({
      zh: '请给出文件的完整路径；非 Windows 系统上的共享文件夹需先挂载',
      en: 'give the complete path of the file; a share must be mounted first, except on Windows',
    });
  }
  const handle = await openHandle(file);
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw inputError({ zh: '路径不是文件', en: 'the path is no file' });
    return new OpenFile(handle, file, stats);
  } catch (error) {
    await handle.close();
    throw fileError(error, SOURCE);
  }
}

async function openHandle(file: string): Promise<FileHandle> {
  try {
    // A named pipe would make a plain open wait for ever.
    return await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') {
      throw inputError({ zh: '报告文件不存在', en: 'the report file does not exist' }, 'retry');
    }
    throw fileError(error, SOURCE);
  }
}

class OpenFile implements Content {
  readonly bytes: number;
  readonly fileName: string;
  readonly writeProtected: boolean;
  readonly #handle: FileHandle;

  constructor(handle: FileHandle, file: string, stats: Stats) {
    this.#handle = handle;
    this.bytes = stats.size;
    this.fileName = path.parse(file).name;
    // Not access(): for an administrator every file is writable.
    this.writeProtected = (stats.mode & 0o222) === 0;
  }

  async read(position: number, length: number): Promise<Buffer> {
    const buffer = Buffer.alloc(Math.max(0, Math.min(length, this.bytes - position)));
    const { bytesRead } = await this.#handle.read(buffer, 0, buffer.length, position);
    return buffer.subarray(0, bytesRead);
  }

  stream(): Readable {
    return Readable.from(this.#pieces());
  }

  /** Not the handle's own stream: that one closes the file when its reader gives up. */
  async *#pieces(): AsyncGenerator<Buffer> {
    for (let position = 0; position < this.bytes; position += PIECE) {
      yield await this.read(position, PIECE);
    }
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

const empty = (): Error => inputError({ zh: '文件为空', en: 'the file is empty' }, 'retry');
