import { bilingual, ExchangeError, type Text } from '../errors';

/**
 * Thrown by a handler, or by the endpoint itself, to answer with a SOAP fault. Its text goes to the caller: no patient
 * data, no secret.
 */
export class SoapFault extends Error {
  override readonly name = 'SoapFault';
  /** `client`: sending the same again won't help; `server`: it may. */
  readonly code: 'client' | 'server';
  readonly text: Text;
  /** Where it isn't the one that SOAP binds to the fault: 413, 415, 503. */
  readonly httpStatus: number | undefined;

  constructor(code: 'client' | 'server', text: Text, httpStatus?: number) {
    super(bilingual(text));
    this.code = code;
    this.text = text;
    this.httpStatus = httpStatus;
  }
}

/** The fault to answer with after any error. Only texts made for strangers' eyes get out. */
export function faultOf(error: unknown): SoapFault {
  if (error instanceof SoapFault) return error;
  if (error instanceof ExchangeError) {
    return new SoapFault(error.code === 'NOT_SOAP' ? 'client' : 'server', error.text);
  }
  return new SoapFault('server', { zh: '服务内部错误', en: 'internal error of the service' });
}
