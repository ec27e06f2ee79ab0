import path from 'node:path';
import type tls from 'node:tls';
import type { NodeAPI, NodeDef } from 'node-red';
import { readStation } from '../../lib/dicom/settings';
import { Station } from '../../lib/dicom/storage-scp';
import { bilingual } from '../../lib/errors';
import { telemetry } from '../../lib/telemetry/telemetry';
import { cleanStudies } from '../shared/study-cleaning';
import { tlsOf } from '../shared/tls';
import type { StationProps } from './dicom-station.props';
import type { DicomStationNode, StationListener } from './station-node';

export default function register(RED: NodeAPI): void {
  function DicomStation(this: DicomStationNode, def: NodeDef & StationProps): void {
    RED.nodes.createNode(this, def);
    try {
      open(this, def);
    } catch (error) {
      this.error(error instanceof Error ? error.message : String(error));
    }
  }
  RED.nodes.registerType('dicom-station', DicomStation);

  function open(node: DicomStationNode, def: StationProps): void {
    const userDir = RED.settings.userDir ?? process.cwd();
    const settings = readStation(def, folder => path.resolve(userDir, folder), serverTls(def.tls));
    const listeners = new Set<StationListener>();
    const station = new Station(settings, {
      onObject: async (object, association) => {
        for (const listener of listeners) listener.onObject(object, association);
      },
      onAssociationEnd: association => {
        for (const listener of listeners) listener.onAssociationEnd(association);
      },
      onTransfer: (callingAeTitle, transfer) => telemetry.images.add('received', callingAeTitle, transfer),
      onProblem: text => node.warn(bilingual(text)),
    });
    const leave = telemetry.stations.add({
      id: node.id,
      name: node.name ?? '',
      aeTitle: settings.aeTitle,
      associations: () => station.openAssociations,
    });
    settings.folder.clean();
    const listening = station.listen();
    listening.catch((error: unknown) => node.error(error instanceof Error ? error.message : String(error)));
    cleanStudies(node, settings.folder, settings.keepDays);
    Object.assign(node, {
      settings,
      workFolder: settings.folder.path,
      listening,
      listen: (listener: StationListener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    });
    node.on('close', (_removed: boolean, done: () => void) => {
      leave();
      station.close().then(done, done);
    });
  }

  /** A server asks its callers for a certificate when it has an authority to check it by. */
  function serverTls(id: string): tls.TlsOptions | undefined {
    const options = tlsOf(RED, id).tls;
    if (!options) return undefined;
    const { ca, rejectUnauthorized = true } = options;
    return { ...options, ...(ca !== undefined && { requestCert: true, rejectUnauthorized }) };
  }
}
