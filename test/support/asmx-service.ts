/**
 * A SOAP service with the habits of ASP.NET's System.Web.Services, as they were recorded on the wire. It shares no
 * code with lib/: what our side sends must be right for a peer that knows nothing of it.
 */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import zlib from 'node:zlib';
import { type StrictNode, readStrictly } from './strict-xml';

const NAMESPACE = 'http://tempuri.org/';
const ENVELOPES = {
  '1.1': 'http://schemas.xmlsoap.org/soap/envelope/',
  '1.2': 'http://www.w3.org/2003/05/soap-envelope',
} as const;
type Version = keyof typeof ENVELOPES;

/** Null where the caller sent nothing under exactly that name and namespace, or nil. */
export type AsmxArguments = Readonly<Record<string, string | null>>;

export interface AsmxMethod {
  readonly parameters: readonly string[];
  /** What it throws becomes a fault with its stack, as an unhandled exception does. */
  readonly run: (given: AsmxArguments) => string | null;
}

/** One request as it came. */
export interface AsmxRequest {
  readonly headers: http.IncomingHttpHeaders;
  readonly bytes: Buffer;
  /** 0 as long as it is not answered. */
  status: number;
}

export interface AsmxCall {
  readonly method: string;
  readonly version: Version;
  readonly given: AsmxArguments;
}

/** A refusal before any method runs. */
class SoapException extends Error {
  readonly blame: 'Client' | 'Server';

  constructor(blame: 'Client' | 'Server', message: string) {
    super(message);
    this.blame = blame;
  }
}

export class AsmxService {
  readonly requests: AsmxRequest[] = [];
  readonly calls: AsmxCall[] = [];
  /** Answers the next requests with 400 and nothing else, as it does for characters that XML forbids. */
  refuseAll = false;
  readonly #methods: Readonly<Record<string, AsmxMethod>>;
  readonly #server: http.Server;

