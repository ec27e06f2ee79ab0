/** The shapes that the SOAP reading and writing functions share. */
import { ExchangeError, type Text } from '../errors';

/** The two SOAP versions; they differ in envelope namespace, content type and fault. */
export type SoapVersion = '1.1' | '1.2';

export const ENVELOPE_NAMESPACE: Readonly<Record<SoapVersion, string>> = {
  '1.1': 'http://schemas.xmlsoap.org/soap/envelope/',
  '1.2': 'http://www.w3.org/2003/05/soap-envelope',
};

/** One argument of a call, in the order of the envelope; null stands for `xsi:nil`. */
export type SoapParameter = readonly [name: string, value: string | null];

/** A request, or an answer: both are one element in the body with one child for each parameter. */
export interface SoapMessage {
  readonly kind: 'message';
  readonly version: SoapVersion;
  /** Local name of the first element in the body. */
  readonly operation: string;
  /** Its namespace; '' when it has none. */
  readonly namespace: string;
  readonly parameters: readonly SoapParameter[];
}

export interface SoapFaultMessage {
  readonly kind: 'fault';
  readonly version: SoapVersion;
  /** As the peer wrote it, prefix included: `soap:Server`, `soap:Sender`. */
  readonly code: string;
  readonly reason: string;
}

/** What an answer holds; exactly one of the four. */
export type SoapResult =
  | { readonly kind: 'result'; readonly result: string }
  /** The method answered null or ''. */
  | { readonly kind: 'empty' }
  | { readonly kind: 'fault'; readonly code: string; readonly reason: string }
  | { readonly kind: 'not-soap'; readonly why: Text };

/** The text is no SOAP envelope. Whoever sent the request cannot tell what the peer did with it. */
export const notSoap = (why: Text, details?: Readonly<Record<string, unknown>>): ExchangeError =>
  new ExchangeError({ code: 'NOT_SOAP', retry: 'in-doubt', text: why, ...(details && { details }) });
