/** Received objects on disk: whole or not there, one file for each SOP instance UID, one folder for each study. */
import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { ExchangeError } from '../errors';
import { DiskPace } from './disk-pace';
import { DurableFolder } from './durable-folder';
import { FileInMaking, isDiskError } from './file-in-making';
import type { DataSetPieces } from './incoming';
import { fileMetaBytes, isUsableUid, readObject, readObjectIn } from './part10';
import { IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION } from './pdu';
import type { ObjectIdentity, StoredObject, StudyOnDisk } from './source';

const IMPLEMENTATION = { classUid: IMPLEMENTATION_CLASS_UID, versionName: IMPLEMENTATION_VERSION };

/** Where objects lie until they are whole; its name is no UID. */
const UNFINISHED = '.unfinished';
/** In a study's folder: how many of its objects the flow knows of. */
const ANNOUNCED = '.announced';

/** What is written by one call of the system, at least. */
const WRITE_BYTES = 256 * 1024;

export interface Announced {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly transferSyntaxUid: string;
  readonly sourceAeTitle: string;
}

/** Why an object was not taken. */
export type Refusal = 'too-large' | 'no-room' | 'not-as-announced' | 'unreadable';

/** Status that its sender is told (PS3.4 table B.2-1). */
export const refusalStatus: Readonly<Record<Refusal, number>> = {
  'too-large': 0xa700,
  'no-room': 0xa700,
  'not-as-announced': 0xa900,
  unreadable: 0xc000,
};

export class ObjectFolder {
  readonly #folder: string;
  readonly #mostBytes: number;
  readonly #pace: DiskPace;

  /**
   * @param mostBytes largest object
   * @param pace undefined: that of the disk which the folder is on
   */
  constructor(folder: string, mostBytes: number, pace?: DiskPace) {
    this.#folder = folder;
    this.#mostBytes = mostBytes;
    fs.mkdirSync(path.join(folder, UNFINISHED), { recursive: true });
    this.#pace = pace ?? DiskPace.of(folder);
  }

  get path(): string {
    return this.#folder;
  }

