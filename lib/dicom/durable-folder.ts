/** A folder that keeps the names in it when it is told to; Windows has no such call, and needs none. */
import fs from 'node:fs';
import path from 'node:path';
import type { Soon } from '../soon';
import { DiskFile } from './disk-file';
import type { DiskPace } from './disk-pace';

export class DurableFolder {
  /** Undefined on Windows. */
  readonly #opened: DiskFile | undefined;

  private constructor(opened?: DiskFile) {
    this.#opened = opened;
  }

  /**
   * Makes it when it is not there, within a folder that is.
   * @param pace of the disk that it is on
   * @throws what the file system says
   */
  static async open(folder: string, pace: DiskPace): Promise<DurableFolder> {
    if (process.platform === 'win32') {
      await fs.promises.mkdir(folder, { recursive: true });
      return new DurableFolder();
    }
    try {
      const opened = DiskFile.open(folder, DIRECTORY, pace);
      return new DurableFolder(opened instanceof Promise ? await opened : opened);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    await fs.promises.mkdir(folder, { recursive: true });
    const parent = await DiskFile.open(path.dirname(folder), DIRECTORY, pace);
    try {
      await parent.sync();
    } finally {
      await parent.close();
    }
    return new DurableFolder(await DiskFile.open(folder, DIRECTORY, pace));
  }

  /** When it resolves, all names that were given before are on disk. @throws what the file system says */
  async sync(): Promise<void> {
    await this.#opened?.sync();
  }

  close(): Soon<void> {
    return this.#opened?.close();
  }
}

const DIRECTORY = fs.constants.O_RDONLY | (fs.constants.O_DIRECTORY ?? 0);
