/** SOAP envelopes, both ways. Document/literal wrapped, as ASP.NET writes them: ambiguities. */
import { ENVELOPE_NAMESPACE, type SoapParameter, type SoapVersion } from './soap-types';
import { EscapedXml } from './escaped-xml';
import { XmlByteWriter } from './xml-bytes';
import { escapeAttribute, escapeText, XML_DECLARATION } from './xml-text';

export { parseEnvelope } from './soap-parse';
export { readResult, readResultBytes, resultPieces } from './soap-result';
export type { SoapFaultMessage, SoapMessage, SoapParameter, SoapResult, SoapVersion } from './soap-types';

/** A result: text to be escaped, XML that its writer has escaped already, or null for none. */
export type SoapResultText = string | EscapedXml | null;

/** Who is to blame: the caller (`client`: sending it again won't help) or we ourselves (`server`). */
export interface FaultContent {
  readonly code: 'client' | 'server';
  readonly reason: string;
}

/** Markup and text in turn: the first piece is markup, the second text, and so on. */
type Pieces = [markup: string, ...piecesAfter: (string | EscapedXml)[]];

/** A call. Parameters are written in the order given; null becomes `xsi:nil`. */
export const buildRequest = (
  version: SoapVersion,
  namespace: string,
  operation: string,
  parameters: readonly SoapParameter[],
): string => toText(requestPieces(version, namespace, operation, parameters));

/** {@link buildRequest} as UTF-8 bytes, in one pass over the text. */
export const buildRequestBytes = (
  version: SoapVersion,
  namespace: string,
  operation: string,
  parameters: readonly SoapParameter[],
): Buffer => toBytes(requestPieces(version, namespace, operation, parameters));

/** An answer; null gives a response without a result, as ASP.NET writes it. */
export const buildResponse = (
  version: SoapVersion,
  namespace: string,
  operation: string,
  result: SoapResultText,
): string => toText(responsePieces(version, namespace, operation, result));

/** {@link buildResponse} as UTF-8 bytes, in one pass over the text. */
export const buildResponseBytes = (
  version: SoapVersion,
  namespace: string,
  operation: string,
  result: SoapResultText,
): Buffer => toBytes(responsePieces(version, namespace, operation, result));

/** {@link buildResponseBytes} in parts that follow one another, so that an escaped result is not copied. */
export const buildResponseParts = (
  version: SoapVersion,
  namespace: string,
  operation: string,
  result: SoapResultText,
): readonly Buffer[] => toParts(responsePieces(version, namespace, operation, result));

/** A fault in the form of its version. */
export const buildFault = (version: SoapVersion, fault: FaultContent): string =>
  toText(inEnvelope(version, version === '1.1' ? fault11(fault) : fault12(fault)));

function requestPieces(
  version: SoapVersion,
  namespace: string,
  operation: string,
  parameters: readonly SoapParameter[],
): Pieces {
  return inEnvelope(version, wrapped(operation, namespace, parameters));
}

function responsePieces(
  version: SoapVersion,
  namespace: string,
  operation: string,
  result: SoapResultText,
): Pieces {
  const parameters: (readonly [string, SoapResultText])[] =
    result === null ? [] : [[`${operation}Result`, result]];
  return inEnvelope(version, wrapped(`${operation}Response`, namespace, parameters));
}

function wrapped(
  element: string,
  namespace: string,
  parameters: readonly (readonly [string, SoapResultText])[],
): Pieces {
  const pieces: Pieces = [`<${element} xmlns="${escapeAttribute(namespace)}">`];
  for (const [name, value] of parameters) {
    if (value === null) continueMarkup(pieces, `<${name} xsi:nil="true"/>`);
    else {
      continueMarkup(pieces, `<${name}>`);
      pieces.push(value, `</${name}>`);
    }
  }
  continueMarkup(pieces, `</${element}>`);
  return pieces;
}

const fault11 = ({ code, reason }: FaultContent): Pieces => [
  `<soap:Fault><faultcode>soap:${code === 'client' ? 'Client' : 'Server'}</faultcode><faultstring>`,
  reason,
  '</faultstring></soap:Fault>',
];

const fault12 = ({ code, reason }: FaultContent): Pieces => [
  `<soap:Fault><soap:Code><soap:Value>soap:${code === 'client' ? 'Sender' : 'Receiver'}</soap:Value></soap:Code>` +
    `<soap:Reason><soap:Text xml:lang="${/[\u4e00-\u9fff]/.test(reason) ? 'zh-CN' : 'en'}">`,
  reason,
  '</soap:Text></soap:Reason></soap:Fault>',
];

function inEnvelope(version: SoapVersion, [first, ...rest]: Pieces): Pieces {
  const pieces: Pieces = [
    `${XML_DECLARATION}<soap:Envelope xmlns:soap="${ENVELOPE_NAMESPACE[version]}"` +
      ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema">' +
      `<soap:Body>${first}`,
    ...rest,
  ];
  continueMarkup(pieces, '</soap:Body></soap:Envelope>');
  return pieces;
}

/** Adds to the last piece, which is markup. */
function continueMarkup(pieces: Pieces, markup: string): void {
  pieces[pieces.length - 1] += markup;
}

const toText = (pieces: Pieces): string =>
  pieces
    .map((piece, index) => (index % 2 === 1 && typeof piece === 'string' ? escapeText(piece) : piece))
    .join('');

function toBytes(pieces: Pieces): Buffer {
  const parts = toParts(pieces);
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}

function toParts(pieces: Pieces): Buffer[] {
  const parts: Buffer[] = [];
  let writer = new XmlByteWriter(pieces.reduce((sum, piece) => sum + roomFor(piece), 1024));
  for (const [index, piece] of pieces.entries()) {
    if (typeof piece !== 'string') {
      parts.push(writer.bytes(), piece.bytes);
      writer = new XmlByteWriter(1024);
    } else if (index % 2 === 0) writer.raw(piece);
    else writer.text(piece);
  }
  return [...parts, writer.bytes()];
}

const roomFor = (piece: string | EscapedXml): number => (typeof piece === 'string' ? piece.length * 1.5 : 0);
