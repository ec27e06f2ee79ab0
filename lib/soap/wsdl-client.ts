/** Calls to a foreign service by its WSDL: namespaces, names and SOAPAction are those it states. */
import { performance } from 'node:perf_hooks';
import { createClientAsync, type Client, type IHttpClient, type SoapMethod } from 'soap';
import { ExchangeError, type Text } from '../errors';
import type { SoapParameter, SoapVersion } from '../wire/soap-envelope';
import { stripIllegal } from '../wire/xml-text';
import { requireSuccess, resultOf } from './answer';
import type { CallOptions, SoapAnswer, SoapAnswerInPieces, SoapCaller } from './caller';
import { httpGet } from './http-get';
import { HttpPeer, type HttpPeerOptions } from './http-peer';

export interface WsdlClientOptions extends HttpPeerOptions {
  /** Path of a file, or an http(s) address. */
  readonly wsdl: string;
  /** Default 1.1. */
  readonly version?: SoapVersion;
  /** For the whole call, and for the WSDL, in ms; default 30 s. */
  readonly timeoutMs?: number;
}

/** An envelope as the WSDL wants it, ready to be sent. */
interface Prepared {
  readonly body: string;
  readonly headers: Record<string, string>;
}

/** One operation of the WSDL. */
interface DeclaredOperation {
  readonly name: string;
  readonly parameters: readonly string[];
}

/** The WSDL, read. */
interface Described {
  readonly client: Client;
  /** By lower-case name. */
  readonly operations: ReadonlyMap<string, DeclaredOperation>;
}

const DEFAULT_TIMEOUT_MS = 30_000;

/**
 * The WSDL is read by the `soap` package, which also writes the requests; sending and reading are our own, with the
 * error classes, limits and deadline of SoapClient. The WSDL is read at the first call; one that could not be read is
 * asked for again at the next. Operations and parameters are found whatever their case and sent as the WSDL has them.
 */
export class WsdlClient implements SoapCaller {
  readonly #options: WsdlClientOptions;
  readonly #peer: HttpPeer;
  readonly #timeoutMs: number;
  #described: Promise<Described> | undefined;
  /** What the package handed over for sending; it does so before its call returns. */
  #prepared: Prepared | undefined;

  /** @throws ExchangeError CONFIG for an address that is none; TLS for certificates that cannot be read */
  constructor(options: WsdlClientOptions) {
    this.#options = options;
    this.#peer = new HttpPeer(options);
    this.#timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  }

  /** @throws ExchangeError as SoapClient, and CONFIG when the WSDL can't be read or lacks operation or parameter */
  async call(
    operation: string,
    parameters: readonly SoapParameter[],
    options: CallOptions = {},
  ): Promise<SoapAnswer> {
    const startedAt = performance.now();
    const { body, headers } = this.#prepare(await this.#describe(), operation, parameters);
    const answer = await this.#peer.exchange({
      method: 'POST',
      headers,
      body: Buffer.from(body),
      timeoutMs: options.timeoutMs ?? this.#timeoutMs,
      ...(options.signal && { signal: options.signal }),
    });
    const sent = parameters.flatMap(([, value]) => value ?? []);
    requireSuccess(answer, operation, sent);
    const result = resultOf(answer, operation, sent);
    return {
      result,
      httpStatus: answer.status,
      durationMs: performance.now() - startedAt,
      bytes: answer.wireBytes,
    };
  }

  async callInPieces(
    operation: string,
    parameters: readonly SoapParameter[],
    options: CallOptions = {},
  ): Promise<SoapAnswerInPieces> {
    const { result, durationMs, bytes } = await this.call(operation, parameters, options);
    return { pieces: result === null ? [] : [result], whole: () => result, durationMs, bytes };
  }

  /** Ends pending calls with ABORTED. */
  close(): Promise<void> {
    return this.#peer.close();
  }

  #prepare(
    { client, operations }: Described,
    operation: string,
    parameters: readonly SoapParameter[],
  ): Prepared {
    const declared = operations.get(operation.toLowerCase());
    const method: unknown = declared && client[declared.name];
    if (!declared || !isMethod(method)) throw notDeclared(operation, operations.values());
    method(inDeclaredOrder(declared, parameters), () => {});
    const prepared = this.#prepared;
    this.#prepared = undefined;
    client.lastRequest = ''; // the package would keep the whole message
    client.lastMessage = '';
    if (!prepared) throw unreadableWsdl();
    return prepared;
  }

  #describe(): Promise<Described> {
    this.#described ??= this.#readWsdl().catch((error: unknown) => {
      this.#described = undefined;
      throw error instanceof ExchangeError ? nothingSentYet(error) : unreadableWsdl();
    });
    return this.#described;
  }

  async #readWsdl(): Promise<Described> {
    const { wsdl, url, version } = this.#options;
    const client = await createClientAsync(wsdl, {
      disableCache: true, // the cache is shared by the whole process, and the options in it
      endpoint: url, // the WSDL may name an inner host
      forceSoap12Headers: version === '1.2',
      httpClient: this.#httpClient(),
    });
    const operations = declaredOperations(client.describe());
    if (operations.size === 0) throw unreadableWsdl();
    return { client, operations };
  }

  /** Takes requests over, and fetches the WSDL with what it imports. */
  #httpClient(): IHttpClient {
    return {
      request: (url, body: unknown, callback, headers = {}) => {
        if (typeof body === 'string') this.#prepared = { body, headers };
        else
          this.#fetch(url)
            .then(text => void callback(null, { status: 200 }, text), callback)
            .catch(callback);
        return new Promise<never>(() => {}); // the package listens to the callback only
      },
    };
  }

  async #fetch(url: string): Promise<string> {
    const { basic, tls } = this.#options;
    const ours = new URL(url).origin === new URL(this.#options.url).origin;
    const { status, text } = await httpGet({
      url,
      timeoutMs: this.#timeoutMs,
      ...(tls && { tls }),
      ...(basic && ours && { basic }), // a WSDL may import from anywhere
    });
    if (status === 200) return text;
    throw configError({
      zh: `WSDL 无法读取：HTTP ${status}，请检查 WSDL 地址`,
      en: `the WSDL cannot be read: HTTP ${status}, check its address`,
    });
  }
}