  constructor(methods: Readonly<Record<string, AsmxMethod>>) {
    this.#methods = methods;
    this.#server = http.createServer((request, response) => void this.#serve(request, response));
    // Told to send the body before the headers are looked at, as IIS does.
    this.#server.on('checkContinue', (request: http.IncomingMessage, response: http.ServerResponse) => {
      response.writeContinue();
      void this.#serve(request, response);
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/Service.asmx`;
  }

  listen(): Promise<void> {
    return new Promise(resolve => this.#server.listen(0, '127.0.0.1', resolve));
  }

  close(): Promise<void> {
    return new Promise(resolve => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #serve(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const received: AsmxRequest = { headers: request.headers, bytes: Buffer.concat(chunks), status: 0 };
    this.requests.push(received);
    const { status, type, body } = this.#answer(received);
    received.status = status;
    const packed = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '') && body !== '';
    const bytes = packed ? zlib.gzipSync(body) : Buffer.from(body);
    response.writeHead(status, {
      'Cache-Control': 'private, max-age=0',
      'X-AspNet-Version': '4.0.30319',
      ...(body !== '' && { 'Content-Type': `${type}; charset=utf-8` }),
      ...(packed && { 'Content-Encoding': 'gzip' }),
      'Content-Length': bytes.length,
    });
    response.end(bytes);
  }

  #answer({ headers, bytes }: AsmxRequest): { status: number; type: string; body: string } {
    const type = headers['content-type'] ?? '';
    const version: Version = /^application\/soap\+xml/i.test(type) ? '1.2' : '1.1';
    const soapType = version === '1.1' ? 'text/xml' : 'application/soap+xml';
    let envelope: StrictNode;
    try {
      envelope = readStrictly(decode(bytes, type, version));
    } catch {
      return { status: 400, type: '', body: '' };
    }
    if (this.refuseAll) return { status: 400, type: '', body: '' };
    try {
      return {
        status: 200,
        type: soapType,
        body: this.#call(version, statedAction(headers, type), envelope),
      };
    } catch (error) {
      return { status: 500, type: soapType, body: fault(version, error) };
    }
  }

  #call(version: Version, action: string | undefined, envelope: StrictNode): string {
    if (envelope.name !== 'Envelope' || envelope.namespace !== ENVELOPES[version]) {
      throw new SoapException('Client', 'Possible SOAP version mismatch.');
    }
    const element = envelope.children.find(({ name }) => name === 'Body')?.children[0];
    const name = action === undefined ? (element?.name ?? '') : methodOf(action);
    const method = Object.hasOwn(this.#methods, name) ? this.#methods[name] : undefined;
    if (!method) {
      throw new SoapException(
        'Client',
        `Server did not recognize the value of HTTP Header SOAPAction: ${action ?? ''}.`,
      );
    }
    // The action has chosen the method: an element of another name or namespace simply holds none of its parameters.
    const holder = element?.name === name && element.namespace === NAMESPACE ? element : undefined;
    const given = Object.fromEntries(
      method.parameters.map(parameter => [parameter, bind(holder, parameter)]),
    );
    this.calls.push({ method: name, version, given });
    return inEnvelope(version, responseOf(name, method.run(given)));
  }
}

/** SOAPAction quoted or not; an absent one is undefined. SOAP 1.2 has it in the content type. */
function statedAction(headers: http.IncomingHttpHeaders, type: string): string | undefined {
  const stated = headers['soapaction'] ?? /;\s*action="?([^";]*)/i.exec(type)?.[1];
  return typeof stated === 'string' ? stated.trim().replace(/^"(.*)"$/, '$1') : undefined;
}

const methodOf = (action: string): string =>
  action.startsWith(NAMESPACE) ? action.slice(NAMESPACE.length) : '';

function bind(holder: StrictNode | undefined, parameter: string): string | null {
  const found = holder?.children.find(({ name, namespace }) => name === parameter && namespace === NAMESPACE);
  if (!found || found.attributes['xsi:nil'] === 'true') return null;
  if (found.children.length > 0) throw new SoapException('Client', 'Server was unable to read request.');
  return found.text;
}

/** `text/xml` means ASCII to it unless a charset is named. */
function decode(bytes: Buffer, type: string, version: Version): string {
  const charset = /charset="?([\w-]+)/i.exec(type)?.[1];
  if (charset === undefined && version === '1.1') {
    return Array.from(bytes, byte => (byte < 0x80 ? String.fromCharCode(byte) : '?')).join('');
  }
  return new TextDecoder(charset ?? 'utf-8').decode(bytes);
}

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('\r', '&#xD;');

function responseOf(method: string, result: string | null): string {
  const start = `<${method}Response xmlns="${NAMESPACE}"`;
  if (result === null) return `${start} />`;
  const held = result === '' ? `<${method}Result />` : `<${method}Result>${escape(result)}</${method}Result>`;
  return `${start}>${held}</${method}Response>`;
}

function fault(version: Version, error: unknown): string {
  const { blame, reason } = described(error);
  return inEnvelope(
    version,
    version === '1.1'
      ? `<soap:Fault><faultcode>soap:${blame}</faultcode><faultstring>${escape(reason)}</faultstring><detail /></soap:Fault>`
      : `<soap:Fault><soap:Code><soap:Value>soap:${blame === 'Client' ? 'Sender' : 'Receiver'}</soap:Value></soap:Code><soap:Reason><soap:Text xml:lang="en">${escape(reason)}</soap:Text></soap:Reason><soap:Detail /></soap:Fault>`,
  );
}

function described(error: unknown): { blame: 'Client' | 'Server'; reason: string } {
  const prefix = 'System.Web.Services.Protocols.SoapException: ';
  if (error instanceof SoapException) {
    const stack = '   at System.Web.Services.Protocols.SoapServerProtocol.RouteRequest()';
    return { blame: error.blame, reason: `${prefix}${error.message}\n${stack}` };
  }
  const message = error instanceof Error ? error.message : String(error);
  const stack = '   at Platform.Service.Run(String xml)\n   --- End of inner exception stack trace ---';
  return {
    blame: 'Server',
    reason: `${prefix}Server was unable to process request. ---> System.Exception: ${message}\n${stack}`,
  };
}

const inEnvelope = (version: Version, body: string): string =>
  `<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="${ENVELOPES[version]}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"><soap:Body>${body}</soap:Body></soap:Envelope>`;
