/** What calls a SOAP method: the built-in client, or one that is described by a WSDL. */
import type { SoapParameter } from '../wire/soap-types';

export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

export interface SoapAnswer {
  /** Text of the result element; null when the method answered null or nothing. */
  readonly result: string | null;
  readonly httpStatus: number;
  readonly durationMs: number;
  /** Bytes of the answer on the wire. */
  readonly bytes: number;
}

/** An answer that may be large. */
export interface SoapAnswerInPieces {
  /** Text of the result in pieces; null as the last one when the pieces are no valid text after all. */
  readonly pieces: Iterable<string | null>;
  /** The result read whole and strictly. @throws {ExchangeError} NOT_SOAP, SOAP_FAULT */
  readonly whole: () => string | null;
  readonly durationMs: number;
  /** Bytes of the answer on the wire. */
  readonly bytes: number;
}

export interface SoapCaller {
  /** @throws {ExchangeError} one class for each way a call can fail; see lib/errors. */
  call(operation: string, parameters: readonly SoapParameter[], options?: CallOptions): Promise<SoapAnswer>;
  /** Like `call`, for answers of many megabytes: the result is unescaped while it is read. */
  callInPieces(
    operation: string,
    parameters: readonly SoapParameter[],
    options?: CallOptions,
  ): Promise<SoapAnswerInPieces>;
  close(): Promise<void>;
}
