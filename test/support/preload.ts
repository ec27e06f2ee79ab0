/** Small libraries in C that change what the system does for a process: compiled when a test needs them. */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { works } from './peer';

/** Libraries are put in front of the system's by the loader of Linux. */
export const canPreload = (): boolean => process.platform === 'linux' && works('gcc', '--version');

/**
 * Compiles `test/support/<name>.c` into a folder.
 * @returns the environment of a process that shall run with it
 */
export function preload(name: 'power-loss' | 'slow-sync', folder: string): { readonly LD_PRELOAD: string } {
  const library = path.join(folder, `${name}.so`);
  const source = path.resolve('test/support', `${name}.c`);
  execFileSync('gcc', ['-shared', '-fPIC', '-O2', '-Wall', '-Werror', '-o', library, source, '-ldl']);
  return { LD_PRELOAD: library };
}
