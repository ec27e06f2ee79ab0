/** Node status: three colours, i18n keys as text, at most one update a second. */
import type { Node, NodeStatusFill, NodeStatusShape } from 'node-red';

export type Mood = 'idle' | 'busy' | 'good' | 'warn' | 'bad';

const look: Record<Mood, { fill: NodeStatusFill; shape: NodeStatusShape }> = {
  idle: { fill: 'grey', shape: 'ring' },
  busy: { fill: 'blue', shape: 'dot' },
  good: { fill: 'green', shape: 'dot' },
  warn: { fill: 'yellow', shape: 'ring' },
  bad: { fill: 'red', shape: 'ring' },
};

/** Milliseconds between two updates: an open editor keeps every one of them. */
const INTERVAL = 1000;

/** The key of a text, or a text that is the same in both languages. */
export type StatusText = string | { readonly text: string };

/** Gives a function that shows a status; of updates that come too fast the last one is shown. */
export function statusOf(node: Node): (mood: Mood, key: StatusText) => void {
  let last = 0;
  let next: { mood: Mood; key: StatusText } | undefined;
  let timer: NodeJS.Timeout | undefined;
  const show = (): void => {
    timer = undefined;
    if (!next) return;
    last = Date.now();
    const { mood, key } = next;
    node.status({
      ...look[mood],
      text: typeof key === 'string' ? `${node.type}.status.${key}` : key.text,
    });
    next = undefined;
  };
  node.on('close', () => clearTimeout(timer));
  return (mood, key) => {
    next = { mood, key };
    if (timer) return;
    const wait = last + INTERVAL - Date.now();
    if (wait <= 0) show();
    else timer = setTimeout(show, wait);
  };
}
