/** A folder in which complete files appear under their final names, and nothing else. */
import { createHash, randomUUID } from 'node:crypto';
import {
  type FileHandle,
  link,
  lstat,
  mkdir,
  open,
  readdir,
  realpath,
  rename,
  stat,
  unlink,
} from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import type { Text } from '../errors';
import { type Content, openContent } from './content';
import { endWith } from './deadline';
import {
  changedWhileRead,
  configError,
  conflictError,
  fileError,
  inputError,
  systemCode,
  tooLarge,
} from './failure';
import { type Facts, sha256Of } from './inspect';
import { Turns } from './turns';

/** What storing a file changed. */
export type Change = 'created' | 'unchanged' | 'replaced';

/** What to do when a name is taken by other content. */
export type OnConflict = 'replace' | 'error';

/** What tells whether two files are the same. */
export type Digest = Pick<Facts, 'bytes' | 'sha256'>;

/** A file that is written, but has no final name yet. */
export interface Staged {
  readonly path: string;
  readonly sha256: string;
}

const TEMPORARY = /^\.report-file-[\da-f-]{36}\.tmp$/;
/** A younger one may belong to another Node-RED at work. */
const ABANDONED_MS = 60 * 60 * 1000;
const PLACE: Text = { zh: '目标文件夹', en: 'the target folder' };
/** File systems without hard links: FAT, some shares. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EACCES', 'EMLINK']);

export const temporaryName = (): string => `.report-file-${randomUUID()}.tmp`;

export const isTemporary = (name: string): boolean => TEMPORARY.test(name);

/** Whether nobody finishes a temporary file any more. */
export const isAbandoned = (modified: Date, now = new Date()): boolean =>
  now.getTime() - modified.getTime() > ABANDONED_MS;

/**
 * Names are relative, with `/`, and made by NameTemplate. A folder or file on the way that is a symbolic link is
 * refused. Every method throws ExchangeError CONFIG or TRANSPORT_NOT_SENT for what the file system refuses.
 */
export class LocalFolder {
  readonly #folder: string;
  readonly #create: boolean;
  readonly #turns = new Turns();
  #opened: Promise<string> | undefined;

  /** @param create make the folder when it is missing; not for a mount point, where that would hide a lost mount */
  constructor(folder: string, { create }: { create: boolean }) {
    this.#folder = folder;
    this.#create = create;
  }

