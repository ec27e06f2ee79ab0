/** File names and signatures that nobody can guess or forge. */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** Characters of an address's file name, 128 bits. */
const ID_LENGTH = 32;
const FILE = /^([\da-f]{32})\.(pdf|jpg)$/;

/** Whether a name has the form of those that `fileNameFor` makes. */
export const isFileName = (name: string): boolean => FILE.test(name);

export class AddressSigner {
  readonly #key: string | Buffer;

  constructor(key: string | Buffer) {
    this.#key = key;
  }

  /** The same for the same report, so that a repeated publication keeps its address; tells nothing of the name. */
  fileNameFor(name: string): string {
    const extension = /\.jpe?g$/i.test(name) ? 'jpg' : 'pdf';
    return `${this.#digest('file', name).toString('hex').slice(0, ID_LENGTH)}.${extension}`;
  }

  /** @param expires seconds since 1970; 0 for never */
  sign(fileName: string, expires: number): string {
    return this.#digest('address', `${fileName}:${expires}`).toString('base64url');
  }

  /** Takes the same time whatever is wrong with a signature. */
  verify(fileName: string, expires: number, signature: string): boolean {
    const expected = Buffer.from(this.sign(fileName, expires));
    const given = Buffer.alloc(expected.length);
    given.write(signature);
    return timingSafeEqual(given, expected) && signature.length === expected.length;
  }

  #digest(purpose: string, text: string): Buffer {
    return createHmac('sha256', this.#key).update(`${purpose}\0${text}`).digest();
  }
}
