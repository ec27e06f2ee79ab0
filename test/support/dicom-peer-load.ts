/**
 * Sends many objects, or a large one, to a station of the same process, and tells how much memory it took; ends by
 * itself when nothing is left open: `node --import tsx dicom-peer-load.ts <objects> <bytes of each> <folder>`.
 */
import fs from 'node:fs';
import path from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { openBytes } from '../../lib/dicom/byte-source';
import { ObjectFolder } from '../../lib/dicom/object-folder';
import { Station } from '../../lib/dicom/storage-scp';
import { storeObjects } from '../../lib/dicom/store-scu';
import { CT_IMAGE, SYNTAX, UID_ROOT, element, imageElements, writeDataSet, writingOf } from './dicom-files';
import { dropSyncs } from './no-sync';
import { freePort } from './port';

/** What the load took, and what became of it. */
export interface Load {
  readonly results: Readonly<Record<string, number>>;
  readonly received: number;
  /** In use beyond what was before, after a collection of garbage: buffers and heap. */
  readonly mostMiB: number;
}

const MIB = 1024 * 1024;
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function inUse(): number {
  collectGarbage();
  collectGarbage(); // buffers are given back in the background: this waits for those of the first
  const { arrayBuffers, heapUsed } = process.memoryUsage();
  return arrayBuffers + heapUsed;
}

/** A data set whose pixel data is mostly a hole in its file. */
function largeFile(folder: string, bytes: number): { file: string; length: number } {
  const start = writeDataSet(
    imageElements({ 0x00080018: element(0x00080018, 'UI', `${UID_ROOT}.5.1`), 0x7fe00010: null }),
    writingOf(SYNTAX.explicit),
  );
  const head = Buffer.from('e07f10004f57000000000000', 'hex');
  head.writeUInt32LE(bytes, 8);
  const file = path.join(folder, 'large.bytes');
  fs.writeFileSync(file, Buffer.concat([start, head]));
  const length = start.length + head.length + bytes;
  fs.truncateSync(file, length);
  return { file, length };
}

async function load(count: number, bytes: number, folder: string): Promise<void> {
  // Most of the time, and nothing about memory.
  dropSyncs();
  const port = await freePort();
  let received = 0;
  const station = new Station(
    {
      aeTitle: 'STATION',
      host: '127.0.0.1',
      port,
      allowedAeTitles: new Set(),
      admitsAddress: () => true,
      checkCalledAeTitle: true,
      associations: 4,
      timeoutMs: 20_000,
      maxPdu: 131_072,
      folder: new ObjectFolder(path.join(folder, 'incoming'), 1024 * MIB),
    },
    {
      onObject: () => Promise.resolve(void received++),
      onAssociationEnd: () => undefined,
      onProblem: text => void process.stderr.write(`${text.en}\n`),
    },
  );
  await station.listen();
  const large = bytes > MIB ? largeFile(folder, bytes) : undefined;
  const small = (at: number): Buffer =>
    writeDataSet(
      imageElements({
        0x00080018: element(0x00080018, 'UI', `${UID_ROOT}.5.${at + 1}`),
        0x7fe00010: element(0x7fe00010, 'OW', Buffer.alloc(bytes)),
      }),
      writingOf(SYNTAX.explicit),
    );
  const before = inUse();
  let most = 0;
  const timer = setInterval(() => (most = Math.max(most, inUse() - before)), 300);
  const results = await storeObjects(
    {
      host: '127.0.0.1',
      port,
      aeTitle: 'STATION',
      callingAeTitle: 'SENDER',
      connectTimeoutMs: 5000,
      timeoutMs: 20_000,
      maxPdu: 131_072,
    },
    Array.from({ length: count }, (_, at) => ({
      sopClassUid: CT_IMAGE,
      sopInstanceUid: `${UID_ROOT}.5.${at + 1}`,
      transferSyntaxUid: SYNTAX.explicit,
      open: () => {
        if (large) return openBytes(large.file, 0, large.length);
        const dataSet = small(at);
        return openBytes(dataSet, 0, dataSet.length);
      },
    })),
    { associations: 4 },
  );
  clearInterval(timer);
  most = Math.max(most, inUse() - before);
  await station.close();
  const classes: Record<string, number> = {};
  for (const { class: kind } of results) classes[kind] = (classes[kind] ?? 0) + 1;
  const told: Load = {
    results: classes,
    received,
    mostMiB: Math.ceil(most / MIB),
  };
  process.stdout.write(JSON.stringify(told));
}

const [, , count = '', bytes = '', folder = ''] = process.argv;
if (count !== '') void load(Number(count), Number(bytes), folder);
