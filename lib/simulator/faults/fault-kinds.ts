/**
 * What the simulated platform can be made to do wrong, once: the editor, the help, the command line and the tests
 * derive from this table.
 */
import type { ErrorCode, Text } from '../../errors';

/** What a hospital must come to see of a call that went wrong once. */
export type Seen = 'accepted' | 'retry' | 'refused' | 'unconfirmed' | 'paused';

export const SEEN: Readonly<Record<Seen, Text>> = {
  accepted: { zh: '已接受', en: 'accepted' },
  retry: {
    zh: '自动重发直至接受；一直如此则最终放弃（dead）',
    en: 'tried again until accepted; given up (dead) if it stays so',
  },
  refused: { zh: '被拒绝，不再重发', en: 'refused, not sent again' },
  unconfirmed: { zh: '结果待确认，不自动重发', en: 'unconfirmed, not sent again by itself' },
  paused: {
    zh: '停止向该地址发送并提醒，消息保留',
    en: 'sending to this address is stopped with an alert; messages are kept',
  },
};

/** Calls that share a form of answer. */
export type Family = 'report' | 'sync' | 'query' | 'page';

export interface FaultKind extends Text {
  /** The platform, or the archive, has done what it was asked for before it goes wrong. */
  readonly processed: boolean;
  /** The error that a call ends with; absent where it ends with an answer. */
  readonly code?: ErrorCode;
}

export interface SoapFaultKind extends FaultKind {
  /** The calls that can go wrong so, with what a delivery comes to. A query or a page shows the error at once. */
  readonly seen: Readonly<Partial<Record<'report' | 'sync', Seen>>>;
  readonly on: readonly Family[];
}

export interface ImageFaultKind extends FaultKind {
  readonly seen: Seen;
  /** What goes wrong: the association, or the sending of one object. */
  readonly place: 'association' | 'object';
}

const kind = <const T extends FaultKind>(one: T): T => one;

const ALL: readonly Family[] = ['report', 'sync', 'query', 'page'];
const CALLS: readonly Family[] = ['report', 'sync', 'query'];
const again = { report: 'retry', sync: 'retry' } as const;

/** Of the SOAP services and the viewer pages. */
export const SOAP_FAULTS = {
  slow: kind({
    zh: '应答慢',
    en: 'slow answer',
    processed: true,
    on: ALL,
    seen: { report: 'accepted', sync: 'accepted' },
  }),
  silent: kind({
    zh: '始终不应答',
    en: 'no answer ever',
    processed: false,
    code: 'TRANSPORT_UNKNOWN',
    on: ALL,
    seen: again,
  }),
  reset: kind({
    zh: '连接被重置（TCP RST）',
    en: 'connection reset (TCP RST)',
    processed: false,
    code: 'TRANSPORT_UNKNOWN',
    on: ALL,
    seen: again,
  }),
  'http-500': kind({
    zh: 'HTTP 500 错误页',
    en: 'HTTP 500 with a page',
    processed: false,
    code: 'HTTP_STATUS',
    on: ALL,
    seen: again,
  }),
  'soap-fault': kind({
    zh: '返回 SOAP Fault',
    en: 'SOAP fault',
    processed: false,
    code: 'SOAP_FAULT',
    on: CALLS,
    seen: again,
  }),
  empty: kind({
    zh: 'HTTP 200，正文为空',
    en: 'HTTP 200 with an empty body',
    processed: true,
    code: 'NOT_SOAP',
    on: ALL,
    seen: again,
  }),
  null: kind({
    zh: '返回空结果（null）',
    en: 'no result (null)',
    processed: true,
    on: CALLS,
    seen: { report: 'unconfirmed', sync: 'retry' },
  }),
  garbage: kind({
    zh: '返回乱码',
    en: 'garbage',
    processed: true,
    code: 'NOT_SOAP',
    on: ALL,
    seen: again,
  }),
  'wrong-charset': kind({
    zh: '声明的编码与实际不符',
    en: 'another charset than declared',
    processed: true,
    on: ALL,
    seen: { report: 'unconfirmed', sync: 'accepted' },
  }),
  'status-0': kind({
    zh: '业务拒绝（Status 0）',
    en: 'refusal (Status 0)',
    processed: false,
    on: CALLS,
    seen: { report: 'refused', sync: 'refused' },
  }),
  'bad-json': kind({
    zh: 'JSON 不完整',
    en: 'broken JSON',
    processed: true,
    code: 'MALFORMED',
    on: ['sync'],
    seen: { sync: 'retry' },
  }),
  duplicate: kind({
    zh: '已处理，却答复数据已存在',
    en: 'processed, but answers that it was there already',
    processed: true,
    on: ['report', 'sync'],
    seen: { report: 'unconfirmed', sync: 'refused' },
  }),
  'lost-answer': kind({
    zh: '已处理，应答丢失',
    en: 'processed, the answer is lost',
    processed: true,
    code: 'TRANSPORT_UNKNOWN',
    on: ALL,
    seen: again,
  }),
  cut: kind({
    zh: '应答中途断开',
    en: 'the answer breaks off',
    processed: true,
    code: 'TRANSPORT_UNKNOWN',
    on: ALL,
    seen: again,
  }),
  '401': kind({
    zh: 'HTTP 401，要求登录',
    en: 'HTTP 401, wants a login',
    processed: false,
    code: 'HTTP_STATUS',
    on: ALL,
    seen: { report: 'paused', sync: 'paused' },
  }),
} as const satisfies Readonly<Record<string, SoapFaultKind>>;

