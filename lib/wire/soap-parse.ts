/** Reading of any SOAP envelope, request or answer, of either version. */
import { SaxesParser, type SaxesTagPlain } from 'saxes';
import {
  ENVELOPE_NAMESPACE,
  notSoap,
  type SoapFaultMessage,
  type SoapMessage,
  type SoapParameter,
  type SoapVersion,
} from './soap-types';
import { stripIllegal, stripIllegalReferences } from './xml-text';

/** No envelope of the agreement nests deeper than a dozen elements. */
const MAX_DEPTH = 64;
/** How deep each part of an envelope lies. */
const ENVELOPE = 1;
const BODY = 2;
const OPERATION = 3;
const PARAMETER = 4;

/**
 * Reads an envelope. Names are read without their prefix. A parameter may hold escaped text, CDATA or literal XML
 * elements, which are given back as the XML text they are. Characters that XML forbids are left out.
 *
 * @param maxDepth elements inside each other, envelope included
 * @throws ExchangeError NOT_SOAP: not well-formed, a DOCTYPE, nested too deeply, or not a SOAP envelope
 */
export function parseEnvelope(text: string, maxDepth: number = MAX_DEPTH): SoapMessage | SoapFaultMessage {
  const xml = text.trimStart(); // also trims a BOM
  refuseDoctype(xml);
  const read = tryParse(xml, maxDepth);
  if (!(read instanceof NotWellFormed)) return read;
  const legal = stripIllegalReferences(stripIllegal(xml).text);
  const readLegal = legal === xml ? read : tryParse(legal, maxDepth);
  if (readLegal instanceof NotWellFormed) throw readLegal.toExchangeError();
  return readLegal;
}

function tryParse(xml: string, maxDepth: number): SoapMessage | SoapFaultMessage | NotWellFormed {
  try {
    return new EnvelopeParser(xml, maxDepth).parse();
  } catch (error) {
    if (error instanceof NotWellFormed) return error;
    throw error;
  }
}

/** Looks at what stands before the first element only: a report may well quote a DOCTYPE in its text. */
function refuseDoctype(xml: string): void {
  // One piece at a time: one expression over all of them runs out of stack on millions of comments.
  const piece = /\s+|<\?[^]*?\?>|<!--[^]*?-->/y;
  let start = 0;
  while (piece.test(xml)) start = piece.lastIndex;
  if (xml.slice(start, start + 9).toUpperCase() !== '<!DOCTYPE') return;
  throw notSoap({
    zh: 'XML 含有 DOCTYPE，出于安全原因拒绝',
    en: 'the XML holds a DOCTYPE, which is refused for safety',
  });
}

/** The parser's own message may quote the document, so only the place is kept. */
class NotWellFormed extends Error {
  readonly line: number;
  readonly column: number;

  constructor(line: number, column: number) {
    super('not well-formed');
    this.line = line;
    this.column = column;
  }

  toExchangeError(): Error {
    const { line, column } = this;
    return notSoap(
      {
        zh: `不是格式正确的 XML（第 ${line} 行第 ${column} 列）`,
        en: `not well-formed XML (line ${line}, column ${column})`,
      },
      { line, column },
    );
  }
}

/** What is known of the parameter that is being read. */
interface OpenParameter {
  readonly name: string;
  readonly isNil: boolean;
  /** Where its content starts in the document. */
  readonly start: number;
  text: string;
  children: number;
  /** Text of the first element inside: code and reason of a SOAP 1.2 fault. */
  firstChildText: string;
}

class EnvelopeParser {
  readonly #xml: string;
  readonly #maxDepth: number;
  readonly #sax = new SaxesParser({ xmlns: false, defaultXMLVersion: '1.0', forceXMLVersion: true });
  readonly #namespaces = new Map<string, string>();
  readonly #parameters: SoapParameter[] = [];
  readonly #firstChildTexts = new Map<string, string>();
  #depth = 0;
  #version: SoapVersion | undefined;
  #inBody = false;
  #inOperation = false;
  #operation: { name: string; namespace: string } | undefined;
  #open: OpenParameter | undefined;

  constructor(xml: string, maxDepth: number) {
    this.#xml = xml;
    this.#maxDepth = maxDepth;
  }

