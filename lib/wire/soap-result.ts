/** Reading of the answer to a call: the text of `<XResult>` in `<XResponse>`. */
import { ExchangeError } from '../errors';
import { parseEnvelope } from './soap-parse';
import { ENVELOPE_NAMESPACE, type SoapMessage, type SoapResult } from './soap-types';
import { unescapeBytes } from './xml-bytes';

/**
 * What the answer to `operation` holds. An answer of another operation, or a response with something other than a
 * result in it, is `not-soap`: a success must never be read into it. Never throws.
 */
export const readResult = (text: string, operation: string): SoapResult =>
  readCommonShape(Buffer.from(text), operation) ?? readAnyShape(text, operation);

/** The same for UTF-8 bytes as they came: much the cheaper one for large answers. */
export const readResultBytes = (bytes: Buffer, operation: string): SoapResult =>
  readCommonShape(bytes, operation) ?? readAnyShape(bytes.toString(), operation);

const S = '[ \\t\\r\\n]';
const NAME = '[A-Za-z_][\\w.-]*';
const HEAD = new RegExp(
  `^(?:\\xef\\xbb\\xbf)?${S}*` +
    `(?:<\\?xml version="1\\.0"(?: encoding="[\\w-]+")?(?: standalone="(?:yes|no)")?${S}*\\?>)?${S}*` +
    `<(?<envelope>(?:${NAME}:)?Envelope)(?<attributes>(?:${S}+[A-Za-z_][\\w.:-]*="[^"<&]*")*)${S}*>${S}*` +
    `<(?<body>(?:${NAME}:)?Body)${S}*>${S}*` +
    `<(?<response>${NAME})(?:${S}+xmlns="[^"<&]*")?${S}*>${S}*` +
    `<(?<result>${NAME})${S}*>`,
);
const LESS_THAN = 0x3c;
const TAIL = /(?:<[^<]*){4}$/;
const SOAP_NAMESPACES: ReadonlySet<string> = new Set(Object.values(ENVELOPE_NAMESPACE));
/** More than any envelope has around its result. */
const LONGEST_HEAD = 2048;
const LONGEST_TAIL = 512;

/**
 * The shape that every .NET service answers: nothing but the result in the response, its text escaped. Undefined for
 * any other shape and for all that is in doubt; that is the full parser's business.
 */
function readCommonShape(bytes: Buffer, operation: string): SoapResult | undefined {
  const place = locateResult(bytes, operation);
  const text = place && unescapeBytes(bytes.subarray(place.start, place.end));
  return text === undefined ? undefined : { kind: 'result', result: text };
}

/** Bytes that are unescaped at once. Longer strings leave V8's young generation: 0.1 s more for 40 MB. */
const PIECE = 64 * 1024;

/**
 * The result of a UTF-8 answer in the common shape, in pieces that each cost a millisecond: the text of tens of
 * megabytes never exists as a whole. Undefined for other shapes; null at the end when a piece proves to be none after
 * all, so that the reader must start again with {@link readResultBytes}.
 */
export function resultPieces(bytes: Buffer, operation: string): Iterable<string | null> | undefined {
  const place = locateResult(bytes, operation);
  return place && unescapedPieces(bytes.subarray(place.start, place.end));
}

function* unescapedPieces(content: Buffer): Generator<string | null> {
  let start = 0;
  while (start < content.length) {
    const end = endOfPiece(content, start);
    const piece = unescapeBytes(content.subarray(start, end));
    if (piece === undefined) {
      yield null;
      return;
    }
    yield piece;
    start = end;
  }
}

/** After a semicolon, which ends a reference or stands for itself, and is never part of a longer character. */
function endOfPiece(content: Buffer, start: number): number {
  if (content.length - start <= PIECE) return content.length;
  const semicolon = content.lastIndexOf(';', start + PIECE);
  return semicolon > start ? semicolon + 1 : content.length;
}

function locateResult(bytes: Buffer, operation: string): { start: number; end: number } | undefined {
  const head = HEAD.exec(bytes.toString('latin1', 0, LONGEST_HEAD));
  const { envelope, attributes, body, response, result } = head?.groups ?? {};
  if (!head || !envelope || !body || !response || !result) return undefined;
  if (!isResponse(response, operation) || !isResult(result, operation)) return undefined;
  const prefix = envelope.slice(0, -'Envelope'.length);
  if (body !== `${prefix}Body` || !declaresSoap(attributes ?? '', prefix)) return undefined;

  const start = head[0].length;
  // From behind: a search from the start goes through tens of megabytes, and a `<` among them is found in reading.
  const tail = bytes.toString('latin1', Math.max(start, bytes.length - LONGEST_TAIL));
  const closing = tail.slice(tail.search(TAIL));
  if (closing.replace(/[ \t\r\n]+/g, '') !== `</${result}></${response}></${body}></${envelope}>`)
    return undefined;
  const end = bytes.length - closing.length;
  return bytes[start] === LESS_THAN && start < end ? undefined : { start, end };
}

/** True when the prefix of the envelope is bound to one of the SOAP namespaces, and no attribute is given twice. */
function declaresSoap(attributes: string, prefix: string): boolean {
  const declaration = prefix === '' ? 'xmlns' : `xmlns:${prefix.slice(0, -1)}`;
  const seen = new Set<string>();
  let isSoap = false;
  for (const [, name = '', value = ''] of attributes.matchAll(/([\w.:-]+)="([^"]*)"/g)) {
    if (seen.has(name)) return false;
    seen.add(name);
    isSoap ||= name === declaration && SOAP_NAMESPACES.has(value);
  }
  return isSoap;
}

function readAnyShape(text: string, operation: string): SoapResult {
  try {
    const envelope = parseEnvelope(text);
    if (envelope.kind === 'fault') return { kind: 'fault', code: envelope.code, reason: envelope.reason };
    return resultOf(envelope, operation);
  } catch (error) {
    if (error instanceof ExchangeError) return { kind: 'not-soap', why: error.text };
    throw error;
  }
}

function resultOf(message: SoapMessage, operation: string): SoapResult {
  if (!isResponse(message.operation, operation)) {
    return {
      kind: 'not-soap',
      why: { zh: `应答不是 ${operation} 的应答`, en: `the answer is not that of ${operation}` },
    };
  }
  const found = message.parameters.find(([name]) => isResult(name, operation));
  if (found) return found[1] === null ? { kind: 'empty' } : { kind: 'result', result: found[1] };
  if (message.parameters.length === 0) return { kind: 'empty' };
  return {
    kind: 'not-soap',
    why: { zh: `应答中没有 ${operation}Result`, en: `the answer holds no ${operation}Result` },
  };
}

const isResponse = (name: string, operation: string): boolean =>
  equalIgnoringCase(name, `${operation}Response`);

/** `return` and `XReturn` are what Java services call the result. */
const isResult = (name: string, operation: string): boolean =>
  equalIgnoringCase(name, `${operation}Result`) ||
  equalIgnoringCase(name, `${operation}Return`) ||
  name === 'return';

const equalIgnoringCase = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();
