/** A file that grows as its bytes come, until it is whole and gets its name. */
import fs from 'node:fs';
import type { RandomAccess } from '../report-file/content';
import { DiskFile } from './disk-file';
import type { DiskPace } from './disk-pace';

/** Bytes after which the disk is told to keep what it has, so that it does not begin only when all has come. */
const SYNC_EVERY_BYTES = 16 * 1024 * 1024;
/** Bytes of the beginning that stay in memory: what is asked for while the rest comes, or when it has. */
const BEGINNING_BYTES = 32 * 1024;
/** Bytes that may be written at once, most images among them: of a large object, threads write while more comes. */
const PROMPT_BYTES = 1024 * 1024;

/** Written as long as the disk lets it: what comes after a failure is dropped. */
export class FileInMaking implements RandomAccess {
  readonly #file: string;
  readonly #pace: DiskPace;
  readonly #opened: Promise<DiskFile | undefined>;
  #beginning: Buffer = Buffer.alloc(0);
  #bytes = 0;
  #unsynced = 0;
  #syncing: Promise<void> | undefined;
  #hasFailed = false;
  #isNamed = false;

  /**
   * @param file to be made
   * @param pace of the disk that it is on
   */
  constructor(file: string, pace: DiskPace) {
    this.#file = file;
    this.#pace = pace;
    this.#opened = this.#attempt(() => DiskFile.open(file, 'wx+', pace));
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The disk does not take it. */
  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  /** Not more than one at a time. */
  async write(pieces: readonly Buffer[]): Promise<void> {
    const opened = await this.#opened;
    if (!opened || this.#hasFailed) return;
    await this.#attempt(() => this.#writeAll(opened, pieces));
    if (this.#beginning.length < BEGINNING_BYTES) this.#remember(pieces);
    const length = lengthOf(pieces);
    this.#bytes += length;
    this.#unsynced += length;
    if (this.#unsynced >= SYNC_EVERY_BYTES && !this.#syncing) {
      this.#unsynced = 0;
      this.#syncing = opened
        .datasync()
        // Nobody waits for it here.
        .catch(() => void (this.#hasFailed = true))
        .finally(() => (this.#syncing = undefined));
    }
  }

  async read(position: number, length: number): Promise<Buffer> {
    const end = Math.min(position + length, this.#bytes);
    if (end <= this.#beginning.length) return this.#beginning.subarray(position, end);
    const opened = await this.#opened;
    if (!opened) return Buffer.alloc(0);
    const target = Buffer.alloc(Math.max(0, end - position));
    let done = 0;
    while (done < target.length) {
      const read = await opened.read(target.subarray(done), position + done);
      if (read === 0) break;
      done += read;
    }
    return target.subarray(0, done);
  }

  /** True when all that was written is on disk. */
  async keep(): Promise<boolean> {
    const opened = await this.#opened;
    await this.#syncing;
    if (opened && !this.#hasFailed) await this.#attempt(() => opened.datasync());
    return opened !== undefined && !this.#hasFailed;
  }

  /** @throws what the file system says */
  async rename(name: string): Promise<void> {
    await this.#pace.call(
      () => fs.renameSync(this.#file, name),
      () => fs.promises.rename(this.#file, name),
    );
    this.#isNamed = true;
  }

  /** Closes it, and removes it if it has not got its name. */
  async end(): Promise<void> {
    const opened = await this.#opened;
    const closed = opened?.close();
    // Nobody waits for one that is on disk.
    if (this.#isNamed) return;
    await closed;
    await fs.promises.unlink(this.#file).catch(() => undefined);
  }

  #remember(pieces: readonly Buffer[]): void {
    const length = Math.min(BEGINNING_BYTES, this.#beginning.length + lengthOf(pieces));
    this.#beginning = Buffer.concat([this.#beginning, ...pieces], length);
  }

  /** A call of the system may take less than it is given. */
  async #writeAll(opened: DiskFile, pieces: readonly Buffer[]): Promise<void> {
    const isLong = this.#bytes + lengthOf(pieces) > PROMPT_BYTES;
    for (let left = [...pieces]; left.length > 0;) left = after(left, await opened.append(left, isLong));
  }

  async #attempt<T>(what: () => Promise<T>): Promise<T | undefined> {
    try {
      return await what();
    } catch (error) {
      if (!isDiskError(error)) throw error;
      this.#hasFailed = true;
      return undefined;
    }
  }
}

function after(pieces: readonly Buffer[], bytes: number): Buffer[] {
  let at = 0;
  let written = bytes;
  for (let piece = pieces[0]; piece && written >= piece.length; piece = pieces[++at]) written -= piece.length;
  return pieces.slice(at).map((piece, index) => (index === 0 ? piece.subarray(written) : piece));
}

const lengthOf = (pieces: readonly Buffer[]): number => pieces.reduce((sum, { length }) => sum + length, 0);

/** Of the system: full, read-only, failing, replaced by something else. */
export const isDiskError = (error: unknown): boolean => error instanceof Error && 'syscall' in error;
