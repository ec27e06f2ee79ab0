/** Received objects on disk: whole or not there, one file for each SOP instance UID, one folder for each study. */
import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { ExchangeError } from '../errors';
import { soon } from '../soon';
import { DiskPace } from './disk-pace';
import { DurableFolder } from './durable-folder';
import { FileInMaking, isDiskError } from './file-in-making';
import type { DataSetPieces } from './incoming';
import {
  FileMeta,
  type FileMetaValues,
  IdentityReader,
  isUsableUid,
  readIdentity,
  readObject,
} from './part10';
import { IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION } from './pdu';
import type { ObjectIdentity, StoredObject, StudyOnDisk } from './source';
import { transferSyntaxOf } from './transfer-syntax';

const IMPLEMENTATION = { classUid: IMPLEMENTATION_CLASS_UID, versionName: IMPLEMENTATION_VERSION };

/** Where objects lie until they are whole; its name is no UID. */
const UNFINISHED = '.unfinished';
/** In a study's folder: how many of its objects the flow knows of. */
const ANNOUNCED = '.announced';

/** What is written by one call of the system, at least: most images are no longer. */
const WRITE_BYTES = 768 * 1024;

export interface Announced extends FileMetaValues {
  readonly sopInstanceUid: string;
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
  /** What the paths of unfinished objects begin with: another process may write into the same folder. */
  readonly #unfinished: string;
  #begun = 0;
  /** Of the latest object. */
  #meta: FileMeta | undefined;

  /**
   * @param mostBytes largest object
   * @param pace undefined: that of the disk which the folder is on
   */
  constructor(folder: string, mostBytes: number, pace?: DiskPace) {
    this.#folder = folder;
    this.#mostBytes = mostBytes;
    fs.mkdirSync(path.join(folder, UNFINISHED), { recursive: true });
    this.#unfinished = path.join(folder, UNFINISHED, `${randomUUID()}-`);
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
  async write(announced: Announced, pieces: DataSetPieces): Promise<StoredObject | Refusal> {
    const begun = FileInMaking.begin(`${this.#unfinished}${++this.#begun}`, this.#pace);
    const target = begun instanceof Promise ? await begun : begun;
    try {
      const identity = new IdentityCheck(announced);
      let meta: readonly Buffer[] = [this.#metaFor(announced)];
      await pieces.each(WRITE_BYTES, some => {
        if (pieces.readBytes > this.#mostBytes) return pieces.readBytes <= 2 * this.#mostBytes;
        if (identity.refuses(some)) return true;
        const written = target.write([...meta, ...some]);
        meta = [];
        return soon(written, () => true);
      });
      if (pieces.readBytes > this.#mostBytes) return 'too-large';
      return target.hasFailed ? 'no-room' : await this.#keep(target, await identity.of(target.file));
    } catch (error) {
      if (isDiskError(error)) return 'no-room';
      throw error;
    } finally {
      await target.end();
    }
  }

  #metaFor(announced: Announced): Buffer {
    if (!this.#meta?.suits(announced)) this.#meta = new FileMeta(announced, IMPLEMENTATION);
    return this.#meta.bytesFor(announced.sopInstanceUid);
  }

  async #keep(target: FileInMaking, identity: ObjectIdentity | Refusal): Promise<StoredObject | Refusal> {
    if (typeof identity === 'string') return identity;
    const place = this.folderOf(identity.studyInstanceUid);
    const file = path.join(place, `${identity.sopInstanceUid}${EXTENSION}`);
    const folder = await DurableFolder.open(place, this.#pace);
    try {
      if (!(await target.keep())) return 'no-room';
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

/** Whether an object is what was announced, found out while it comes. */
class IdentityCheck {
  readonly #announced: Announced;
  /** Undefined when the object can be read only when it is whole. */
  readonly #reader: IdentityReader | undefined;
  #refusal: Refusal | undefined;

  constructor(announced: Announced) {
    this.#announced = announced;
    const { transferSyntaxUid } = announced;
    if (!isUsableUid(transferSyntaxUid)) this.#refusal = 'unreadable';
    else if (!transferSyntaxOf(transferSyntaxUid).deflated)
      this.#reader = new IdentityReader(transferSyntaxUid);
  }

  /** Looks at the next pieces. */
  refuses(pieces: readonly Buffer[]): boolean {
    try {
      if (!this.#refusal) for (const piece of pieces) this.#reader?.feed(piece);
    } catch (error) {
      this.#refusal = refusalOf(error);
    }
    return this.#refusal !== undefined;
  }

  /** After the last piece. @param file that was written */
  async of(file: string): Promise<ObjectIdentity | Refusal> {
    if (this.#refusal) return this.#refusal;
    try {
      const identity = this.#reader ? this.#reader.end() : await readIdentity(file);
      const { sopClassUid, sopInstanceUid } = this.#announced;
      const isSame = identity.sopClassUid === sopClassUid && identity.sopInstanceUid === sopInstanceUid;
      return isSame ? identity : 'not-as-announced';
    } catch (error) {
      return refusalOf(error);
    }
  }
}

/** What keeps a received object from being read. @throws an error that is none of the object or the disk */
function refusalOf(error: unknown): Refusal {
  if (!(error instanceof ExchangeError)) throw error;
  if (error.code === 'MALFORMED') return 'unreadable';
  if (error.code !== 'DICOM_FILE') return 'no-room';
  const { reason } = error.details;
  if (reason === 'meta-differs') return 'not-as-announced';
  return reason === 'missing' ? 'no-room' : 'unreadable';
}
