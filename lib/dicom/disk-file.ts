/** An open file or folder, whose short calls are made at the pace of its disk. All methods throw what the system says. */
import fs from 'node:fs';
import { type Soon, attempt, soon } from '../soon';
import type { DiskPace } from './disk-pace';

export class DiskFile {
  #descriptor: number;
  readonly #pace: DiskPace;

  private constructor(descriptor: number, pace: DiskPace) {
    this.#descriptor = descriptor;
    this.#pace = pace;
  }

  /** @param flags as those of fs.open */
  static open(file: string, flags: string | number, pace: DiskPace): Soon<DiskFile> {
    const descriptor = pace.call(
      () => fs.openSync(file, flags),
      () => settled<number>(done => fs.open(file, flags, done)),
    );
    return soon(descriptor, opened => new DiskFile(opened, pace));
  }

  /**
   * Appends.
   * @param isLong leaves it to a thread: the next bytes can come meanwhile
   * @returns bytes written, which may be less than given
   */
  append(pieces: readonly Buffer[], isLong: boolean): Soon<number> {
    const inThread = (): Promise<number> => settled(done => fs.writev(this.#descriptor, pieces, done));
    return isLong ? inThread() : this.#pace.call(() => fs.writevSync(this.#descriptor, pieces), inThread);
  }

  stat(): Promise<fs.Stats> {
    return settled<fs.Stats>(done => fs.fstat(this.#descriptor, done));
  }

  /** @returns bytes read into the targets, one after the other; 0 at the end of the file */
  read(targets: readonly Buffer[], position: number): Promise<number> {
    return settled<number>(done => fs.readv(this.#descriptor, targets, position, done));
  }

  /** When it resolves, what was written is on disk. */
  datasync(): Promise<void> {
    return settled<void>(done => fs.fdatasync(this.#descriptor, done));
  }

  /** When it resolves, it is on disk with all that the system keeps of it: of a folder, the names in it. */
  sync(): Promise<void> {
    return settled<void>(done => fs.fsync(this.#descriptor, done));
  }

  /** What the system says of it is of no use: what had to be kept was synced. Nothing can be done with it any more. */
  close(): Soon<void> {
    const descriptor = this.#descriptor;
    // The system gives its number to the next file.
    this.#descriptor = CLOSED;
    if (descriptor === CLOSED) return undefined;
    const inThread = (): Promise<void> => settled<void>(done => fs.close(descriptor, done));
    // The descriptor is given back all the same.
    return attempt(
      () => this.#pace.call(() => fs.closeSync(descriptor), inThread),
      () => undefined,
    );
  }
}

const CLOSED = -1;

type Done<T> = (error: NodeJS.ErrnoException | null | undefined, value: T) => void;

const settled = <T>(begin: (done: Done<T>) => void): Promise<T> =>
  new Promise((resolve, reject) => begin((error, value) => (error ? reject(error) : resolve(value))));
