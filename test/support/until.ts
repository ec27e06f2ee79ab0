import { setTimeout as pause } from 'node:timers/promises';

/** Waits until a condition holds; fails, naming it, when it does not in time. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  withinMs = 30_000,
): Promise<void> {
  for (const end = Date.now() + withinMs; Date.now() < end; await pause(10)) if (await condition()) return;
  throw new Error(`not within ${withinMs} ms: ${what}`);
}