  /** The folder's real path. The first call also removes what a crash left behind. */
  root(): Promise<string> {
    this.#opened ??= this.#open().catch((error: unknown) => {
      this.#opened = undefined;
      throw fileError(error, PLACE);
    });
    return this.#opened;
  }

  /** Runs tasks on one name one after the other. */
  turn<T>(name: string, task: () => Promise<T>): Promise<T> {
    return this.#turns.run(name, task);
  }

  /**
   * Stores content under a name, whole or not at all. To be called within the turn of the name.
   *
   * @throws ExchangeError BUSINESS when the name is taken by other content and `onConflict` is `error`
   */
  async store(
    name: string,
    content: Content,
    facts: Facts,
    options: { readonly onConflict: OnConflict; readonly signal: AbortSignal },
  ): Promise<Change> {
    const target = await this.#target(name);
    const before = await this.#existing(target, facts);
    if (before === 'same') return 'unchanged';
    if (before === 'other' && options.onConflict === 'error') throw conflictError();
    const staged = await this.stage(content.stream(), content.bytes, options.signal);
    try {
      if (staged.sha256 !== facts.sha256) throw changedWhileRead();
      return await this.#place(staged.path, target, before, facts, options.onConflict);
    } finally {
      await this.discard(staged);
    }
  }

  /** Gives a staged file its name, as `store` does. */
  async place(staged: Staged, name: string, facts: Digest, onConflict: OnConflict): Promise<Change> {
    const target = await this.#target(name);
    return this.#place(staged.path, target, await this.#existing(target, facts), facts, onConflict);
  }

  /**
   * Writes a stream to a temporary file and through to the disk.
   *
   * @throws ExchangeError TOO_LARGE; the stream's own error
   */
  async stage(source: Readable, maxBytes: number, signal: AbortSignal): Promise<Staged> {
    endWith(signal, source);
    const file = path.join(await this.root(), temporaryName());
    const handle = await open(file, 'wx').catch((error: unknown) => {
      source.destroy();
      throw fileError(error, PLACE);
    });
    try {
      return { path: file, sha256: await copy(source, handle, maxBytes, signal) };
    } catch (error) {
      await unlink(file).catch(() => {});
      throw error;
    } finally {
      await handle.close();
    }
  }

  /** Removes a staged file; one that has been placed is gone already. */
  async discard(staged: Staged): Promise<void> {
    await unlink(staged.path).catch(() => {});
  }

  /** The complete path of a stored file. */
  async pathOf(name: string): Promise<string> {
    return path.join(await this.root(), ...name.split('/'));
  }

  async #open(): Promise<string> {
    if (this.#create) await mkdir(this.#folder, { recursive: true });
    const root = await realpath(this.#folder);
    if (!(await stat(root)).isDirectory()) {
      throw configError({ zh: '目标路径不是文件夹', en: 'the target is no folder' });
    }
    for (const name of await readdir(root)) {
      if (!isTemporary(name)) continue;
      const file = path.join(root, name);
      const stats = await lstat(file).catch(() => undefined);
      if (stats && isAbandoned(stats.mtime)) await unlink(file).catch(() => {});
    }
    return root;
  }

  /** Makes the folders of a name, one by one: none may lead elsewhere. */
  async #target(name: string): Promise<string> {
    const segments = name.split('/');
    const last = segments.pop() ?? '';
    let folder = await this.root();
    try {
      for (const segment of segments) {
        folder = path.join(folder, segment);
        await mkdir(folder).catch(ignoreExisting);
        if (!(await lstat(folder)).isDirectory()) throw leadsElsewhere();
      }
      return path.join(folder, last);
    } catch (error) {
      throw fileError(error, PLACE);
    }
  }

  /** What stands under a path now, compared with the content that is to stand there. */
  async #existing(target: string, facts: Digest): Promise<'none' | 'same' | 'other'> {
    const stats = await lstat(target).catch((error: unknown) => {
      if (systemCode(error) === 'ENOENT') return undefined;
      throw fileError(error, PLACE);
    });
    if (!stats) return 'none';
    if (!stats.isFile()) throw leadsElsewhere();
    if (stats.size !== facts.bytes) return 'other';
    const present = await openContent(target, Number.MAX_SAFE_INTEGER);
    try {
      return (await sha256Of(present)) === facts.sha256 ? 'same' : 'other';
    } finally {
      await present.close();
    }
  }

  async #place(
    staged: string,
    target: string,
    before: 'none' | 'same' | 'other',
    facts: Digest,
    onConflict: OnConflict,
  ): Promise<Change> {
    if (before === 'same') return 'unchanged';
    if (before === 'other' && onConflict === 'error') throw conflictError();
    try {
      if (before === 'none' && !(await nameNew(staged, target))) {
        // Another program took the name in between.
        return await this.#place(staged, target, await this.#existing(target, facts), facts, onConflict);
      }
      if (before === 'other') await rename(staged, target);
      await syncFolder(path.dirname(target));
      return before === 'none' ? 'created' : 'replaced';
    } catch (error) {
      throw fileError(error, PLACE);
    }
  }
}

/** Copies to an open file and through to the disk; gives the digest. */
async function copy(
  source: Readable,
  handle: FileHandle,
  maxBytes: number,
  signal: AbortSignal,
): Promise<string> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of source as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    hash.update(chunk);
    await handle.appendFile(chunk).catch(toFileError);
    if (signal.aborted) throw signal.reason as Error;
  }
  await handle.sync().catch(toFileError);
  return hash.digest('hex');
}

/** Names a file unless the name is taken; false when it is. */
export async function nameNew(staged: string, target: string): Promise<boolean> {
  try {
    await link(staged, target);
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    if (!NO_LINKS.has(systemCode(error))) throw error;
    await rename(staged, target);
    return true;
  }
}

/** A new name is on the disk only when its folder is. Windows has no such call, and needs none. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    // Some shares cannot do it.
    await handle.sync().catch(() => {});
  } finally {
    await handle.close();
  }
}

function toFileError(error: unknown): never {
  throw fileError(error, PLACE);
}

function ignoreExisting(error: unknown): void {
  if (systemCode(error) !== 'EEXIST') throw error;
}

const leadsElsewhere = (): Error =>
  inputError({
    zh: '目标路径上有符号链接或同名的非普通文件，已拒绝',
    en: 'a symbolic link, or something that is no plain file, stands in the way of the target: refused',
  });
