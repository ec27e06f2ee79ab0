/** A SOAP service for Node's http server or any Express app: ambiguities. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Text } from '../errors';
import {
  buildFault,
  buildResponseParts,
  parseEnvelope,
  type SoapMessage,
  type SoapParameter,
  type SoapResultText,
  type SoapVersion,
} from '../wire/soap-envelope';
import { shownWord } from '../privacy/shown-text';
import { isEncrypted, publicAddress } from './address';
import { faultOf, SoapFault } from './fault';
import { readRequestText, type MountedRequest } from './request-body';
import { send } from './respond';
import { buildWsdl } from './wsdl';

export { SoapFault } from './fault';

export interface SoapOperation {
  readonly name: string;
  readonly parameters: readonly string[];
}

/** One call, ready for the hospital's logic. */
export interface SoapCall {
  /** As declared, whatever case the caller used. */
  readonly operation: string;
  /** Every declared parameter by its declared name; null where the caller left it out or sent nil. */
  readonly parameters: Readonly<Record<string, string | null>>;
  readonly version: SoapVersion;
  readonly remoteAddress: string;
  /** Aborted at the time limit, at close, and when the caller has gone: nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  /** False when the call came over plain HTTP. */
  readonly encryptedTransport: boolean;
}

export interface SoapEndpointOptions {
  readonly serviceName: string;
  /** Default `http://tempuri.org/`, that of an ASP.NET service without one of its own. */
  readonly namespace?: string;
  readonly operations: readonly SoapOperation[];
  /**
   * Answers one call with its result; null for a response without result. A SoapFault or ExchangeError that it throws
   * becomes a fault with that text, anything else a fault with a neutral one: report it before it is thrown.
   */
  readonly handle: (call: SoapCall) => Promise<SoapResultText>;
  /** Scheme, host and, behind a rewriting proxy, leading path for the WSDL; default: taken from the request. */
  readonly baseUrl?: string;
  /** Largest request on the wire, in bytes; default 8 MiB. */
  readonly maxBodyBytes?: number;
  /** Largest request after unpacking, in bytes; default 64 MiB. */
  readonly maxInflatedBytes?: number;
  /** Elements inside each other; default 64. */
  readonly maxDepth?: number;
  /** From the first byte of the request to the answer; default 60 s. */
  readonly timeoutMs?: number;
  /** Calls at the same time; the rest is told to come back. Default 64. */
  readonly maxConcurrent?: number;
  /** Looks at who asks, before anything of the request is read; default: anybody may. */
  readonly admits?: (request: IncomingMessage) => boolean;
}

const DEFAULTS = {
  namespace: 'http://tempuri.org/',
  maxBodyBytes: 8 * 1024 * 1024,
  maxInflatedBytes: 64 * 1024 * 1024,
  maxDepth: 64,
  timeoutMs: 60_000,
  maxConcurrent: 64,
  admits: (_request: IncomingMessage): boolean => true,
};

/** How one call is to be answered. */
interface Exchange {
  readonly request: MountedRequest;
  readonly response: ServerResponse;
  readonly abort: AbortController;
  /** That of the Content-Type until the envelope is read: faults are answered in it. */
  version: SoapVersion;
}

/**
 * Serves a few operations of strings over SOAP 1.1 and 1.2. A call is told by the element in the body; SOAPAction,
 * prefixes, namespaces and the case of names don't matter. Broken requests of any kind get a fault and leave the
 * endpoint alive.
 */
export class SoapEndpoint {
  readonly #options: SoapEndpointOptions & typeof DEFAULTS;
  readonly #operations: ReadonlyMap<string, SoapOperation>;
  readonly #open = new Set<Exchange>();
  #closed: Text | undefined;

