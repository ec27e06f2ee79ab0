/** A folder that keeps the names in it when it is told to; Windows has no such call, and needs none. */
import fs from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import path from 'node:path';

export class DurableFolder {
  readonly #handle: FileHandle | undefined;

  private constructor(handle?: FileHandle) {
    this.#handle = handle;
  }

  /** Makes it when it is not there, within a folder that is. @throws what the file system says */
  static async open(folder: string): Promise<DurableFolder> {
    if (process.platform === 'win32') {
      await fs.promises.mkdir(folder, { recursive: true });
      return new DurableFolder();
    }
    try {
      return new DurableFolder(await fs.promises.open(folder, DIRECTORY));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    await fs.promises.mkdir(folder, { recursive: true });
    const parent = await fs.promises.open(path.dirname(folder), DIRECTORY);
    try {
      await parent.sync();
    } finally {
      await parent.close();
    }
    return new DurableFolder(await fs.promises.open(folder, DIRECTORY));
  }

  /** When it resolves, all names that were given before are on disk. @throws what the file system says */
  async sync(): Promise<void> {
    await this.#handle?.sync();
  }

  async close(): Promise<void> {
    await this.#handle?.close().catch(() => undefined);
  }
}

const DIRECTORY = fs.constants.O_RDONLY | (fs.constants.O_DIRECTORY ?? 0);
