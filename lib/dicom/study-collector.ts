/** Finds out when a study is complete: some time has passed without a new object, or its associations have ended. */
import type { Clock } from '../clock';

interface Gathering {
  /** Associations by which objects have come, and that have not ended. */
  readonly associations: Set<number>;
  callOff: () => void;
}

export interface CollectorOptions {
  readonly quietMs: number;
  /** The end of the last association completes a study at once. */
  readonly onRelease: boolean;
  readonly clock: Clock;
  readonly onComplete: (studyInstanceUid: string) => void;
}

export class StudyCollector {
  readonly #options: CollectorOptions;
  readonly #studies = new Map<string, Gathering>();

  constructor(options: CollectorOptions) {
    this.#options = options;
  }

  /** An object of a study has come. */
  add(studyInstanceUid: string, association: number): void {
    const known = this.#studies.get(studyInstanceUid);
    known?.callOff();
    const { clock, quietMs } = this.#options;
    const callOff = clock.after(quietMs, () => this.#complete(studyInstanceUid));
    if (known) {
      known.callOff = callOff;
      known.associations.add(association);
    } else this.#studies.set(studyInstanceUid, { associations: new Set([association]), callOff });
  }

  associationEnded(association: number): void {
    for (const [uid, { associations }] of this.#studies)
      if (associations.delete(association) && associations.size === 0 && this.#options.onRelease)
        this.#complete(uid);
  }

  /** Forgets what is gathered; the objects are on disk and are found there. */
  close(): void {
    for (const { callOff } of this.#studies.values()) callOff();
    this.#studies.clear();
  }

  #complete(studyInstanceUid: string): void {
    this.#studies.get(studyInstanceUid)?.callOff();
    this.#studies.delete(studyInstanceUid);
    this.#options.onComplete(studyInstanceUid);
  }
}
