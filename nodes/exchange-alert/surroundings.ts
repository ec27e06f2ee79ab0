/** What runs beside an alert node and is watched by it: nodes of this package, and the certificates they use. */
import path from 'node:path';
import type { NodeAPI, NodeDef } from 'node-red';
import type { CalledAddress, OwnCertificate } from '../../lib/alert/watch-certificates';
import type { WatchedDatabase } from '../../lib/alert/watch-databases';
import { type ExchangeProfileNode, findProfile } from '../exchange-profile/profile-node';
import { findDatabase } from '../hospital-database/database-node';
import { tlsOf } from '../shared/tls';
import type { FillingNode } from '../shared/work-folder';

interface KnownDef extends NodeDef {
  readonly tls?: string;
}

const FILLING = new Set(['dicom-station', 'report-file']);
const WITH_TLS = new Set(['exchange-profile', 'dicom-peer', 'dicom-station', 'report-file']);

export function databasesOf(RED: NodeAPI): WatchedDatabase[] {
  return defsOf(RED, type => type === 'hospital-database').flatMap(({ id, name }) => {
    const node = findDatabase(RED, id);
    return node ? [{ id, name: name ?? '', driver: node.driver }] : [];
  });
}

/** Folders of this machine that grow. */
export const foldersOf = (RED: NodeAPI): string[] =>
  defsOf(RED, type => FILLING.has(type)).flatMap(({ id }) => {
    const folder = (RED.nodes.getNode(id) as FillingNode | null)?.workFolder;
    return folder === undefined ? [] : [path.resolve(folder)];
  });

/** Certificates of the tls-config nodes that our nodes use. */
export function certificatesOf(RED: NodeAPI): OwnCertificate[] {
  const ids = new Set(defsOf(RED, type => WITH_TLS.has(type)).flatMap(({ tls }) => tls || []));
  return [...ids].flatMap(id => {
    const { tls } = tlsOf(RED, id);
    return tls ? [{ id, name: RED.nodes.getNode(id)?.name || id, options: tls }] : [];
  });
}

/** Addresses that the profiles call. */
export const addressesOf = (RED: NodeAPI): CalledAddress[] =>
  defsOf(RED, type => type === 'exchange-profile').flatMap(({ id, tls }) => {
    const settings = settingsOf(findProfile(RED, id));
    if (!settings) return [];
    const { callInterfaceUrl, archiveUrl, viewerUrl, wsdl } = settings;
    return [callInterfaceUrl, archiveUrl, viewerUrl, wsdl].map(url => ({
      url: url ?? '',
      ...tlsOf(RED, tls),
    }));
  });

/** The hospital's name; empty when no profile is chosen. */
export const hospitalOf = (RED: NodeAPI, profileId: string): string => {
  const profile = findProfile(RED, profileId);
  return settingsOf(profile)?.orgName || profile?.name || '';
};

/** Undefined when a setting cannot be used, which the profile has said. */
function settingsOf(profile: ExchangeProfileNode | null) {
  try {
    return profile?.profile().settings;
  } catch {
    return undefined;
  }
}

/** Of the nodes that are deployed, config nodes among them. */
function defsOf(RED: NodeAPI, isWanted: (type: string) => boolean): KnownDef[] {
  const defs: KnownDef[] = [];
  RED.nodes.eachNode(def => {
    if (isWanted(def.type)) defs.push(def);
  });
  return defs;
}
