/** Copies of an embedded store: made while it works, checked, and put back. */
import fs from 'node:fs';
import { ExchangeError } from '../errors';
import { runFileTask } from './file-task';
import { takeOwnership } from './owner-lock';

/**
 * Writes a copy of the store as it is now; the store may be in use. The copy has been read back when the promise
 * resolves. The key is not in it, and must be kept elsewhere.
 * @param target must not exist
 * @throws {ExchangeError} STORE
 */
export async function backUp(file: string, target: string): Promise<void> {
  if (!fs.existsSync(file)) throw noFile(file);
  const unfinished = `${target}.unfinished`;
  if (fs.existsSync(target)) throw exists(target);
  fs.rmSync(unfinished, { force: true });
  await runFileTask({ kind: 'copy', file, target: unfinished });
  await runFileTask({ kind: 'check', file: unfinished });
  finish(unfinished, target);
}

/**
 * Puts a copy in the place of a store that is not in use. The old file is kept beside it.
 * @returns where the old file is kept; null when there was none
 * @throws {ExchangeError} STORE when the store is in use, or the copy is damaged
 */
export async function restore(backup: string, file: string): Promise<string | null> {
  if (!fs.existsSync(backup)) throw noFile(backup);
  const lock = takeOwnership(file);
  try {
    const unfinished = `${file}.unfinished`;
    fs.rmSync(unfinished, { force: true });
    fs.copyFileSync(backup, unfinished, fs.constants.COPYFILE_EXCL);
    await runFileTask({ kind: 'check', file: unfinished });
    const kept = setAside(file);
    finish(unfinished, file);
    return kept;
  } finally {
    lock.release();
  }
}

/** The log belongs to the file beside which it lies. */
const PARTS = ['', '-wal', '-shm'];

function setAside(file: string): string | null {
  if (!fs.existsSync(file)) return null;
  const kept = `${file}.before-restore-${new Date().toISOString().replaceAll(/\D/g, '').slice(0, 14)}`;
  for (const part of PARTS) if (fs.existsSync(file + part)) fs.renameSync(file + part, kept + part);
  return kept;
}

/** Gives a file its name when all of it is on disk. */
function finish(unfinished: string, target: string): void {
  for (const part of PARTS.slice(1)) fs.rmSync(unfinished + part, { force: true });
  const handle = fs.openSync(unfinished, 'r+');
  fs.fsyncSync(handle);
  fs.closeSync(handle);
  fs.renameSync(unfinished, target);
}

const noFile = (file: string): ExchangeError =>
  new ExchangeError({
    code: 'STORE',
    retry: 'never',
    text: { zh: `文件 ${file} 不存在`, en: `there is no file ${file}` },
  });

const exists = (file: string): ExchangeError =>
  new ExchangeError({
    code: 'STORE',
    retry: 'never',
    text: { zh: `文件 ${file} 已存在，请换一个名称`, en: `the file ${file} exists: choose another name` },
  });
