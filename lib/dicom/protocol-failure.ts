/** Failures of the DICOM upper layer (PS3.8) in words. */
import { ExchangeError, type Text } from '../errors';

/** What the peer sent is not DICOM, or not in its turn: the association is aborted. */
export class ProtocolViolation extends Error {
  override readonly name = 'ProtocolViolation';
}

/** Result, source and reason of an A-ASSOCIATE-RJ (PS3.8 table 9-21). */
export interface Rejection {
  /** 1: for good, 2: for now. */
  readonly result: number;
  readonly source: number;
  readonly reason: number;
}

const REASONS: Readonly<Record<string, Text>> = {
  '1.1': { zh: '未说明原因', en: 'no reason given' },
  '1.2': { zh: '不支持 DICOM 应用上下文', en: 'application context not supported' },
  '1.3': {
    zh: '不认识本机 AE 标题：请让对方登记“本机 AE 标题”及地址',
    en: 'calling AE title not recognised: have the peer register it, with our address',
  },
  '1.7': {
    zh: '不认识被叫 AE 标题：请核对“远端 AE”的 AE 标题',
    en: 'called AE title not recognised: check the AE title of the peer',
  },
  '2.1': { zh: '未说明原因', en: 'no reason given' },
  '2.2': { zh: '不支持协议版本', en: 'protocol version not supported' },
  '3.1': { zh: '对方暂时繁忙', en: 'temporary congestion' },
  '3.2': { zh: '对方连接数已满', en: 'local limit exceeded' },
};

export function rejected(host: string, { result, source, reason }: Rejection): ExchangeError {
  const words = REASONS[`${source}.${reason}`] ?? {
    zh: `来源 ${source}，原因 ${reason}`,
    en: `source ${source}, reason ${reason}`,
  };
  const isTransient = result === 2 || source === 3;
  return new ExchangeError({
    code: 'DICOM_REJECTED',
    retry: isTransient ? 'retry' : 'never',
    text: {
      zh: `${host} 拒绝关联${isTransient ? '（稍后重试）' : ''}：${words.zh}`,
      en: `${host} rejected the association${isTransient ? ' for now' : ''}: ${words.en}`,
    },
    details: { result, source, reason },
  });
}

/** Why we have turned a caller away. */
const OUR_REASONS: Readonly<Record<string, Text>> = {
  '1.3': { zh: '主叫 AE 或其地址不在允许之列', en: 'its AE title or address is not allowed' },
  '1.7': { zh: '被叫 AE 不是本机', en: 'it calls another AE title than ours' },
  '3.2': { zh: '关联数已达上限', en: 'too many associations' },
};

/** A caller that we have rejected; its titles stand in the text. */
export function turnedAway(
  host: string,
  { callingAeTitle, calledAeTitle }: { readonly callingAeTitle: string; readonly calledAeTitle: string },
  { result, source, reason }: Rejection,
): ExchangeError {
  const words = OUR_REASONS[`${source}.${reason}`] ?? { zh: '', en: '' };
  const [from, to] = [callingAeTitle, calledAeTitle].map(title => title.replace(/[^\x20-\x7e]/g, '?'));
  return new ExchangeError({
    code: 'DICOM_REJECTED',
    retry: 'never',
    text: {
      zh: `已拒绝 ${from}（${host}）对 ${to} 的关联：${words.zh}`,
      en: `rejected the association of ${from} (${host}) with ${to}: ${words.en}`,
    },
    details: { result, source, reason },
  });
}

/** Reasons of an A-ABORT by the service provider (PS3.8 table 9-26). */
const ABORT_REASONS: Readonly<Record<number, Text>> = {
  0: { zh: '未说明原因', en: 'no reason given' },
  1: { zh: '不认识的 PDU', en: 'unrecognised PDU' },
  2: { zh: '意外的 PDU', en: 'unexpected PDU' },
  4: { zh: '不认识的 PDU 参数', en: 'unrecognised PDU parameter' },
  5: { zh: '意外的 PDU 参数', en: 'unexpected PDU parameter' },
  6: { zh: '无效的 PDU 参数值', en: 'invalid PDU parameter value' },
};

/** The peer ended the association with an A-ABORT: what it was doing is not known. */
export function abortedByPeer(host: string, source: number, reason: number): ExchangeError {
  const words = source === 2 ? ABORT_REASONS[reason] : undefined;
  return new ExchangeError({
    code: 'DICOM_ABORTED',
    retry: 'in-doubt',
    text: {
      zh: `${host} 中止了关联${words ? `：${words.zh}` : ''}`,
      en: `${host} aborted the association${words ? `: ${words.en}` : ''}`,
    },
    details: { source, reason },
  });
}

export const violated = (host: string, what: string): ExchangeError =>
  new ExchangeError({
    code: 'DICOM_PROTOCOL',
    retry: 'in-doubt',
    text: {
      zh: `${host} 的应答不符合 DICOM 协议（${what}），关联已中止`,
      en: `${host} does not speak DICOM as agreed (${what}): the association was aborted`,
    },
  });

/** @param begun the association stood: the peer may have processed what was under way */
export const lost = (host: string, begun: boolean, code = ''): ExchangeError =>
  new ExchangeError({
    code: begun ? 'TRANSPORT_UNKNOWN' : 'TRANSPORT_NOT_SENT',
    retry: begun ? 'in-doubt' : 'retry',
    text: begun
      ? { zh: `与 ${host} 的连接中断${said(code)}`, en: `the connection to ${host} was lost${said(code)}` }
      : {
          zh: `无法连接 ${host}${said(code)}：请检查地址、端口、网络和防火墙`,
          en: `no connection to ${host}${said(code)}: check address, port, network and firewall`,
        },
  });

export const silent = (host: string, seconds: number, begun: boolean): ExchangeError =>
  new ExchangeError({
    code: begun ? 'TRANSPORT_UNKNOWN' : 'TRANSPORT_NOT_SENT',
    retry: begun ? 'in-doubt' : 'retry',
    text: {
      zh: `${host} 在 ${seconds} 秒内没有应答`,
      en: `${host} did not answer within ${seconds} s`,
    },
  });

/** Ended from our side. */
export const ended = (begun: boolean): ExchangeError =>
  new ExchangeError({
    code: 'ABORTED',
    retry: begun ? 'in-doubt' : 'retry',
    text: { zh: '已由本机中止', en: 'ended from our side' },
  });

/** @param code of OpenSSL or Node; `ETIMEDOUT` for a peer that lets the handshake hang */
export const tlsFailed = (host: string, code: string): ExchangeError =>
  new ExchangeError({
    code: 'TLS',
    retry: code === 'ETIMEDOUT' ? 'retry' : 'never',
    text: {
      zh: `与 ${host} 的 TLS 握手失败${said(code)}：请检查证书和 TLS 设置，以及对方是否启用 TLS`,
      en: `TLS with ${host} failed${said(code)}: check certificates, and whether the peer has TLS`,
    },
  });

const said = (code: string): string => (code === '' ? '' : ` (${code})`);
