/** A file that grows as its bytes come, until it is whole and gets its name. */
import fs from 'node:fs';
import { type Soon, attempt, soon } from '../soon';
import { DiskFile } from './disk-file';
import type { DiskPace } from './disk-pace';

/** Bytes after which the disk is told to keep what it has, so that it does not begin only when all has come. */
const SYNC_EVERY_BYTES = 16 * 1024 * 1024;
/** Bytes that may be written at once, most images among them: of a large object, threads write while more comes. */
const PROMPT_BYTES = 1024 * 1024;

/** Written as long as the disk lets it: what comes after a failure is dropped. */
export class FileInMaking {
  /** Its path, until it gets its name. */
  readonly file: string;
  readonly #pace: DiskPace;
  /** Undefined when the disk has refused it. */
  readonly #opened: DiskFile | undefined;
  #bytes = 0;
  #unsynced = 0;
  #syncing: Promise<void> | undefined;
  #hasFailed: boolean;
  #isNamed = false;

  private constructor(file: string, pace: DiskPace, opened: DiskFile | undefined) {
    this.file = file;
    this.#pace = pace;
    this.#opened = opened;
    this.#hasFailed = opened === undefined;
  }

  /**
   * @param file to be made
   * @param pace of the disk that it is on
   */
  static begin(file: string, pace: DiskPace): Soon<FileInMaking> {
    return attempt(
      () => soon(DiskFile.open(file, 'wx', pace), opened => new FileInMaking(file, pace, opened)),
      error => {
        if (!isDiskError(error)) throw error;
        return new FileInMaking(file, pace, undefined);
      },
    );
  }

  /** The disk does not take it. */
  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  /** Not more than one at a time. */
  write(pieces: readonly Buffer[]): Soon<void> {
    const opened = this.#opened;
    if (!opened || this.#hasFailed) return undefined;
    const length = lengthOf(pieces);
    this.#bytes += length;
    this.#unsynced += length;
    const written = attempt(
      () => this.#append(opened, pieces),
      error => this.#fail(error),
    );
    return soon(written, () => this.#syncBehind(opened));
  }

  /** True when all that was written is on disk. */
  async keep(): Promise<boolean> {
    const opened = this.#opened;
    await this.#syncing;
    try {
      if (opened && !this.#hasFailed) await opened.datasync();
    } catch (error) {
      this.#fail(error);
    }
    return !this.#hasFailed;
  }

  /** @throws what the file system says */
  rename(name: string): Soon<void> {
    const renamed = this.#pace.call(
      () => fs.renameSync(this.file, name),
      () => fs.promises.rename(this.file, name),
    );
    return soon(renamed, () => void (this.#isNamed = true));
  }

  /** Closes it, and removes it if it has not got its name. */
  end(): Soon<void> {
    const closed = this.#opened?.close();
    // Nobody waits for one that is on disk.
    if (this.#isNamed) return undefined;
    return soon(closed, () => fs.promises.unlink(this.file).catch(() => undefined));
  }

  /** A call of the system may take less than it is given. */
  #append(opened: DiskFile, pieces: readonly Buffer[]): Soon<void> {
    if (pieces.length === 0) return undefined;
    const isLong = this.#bytes > PROMPT_BYTES;
    return soon(opened.append(pieces, isLong), bytes => this.#append(opened, after(pieces, bytes)));
  }

  #syncBehind(opened: DiskFile): void {
    if (this.#unsynced < SYNC_EVERY_BYTES || this.#syncing) return;
    this.#unsynced = 0;
    this.#syncing = opened
      .datasync()
      // Nobody waits for it here.
      .catch(() => void (this.#hasFailed = true))
      .finally(() => (this.#syncing = undefined));
  }

  /** @throws what is none of the disk */
  #fail(error: unknown): void {
    if (!isDiskError(error)) throw error;
    this.#hasFailed = true;
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
