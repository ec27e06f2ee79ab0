import { ExchangeError } from '../errors';
import { mayPass, statusHex, statusText } from './status';

/** The error of a request that the peer answered with a status of failure. Its comment may name a patient: it is not kept. */
export function statusFailure(host: string, request: string, status: number): ExchangeError {
  const words = statusText(status);
  return new ExchangeError({
    code: 'DICOM_STATUS',
    retry: mayPass(status) ? 'retry' : 'never',
    text: {
      zh: `${host} 对 ${request} 的应答为 ${statusHex(status)}：${words.zh}`,
      en: `${host} answered ${request} with ${statusHex(status)}: ${words.en}`,
    },
    details: { status },
  });
}
