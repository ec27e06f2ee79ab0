import type { Node, NodeAPI, NodeDef } from 'node-red';
import { echo } from '../../lib/dicom/echo';
import { type PeerTexts, readPeer } from '../../lib/dicom/settings';
import { ExchangeError, type Text } from '../../lib/errors';
import { tlsOf } from '../shared/tls';
import type { PeerProps } from './dicom-peer.props';
import type { DicomPeerNode } from './peer-node';

/** A test must not make people wait as long as the work may. */
const TEST_TIMEOUT_S = 15;

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

  RED.httpAdmin.post(
    '/dicom-peer/echo',
    RED.auth.needsPermission('dicom-peer.write'),
    (request, response) => {
      const asked = request.body as Partial<PeerProps>;
      void test(asked).then(result => response.json(result));
    },
  );

  /** The dialog's values may name variables of the environment. */
  function resolved(texts: Partial<PeerProps>): PeerTexts {
    return Object.fromEntries(
      Object.entries(texts).map(([name, text]) => [
        name,
        /\$\{/.test(text) ? String(RED.util.evaluateNodeProperty(text, 'env', {} as Node, {}) ?? '') : text,
      ]),
    );
  }

  async function test(asked: Partial<PeerProps>): Promise<{ ok: boolean; text: Text; durationMs: number }> {
    const startedAt = Date.now();
    const answer = (ok: boolean, text: Text) => ({ ok, text, durationMs: Date.now() - startedAt });
    try {
      const peer = readPeer(resolved(asked), tlsOf(RED, asked.tls).tls);
      const connectTimeoutMs = Math.min(peer.connectTimeoutMs, TEST_TIMEOUT_S * 1000);
      const timeoutMs = Math.min(peer.timeoutMs, TEST_TIMEOUT_S * 1000);
      await echo({ ...peer, connectTimeoutMs, timeoutMs });
      return answer(true, { zh: 'C-ECHO 成功', en: 'C-ECHO succeeded' });
    } catch (error) {
      return answer(
        false,
        error instanceof ExchangeError ? error.text : { zh: '测试失败', en: 'the test failed' },
      );
    }
  }
}
