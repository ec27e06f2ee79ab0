import type { Node, NodeAPI, NodeDef } from 'node-red';
import { systemClock } from '../../lib/clock';
import { StudyCollector } from '../../lib/dicom/study-collector';
import { studyItem, studyReceived } from '../../lib/dicom/receive-study';
import { TimeWindows } from '../../lib/delivery/time-windows';
import type { Work } from '../../lib/delivery/channel';
import { findStation } from '../dicom-station/station-node';
import { findStore } from '../exchange-store/store-node';
import { openDelivery } from '../shared/delivery';
import { wholeNumber } from '../shared/property';
import { statusOf } from '../shared/status';
import type { ReceiveProps } from './dicom-receive.props';

/** Pause before a study is handed in again that the store did not take. */
const AGAIN_MS = 10_000;

export default function register(RED: NodeAPI): void {
  function DicomReceive(this: Node, def: NodeDef & ReceiveProps): void {
    RED.nodes.createNode(this, def);
    const status = statusOf(this);
    const station = findStation(RED, def.station);
    const settings = station?.settings;
    if (!station || !settings) return status('bad', 'no-station');
    const windows = TimeWindows.parse('');
    const delivery = openDelivery(RED, {
      node: this,
      def,
      storeNode: findStore(RED, def.store),
      destination: windows && {
        id: this.id,
        title: this.name ?? this.id,
        rules: { concurrency: 4, perMinute: 0, windows },
      },
      batch: 1,
      status,
      outcomeKeys: { accepted: 'received' },
      // The study is here: its message is the outcome, and is repeated until the flow has taken it over.
      deliver: (works: readonly Work[]) => Promise.resolve(works.map(studyReceived)),
    });
    const { folder } = settings;
    let closed = false;
    const announce = async (studyInstanceUid: string): Promise<void> => {
      const study = await folder.study(studyInstanceUid);
      if (!study || closed) return;
      try {
        await delivery.accept({} as never, [studyItem(study)], () => undefined);
        await folder.markAnnounced(study);
      } catch (error) {
        status('bad', 'store-down');
        this.warn(error instanceof Error ? error.message : String(error));
        callOffs.add(systemClock.after(AGAIN_MS, () => void announce(studyInstanceUid)));
      }
    };
    const callOffs = new Set<() => void>();
    const collector = new StudyCollector({
      quietMs: wholeNumber(def.quietTime, 30) * 1000,
      onRelease: def.onRelease ?? true,
      clock: systemClock,
      onComplete: uid => void announce(uid),
    });
    const unlisten = station.listen({
      onObject: ({ studyInstanceUid }, association) => {
        status('busy', 'receiving');
        collector.add(studyInstanceUid, association);
      },
      onAssociationEnd: association => collector.associationEnded(association),
    });
    station.listening.then(
      () => status('idle', 'listening'),
      () => status('bad', 'port-taken'),
    );
    // What came before this start, and of which the flow was not told.
    void folder.unannounced().then(async uids => {
      for (const uid of uids) await announce(uid);
    });
    this.on('close', () => {
      closed = true;
      unlisten();
      collector.close();
      for (const callOff of callOffs) callOff();
    });
  }
  RED.nodes.registerType('dicom-receive', DicomReceive);
}