  /** Removes what a process that ended has left unfinished: its senders were not told of a success. */
  clean(): void {
    const unfinished = path.join(this.#folder, UNFINISHED);
    for (const name of fs.readdirSync(unfinished)) fs.rmSync(path.join(unfinished, name), { force: true });
  }

  /**
   * Writes an object as it comes. When the promise resolves it is on disk, under its name, and is what was announced.
   * All pieces are read, also those of an object that is not taken: a sender hears of a refusal only when it has sent
   * all. Only of one that is twice too large the rest is left.
   * @throws what reading the pieces throws
   */
  async write(announced: Announced, pieces: Pick<DataSetPieces, 'batches'>): Promise<StoredObject | Refusal> {
    const target = new FileInMaking(path.join(this.#folder, UNFINISHED, randomUUID()), this.#pace);
    try {
      let meta: readonly Buffer[] = [fileMetaBytes({ ...announced, implementation: IMPLEMENTATION })];
      let length = 0;
      for await (const some of pieces.batches(WRITE_BYTES)) {
        for (const piece of some) length += piece.length;
        if (length <= this.#mostBytes) await target.write([...meta, ...some]);
        else if (length > 2 * this.#mostBytes) break;
        meta = [];
      }
      if (length > this.#mostBytes) return 'too-large';
      return await this.#finish(target, announced);
    } catch (error) {
      if (isDiskError(error)) return 'no-room';
      throw error;
    } finally {
      await target.end();
    }
  }

  async #finish(target: FileInMaking, announced: Announced): Promise<StoredObject | Refusal> {
    if (target.hasFailed) return 'no-room';
    const identity = await identityOf(target);
    if (typeof identity === 'string') return identity;
    if (
      identity.sopClassUid !== announced.sopClassUid ||
      identity.sopInstanceUid !== announced.sopInstanceUid
    )
      return 'not-as-announced';
    const place = this.folderOf(identity.studyInstanceUid);
    const file = path.join(place, `${identity.sopInstanceUid}${EXTENSION}`);
    const [folder, isKept] = await Promise.all([DurableFolder.open(place, this.#pace), target.keep()]);
    try {
      if (!isKept) return 'no-room';
      // The same instance again takes the place of the one that is there.
      await target.rename(file);
      await folder.sync();
    } finally {
      // Nobody waits for it.
      void folder.close();
    }
    return { ...identity, file };
  }

  /** @throws {RangeError} for a UID that cannot be a name */
  folderOf(studyInstanceUid: string): string {
    if (!isUsableUid(studyInstanceUid)) throw new RangeError('no UID');
    return path.join(this.#folder, studyInstanceUid);
  }

  /** Whether an object is here, of whatever study. */
  async has(sopInstanceUid: string): Promise<boolean> {
    if (!isUsableUid(sopInstanceUid)) return false;
    for (const study of await this.#studies()) {
      const file = path.join(this.#folder, study, `${sopInstanceUid}${EXTENSION}`);
      if (await fs.promises.stat(file).catch(() => null)) return true;
    }
    return false;
  }

  /** The study as it lies on disk; null when there is nothing of it. */
  async study(studyInstanceUid: string): Promise<StudyOnDisk | null> {
    const folder = this.folderOf(studyInstanceUid);
    const names = await objectNames(folder);
    const [first] = names;
    if (!first) return null;
    const { patientId, accessionNumber } = await readObject(path.join(folder, first));
    return {
      studyInstanceUid,
      patientId,
      accessionNumber,
      folder,
      files: names.map(name => ({
        file: path.join(folder, name),
        sopInstanceUid: name.slice(0, -EXTENSION.length),
      })),
    };
  }

  /** Notes how many objects of a study the flow knows of. */
  async markAnnounced({ folder, files }: StudyOnDisk): Promise<void> {
    await fs.promises.writeFile(path.join(folder, ANNOUNCED), String(files.length));
  }

  /** Studies with objects that the flow does not know of. */
  async unannounced(): Promise<string[]> {
    const found: string[] = [];
    for (const uid of await this.#studies()) {
      const folder = this.folderOf(uid);
      const known = await fs.promises.readFile(path.join(folder, ANNOUNCED), 'utf8').catch(() => '0');
      if ((await objectNames(folder)).length !== Number(known)) found.push(uid);
    }
    return found;
  }

  /** Removes studies that the flow has known of since before a time. Gives their number. */
  async removeAnnouncedBefore(time: number): Promise<number> {
    let removed = 0;
    for (const uid of await this.#studies()) {
      const folder = this.folderOf(uid);
      const mark = await fs.promises.stat(path.join(folder, ANNOUNCED)).catch(() => null);
      if (!mark || mark.mtimeMs >= time) continue;
      await fs.promises.rm(folder, { recursive: true, force: true });
      removed++;
    }
    return removed;
  }

  async #studies(): Promise<string[]> {
    return (await fs.promises.readdir(this.#folder)).filter(isUsableUid);
  }
}

const EXTENSION = '.dcm';

const objectNames = async (folder: string): Promise<string[]> =>
  (await fs.promises.readdir(folder).catch((): string[] => []))
    .filter(name => name.endsWith(EXTENSION))
    .toSorted();

async function identityOf(target: FileInMaking): Promise<ObjectIdentity | Refusal> {
  try {
    return (await readObjectIn(target)).identity;
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal) return refusal;
    throw error;
  }
}

/** What keeps a received object from being read; undefined for an error that is none of the object or the disk. */
function refusalOf(error: unknown): Refusal | undefined {
  if (!(error instanceof ExchangeError)) return undefined;
  if (error.code !== 'DICOM_FILE') return 'no-room';
  const { reason } = error.details;
  if (reason === 'meta-differs') return 'not-as-announced';
  return reason === 'missing' ? 'no-room' : 'unreadable';
}
