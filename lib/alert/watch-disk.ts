/** Looks at the disks that messages, images and report files go to, and at the limit of an embedded store. */
import fs from 'node:fs/promises';
import path from 'node:path';
import type { StoreEntry } from '../monitor/open-stores';
import { measureFile } from '../store/file-task';
import type { Finding, Watcher } from './alert';
import type { AlertLimits } from './settings';

/** What is asked of the file system. */
export interface Disks {
  /** Which disk a path lies on, and its size; rejects when the path is not there. */
  space(folder: string): Promise<{ readonly disk: string; readonly free: number; readonly size: number }>;
  fileBytes(file: string): Promise<number>;
  /** Bytes in use of a store's file; undefined when they are not known. */
  usedBytes(file: string, signal: AbortSignal): Promise<number | undefined>;
}

export interface DiskWatch {
  readonly folders: () => readonly string[];
  readonly stores: () => readonly StoreEntry[];
  readonly limits: Pick<AlertLimits, 'diskPercent' | 'diskMiB'>;
  readonly disks?: Disks;
}

interface Disk {
  readonly free: number;
  readonly size: number;
  readonly folders: string[];
}

const EVERY_MS = 300_000;
const FIRST_MS = 30_000;
const ANSWER_MS = 10_000;
const MIB = 1024 * 1024;
/** Parts of a store's limit from which on it is told. */
const NEARLY_FULL = 0.9;
const AS_GOOD_AS_FULL = 0.98;

export function watchDisk(watch: DiskWatch): Watcher {
  const disks = watch.disks ?? realDisks;
  return {
    name: 'disk',
    firstMs: FIRST_MS,
    everyMs: EVERY_MS,
    async look(signal) {
      const places = watch
        .stores()
        .map(placeOf)
        .filter(place => place !== undefined);
      const folders = [...watch.folders(), ...places.map(({ file }) => path.dirname(file))];
      const full = (await disksOf(folders, disks)).flatMap(disk => nearlyFull(disk, watch.limits));
      const large = await Promise.all(places.map(place => tooLarge(place, disks, signal)));
      return { findings: [...full, ...large.flat()] };
    },
  };
}

interface Place {
  readonly id: string;
  readonly name: string;
  readonly file: string;
  readonly maxMiB: number;
}

function placeOf({ id, name, opened }: StoreEntry): Place | undefined {
  const place = 'place' in opened ? opened.place : undefined;
  return place && { id, name: name || id, file: place.file, maxMiB: place.maxMiB ?? 0 };
}

/** Folders of one disk are one subject. */
async function disksOf(folders: readonly string[], disks: Disks): Promise<Disk[]> {
  const found = new Map<string, Disk>();
  for (const folder of new Set(folders)) {
    const space = await spaceAt(folder, disks);
    if (!space) continue;
    const known = found.get(space.disk);
    if (known) known.folders.push(folder);
    else found.set(space.disk, { ...space, folders: [folder] });
  }
  return [...found.values()];
}

/** A folder that is made when it is needed lies on the disk of the one above. */
async function spaceAt(
  folder: string,
  disks: Disks,
): Promise<Awaited<ReturnType<Disks['space']>> | undefined> {
  for (let at = folder; ; at = path.dirname(at)) {
    try {
      return await disks.space(at);
    } catch (error) {
      if (!isMissing(error) || path.dirname(at) === at) return undefined;
    }
  }
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT';

function nearlyFull({ free, size, folders }: Disk, { diskPercent, diskMiB }: DiskWatch['limits']): Finding[] {
  const least = Math.max((size * diskPercent) / 100, diskMiB * MIB);
  if (free >= least || size === 0) return [];
  const subject = folders.toSorted()[0] ?? '';
  const room = `${sizeOf(free)} (${((free / size) * 100).toFixed(1)}%)`;
  return [
    {
      kind: 'disk',
      key: subject,
      group: subject,
      level: free < least / 2 ? 'error' : 'warning',
      subject,
      text: {
        zh: `所在磁盘只剩 ${room}。写满后不能接收新消息和影像。涉及：${folders.join('、')}`,
        en: `Only ${room} are free. A full disk takes no messages and no images. Folders: ${folders.join(', ')}`,
      },
      remedy: {
        zh: '清理磁盘或扩容；检查影像和报告文件的保留天数。',
        en: 'Make room or add some; look at how long images and report files are kept.',
      },
    },
  ];
}

async function tooLarge(
  { id, name, file, maxMiB }: Place,
  disks: Disks,
  signal: AbortSignal,
): Promise<Finding[]> {
  const most = maxMiB * MIB;
  // A file does not shrink when messages are removed: only a large one is worth a closer look.
  const bytes = most > 0 ? await disks.fileBytes(file).catch(() => 0) : 0;
  if (bytes === 0 || bytes < most * NEARLY_FULL) return [];
  const used = (await disks.usedBytes(file, signal)) ?? bytes;
  if (used < most * NEARLY_FULL) return [];
  return [
    {
      kind: 'store-size',
      key: id,
      group: id,
      level: used < most * AS_GOOD_AS_FULL ? 'warning' : 'error',
      subject: name,
      text: {
        zh: `已用 ${sizeOf(used)}，大小上限 ${maxMiB} MiB；到达上限后不能接收新消息。`,
        en: `${sizeOf(used)} of at most ${maxMiB} MiB are used; a full store takes no messages.`,
      },
      remedy: {
        zh: '增大消息库的「大小上限」，或缩短保存期限，或处理积压的消息。',
        en: 'Raise the size limit of the store, keep messages for a shorter time, or deliver what waits.',
      },
    },
  ];
}

const sizeOf = (bytes: number): string =>
  bytes >= 10 * 1024 * MIB ? `${(bytes / 1024 / MIB).toFixed(1)} GiB` : `${Math.floor(bytes / MIB)} MiB`;

type Space = Awaited<ReturnType<Disks['space']>>;

async function realSpace(folder: string): Promise<Space> {
  const { dev } = await fs.stat(folder);
  const { bavail, blocks, bsize } = await fs.statfs(folder);
  return { disk: String(dev), free: bavail * bsize, size: blocks * bsize };
}

/**
 * Asks a folder once at a time: each question to a share that does not answer keeps one of the few threads that
 * Node-RED reads and writes files with.
 * @param ask rejects when the folder is not there
 */
export function askOnce(ask: (folder: string) => Promise<Space>, withinMs: number): Disks['space'] {
  const asking = new Set<string>();
  return async folder => {
    if (asking.has(folder)) throw new Error('no answer yet');
    asking.add(folder);
    const asked = ask(folder).finally(() => asking.delete(folder));
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error('no answer')), withinMs);
      timer.unref();
    });
    try {
      return await Promise.race([asked, late]);
    } finally {
      clearTimeout(timer);
    }
  };
}

const realDisks: Disks = {
  space: askOnce(realSpace, ANSWER_MS),
  fileBytes: async file => (await fs.stat(file)).size,
  usedBytes: measureFile,
};