  constructor(options: SoapEndpointOptions) {
    this.#options = { ...DEFAULTS, ...options };
    this.#operations = new Map(
      options.operations.map(operation => [operation.name.toLowerCase(), operation]),
    );
  }

  /** The route: GET for the WSDL, POST for calls. Bound, and never throws. */
  readonly handler = (request: IncomingMessage, response: ServerResponse): void => {
    if (!this.#options.admits(request)) send(request, response, 403, 'text/plain', 'not from this address\n');
    else if (request.method === 'POST') void this.#serve(request, response);
    else if (request.method === 'GET') this.#describe(request, response);
    else {
      response.setHeader('Allow', 'GET, POST');
      send(request, response, 405, 'text/plain', 'GET or POST\n');
    }
  };

  /**
   * Answers the pending calls with a fault at once, and every later one. Only the later ones get status 503: it says
   * that nothing was processed.
   */
  close(reason: Text): void {
    this.#closed = reason;
    for (const { abort } of this.#open) abort.abort(new SoapFault('server', reason));
  }

  #describe(request: MountedRequest, response: ServerResponse): void {
    const { serviceName, namespace, operations, baseUrl } = this.#options;
    const address = publicAddress(request, baseUrl);
    if (/[?&](?:single)?wsdl(?:[=&]|$)/i.test(request.originalUrl ?? request.url ?? '')) {
      send(
        request,
        response,
        200,
        'text/xml',
        buildWsdl({ name: serviceName, namespace, operations, address }),
      );
      return;
    }
    const names = operations.map(({ name }) => name).join(', ');
    send(request, response, 200, 'text/plain', `${serviceName}\nSOAP 1.1, 1.2: ${names}\n${address}?wsdl\n`);
  }

  async #serve(request: MountedRequest, response: ServerResponse): Promise<void> {
    const exchange: Exchange = {
      request,
      response,
      abort: new AbortController(),
      version: statedVersion(request),
    };
    const timer = setTimeout(() => exchange.abort.abort(timedOut()), this.#options.timeoutMs);
    const onGone = (): void =>
      exchange.abort.abort(new SoapFault('server', { zh: '调用方已断开', en: 'the caller has gone' }));
    response.once('close', onGone);
    this.#open.add(exchange);
    try {
      const answer = await orAborted(this.#answer(exchange), exchange.abort.signal);
      response.off('close', onGone);
      send(request, response, 200, contentType(exchange.version), answer);
    } catch (error) {
      response.off('close', onGone);
      sendFault(exchange, faultOf(error));
    } finally {
      clearTimeout(timer);
      this.#open.delete(exchange);
    }
  }

  async #answer(exchange: Exchange): Promise<readonly Buffer[]> {
    const { namespace, handle, maxDepth } = this.#options;
    this.#refuseWhenBusy();
    const envelope = parseEnvelope(await readRequestText(exchange.request, this.#options), maxDepth);
    exchange.version = envelope.version;
    if (envelope.kind === 'fault') throw unknownOperation('Fault');
    const operation = this.#operationOf(envelope);
    const result = await handle({
      operation: operation.name,
      parameters: bind(operation.parameters, envelope.parameters),
      version: envelope.version,
      remoteAddress: exchange.request.socket.remoteAddress ?? '',
      signal: exchange.abort.signal,
      encryptedTransport: isEncrypted(exchange.request),
    });
    return buildResponseParts(envelope.version, namespace, operation.name, result);
  }

  #refuseWhenBusy(): void {
    if (this.#closed) throw new SoapFault('server', this.#closed, 503);
    if (this.#open.size <= this.#options.maxConcurrent) return;
    throw new SoapFault(
      'server',
      { zh: '并发调用过多，请稍后重试', en: 'too many calls at once; try again later' },
      503,
    );
  }

  #operationOf(message: SoapMessage): SoapOperation {
    const operation = this.#operations.get(message.operation.toLowerCase());
    if (operation) return operation;
    throw unknownOperation(message.operation);
  }
}

/** Rejects as soon as the signal fires, whatever becomes of the work. */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(faultOf(signal.reason)), { once: true });
    work.then(resolve, reject);
  });
}

/** Parameters by name in any case; callers of some Java stacks send arg0, arg1 instead. */
function bind(declared: readonly string[], given: readonly SoapParameter[]): Record<string, string | null> {
  const byName = new Map(given.map(([name, value]) => [name.toLowerCase(), value]));
  return Object.fromEntries(
    declared.map((name, position) => [
      name,
      byName.get(name.toLowerCase()) ?? byName.get(`arg${position}`) ?? null,
    ]),
  );
}

const statedVersion = (request: IncomingMessage): SoapVersion =>
  /^application\/soap\+xml/i.test(request.headers['content-type'] ?? '') ? '1.2' : '1.1';

const contentType = (version: SoapVersion): string =>
  version === '1.1' ? 'text/xml' : 'application/soap+xml';

function sendFault({ request, response, version }: Exchange, fault: SoapFault): void {
  const status = fault.httpStatus ?? (version === '1.2' && fault.code === 'client' ? 400 : 500);
  const body = buildFault(version, { code: fault.code, reason: fault.message });
  send(request, response, status, contentType(version), body);
}

const timedOut = (): SoapFault =>
  new SoapFault('server', { zh: '处理超时', en: 'the call was not answered within the time limit' });

function unknownOperation(name: string): SoapFault {
  const shown = shownWord(name);
  return new SoapFault('client', { zh: `未知的方法 ${shown}`, en: `unknown operation ${shown}` });
}
