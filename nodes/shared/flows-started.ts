/** The moment when all nodes of a deploy are there and wired. */
import type { Node, NodeAPI } from 'node-red';

const listeners = new WeakMap<object, Set<() => void>>();

/** Calls back after each deploy, as long as the node lives. One listener for all nodes: Node-RED warns of more than ten. */
export function onFlowsStarted(RED: NodeAPI, node: Node, callback: () => void): void {
  let all = listeners.get(RED.events);
  if (!all) {
    const own = new Set<() => void>();
    listeners.set(RED.events, (all = own));
    RED.events.on('flows:started', () => {
      for (const one of own) one();
    });
  }
  all.add(callback);
  const known = all;
  node.on('close', () => known.delete(callback));
}
