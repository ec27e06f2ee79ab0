import type { Node, NodeAPI } from 'node-red';
import type { StationSettings } from '../../lib/dicom/settings';
import type { StoredObject } from '../../lib/dicom/source';

/** Who wants to know of received objects. */
export interface StationListener {
  onObject(object: StoredObject, association: number): void;
  onAssociationEnd(association: number): void;
}

/** What the station node offers to the nodes that name it. */
export interface DicomStationNode extends Node {
  /** Undefined when a setting cannot be used, which the node has said. */
  readonly settings: StationSettings | undefined;
  /** Resolves when it listens. Rejects when it cannot. */
  readonly listening: Promise<void>;
  /** Gives the function that ends listening. */
  listen(listener: StationListener): () => void;
}

export function findStation(RED: NodeAPI, id: string | undefined): DicomStationNode | null {
  const node = id ? (RED.nodes.getNode(id) as DicomStationNode | null) : null;
  return node?.settings ? node : null;
}
