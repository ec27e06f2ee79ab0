/** The nodes of the flows → what a self-check looks at. */
import type { NodeAPI } from 'node-red';
import { ExchangeError } from '../../lib/errors';
import type { CheckTargets, Part, WritePermission } from '../../lib/self-check/targets';
import { findPeer } from '../dicom-peer/peer-node';
import type { ExchangeProfileNode } from '../exchange-profile/profile-node';
import { findPublishing } from '../report-file/publishing-node';
import type { CheckProps } from './exchange-check.props';

const PERMISSIONS: readonly WritePermission[] = ['never', 'simulator', 'test-data'];

export function targetsOf(
  RED: NodeAPI,
  def: CheckProps,
  profileNode: ExchangeProfileNode | null,
): CheckTargets {
  const reportFile = findPublishing(RED, def.reportFile);
  return {
    writes: PERMISSIONS.find(one => one === def.writes.trim()) ?? 'simulator',
    ...(profileNode && { platform: part(() => platformOf(profileNode)) }),
    ...(def.bookingUrl.trim() !== '' &&
      profileNode && {
        booking: {
          url: def.bookingUrl.trim(),
          certificate: profileNode.secret('certificate'),
          patientNo: def.patientNo.trim(),
          patientType: def.patientType.trim() === '3' ? '3' : '1',
        },
      }),
    ...peerPart(RED, 'archive', def.archive),
    ...peerPart(RED, 'pacs', def.pacs),
    ...(reportFile && {
      reportFile: {
        own: reportFile.own,
        publish: async (content, lookUp, signal) =>
          (await reportFile.publish(content, lookUp, signal)).address,
      },
    }),
  };
}

function platformOf(profileNode: ExchangeProfileNode) {
  const { tls } = profileNode.access;
  return {
    profile: profileNode.profile(),
    caller: (address: 'callInterfaceUrl' | 'archiveUrl') => profileNode.platform().caller(address),
    secrets: {
      appId: profileNode.secret('appId'),
      strCredential: profileNode.secret('strCredential'),
      strKey: profileNode.secret('strKey'),
      viewerKey: profileNode.secret('viewerKey'),
    },
    ...(tls && { tls }),
  };
}

function peerPart(RED: NodeAPI, name: 'archive' | 'pacs', id: string): Partial<CheckTargets> {
  const peer = findPeer(RED, id);
  return peer ? { [name]: part(() => peer.peer()) } : {};
}

/** A wrong setting is told by the cases that need it. */
function part<T>(make: () => T): Part<T> {
  try {
    return make();
  } catch (error) {
    if (error instanceof ExchangeError) return error;
    throw error;
  }
}
