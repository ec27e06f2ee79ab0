import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { Node, NodeAPI, NodeDef } from 'node-red';
import { DEFAULT_TEMPLATE } from '../../lib/dicom/file-share';
import { readOutgoing } from '../../lib/dicom/outgoing';
import { type SentStudy, sendStudy, shareStudy, studyItems } from '../../lib/dicom/send-study';
import type { Transfer } from '../../lib/dicom/transfer';
import type { Delivered, DeliveryResult, Work } from '../../lib/delivery/channel';
import { TimeWindows } from '../../lib/delivery/time-windows';
import { telemetry } from '../../lib/telemetry/telemetry';
import { findPeer, needPeer, peerDestination } from '../dicom-peer/peer-node';
import { findStore } from '../exchange-store/store-node';
import { type NodeDestination, deliverNow, openDelivery } from '../shared/delivery';
import { onInput } from '../shared/input';
import { valueOf } from '../shared/property';
import { statusOf } from '../shared/status';
import { stopOf } from '../shared/stop';
import type { SendProps } from './dicom-send.props';

/** Milliseconds between two messages about progress. */
const PROGRESS_EVERY_MS = 1000;
/** Time in which an archive reports on its commitment; later reports find nobody who waits. */
const COMMITMENT_MS = 60_000;

export default function register(RED: NodeAPI): void {
  function DicomSend(this: Node, def: NodeDef & SendProps): void {
    RED.nodes.createNode(this, def);
    const status = statusOf(this);
    const isShare = def.target === 'share';
    const peerNode = isShare ? null : findPeer(RED, def.peer);
    if (!isShare && !peerNode) status('bad', 'no-peer');
    const mode = { efilm: def.efilm, newUids: def.efilmNewUids };
    const share = {
      directory: def.directory,
      template: def.template || DEFAULT_TEMPLATE,
      organization: def.organization,
    };
    const keepFolder = path.resolve(RED.settings.userDir ?? process.cwd(), 'dicom-outgoing');

    /** Tells how far a study is by the third output, at most once a second. */
    const progressOf = ({ id }: Work): ((done: number, total: number) => void) => {
      let last = 0;
      return (done, total) => {
        if (!def.progress || Date.now() - last < PROGRESS_EVERY_MS) return;
        last = Date.now();
        this.send([null, null, { payload: { id, done, total } }]);
      };
    };
    const deliverOne = async (work: Work, signal: AbortSignal): Promise<DeliveryResult> => {
      if (isShare) return forget(await shareStudy(work, share, signal, count('share')));
      const peer = needPeer(peerNode);
      const { associations } = peer;
      const options = {
        associations,
        onTransfer: count(peer.aeTitle),
        onProgress: progressOf(work),
        ...(def.commitment && { commitmentMs: COMMITMENT_MS }),
      };
      return forget(await sendStudy(work, peer, options, signal));
    };
    const delivering = {
      node: this,
      def,
      storeNode: findStore(RED, def.store),
      destination: isShare ? shareDestination(this) : peerDestination(peerNode),
      batch: 1,
      status,
      outcomeKeys: { accepted: 'sent', refused: 'partly' },
      deliver: (works: readonly Work[], signal: AbortSignal) =>
        Promise.all(works.map(work => deliverOne(work, signal))),
    };
    const deliver =
      def.delivery === 'direct'
        ? deliverNow(RED, delivering, stopOf(this))
        : openDelivery(RED, delivering).accept;

    onInput(this, async (msg, send) => {
      const given = await valueOf(RED, this, def.property || 'payload', def.propertyType || 'msg', msg);
      let items;
      try {
        const day = new Date().toISOString();
        items = studyItems(await readOutgoing(given, keep), isShare ? { ...mode, day } : mode);
      } catch (error) {
        status('bad', 'invalid');
        throw error;
      }
      await deliver(msg, items, send);
    });

    /** Bytes that were handed in are not needed any more when the archive has them. */
    async function forget(delivered: Delivered): Promise<Delivered> {
      if (delivered.state !== 'accepted') return delivered;
      // Given by sendStudy and shareStudy.
      const { objects } = delivered.payload as SentStudy;
      for (const { file } of objects)
        if (path.dirname(file) === keepFolder) await fs.promises.rm(file, { force: true });
      return delivered;
    }

    /** Bytes stay on disk until they are sent: images have no place in a message store. */
    async function keep(bytes: Buffer): Promise<string> {
      await fs.promises.mkdir(keepFolder, { recursive: true });
      const file = path.join(keepFolder, `${randomUUID()}.dcm`);
      const handle = await fs.promises.open(file, 'wx');
      try {
        await handle.writeFile(bytes);
        await handle.sync();
      } finally {
        await handle.close();
      }
      return file;
    }
  }
  RED.nodes.registerType('dicom-send', DicomSend);
}

const count =
  (peer: string) =>
  (transfer: Transfer): void =>
    telemetry.images.add('sent', peer, transfer);

function shareDestination(node: Node): NodeDestination | undefined {
  const windows = TimeWindows.parse('');
  return (
    windows && { id: node.id, title: node.name ?? node.id, rules: { concurrency: 1, perMinute: 0, windows } }
  );
}
