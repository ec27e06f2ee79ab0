import type { Node, NodeAPI } from 'node-red';
import type { Dispatcher } from '../../lib/delivery/dispatcher';
import { ExchangeError } from '../../lib/errors';
import type { Keeping } from '../../lib/store/housekeeping';
import type { MessageStore } from '../../lib/store/message-store';
import type { StoreCredentials } from './exchange-store.props';

/** What the store node offers to the nodes that name it. */
export interface ExchangeStoreNode extends Node<StoreCredentials> {
  readonly store: MessageStore;
  readonly dispatcher: Dispatcher;
  readonly keeping: Keeping;
}

/** The store node of an id; null when there is none, or its settings cannot be used. */
export function findStore(RED: NodeAPI, id: string | undefined): ExchangeStoreNode | null {
  const node = id ? (RED.nodes.getNode(id) as ExchangeStoreNode | null) : null;
  return node?.store ? node : null;
}

/** @throws {ExchangeError} CONFIG when there is no store */
export function needStore(node: ExchangeStoreNode | null): ExchangeStoreNode {
  if (node) return node;
  throw new ExchangeError({
    code: 'CONFIG',
    retry: 'never',
    text: {
      zh: '接入配置未选择可用的消息库：请在接入配置中选择，或把本节点改为直接发送',
      en: 'the exchange profile has no usable message store: choose one there, or let this node send directly',
    },
  });
}
