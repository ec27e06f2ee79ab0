/** Why the monitor does not do what it was asked for. */
import { ExchangeError, type Text } from '../errors';

/** What was asked for cannot be read. @param field where it is wrong */
export const badRequest = (field: string, why: Text): ExchangeError =>
  refusal(400, { zh: `请求中的 ${field} ${why.zh}`, en: `${field} of the request ${why.en}` });

export const notJson = (): ExchangeError =>
  refusal(415, { zh: '请求应为 JSON', en: 'the request must be JSON' });

export const noSuchStore = (): ExchangeError =>
  refusal(404, {
    zh: '运行中的流程没有这个消息库，请刷新，或先部署流程',
    en: 'the running flows have no such message store: refresh, or deploy the flows first',
  });

export const noSuchMessage = (): ExchangeError =>
  refusal(404, {
    zh: '消息不存在，可能已到保存期限而被清理',
    en: 'there is no such message: its time of keeping may be over',
  });

/** The message is not what this can be done with. */
export const notPossible = (why: Text): ExchangeError => refusal(409, why);

const refusal = (httpStatus: number, text: Text): ExchangeError =>
  new ExchangeError({ code: 'REQUEST', retry: 'never', text, details: { httpStatus } });