  parse(): SoapMessage | SoapFaultMessage {
    const sax = this.#sax;
    sax.on('error', () => {
      throw new NotWellFormed(sax.line, sax.column);
    });
    sax.on('opentag', tag => this.#openTag(tag));
    sax.on('closetag', () => this.#closeTag());
    sax.on('text', text => this.#addText(text));
    sax.on('cdata', text => this.#addText(text));
    sax.write(this.#xml).close();
    return this.#outcome();
  }

  #openTag(tag: SaxesTagPlain): void {
    this.#depth++;
    if (this.#depth > this.#maxDepth) {
      const limit = this.#maxDepth;
      throw notSoap({ zh: `XML 嵌套超过 ${limit} 层`, en: `XML nested deeper than ${limit} elements` });
    }
    if (this.#open) this.#open.children++;
    else if (this.#depth === ENVELOPE) this.#openEnvelope(tag);
    else if (this.#depth === BODY) this.#inBody = this.#isBody(tag);
    else if (this.#depth === OPERATION && this.#inBody) this.#openOperation(tag);
    else if (this.#depth === PARAMETER && this.#inOperation) this.#openParameter(tag);
  }

  #openEnvelope(tag: SaxesTagPlain): void {
    this.#declareNamespaces(tag);
    const namespace = this.#namespaceOf(tag.name);
    this.#version = (['1.1', '1.2'] as const).find(version => ENVELOPE_NAMESPACE[version] === namespace);
    if (localName(tag.name) === 'Envelope' && this.#version) return;
    throw notSoap({
      zh: '不是 SOAP 信封：根元素不是 Envelope 或命名空间不是 SOAP 1.1/1.2',
      en: 'not a SOAP envelope: the root is no Envelope in the namespace of SOAP 1.1 or 1.2',
    });
  }

  #isBody(tag: SaxesTagPlain): boolean {
    if (localName(tag.name) !== 'Body') return false;
    this.#declareNamespaces(tag);
    return true;
  }

  /** The first element of the body is the call; what may follow it belongs to encodings that nobody here uses. */
  #openOperation(tag: SaxesTagPlain): void {
    if (this.#operation) return;
    this.#declareNamespaces(tag);
    this.#operation = { name: localName(tag.name), namespace: this.#namespaceOf(tag.name) };
    this.#inOperation = true;
  }

  #openParameter(tag: SaxesTagPlain): void {
    this.#open = {
      name: localName(tag.name),
      isNil: isNil(tag),
      start: this.#sax.position,
      text: '',
      children: 0,
      firstChildText: '',
    };
  }

  #closeTag(): void {
    if (this.#depth === PARAMETER && this.#open) this.#closeParameter(this.#open);
    else if (this.#depth === OPERATION) this.#inOperation = false;
    else if (this.#depth === BODY) this.#inBody = false;
    this.#depth--;
  }

  #closeParameter(parameter: OpenParameter): void {
    this.#parameters.push([parameter.name, this.#valueOf(parameter)]);
    this.#firstChildTexts.set(parameter.name, parameter.firstChildText);
    this.#open = undefined;
  }

  #valueOf(parameter: OpenParameter): string | null {
    if (parameter.isNil) return null;
    if (parameter.children === 0) return parameter.text;
    const end = this.#xml.lastIndexOf('</', this.#sax.position - 1);
    return this.#xml.slice(parameter.start, end).trim();
  }

  #addText(text: string): void {
    if (!this.#open) return;
    if (this.#depth === PARAMETER) this.#open.text += text;
    else if (this.#open.children === 1) this.#open.firstChildText += text;
  }

  #outcome(): SoapMessage | SoapFaultMessage {
    if (!this.#version || !this.#operation) {
      throw notSoap({ zh: 'SOAP 信封的 Body 为空', en: 'the SOAP envelope has an empty body' });
    }
    const version = this.#version;
    if (this.#operation.name === 'Fault') return this.#fault(version);
    const { name: operation, namespace } = this.#operation;
    return { kind: 'message', version, operation, namespace, parameters: this.#parameters };
  }

  /** Told by names, not by the version of the envelope: some servers put a fault of 1.2 into an envelope of 1.1. */
  #fault(version: SoapVersion): SoapFaultMessage {
    const plain = new Map(this.#parameters);
    const code = plain.get('faultcode') ?? this.#firstChildTexts.get('Code') ?? '';
    const reason = plain.get('faultstring') ?? this.#firstChildTexts.get('Reason') ?? '';
    return { kind: 'fault', version, code: code.trim(), reason: reason.trim() };
  }

  #declareNamespaces(tag: SaxesTagPlain): void {
    for (const [name, value] of Object.entries(tag.attributes)) {
      if (name === 'xmlns') this.#namespaces.set('', value);
      else if (name.startsWith('xmlns:')) this.#namespaces.set(name.slice(6), value);
    }
  }

  #namespaceOf(name: string): string {
    const colon = name.indexOf(':');
    return this.#namespaces.get(colon < 0 ? '' : name.slice(0, colon)) ?? '';
  }
}

const localName = (name: string): string => name.slice(name.indexOf(':') + 1);

const isNil = (tag: SaxesTagPlain): boolean =>
  Object.entries(tag.attributes).some(
    ([name, value]) => localName(name) === 'nil' && ['true', '1'].includes(value.trim()),
  );