/** Parameters under the names of the WSDL and in its order. */
function inDeclaredOrder(
  operation: DeclaredOperation,
  parameters: readonly SoapParameter[],
): Record<string, string | null> {
  const given = new Map(parameters.map(([name, value]) => [name.toLowerCase(), value]));
  const declared = new Set(operation.parameters.map(name => name.toLowerCase()));
  const stranger = parameters.find(([name]) => !declared.has(name.toLowerCase()));
  if (stranger) {
    throw configError({
      zh: `WSDL 中 ${operation.name} 没有参数 ${stranger[0]}，它的参数是 ${operation.parameters.join('、')}`,
      en: `in the WSDL ${operation.name} has no parameter ${stranger[0]}; it has ${operation.parameters.join(', ')}`,
    });
  }
  return Object.fromEntries(
    operation.parameters.flatMap(name => {
      const value = given.get(name.toLowerCase());
      return value === undefined ? [] : [[name, value === null ? null : stripIllegal(value).text]];
    }),
  );
}

/** From the description that the package gives: service, port, operation, input, parameter. */
function declaredOperations(description: unknown): Map<string, DeclaredOperation> {
  const operations = new Map<string, DeclaredOperation>();
  for (const port of children(description).flatMap(([, service]) => children(service))) {
    for (const [name, operation] of children(port[1])) {
      const input = children(operation).find(([part]) => part === 'input')?.[1];
      const parameters = children(input).map(([parameter]) => parameter);
      if (!operations.has(name.toLowerCase())) operations.set(name.toLowerCase(), { name, parameters });
    }
  }
  return operations;
}

const children = (node: unknown): [string, unknown][] =>
  typeof node === 'object' && node !== null ? Object.entries(node) : [];

const isMethod = (value: unknown): value is SoapMethod => typeof value === 'function';

function notDeclared(operation: string, operations: Iterable<DeclaredOperation>): ExchangeError {
  const names = [...operations].map(({ name }) => name);
  return configError({
    zh: `WSDL 中没有方法 ${operation}，只有 ${names.join('、')}`,
    en: `the WSDL has no operation ${operation}, only ${names.join(', ')}`,
  });
}

const unreadableWsdl = (): ExchangeError =>
  configError({ zh: 'WSDL 无法读取或内容不正确', en: 'the WSDL cannot be read, or is none' });

const configError = (text: Text): ExchangeError =>
  new ExchangeError({ code: 'CONFIG', retry: 'never', text });

/** Whatever became of fetching the WSDL, the call itself has not left. */
const nothingSentYet = ({ code, retry, text, details }: ExchangeError): ExchangeError =>
  retry === 'in-doubt'
    ? new ExchangeError({ code: 'TRANSPORT_NOT_SENT', retry: 'retry', text, details })
    : new ExchangeError({ code, retry, text, details });