/** Of the image archive. */
export const IMAGE_FAULTS = {
  slow: kind({ zh: '应答慢', en: 'slow answer', processed: true, place: 'object', seen: 'accepted' }),
  silent: kind({
    zh: '关联请求无应答',
    en: 'no answer to the association request',
    processed: false,
    code: 'TRANSPORT_NOT_SENT',
    place: 'association',
    seen: 'retry',
  }),
  reject: kind({
    zh: '拒绝关联（暂时拥塞）',
    en: 'association rejected (congestion)',
    processed: false,
    code: 'DICOM_REJECTED',
    place: 'association',
    seen: 'retry',
  }),
  abort: kind({
    zh: '中止关联（A-ABORT）',
    en: 'association aborted',
    processed: false,
    code: 'DICOM_ABORTED',
    place: 'association',
    seen: 'retry',
  }),
  close: kind({
    zh: '关闭连接',
    en: 'connection closed',
    processed: false,
    code: 'TRANSPORT_NOT_SENT',
    place: 'association',
    seen: 'retry',
  }),
  refuse: kind({
    zh: '拒收影像（A700 资源不足）',
    en: 'object refused (A700, out of resources)',
    processed: false,
    code: 'DICOM_STATUS',
    place: 'object',
    seen: 'retry',
  }),
  cut: kind({
    zh: '接收影像时断开',
    en: 'connection closed while an object arrives',
    processed: false,
    code: 'TRANSPORT_UNKNOWN',
    place: 'object',
    seen: 'retry',
  }),
  'lost-answer': kind({
    zh: '影像已保存，应答丢失',
    en: 'object kept, the answer is lost',
    processed: true,
    code: 'TRANSPORT_UNKNOWN',
    place: 'object',
    seen: 'retry',
  }),
} as const satisfies Readonly<Record<string, ImageFaultKind>>;

export type SoapFaultName = keyof typeof SOAP_FAULTS;
export type ImageFaultName = keyof typeof IMAGE_FAULTS;
export type FaultTarget = 'soap' | 'dicom';

export const soapFaultNames = Object.keys(SOAP_FAULTS) as SoapFaultName[];
export const imageFaultNames = Object.keys(IMAGE_FAULTS) as ImageFaultName[];

/** What a fault is called; the names of both targets are alike where they mean alike. */
export const faultText = (target: FaultTarget, name: string): Text => {
  const kinds: Readonly<Record<string, FaultKind>> = target === 'soap' ? SOAP_FAULTS : IMAGE_FAULTS;
  return kinds[name] ?? { zh: name, en: name };
};
