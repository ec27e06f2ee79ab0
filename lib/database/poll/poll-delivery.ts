/** A record on its way into the flow, and what the flow says of it afterwards. */
import type { Delivered, Work } from '../../delivery/channel';
import { ExchangeError } from '../../errors';
import type { Item } from '../../delivery/hand-in';
import { mask } from '../../privacy/mask';
import type { PollPlan } from './plan';
import { type PolledRecord, contentOf, keyText } from './record';
import type { Acknowledgement } from './source';

/** `msg.poll`: what a message was read from. Nodes keep it, so that the outcome can be told to the row. */
export interface PollMark {
  /** Id of the node that has read it. */
  readonly node: string;
  readonly key: readonly string[];
  readonly version: string;
  /** The row waits for an outcome: also one that says what is known already has to have its own. */
  readonly waits: boolean;
}

/** Service of the messages that polled rows are. */
export const ROW = 'ROW';

/** The same rows again are no new message. */
export function recordItem(record: PolledRecord): Item {
  return {
    service: ROW,
    key: keyText(record.key),
    label: record.key.map(part => mask(part, 'id')).join(' '),
    terms: { report: record.key.join(' ') },
    content: contentOf(record),
    repeats: 'known',
    ...(record.failure && { invalid: record.failure }),
  };
}

export const markOf = (node: string, { key, version }: PolledRecord, plan: PollPlan): PollMark => ({
  node,
  key,
  version,
  waits: plan.mode !== 'watermark' && plan.ack.moment === 'outcome',
});

/** Whether a message was read from a row that waits for its outcome. */
export const rowWaits = (msg: Readonly<Record<string, unknown>>): boolean =>
  (msg['poll'] as Partial<PollMark> | null | undefined)?.waits === true;

export function recordRead({ content }: Work): Delivered {
  // Written by recordItem.
  const { payload } = JSON.parse(content) as PolledRecord;
  return { state: 'accepted', payload, exchange: {} };
}

/** What a message asks of the node that gets it. */
export type PollInput =
  | { readonly kind: 'acknowledge'; readonly given: Acknowledgement }
  | { readonly kind: 'backfill'; readonly from: string; readonly to: string | null }
  | { readonly kind: 'poll' };

/**
 * Reads the outcome of a delivery, or an error that a Catch node has brought, for the row that it is about; the wish
 * for a backfill (topic `backfill`); or any other message, which asks for a round at once.
 * @throws {ExchangeError} CONTRACT when it is about a row, but none of this node
 */
export function readPollInput(msg: Readonly<Record<string, unknown>>, node: string): PollInput {
  if (msg['exchange'] !== undefined || msg['poll'] !== undefined)
    return { kind: 'acknowledge', given: acknowledgementOf(msg, node) };
  if (msg['topic'] !== 'backfill') return { kind: 'poll' };
  const { payload } = msg;
  const { from, to } = (typeof payload === 'object' && payload !== null ? payload : {}) as {
    readonly from?: unknown;
    readonly to?: unknown;
  };
  return { kind: 'backfill', from: textOf(from), to: textOf(to) || null };
}

const textOf = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';

const DONE: ReadonlySet<unknown> = new Set(['accepted', 'unconfirmed']);

function acknowledgementOf(msg: Readonly<Record<string, unknown>>, node: string): Acknowledgement {
  const mark = msg['poll'] as Partial<PollMark> | null | undefined;
  if (typeof mark !== 'object' || mark?.node !== node || !Array.isArray(mark.key)) throw notOfThisNode();
  const exchange = (msg['exchange'] ?? {}) as {
    readonly outcome?: unknown;
    readonly error?: { readonly zh?: unknown };
  };
  const failure = msg['error'] as { readonly message?: unknown } | null | undefined;
  const isDone = !failure && (exchange.outcome === undefined || DONE.has(exchange.outcome));
  const reason = exchange.error?.zh ?? failure?.message;
  return {
    key: mark.key.map(String),
    version: mark.version ?? '',
    state: isDone ? 'done' : 'rejected',
    message: isDone ? '' : typeof reason === 'string' ? reason : '未成功，原因见消息库',
  };
}

const notOfThisNode = (): ExchangeError =>
  new ExchangeError({
    code: 'CONTRACT',
    retry: 'never',
    text: {
      zh: '消息不是本节点读出的行（msg.poll 缺失或属于另一个轮询节点）：请保留 msg.poll，并接回读出它的节点',
      en: 'the message holds no row of this node: msg.poll is missing, or that of another poll. Keep msg.poll, and wire the message back to the node that read it',
    },
  });

/** What the row is told that no node of the flow has taken over; undefined when nobody knows which it is. */
export function parkedRow(context: Readonly<Record<string, unknown>>): Acknowledgement | undefined {
  const mark = context['poll'] as PollMark | undefined;
  return (
    mark && {
      key: mark.key,
      version: mark.version,
      state: 'rejected',
      message: '流程多次没有接收，已停放在消息库中，请检查流程后重发',
    }
  );
}
