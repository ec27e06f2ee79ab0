/** What is to be sent, found from the input of dicom-send. */
import fs from 'node:fs';
import path from 'node:path';
import { ExchangeError } from '../errors';
import { readObject } from './part10';
import type { ObjectSource } from './source';

/** An object on disk with what is needed to send it. */
export type FileObject = ObjectSource & { readonly data: string };

/**
 * Finds the objects that an input names: paths of files or folders, bytes, a study message, or an array of these.
 * @param keep writes bytes to a file that stays until they are sent; gives its path
 * @throws {ExchangeError} DICOM_FILE, CONTRACT
 */
export async function readOutgoing(
  input: unknown,
  keep: (bytes: Buffer) => Promise<string>,
): Promise<FileObject[]> {
  const files: string[] = [];
  for (const one of Array.isArray(input) ? (input as readonly unknown[]) : [input]) {
    if (typeof one === 'string') files.push(...(await filesOf(one)));
    else if (Buffer.isBuffer(one)) files.push(await keep(one));
    else files.push(...(await filesOfStudy(one)));
  }
  if (files.length === 0) throw nothingToSend();
  const objects: FileObject[] = [];
  for (let at = 0; at < files.length; at += READ_TOGETHER) {
    const some = files.slice(at, at + READ_TOGETHER);
    objects.push(
      ...(await Promise.all(some.map(async file => ({ ...(await readObject(file)), data: file })))),
    );
  }
  return objects;
}

/** Files whose first elements are read at the same time: the wait is for the disk. */
const READ_TOGETHER = 16;

/** A folder stands for the Part 10 files in it and below; names that begin with a dot are ours. */
async function filesOf(name: string): Promise<string[]> {
  const stats = await fs.promises.stat(name).catch(() => null);
  if (!stats?.isDirectory()) return [name];
  const entries = await fs.promises.readdir(name, { recursive: true, withFileTypes: true });
  return entries
    .filter(entry => entry.isFile() && !entry.name.startsWith('.'))
    .map(entry => path.join(entry.parentPath, entry.name))
    .toSorted();
}

async function filesOfStudy(study: unknown): Promise<string[]> {
  if (typeof study !== 'object' || study === null) throw nothingToSend();
  // A study that was sent, in the outcome of another dicom-send, has its objects by that name.
  const {
    objects,
    files = objects,
    folder,
  } = study as { files?: unknown; objects?: unknown; folder?: unknown };
  if (Array.isArray(files)) {
    return files.map((one: unknown) => {
      const file = typeof one === 'object' && one !== null ? (one as { file?: unknown }).file : one;
      if (typeof file !== 'string') throw nothingToSend();
      return file;
    });
  }
  if (typeof folder === 'string') return filesOf(folder);
  throw nothingToSend();
}

const nothingToSend = (): ExchangeError =>
  new ExchangeError({
    code: 'CONTRACT',
    retry: 'never',
    text: {
      zh: '输入中没有影像：应为文件或文件夹路径、影像内容，或“影像接收”“影像调取”输出的检查',
      en: 'the input has no images: give paths of files or a folder, bytes, or a study of dicom-receive or dicom-retrieve',
    },
  });
