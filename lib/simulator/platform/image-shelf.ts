/** What an image archive took over: counted, remembered up to a limit, and the newest kept whole. */
import type { ObjectIdentity } from '../../dicom/source';

/** An object that was taken over. */
export interface ReceivedImage extends ObjectIdentity {
  /** Of the data set, as received. */
  readonly bytes: number;
  /** Of the data set, as received; in hexadecimal digits. */
  readonly sha256: string;
  readonly callingAeTitle: string;
  /** 0, or a warning. */
  readonly status: number;
  readonly at: Date;
}

export interface ImageCounts {
  /** Objects taken over whose modality is not EFILM. */
  readonly images: number;
  /** Those whose modality is EFILM. */
  readonly eFilms: number;
  /** Data sets of both. */
  readonly bytes: number;
  /** How many of them were remembered from before: the sender tried again. */
  readonly repeated: number;
  readonly refused: number;
  readonly associations: number;
  readonly echoes: number;
}

export interface ShelfLimits {
  readonly remember: number;
  readonly keepObjects: number;
  readonly keepBytes: number;
}

export class ImageShelf {
  readonly #limits: ShelfLimits;
  readonly #received = new Map<string, ReceivedImage>();
  readonly #whole = new Map<string, Buffer>();
  #wholeBytes = 0;
  #counts: ImageCounts = {
    images: 0,
    eFilms: 0,
    bytes: 0,
    repeated: 0,
    refused: 0,
    associations: 0,
    echoes: 0,
  };

  constructor(limits: ShelfLimits) {
    this.#limits = limits;
  }

  count(what: keyof ImageCounts, by = 1): void {
    this.#counts = { ...this.#counts, [what]: this.#counts[what] + by };
  }

  add(image: ReceivedImage, whole: Buffer | undefined): void {
    const uid = image.sopInstanceUid;
    this.count(image.modality === 'EFILM' ? 'eFilms' : 'images');
    this.count('bytes', image.bytes);
    if (this.#received.delete(uid)) this.count('repeated');
    this.#received.set(uid, image);
    for (const [oldest] of this.#received) {
      if (this.#received.size <= this.#limits.remember) break;
      this.#received.delete(oldest);
    }
    this.#drop(uid);
    if (!whole) return;
    this.#whole.set(uid, whole);
    this.#wholeBytes += whole.length;
    for (const [oldest] of this.#whole) {
      if (this.#whole.size <= this.#limits.keepObjects && this.#wholeBytes <= this.#limits.keepBytes) break;
      this.#drop(oldest);
    }
  }

  #drop(uid: string): void {
    this.#wholeBytes -= this.#whole.get(uid)?.length ?? 0;
    this.#whole.delete(uid);
  }

  received(): ReceivedImage[] {
    return [...this.#received.values()];
  }

  dataSet(sopInstanceUid: string): Buffer | undefined {
    return this.#whole.get(sopInstanceUid);
  }

  counts(): ImageCounts {
    return this.#counts;
  }
}
