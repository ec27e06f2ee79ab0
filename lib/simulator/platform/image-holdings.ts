/** The objects that an image archive gives away: a hospital's PACS for C-FIND, C-GET and C-MOVE. */
import { constants, Dataset } from 'dcmjs-dimse';
import fs from 'node:fs';
import type { ObjectIdentity } from '../../dicom/source';
import { HEAD_BYTES, identityOf, readHead, textOf } from './image-identity';

/** Preamble, `DICM`, and the element that holds the length of the rest of the file meta information. */
const META_START = 132;
const META_LENGTH_BYTES = 12;

const UNIQUE_KEYS = ['PatientID', 'StudyInstanceUID', 'SeriesInstanceUID', 'SOPInstanceUID'] as const;

const LEVELS: Readonly<Record<string, (typeof UNIQUE_KEYS)[number]>> = {
  PATIENT: 'PatientID',
  STUDY: 'StudyInstanceUID',
  SERIES: 'SeriesInstanceUID',
  IMAGE: 'SOPInstanceUID',
};

type Elements = Record<string, unknown>;

/** An object that can be sent. */
export interface HeldImage extends ObjectIdentity {
  /** The data set, byte for byte as in its file. */
  readonly dataSet: () => Buffer;
}

export interface HeldStudy {
  readonly studyInstanceUid: string;
  readonly patientId: string;
  readonly accessionNumber: string;
  readonly series: number;
  readonly images: number;
}

interface Entry {
  readonly image: HeldImage;
  readonly elements: Elements;
}

/** Holds Part 10 files by their path, or in memory when they are given as bytes. */
export class ImageHoldings {
  readonly #entries = new Map<string, Entry>();

  /** @throws {Error} for what is no Part 10 file with an SOP Instance UID. */
  add(file: string | Buffer): void {
    const start = typeof file === 'string' ? readStart(file) : file.subarray(0, HEAD_BYTES);
    const { offset, transferSyntaxUid } = readMeta(start);
    const head = readHead(start.subarray(offset), transferSyntaxUid);
    const identity = identityOf(head);
    if (identity.sopInstanceUid === '') throw new Error('the object has no SOP Instance UID');
    const dataSet = (): Buffer => (typeof file === 'string' ? fs.readFileSync(file) : file).subarray(offset);
    this.#entries.set(identity.sopInstanceUid, {
      image: { ...identity, dataSet },
      elements: head.getElements(),
    });
  }

  studies(): HeldStudy[] {
    return [...groups(this.#all(), 'StudyInstanceUID').values()].map(entries => {
      const { studyInstanceUid = '', patientId = '', accessionNumber = '' } = entries[0]?.image ?? {};
      const series = groups(entries, 'SeriesInstanceUID').size;
      return { studyInstanceUid, patientId, accessionNumber, series, images: entries.length };
    });
  }

  /** Of those offered, the transfer syntax in which an object of this class can be given away as it is. */
  syntaxFor(sopClassUid: string, offered: readonly string[]): string | undefined {
    return this.#all().find(
      ({ image }) => image.sopClassUid === sopClassUid && offered.includes(image.transferSyntaxUid),
    )?.image.transferSyntaxUid;
  }

  /** What C-GET and C-MOVE ask for, by their unique keys; undefined when they give none. */
  retrieve(keys: Elements): HeldImage[] | undefined {
    const given = UNIQUE_KEYS.filter(key => textOf(keys[key]) !== '');
    if (given.length === 0) return undefined;
    return this.#all()
      .filter(({ elements }) => given.every(key => matches(key, textOf(keys[key]), elements)))
      .map(({ image }) => image);
  }

  /** The answers to C-FIND, one for each patient, study, series or image; undefined for an unknown level. */
  find(keys: Elements): Elements[] | undefined {
    const level = textOf(keys['QueryRetrieveLevel']);
    const unique = LEVELS[level];
    if (!unique) return undefined;
    const asked = Object.keys(keys).filter(
      key => key !== 'QueryRetrieveLevel' && key !== 'SpecificCharacterSet',
    );
    return [...groups(this.#all(), unique).values()]
      .map(entries => describe(entries))
      .filter(found => asked.every(key => matches(key, textOf(keys[key]), found)))
      .map(found => ({
        // dcmjs writes UTF-8, whatever the object was in.
        SpecificCharacterSet: 'ISO_IR 192',
        QueryRetrieveLevel: level,
        ...Object.fromEntries(asked.map(key => [key, found[key] ?? ''])),
        [unique]: found[unique],
      }));
  }

  #all(): Entry[] {
    return [...this.#entries.values()];
  }
}

function readStart(file: string): Buffer {
  const handle = fs.openSync(file, 'r');
  try {
    const start = Buffer.alloc(HEAD_BYTES);
    return start.subarray(0, fs.readSync(handle, start, 0, HEAD_BYTES, 0));
  } finally {
    fs.closeSync(handle);
  }
}

function readMeta(start: Buffer): { offset: number; transferSyntaxUid: string } {
  const first = META_START + META_LENGTH_BYTES;
  if (start.length < first || start.toString('latin1', META_START - 4, META_START) !== 'DICM')
    throw new Error('the file is no DICOM Part 10 file');
  const offset = first + start.readUInt32LE(first - 4);
  const meta = new Dataset(
    start.subarray(META_START, offset),
    constants.TransferSyntax.ExplicitVRLittleEndian,
  );
  return { offset, transferSyntaxUid: textOf(meta.getElement('TransferSyntaxUID')) };
}

function groups(entries: readonly Entry[], key: string): Map<string, Entry[]> {
  const found = new Map<string, Entry[]>();
  for (const entry of entries) {
    const value = textOf(entry.elements[key]);
    found.set(value, [...(found.get(value) ?? []), entry]);
  }
  return found;
}

/** One of a group, with the counts of the group. */
function describe(entries: readonly Entry[]): Elements {
  const count = (key: string): number => groups(entries, key).size;
  return {
    ...entries[0]?.elements,
    NumberOfPatientRelatedStudies: count('StudyInstanceUID'),
    NumberOfStudyRelatedSeries: count('SeriesInstanceUID'),
    NumberOfStudyRelatedInstances: entries.length,
    NumberOfSeriesRelatedInstances: entries.length,
    ModalitiesInStudy: [...groups(entries, 'Modality').keys()],
  };
}

/** Single value, list of UIDs, wildcard, range of dates or times, or anything for an empty key (PS3.4, C.2.2.2). */
function matches(key: string, wanted: string, { [key]: value }: Elements): boolean {
  if (wanted === '' || wanted === '*') return true;
  const values = textOf(value).split('\\');
  if (/(Date|Time)$/.test(key) && wanted.includes('-')) {
    const [from = '', to = ''] = wanted.split('-');
    return values.some(text => text >= from && (to === '' || text.slice(0, to.length) <= to));
  }
  return wanted.split('\\').some(text => {
    const pattern = new RegExp(
      `^${text
        .replace(/[\\^$.+()[\]{}|]/g, '\\$&')
        .replaceAll('*', '.*')
        .replaceAll('?', '.')}$`,
      'u',
    );
    return values.some(found => pattern.test(found));
  });
}
