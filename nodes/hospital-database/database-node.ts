import type { Node, NodeAPI } from 'node-red';
import type { DatabaseDriver } from '../../lib/database/driver';
import { ExchangeError } from '../../lib/errors';
import type { HospitalDatabaseCredentials } from './hospital-database.props';

/** What the database node offers to the nodes that name it. */
export interface HospitalDatabaseNode extends Node<HospitalDatabaseCredentials> {
  readonly driver: DatabaseDriver;
}

/** The database node of an id; null when there is none, or its settings cannot be used. */
export function findDatabase(RED: NodeAPI, id: string | undefined): HospitalDatabaseNode | null {
  const node = id ? (RED.nodes.getNode(id) as HospitalDatabaseNode | null) : null;
  return node?.driver ? node : null;
}

/** @throws {ExchangeError} CONFIG when there is no database */
export function needDatabase(node: HospitalDatabaseNode | null): DatabaseDriver {
  if (node) return node.driver;
  throw new ExchangeError({
    code: 'CONFIG',
    retry: 'never',
    text: {
      zh: '未选择医院数据库，或其设置有误：请在节点中选择，并检查其设置',
      en: 'no hospital database is chosen, or its settings are wrong: choose one in the node and check its settings',
    },
  });
}
