/** Images into a folder that the archive reads (file share mode: 5.1.3 and 5.1.4 of the agreement, A-54). */
import { Readable } from 'node:stream';
import { ExchangeError } from '../errors';
import { fileError } from '../report-file/failure';
import { type Change, LocalFolder } from '../report-file/local-folder';
import { NameTemplate } from '../report-file/name-template';
import { efilm, type EfilmObject, type EfilmOptions } from './efilm';
import { dicomFileError } from './failure';
import { piecesOf } from './object-bytes';
import { metaOfCopy } from './part10';
import type { ObjectIdentity, ObjectSource } from './source';

export const DEFAULT_TEMPLATE = '{org}/{yyyyMMdd}/{accession}/{sopuid}.dcm';

export interface FileShareOptions {
  /** Complete path of the folder as this machine sees it, also `\\server\share`; must exist. */
  readonly directory: string;
  /**
   * Names within it. Placeholders: {org}, {yyyyMMdd} and its parts, {accession}, {patientid}, {modality}, {studyuid},
   * {seriesuid}, {sopuid}.
   */
  readonly template: string;
  /** Code of the organisation, for {org}. */
  readonly organization: string;
}

export interface ShareOptions {
  readonly efilm?: EfilmOptions;
  /** Day of {yyyyMMdd}: a repetition must name the same to find its file. */
  readonly date?: Date;
  readonly signal?: AbortSignal;
}

export interface SharedObject {
  /** As it was written. */
  readonly identity: ObjectIdentity;
  /** Complete path. */
  readonly file: string;
  readonly change: Change;
}

export class FileShare {
  readonly #folder: LocalFolder;
  readonly #template: NameTemplate;
  readonly #organization: string;

  /** @throws ExchangeError CONFIG for a template that makes no safe names */
  constructor({ directory, template, organization }: FileShareOptions) {
    // Made here, a missing folder would hide that the share is not mounted.
    this.#folder = new LocalFolder(directory, { create: false });
    this.#template = new NameTemplate(template);
    this.#organization = organization;
  }

  /**
   * Writes an object as a DICOM file, whole or not at all, and through to the disk. One that is there with the same
   * content is left as it is.
   *
   * @throws ExchangeError CONTRACT: a placeholder has no value; DICOM_FILE, also when the name is taken by other content;
   *   CONFIG or TRANSPORT_NOT_SENT for what the file system refuses
   */
  async share(source: ObjectSource, options: ShareOptions = {}): Promise<SharedObject> {
    const object = options.efilm ? await efilm(source, options.efilm) : unchanged(source);
    const name = this.#nameOf(object.identity, options.date ?? new Date());
    const signal = options.signal ?? new AbortController().signal;
    const change = await this.#folder.turn(name, () => this.#write(source, object, name, signal));
    return { identity: object.identity, file: await this.#folder.pathOf(name), change };
  }

  #nameOf(identity: ObjectIdentity, date: Date): string {
    const values: Readonly<Record<string, string>> = {
      org: this.#organization,
      yyyyMMdd: dayOf(date),
      accession: identity.accessionNumber,
      patientid: identity.patientId,
      modality: identity.modality,
      studyuid: identity.studyInstanceUid,
      seriesuid: identity.seriesInstanceUid,
      sopuid: identity.sopInstanceUid,
    };
    return this.#template.expand({
      now: date,
      type: 'dcm',
      file: identity.sopInstanceUid,
      lookUp: name => values[name],
    });
  }

  async #write(
    source: ObjectSource,
    object: EfilmObject,
    name: string,
    signal: AbortSignal,
  ): Promise<Change> {
    const counter = { bytes: 0 };
    const file = Readable.from(counted(fileBytes(source, object), counter), { objectMode: false });
    const staged = await this.#folder.stage(file, Number.MAX_SAFE_INTEGER, signal);
    try {
      return await this.#folder.place(staged, name, { bytes: counter.bytes, sha256: staged.sha256 }, 'error');
    } catch (error) {
      if (error instanceof ExchangeError && error.code === 'BUSINESS') throw taken();
      throw fileError(error, { zh: '影像共享文件夹', en: 'the folder for images' });
    } finally {
      await this.#folder.discard(staged);
    }
  }
}

const unchanged = ({ data: _data, offset: _offset, length, ...identity }: ObjectSource): EfilmObject => ({
  identity,
  isChanged: false,
  length,
  stream: input => input,
});

/** The file of an object: its own preamble and meta information, and the data set. */
async function* fileBytes(source: ObjectSource, object: EfilmObject): AsyncGenerator<Buffer, void> {
  yield await metaOfCopy(source, object.identity.sopInstanceUid);
  yield* object.stream(piecesOf(source.data, source.offset, source.length));
}

async function* counted(
  pieces: AsyncIterable<Buffer>,
  counter: { bytes: number },
): AsyncGenerator<Buffer, void> {
  for await (const piece of pieces) {
    counter.bytes += piece.length;
    yield piece;
  }
}

const dayOf = (date: Date): string =>
  [date.getFullYear(), date.getMonth() + 1, date.getDate()]
    .map(part => String(part).padStart(2, '0'))
    .join('');

const taken = (): Error =>
  dicomFileError('name-taken', {
    zh: '共享文件夹中已有同名影像且内容不同，未覆盖；请核对模板是否包含 {sopuid}，以及影像是否被修改过',
    en: 'the shared folder has an image of this name with other content, which was not replaced: check that the template has {sopuid}, and whether the image was changed',
  });
