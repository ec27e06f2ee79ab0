/** XML that is already escaped, ready to stand as text inside a SOAP envelope. */
export class EscapedXml {
  readonly xml: string;

  constructor(xml: string) {
    this.xml = xml;
  }
}
