import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Of buffers that are in use. What the whole process takes depends on when it collects, and on other suites. */
export function liveBytes(): number {
  collectGarbage();
  collectGarbage(); // buffers are given back in the background: this waits for those of the first
  return process.memoryUsage().arrayBuffers;
}
