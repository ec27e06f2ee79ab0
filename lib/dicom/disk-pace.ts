/**
 * Short calls of the file system, made where they are quickest.
 *
 * A write into the page cache or a rename takes tens of microseconds; to hand it to a thread and back takes longer, and
 * on a machine at work much longer. But a call that is made at once holds up all of the runtime while it lasts: so only
 * on disks of this machine, and only as long as the disk is quick.
 */
import fs from 'node:fs';
import type { Soon } from '../soon';

/** Mean of the latest calls above which they are left to threads. */
const MOST_MS = 1;
/** Calls that the mean is over, about: a single one of 16 ms is too long by itself. */
const CALLS = 16;
/** Time until a disk that was slow is tried again. */
const REST_MS = 10_000;

/** What Linux calls the file systems that no network can hold up: ext, XFS, Btrfs, ZFS, overlay, tmpfs (statfs(2)). */
const LOCAL_FILE_SYSTEMS = new Set([0xef53, 0x58465342, 0x9123683e, 0x2fc12fc1, 0x794c7630, 0x01021994]);

/** How quick one disk is. */
export class DiskPace {
  readonly #isLocal: boolean;
  readonly #now: () => number;
  #meanMs = 0;
  #restsUntil = -Infinity;

  /**
   * @param isLocal false: all calls are left to threads
   * @param now in milliseconds, from any beginning
   */
  constructor(isLocal: boolean, now: () => number = () => performance.now()) {
    this.#isLocal = isLocal;
    this.#now = now;
  }

  /** Of any disk, which may be one that a network holds up. */
  static readonly unknown = new DiskPace(false);

  /** Of the disk that a folder is on. Windows does not tell what that is, nor do some network disks. */
  static of(folder: string): DiskPace {
    try {
      return new DiskPace(LOCAL_FILE_SYSTEMS.has(fs.statfsSync(folder).type));
    } catch {
      return DiskPace.unknown;
    }
  }

  /**
   * Makes a call, one way or the other.
   * @param atOnce never a sync: that waits for the disk
   * @throws what the call throws, or the promise rejects with it
   */
  call<T>(atOnce: () => T, inThread: () => Promise<T>): Soon<T> {
    const begun = this.#now();
    if (!this.#isLocal || begun < this.#restsUntil) return inThread();
    try {
      return atOnce();
    } finally {
      this.#learn(begun, this.#now());
    }
  }

  #learn(begun: number, ended: number): void {
    this.#meanMs += (ended - begun - this.#meanMs) / CALLS;
    if (this.#meanMs <= MOST_MS) return;
    this.#restsUntil = ended + REST_MS;
    this.#meanMs = 0;
  }
}
