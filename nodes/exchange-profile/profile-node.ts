import type { Node, NodeAPI } from 'node-red';
import { ExchangeError } from '../../lib/errors';
import type { Platform, PlatformAccess } from '../../lib/profile/platform';
import type { Profile } from '../../lib/profile/profile';
import type { ExchangeStoreNode } from '../exchange-store/store-node';
import type { ProfileCredentials } from './exchange-profile.props';

/** What the profile node offers to the nodes that name it. */
export interface ExchangeProfileNode extends Node<ProfileCredentials> {
  /** @throws {ExchangeError} CONFIG when a setting cannot be used. */
  profile(): Profile;
  platform(): Platform;
  /** TLS options of the platform's addresses. */
  readonly access: PlatformAccess;
  /** The message store of the profile; null when none is chosen, or it cannot be used. */
  store(): ExchangeStoreNode | null;
  /** A secret, or an empty text when it is not set. */
  secret(name: keyof ProfileCredentials): string;
}

/** The profile node that another node names; null when there is none. */
export const findProfile = (RED: NodeAPI, id: string): ExchangeProfileNode | null =>
  RED.nodes.getNode(id) as ExchangeProfileNode | null;

/** The profile's settings, or null when one of them cannot be used; the node's log tells which. */
export function usableProfile(node: ExchangeProfileNode): Profile | null {
  try {
    return node.profile();
  } catch (error) {
    node.error(error instanceof Error ? error.message : String(error));
    return null;
  }
}

/** @throws {ExchangeError} CONFIG when no profile is selected. */
export function needProfile(node: ExchangeProfileNode | null): ExchangeProfileNode {
  if (node) return node;
  throw new ExchangeError({
    code: 'CONFIG',
    retry: 'never',
    text: {
      zh: '未选择接入配置，请在节点中选择',
      en: 'no exchange profile is selected: choose one in the node',
    },
  });
}
