import type { Node, NodeAPI } from 'node-red';
import type { Publication } from '../../lib/report-file/publish';

/** What a report-file node that publishes offers to the self-check. */
export interface PublishingNode extends Node {
  publishing?: {
    publish(content: Buffer, lookUp: (name: string) => unknown, signal: AbortSignal): Promise<Publication>;
    /** The files are served by this Node-RED. */
    readonly own: boolean;
  };
}

/** The chosen node, or the first one that publishes; undefined when there is none. */
export function findPublishing(RED: NodeAPI, id: string): PublishingNode['publishing'] {
  const ids: string[] = [];
  if (id) ids.push(id);
  else
    RED.nodes.eachNode(node => {
      if (node.type === 'report-file') ids.push(node.id);
    });
  return ids.map(one => (RED.nodes.getNode(one) as PublishingNode | null)?.publishing).find(Boolean);
}
