/** What an error of a delivery means for the message and for its destination. */
import { type ErrorCode, ExchangeError } from '../errors';
import type { Failure } from '../store/message';

export type Verdict =
  /** Final for this message. */
  | { readonly kind: 'final'; readonly state: 'refused' | 'dead' | 'invalid'; readonly failure: Failure }
  /** To be sent again. */
  | {
      readonly kind: 'again';
      /** The peer may have processed it. */
      readonly doubtful: boolean;
      /** It reached the peer: only such attempts count against the limit of tries. */
      readonly reached: boolean;
      /** The peer's wish, in ms. */
      readonly afterMs: number;
      readonly failure: Failure;
    }
  /** Nothing can be sent to this destination until somebody mends it. */
  | { readonly kind: 'pause'; readonly failure: Failure }
  /** Ended from our side. */
  | { readonly kind: 'aborted'; readonly doubtful: boolean; readonly failure: Failure };

/** HTTP statuses that speak of the one message: bad, too large, not processable. */
const OF_MESSAGE: ReadonlySet<unknown> = new Set([400, 413, 422]);

/** True for errors of the destination or of the settings, which would strike every other message alike. */
const ofDestination = ({ code, details }: ExchangeError): boolean =>
  PAUSING.has(code) || (code === 'HTTP_STATUS' && !OF_MESSAGE.has(details['httpStatus']));

const PAUSING: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'CONFIG',
  'TLS',
  'DICOM_REJECTED',
  'DICOM_CONTEXT',
]);

/** The peer understood, and said no. */
const REFUSALS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'BUSINESS',
  'DICOM_NOT_FOUND',
  'DICOM_KEYS',
  'DICOM_STATUS',
]);

export function verdictOf(error: unknown): Verdict {
  if (!(error instanceof ExchangeError)) return unexpected(error);
  const failure: Failure = { code: error.code, text: error.text };
  if (error.code === 'ABORTED') return { kind: 'aborted', doubtful: error.retry === 'in-doubt', failure };
  if (error.retry === 'auth') return { kind: 'pause', failure };
  if (error.retry === 'never') {
    if (ofDestination(error)) return { kind: 'pause', failure };
    const state = REFUSALS.has(error.code) ? 'refused' : error.code === 'CONTRACT' ? 'invalid' : 'dead';
    return { kind: 'final', state, failure };
  }
  const seconds = Number(error.details['retryAfterSeconds']);
  return {
    kind: 'again',
    doubtful: error.retry === 'in-doubt',
    reached: error.retry === 'in-doubt',
    afterMs: Number.isFinite(seconds) ? seconds * 1000 : 0,
    failure,
  };
}

/** A fault of our own code: what it had done by then is not known. Its message may quote data, so it is not kept. */
const unexpected = (error: unknown): Verdict => ({
  kind: 'again',
  doubtful: true,
  reached: true,
  afterMs: 0,
  failure: {
    code: 'UNEXPECTED',
    text: {
      zh: `组件内部错误（${error instanceof Error ? error.name : typeof error}），请联系开发者`,
      en: `an error inside this package (${error instanceof Error ? error.name : typeof error}): tell its developers`,
    },
  },
});
