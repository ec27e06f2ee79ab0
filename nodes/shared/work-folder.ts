import type { Node } from 'node-red';

/** A node that fills a folder of this machine. */
export interface FillingNode extends Node {
  /** Undefined while its settings cannot be used. */
  readonly workFolder?: string;
}
