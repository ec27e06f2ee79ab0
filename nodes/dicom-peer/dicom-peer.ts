import type { NodeAPI, NodeDef } from 'node-red';
import { echo } from '../../lib/dicom/echo';
import { readPeer } from '../../lib/dicom/settings';
import { TEST_TIMEOUT_MS, mountTest } from '../shared/test-route';
import { tlsOf } from '../shared/tls';
import type { PeerProps } from './dicom-peer.props';
import type { DicomPeerNode } from './peer-node';

export default function register(RED: NodeAPI): void {
  function DicomPeer(this: DicomPeerNode, def: NodeDef & PeerProps): void {
    RED.nodes.createNode(this, def);
    this.peer = () => readPeer(def, tlsOf(RED, def.tls).tls);
    try {
      this.peer();
    } catch (error) {
      // Said now, not at the first image.
      this.error(error instanceof Error ? error.message : String(error));
    }
  }
  RED.nodes.registerType('dicom-peer', DicomPeer);

  mountTest(RED, {
    type: 'dicom-peer',
    path: 'echo',
    async test(texts) {
      const peer = readPeer(texts, tlsOf(RED, texts['tls']).tls);
      const connectTimeoutMs = Math.min(peer.connectTimeoutMs, TEST_TIMEOUT_MS);
      const timeoutMs = Math.min(peer.timeoutMs, TEST_TIMEOUT_MS);
      await echo({ ...peer, connectTimeoutMs, timeoutMs });
      return { ok: true, text: { zh: 'C-ECHO 成功', en: 'C-ECHO succeeded' } };
    },
  });
}
