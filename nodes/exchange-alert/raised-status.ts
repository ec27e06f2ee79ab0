/** How many alerts are raised, in the node's status. */
import type { Node } from 'node-red';
import { systemClock } from '../../lib/clock';
import { throttle } from '../../lib/monitor/throttle';

const INTERVAL_MS = 1000;

/** Gives a function that shows a number once a second at most, and in no language. */
export function raisedStatus(node: Node): (raised: number) => void {
  let raised = 0;
  let shown: number | undefined;
  let isClosed = false;
  node.on('close', () => {
    isClosed = true;
  });
  const show = throttle<'show'>(INTERVAL_MS, systemClock, () => {
    if (raised === shown || isClosed) return;
    shown = raised;
    node.status(
      raised === 0
        ? { fill: 'green', shape: 'dot', text: 'exchange-alert.status.watching' }
        : { fill: 'red', shape: 'ring', text: `⚠ ${raised}` },
    );
  });
  return count => {
    raised = count;
    show('show');
  };
}
