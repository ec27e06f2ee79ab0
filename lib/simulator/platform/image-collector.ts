/** Takes in the data set of one C-STORE: counted and hashed as it comes, kept whole only when it is small enough. */
import { createHash } from 'node:crypto';
import { Writable } from 'node:stream';
import type { ObjectFault } from './image-faults';
import { HEAD_BYTES } from './image-identity';

export class ImageCollector extends Writable {
  readonly fault: ObjectFault | undefined;
  readonly #keepBytes: number;
  readonly #hash = createHash('sha256');
  #parts: Buffer[] = [];
  #kept = 0;
  #bytes = 0;

  constructor(keepBytes: number, fault: ObjectFault | undefined) {
    // The library does not wait for `drain` of every piece, and nothing is ever held back here.
    super({ highWaterMark: Number.MAX_SAFE_INTEGER });
    this.fault = fault;
    this.#keepBytes = Math.max(keepBytes, HEAD_BYTES);
  }

  override _write(part: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#hash.update(part);
    this.#bytes += part.length;
    if (this.#kept < this.#keepBytes) {
      // A copy: the part is a piece of a larger buffer of the library.
      const piece = Buffer.from(part.subarray(0, this.#keepBytes - this.#kept));
      this.#parts.push(piece);
      this.#kept += piece.length;
    }
    done();
  }

  /** Once, after the last piece. `whole` is absent for an object that is larger than what may be kept. */
  result(): { bytes: number; sha256: string; head: Buffer; whole: Buffer | undefined } {
    const kept = Buffer.concat(this.#parts);
    this.#parts = [];
    return {
      bytes: this.#bytes,
      sha256: this.#hash.digest('hex'),
      head: kept.subarray(0, HEAD_BYTES),
      whole: kept.length === this.#bytes ? kept : undefined,
    };
  }
}
