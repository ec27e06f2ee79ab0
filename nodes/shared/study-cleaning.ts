/** Studies on disk make room after some days, so that a hospital's disk never fills by itself. */
import type { Node } from 'node-red';
import type { ObjectFolder } from '../../lib/dicom/object-folder';

const DAY_MS = 24 * 3_600_000;
const EVERY_MS = 3_600_000;

/**
 * Removes studies that the flow has known of for long enough, once an hour, until the node closes.
 * @param keepDays 0: never
 */
export function cleanStudies(node: Node, folder: ObjectFolder, keepDays: number): void {
  if (keepDays === 0) return;
  const clean = (): void => {
    folder
      .removeAnnouncedBefore(Date.now() - keepDays * DAY_MS)
      .catch((error: unknown) => node.warn(error instanceof Error ? error.message : String(error)));
  };
  const timer = setInterval(clean, EVERY_MS);
  timer.unref();
  node.on('close', () => clearInterval(timer));
}
