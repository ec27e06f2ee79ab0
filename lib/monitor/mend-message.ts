/** A message that an operator has mended: checked like a node's input, and put in the place of the old one. */
import { randomUUID } from 'node:crypto';
import { errorsOf } from '../contract/validate';
import type { Violation } from '../contract/violation';
import type { Dispatcher } from '../delivery/dispatcher';
import type { MessageStore, OperatorResult } from '../store/message-store';
import { changedRecords, recordsOf } from './records';
import { noSuchMessage, notPossible } from './refusal';

export interface MendRequest {
  readonly id: string;
  readonly actor: string;
  readonly changes: unknown;
  readonly records: unknown;
  /** Says what would be wrong, and changes nothing. */
  readonly checkOnly: boolean;
}

export interface MendAnswer {
  readonly violations: readonly Violation[];
  /** The message that takes the place of the old one; null when nothing was changed. */
  readonly newId: string | null;
  readonly result: OperatorResult | null;
}

/**
 * Nothing is taken over while the records break the contract.
 * @throws {ExchangeError} REQUEST, CONTRACT when they are no records of the service, CONFIG, STORE, STORE_FULL
 */
export async function mendMessage(
  { store, dispatcher }: { readonly store: MessageStore; readonly dispatcher: Dispatcher },
  { id, actor, changes, records, checkOnly }: MendRequest,
): Promise<MendAnswer> {
  const message = await store.read({ id, actor, action: 'check' });
  if (!message) throw noSuchMessage();
  const channel = dispatcher.channels().find(open => open.id === message.channel);
  const rows = message.content === null ? [] : recordsOf(message.service, message.content);
  if (!channel?.mending || rows.length === 0) throw cannotMend();
  const { item, violations } = channel.mending.read(
    message.service,
    changedRecords(rows, { changes, records }),
  );
  if (checkOnly || errorsOf(violations).length > 0) return { violations, newId: null, result: null };
  const newId = randomUUID();
  const by = { ...item, id: newId, channel: channel.id, destination: channel.destination };
  const result = await store.amend({ id, by, actor });
  dispatcher.wakeAll();
  return { violations, newId: result.done.length > 0 ? newId : null, result };
}

const cannotMend = (): Error =>
  notPossible({
    zh: '该消息不能修改：内容已清理、没有可修改的字段，或其节点不在运行中的流程里',
    en: 'the message cannot be edited: its content is pruned or has no fields, or its node is not in the running flows',
  });
