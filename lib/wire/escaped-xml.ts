/** XML that is already escaped and encoded, ready to stand as text inside a SOAP envelope. */
export class EscapedXml {
  /** UTF-8. */
  readonly bytes: Buffer;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  toString(): string {
    return this.bytes.toString();
  }
}
