/** The end of a node: what it is doing when Node-RED closes it must not go on. */
import { setMaxListeners } from 'node:events';
import type { Node } from 'node-red';

/** Aborts when the node closes. Every call that runs listens to it, however many there are. */
export function stopOf(node: Node): AbortSignal {
  const stop = unlimited();
  node.on('close', () => stop.abort());
  return stop.signal;
}

/** A controller without Node's warning of eleven listeners. */
export function unlimited(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}
