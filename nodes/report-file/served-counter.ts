/** How many files have been fetched from this Node-RED, in the node's status. */
import type { Node } from 'node-red';

const INTERVAL_MS = 1000;

/** Gives a function to be called for each file; the count is shown once a second at most, and in no language. */
export function servedCounter(node: Node): () => void {
  let count = 0;
  let timer: NodeJS.Timeout | undefined;
  const show = (): void => {
    timer = undefined;
    node.status({ fill: 'green', shape: 'dot', text: `↓ ${count}` });
  };
  node.on('close', () => clearTimeout(timer));
  return () => {
    count++;
    timer ??= setTimeout(show, INTERVAL_MS);
  };
}
