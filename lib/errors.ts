/**
 * The errors of this package. Each is a small object of its own: it never carries a request, an answer or an error
 * of a library, so that no patient data and no secret can travel in it.
 */

/** One text in both languages of the package. */
export interface Text {
  readonly zh: string;
  readonly en: string;
}

/**
 * What a delivery may do after an error:
 * - `never`: the answer is final (a refusal, bad input, wrong configuration);
 * - `retry`: nothing reached the peer, or it asked to come back; sending again is safe;
 * - `in-doubt`: the peer may have processed the message; only an idempotent call may be sent again;
 * - `auth`: the peer refuses our identity; stop the destination until somebody mends it.
 */
export type RetryClass = 'never' | 'retry' | 'in-doubt' | 'auth';

/** The machine-readable kinds of failure; `err.code` in Node-RED's Catch node. */
export type ErrorCode =
  /** The input breaks the agreement's tables; `cause` lists every violation. */
  | 'CONTRACT'
  /** The node or profile is not set up for this call. */
  | 'CONFIG'
  /** No connection: the request did not leave. */
  | 'TRANSPORT_NOT_SENT'
  /** Connection lost, or no answer in time, after the request left. */
  | 'TRANSPORT_UNKNOWN'
  /** TLS failed before anything was sent. */
  | 'TLS'
  /** An HTTP status that is neither 200 nor a SOAP fault. */
  | 'HTTP_STATUS'
  /** The answer is no SOAP envelope of the called method. */
  | 'NOT_SOAP'
  /** The peer answered with a SOAP fault. */
  | 'SOAP_FAULT'
  /** The envelope holds no result, or an empty one. */
  | 'EMPTY_RESULT'
  /** The text is neither the XML nor the JSON that the agreement describes, or a data set is no DICOM. */
  | 'MALFORMED'
  /** The answer, or the input, is larger than the limit. */
  | 'TOO_LARGE'
  /** The peer understood and refused: Status 0, success No. */
  | 'BUSINESS'
  /** The call was ended from our side (redeploy, shutdown). */
  | 'ABORTED'
  /** A file, or a value, cannot be used as a DICOM object. */
  | 'DICOM_FILE'
  /** The peer rejected the DICOM association. */
  | 'DICOM_REJECTED'
  /** The peer aborted the DICOM association. */
  | 'DICOM_ABORTED'
  /** What the peer sent is no DICOM, or not in its turn. */
  | 'DICOM_PROTOCOL'
  /** The peer accepts no presentation context for the object, or for the query. */
  | 'DICOM_CONTEXT'
  /** The peer answered a DIMSE request with a status of failure. */
  | 'DICOM_STATUS'
  /** The peer has no such study. */
  | 'DICOM_NOT_FOUND'
  /** The images have other keys than the report. */
  | 'DICOM_KEYS'
  /** The message store cannot be used now: closed, damaged, out of reach, or another process owns it. */
  | 'STORE'
  /** The message store has no room left: nothing was taken over. */
  | 'STORE_FULL'
  /** The hospital's database cannot be used now: out of reach, silent, busy, or being closed. */
  | 'DATABASE'
  /** The hospital's database refused the statement or its data; `details.number` is its own error number. */
  | 'DATABASE_REFUSED'
  /** The monitor cannot do what it was asked for; `details.httpStatus` says of which kind that is. */
  | 'REQUEST';

export interface ErrorOptions {
  readonly code: ErrorCode;
  readonly retry: RetryClass;
  readonly text: Text;
  /** Facts for programs (HTTP status, fault code, violations). No patient data, no secret. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** What Node-RED's Catch node shows beside the message: violations, the platform's own words. Masked. */
  readonly cause?: unknown;
}

/** The one error class that lib/ throws for whatever can go wrong outside its own code. */
export class ExchangeError extends Error {
  override readonly name = 'ExchangeError';
  readonly code: ErrorCode;
  readonly retry: RetryClass;
  readonly text: Text;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(options: ErrorOptions) {
    super(bilingual(options.text), options.cause === undefined ? {} : { cause: options.cause });
    this.code = options.code;
    this.retry = options.retry;
    this.text = options.text;
    this.details = options.details ?? {};
  }
}

/** Both languages in one string, Chinese first: Node-RED's log and debug sidebar have room for one text only. */
export const bilingual = (text: Text): string => `${text.zh} | ${text.en}`;
