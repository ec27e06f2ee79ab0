/** Status of a DIMSE response (PS3.7 annex C, PS3.4 B.2.3): what it means for an object. */
import type { Text } from '../errors';

export type StatusClass = 'success' | 'warning' | 'refused' | 'failed';

export function statusClass(status: number): StatusClass {
  if (status === 0x0000) return 'success';
  if (status === 0x0001 || status === 0x0107 || status === 0x0116 || (status & 0xf000) === 0xb000)
    return 'warning';
  // «SOP class not supported», and not authorised, are refusals too, though for good.
  if (mayPass(status) || status === 0x0122 || status === 0x0124) return 'refused';
  return 'failed';
}

/** Out of resources: the same object may be taken another time. */
export const mayPass = (status: number): boolean => (status & 0xff00) === 0xa700;

/** Pending answers of C-FIND, C-GET and C-MOVE. */
export const isPending = (status: number): boolean => status === 0xff00 || status === 0xff01;

/** The final answer of a request that was cancelled (PS3.4 C.4.2.1.5, C.4.3.1.4). */
export const CANCELLED = 0xfe00;

/** Those that mean something of their own. */
export const STATUS_WORDS: Readonly<Record<number, Text>> = {
  0x0000: { zh: '成功', en: 'success' },
  0x0106: { zh: '属性值无效', en: 'invalid attribute value' },
  0x0110: { zh: '处理失败', en: 'processing failure' },
  0x0111: { zh: '实例已存在', en: 'duplicate SOP instance' },
  0x0112: { zh: '没有该实例', en: 'no such SOP instance' },
  0x0117: { zh: '实例 UID 无效', en: 'invalid object instance' },
  0x0118: { zh: '没有该 SOP 类', en: 'no such SOP class' },
  0x0119: { zh: 'SOP 类与实例不符', en: 'class-instance conflict' },
  0x0122: { zh: '不支持该 SOP 类', en: 'SOP class not supported' },
  0x0124: { zh: '未授权', en: 'not authorized' },
  0x0210: { zh: '重复的请求', en: 'duplicate invocation' },
  0x0211: { zh: '不认识的操作', en: 'unrecognized operation' },
  0x0212: { zh: '参数类型错误', en: 'mistyped argument' },
  0x0213: { zh: '资源限制', en: 'resource limitation' },
  0xa701: { zh: '资源不足，无法计算匹配数', en: 'out of resources: cannot count matches' },
  0xa702: { zh: '资源不足，无法执行子操作', en: 'out of resources: cannot perform sub-operations' },
  0xa801: {
    zh: '不认识移动目的 AE：请让对方登记本机 AE',
    en: 'move destination unknown: have the peer register our AE',
  },
  0xa900: { zh: '数据集与 SOP 类不符', en: 'data set does not match SOP class' },
  0xb000: { zh: '已接收，部分元素被修改', en: 'coercion of data elements' },
  0xb006: { zh: '已接收，部分元素被丢弃', en: 'elements discarded' },
  0xb007: { zh: '已接收，数据集与 SOP 类不符', en: 'data set does not match SOP class (warning)' },
  [CANCELLED]: { zh: '已取消', en: 'cancelled' },
};

export function statusText(status: number): Text {
  const known = STATUS_WORDS[status];
  if (known) return known;
  if ((status & 0xff00) === 0xa700) return { zh: '资源不足', en: 'out of resources' };
  if ((status & 0xf000) === 0xb000) return { zh: '已接收，有警告', en: 'accepted with a warning' };
  if ((status & 0xf000) === 0xc000) return { zh: '无法理解', en: 'cannot understand' };
  return { zh: '失败', en: 'failed' };
}

/** `A700` */
export const statusHex = (status: number): string => status.toString(16).toUpperCase().padStart(4, '0');
