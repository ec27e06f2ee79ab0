import type { NodeAPI } from 'node-red';

/** The name of a running node, or its type; empty when there is no such node. */
export const nodeName = (RED: NodeAPI, id: string): string => {
  const node = RED.nodes.getNode(id);
  return node?.name || node?.type || '';
};
