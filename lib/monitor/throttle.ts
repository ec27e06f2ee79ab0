import type { Clock } from '../clock';

/**
 * Gives a function that has `tell` called with what it was given since the last time, each once: immediately after a
 * pause, otherwise once in every `everyMs`.
 */
export function throttle<T>(
  everyMs: number,
  clock: Clock,
  tell: (values: readonly T[]) => void,
): (value: T) => void {
  const waiting = new Set<T>();
  let last = -Infinity;
  const flush = (): void => {
    last = clock.now();
    const values = [...waiting];
    waiting.clear();
    tell(values);
  };
  return value => {
    const isWaiting = waiting.size > 0;
    waiting.add(value);
    if (isWaiting) return;
    const wait = last + everyMs - clock.now();
    if (wait <= 0) flush();
    else clock.after(wait, flush);
  };
}
