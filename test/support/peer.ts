import { spawnSync } from 'node:child_process';
import type { Context } from 'mocha';

/** True when `command args` runs and exits 0. */
export const works = (command: string, ...args: string[]): boolean =>
  spawnSync(command, args, { stdio: 'ignore', timeout: 20_000 }).status === 0;

/**
 * Skips the running suite when a peer program is missing; under CI=true a missing peer is a failure, so that a green
 * run always means the peers really answered.
 */
export function needsPeer(context: Context, name: string, present: boolean): void {
  if (present) return;
  if (process.env['CI'] === 'true') throw new Error(`peer not installed: ${name}`);
  context.skip();
}
