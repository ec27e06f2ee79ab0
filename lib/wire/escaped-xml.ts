/**
 * XML that is already escaped, ready to stand as text inside a SOAP envelope. In parts: joining tens of kilobytes to
 * one string, only to write them out as bytes, costs more than writing the parts.
 */
export class EscapedXml {
  readonly parts: readonly string[];

  constructor(parts: readonly string[]) {
    this.parts = parts;
  }

  /** The whole as one string. */
  toString(): string {
    return this.parts.join('');
  }
}
