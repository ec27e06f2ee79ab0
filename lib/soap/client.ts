/** Calls to an ASP.NET style SOAP service without a WSDL: ambiguities. */
import { performance } from 'node:perf_hooks';
import { buildRequestBytes, type SoapParameter, type SoapVersion } from '../wire/soap-envelope';
import { piecesOf, requireSuccess, resultOf } from './answer';
import type { CallOptions, SoapAnswer, SoapAnswerInPieces, SoapCaller } from './caller';
import { HttpPeer, type HttpAnswer, type HttpPeerOptions } from './http-peer';

export type { CallOptions, SoapAnswer } from './caller';
export type { SoapTlsOptions } from './tls';

export interface SoapClientOptions extends HttpPeerOptions {
  /** Default 1.1. */
  readonly version?: SoapVersion;
  /** Default `http://tempuri.org/`. */
  readonly namespace?: string;
  /** What stands before the method's name in SOAPAction; default: the namespace. */
  readonly soapActionPrefix?: string;
  /** For the whole call, in ms; default 30 s. */
  readonly timeoutMs?: number;
}

const DEFAULT_TIMEOUT_MS = 30_000;

/**
 * Each way a call can fail is one ExchangeError: TRANSPORT_NOT_SENT, TRANSPORT_UNKNOWN, TLS, HTTP_STATUS, NOT_SOAP,
 * SOAP_FAULT, TOO_LARGE, ABORTED, CONFIG. None holds anything of what was sent or received, but a fault's text,
 * shortened and masked. An empty result is no error here: what it means depends on the method.
 */
export class SoapClient implements SoapCaller {
  readonly #peer: HttpPeer;
  readonly #version: SoapVersion;
  readonly #namespace: string;
  readonly #actionPrefix: string;
  readonly #timeoutMs: number;

  /** @throws ExchangeError CONFIG for an address that is none; TLS for certificates that cannot be read */
  constructor(options: SoapClientOptions) {
    this.#peer = new HttpPeer(options);
    this.#version = options.version ?? '1.1';
    this.#namespace = options.namespace ?? 'http://tempuri.org/';
    this.#actionPrefix = options.soapActionPrefix ?? this.#namespace;
    this.#timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  }

  async call(
    operation: string,
    parameters: readonly SoapParameter[],
    options: CallOptions = {},
  ): Promise<SoapAnswer> {
    const startedAt = performance.now();
    const sent = textsOf(parameters);
    const answer = await this.#exchange(operation, parameters, options);
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
    const startedAt = performance.now();
    const sent = textsOf(parameters);
    const answer = await this.#exchange(operation, parameters, options);
    requireSuccess(answer, operation, sent);
    const pieces = piecesOf(answer, operation, sent);
    return {
      pieces,
      whole: () => resultOf(answer, operation, sent),
      durationMs: performance.now() - startedAt,
      bytes: answer.wireBytes,
    };
  }

  /** Ends pending calls with ABORTED. */
  close(): Promise<void> {
    return this.#peer.close();
  }

  #exchange(
    operation: string,
    parameters: readonly SoapParameter[],
    options: CallOptions,
  ): Promise<HttpAnswer> {
    return this.#peer.exchange({
      method: 'POST',
      headers: this.#headers(operation),
      body: buildRequestBytes(this.#version, this.#namespace, operation, parameters),
      timeoutMs: options.timeoutMs ?? this.#timeoutMs,
      ...(options.signal && { signal: options.signal }),
    });
  }

  #headers(operation: string): Record<string, string> {
    const action = `"${this.#actionPrefix}${operation}"`;
    return this.#version === '1.1'
      ? { 'content-type': 'text/xml; charset=utf-8', soapaction: action }
      : { 'content-type': `application/soap+xml; charset=utf-8; action=${action}` };
  }
}

const textsOf = (parameters: readonly SoapParameter[]): string[] =>
  parameters.flatMap(([, value]) => value ?? []);
