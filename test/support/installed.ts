/** The package as npm installs it. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import manifest from '../../package.json';
import type { NodeSet } from './editor';

/** What npm prints. It is a script file on Windows, which needs a shell to start. */
export const npm = (cwd: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): string =>
  execFileSync('npm', args, {
    cwd,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    shell: process.platform === 'win32',
  });

/** Every node of the package is there, without a fault. */
export function assertAllNodes(sets: readonly NodeSet[]): void {
  const ours = sets.filter(({ module }) => module === manifest.name);
  assert.deepEqual(
    ours.filter(({ err }) => err !== undefined),
    [],
  );
  assert.deepEqual(
    ours.flatMap(({ types }) => types).toSorted(),
    Object.keys(manifest['node-red'].nodes).toSorted(),
  );
  assert.ok(ours.every(({ enabled }) => enabled));
}
