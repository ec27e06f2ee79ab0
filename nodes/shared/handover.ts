/** Hand-over between durable nodes: whose outcome a message is, and whether the flow will take it over. */
import type { Node, NodeAPI, NodeDef } from 'node-red';
import { type ExchangeStoreNode, findStore } from '../exchange-store/store-node';
import { onFlowsStarted } from './flows-started';
import type { InputMessage } from './input';

/** Nodes that take an outcome over. */
const TAKERS: ReadonlySet<string> = new Set([
  'billing-sync',
  'lab-register',
  'exam-register',
  'dicom-send',
  'dicom-retrieve',
  'database-run',
  'database-poll',
  'exchange-handover',
]);

/** An outcome on its way: which store keeps it, and under which id. */
export interface Handover {
  readonly store: ExchangeStoreNode;
  readonly id: string;
}

export const handoverToken = (store: ExchangeStoreNode, id: string): string => `${store.id}/${id}`;

/** The hand-over that a message carries; null when it comes from no durable node, or its store is gone. */
export function handoverOf(RED: NodeAPI, msg: InputMessage): Handover | null {
  const exchange = msg['exchange'] as { readonly handover?: unknown } | null | undefined;
  const token = typeof exchange?.handover === 'string' ? exchange.handover : '';
  const [, storeId, id] = /^([^/]+)\/(.+)$/.exec(token) ?? [];
  const store = findStore(RED, storeId);
  return store && id ? { store, id } : null;
}

/** Ends a hand-over: from now on the work is somebody else's. */
export async function endHandover(handover: Handover | null): Promise<void> {
  if (handover) await handover.store.store.handOver({ ids: [handover.id] });
}

interface WiredNode extends NodeDef {
  readonly wires?: readonly (readonly string[])[];
  /** Of a link out node. */
  readonly links?: readonly string[];
}

/**
 * Tells whether the wires of an output lead to a node that takes outcomes over, also through link nodes. Looked up
 * once for each deploy.
 */
export function wiringOf(RED: NodeAPI, node: Node): (output: number) => boolean {
  const known = new Map<number, boolean>();
  onFlowsStarted(RED, node, () => known.clear());
  return output => {
    let reaches = known.get(output);
    if (reaches === undefined) known.set(output, (reaches = reachesTaker(RED, node.id, output)));
    return reaches;
  };
}

function reachesTaker(RED: NodeAPI, nodeId: string, output: number): boolean {
  const nodes = new Map<string, WiredNode>();
  RED.nodes.eachNode(node => {
    nodes.set(node.id, node);
  });
  const seen = new Set<string>();
  const open = [...(nodes.get(nodeId)?.wires?.[output] ?? [])];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    const node = nodes.get(id);
    if (!node || seen.has(id)) continue;
    seen.add(id);
    if (TAKERS.has(node.type)) return true;
    open.push(...(node.wires ?? []).flat(), ...(node.type === 'link out' ? (node.links ?? []) : []));
  }
  return false;
}
