/** A record on its way into the flow, and what the flow says of it afterwards. */
import type { Delivered, Work } from '../../delivery/channel';
import type { Item } from '../../delivery/hand-in';
import { mask } from '../../privacy/mask';
import { type PolledRecord, contentOf, keyText } from './record';
import type { Acknowledgement } from './source';

/** `msg.poll`: what a message was read from. Nodes keep it, so that the outcome can be told to the row. */
export interface PollMark {
  /** Id of the node that has read it. */
  readonly node: string;
  readonly key: readonly string[];
  readonly version: string;
}

/** The same rows again are no new message. */
export function recordItem(record: PolledRecord): Item {
  const key = keyText(record.key);
  return {
    service: 'ROW',
    key,
    label: record.key.map(part => mask(part, 'id')).join(' '),
    terms: { report: record.key.join(' ') },
    content: contentOf(record),
    repeats: 'known',
    ...(record.failure && { invalid: record.failure }),
  };
}

export const markOf = (node: string, { key, version }: PolledRecord): PollMark => ({ node, key, version });

export function recordRead({ content }: Work): Delivered {
  // Written by recordItem.
  const { payload } = JSON.parse(content) as PolledRecord;
  return { state: 'accepted', payload, exchange: {} };
}

const DONE: ReadonlySet<unknown> = new Set(['accepted', 'unconfirmed']);

/**
 * What a message says about its row: the outcome of a delivery, or an error that a Catch node has brought.
 * Null when the message was not read by this node.
 */
export function acknowledgementOf(
  msg: Readonly<Record<string, unknown>>,
  node: string,
): Acknowledgement | null {
  const mark = msg['poll'] as Partial<PollMark> | null | undefined;
  if (typeof mark !== 'object' || mark?.node !== node || !Array.isArray(mark.key)) return null;
  const exchange = (msg['exchange'] ?? {}) as {
    readonly outcome?: unknown;
    readonly error?: { readonly zh?: unknown };
  };
  const failure = msg['error'] as { message?: unknown } | null | undefined;
  const isDone = !failure && (exchange.outcome === undefined || DONE.has(exchange.outcome));
  const reason = exchange.error?.zh ?? failure?.message;
  return {
    key: mark.key.map(String),
    version: mark.version ?? '',
    state: isDone ? 'done' : 'rejected',
    message: isDone ? '' : typeof reason === 'string' ? reason : '未成功，原因见消息库',
  };
}

/** What is known of a row that no node of the flow has taken over. */
export const parkedRow = ({ key, version }: PollMark, message: string): Acknowledgement => ({
  key,
  version,
  state: 'rejected',
  message,
});
