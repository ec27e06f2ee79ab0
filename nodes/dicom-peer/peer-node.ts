import type { Node, NodeAPI } from 'node-red';
import type { PeerOptions } from '../../lib/dicom/settings';
import { TimeWindows } from '../../lib/delivery/time-windows';
import { ExchangeError } from '../../lib/errors';
import type { NodeDestination } from '../shared/delivery';

/** What the peer node offers to the nodes that name it. */
export interface DicomPeerNode extends Node {
  /** @throws {ExchangeError} CONFIG when a setting cannot be used */
  peer(): PeerOptions;
}

export const findPeer = (RED: NodeAPI, id: string): DicomPeerNode | null =>
  RED.nodes.getNode(id) as DicomPeerNode | null;

/** @throws {ExchangeError} CONFIG when no peer is selected, or its settings cannot be used */
export function needPeer(node: DicomPeerNode | null): PeerOptions {
  if (node) return node.peer();
  throw new ExchangeError({
    code: 'CONFIG',
    retry: 'never',
    text: { zh: '未选择远端 AE，请在节点中选择', en: 'no DICOM peer is selected: choose one in the node' },
  });
}

/** The peer as a destination of deliveries: one study at a time, over several associations. */
export function peerDestination(node: DicomPeerNode | null): NodeDestination | undefined {
  const windows = TimeWindows.parse('');
  if (!node || !windows) return undefined;
  return { id: node.id, title: node.name ?? node.id, rules: { concurrency: 1, perMinute: 0, windows } };
}
