import path from 'node:path';
import type { Node, NodeAPI, NodeDef } from 'node-red';
import type { DicomValues } from '../../lib/dicom/data-set';
import { ObjectFolder } from '../../lib/dicom/object-folder';
import { withQueries } from '../../lib/dicom/query-scu';
import { retrieveItem, retrieveWork } from '../../lib/dicom/retrieve-job';
import type { RetrieveWay } from '../../lib/dicom/retrieve-study';
import { readStudyKeys } from '../../lib/dicom/study-keys';
import { isRow } from '../../lib/contract/row';
import type { Delivered, Work } from '../../lib/delivery/channel';
import { ExchangeError } from '../../lib/errors';
import { telemetry } from '../../lib/telemetry/telemetry';
import { findPeer, needPeer, peerDestination } from '../dicom-peer/peer-node';
import { findStation } from '../dicom-station/station-node';
import { findStore } from '../exchange-store/store-node';
import { deliverNow, openDelivery } from '../shared/delivery';
import { type InputMessage, onInput } from '../shared/input';
import { valueOf, wholeNumber } from '../shared/property';
import { statusOf } from '../shared/status';
import { stopOf } from '../shared/stop';
import { cleanStudies } from '../shared/study-cleaning';
import type { RetrieveProps } from './dicom-retrieve.props';

/** An object may be as large as the disk has room for. */
const MOST_BYTES = 64 * 1024 ** 3;

export default function register(RED: NodeAPI): void {
  function DicomRetrieve(this: Node, def: NodeDef & RetrieveProps): void {
    RED.nodes.createNode(this, def);
    const status = statusOf(this);
    const peerNode = findPeer(RED, def.peer);
    const stationNode = def.method === 'move' ? findStation(RED, def.station) : null;
    if (!peerNode) status('bad', 'no-peer');
    else if (def.method === 'move' && !stationNode) status('bad', 'no-station');
    const stop = stopOf(this);
    const read = (msg: InputMessage): Promise<unknown> =>
      valueOf(RED, this, def.property || 'payload', def.propertyType || 'msg', msg);

    if (def.method === 'find') {
      onInput(this, async (msg, send) => {
        status('busy', 'finding');
        try {
          const answers = await find(await read(msg));
          status('good', answers.length > 0 ? 'retrieved' : 'not-found');
          send([Object.assign(msg, { payload: answers }), null]);
        } catch (error) {
          status('bad', 'failed');
          throw error;
        }
      });
      return;
    }

    const folder = new ObjectFolder(
      path.resolve(RED.settings.userDir ?? process.cwd(), def.folder?.trim() || 'dicom-retrieved'),
      MOST_BYTES,
    );
    if (def.method !== 'move') cleanStudies(this, folder, wholeNumber(def.keepDays, 7, 0));
    const way = (): RetrieveWay => {
      if (def.method !== 'move') return { method: 'get', folder };
      const settings = stationNode?.settings;
      if (!settings) throw noStation();
      return { method: 'move', folder: settings.folder, aeTitle: settings.aeTitle };
    };
    const timeoutMs = wholeNumber(def.timeout, 600) * 1000;
    const retrieveOne = async (work: Work, signal: AbortSignal): Promise<Delivered> => {
      const peer = needPeer(peerNode);
      return retrieveWork(work, peer, way(), timeoutMs, signal, transfer =>
        telemetry.images.add('retrieved', peer.aeTitle, transfer),
      );
    };
    const delivering = {
      node: this,
      def,
      storeNode: findStore(RED, def.store),
      destination: peerDestination(peerNode),
      batch: 1,
      status,
      outcomeKeys: { accepted: 'retrieved', refused: 'partly' },
      deliver: (works: readonly Work[], signal: AbortSignal) =>
        Promise.all(works.map(work => retrieveOne(work, signal))),
    };
    const deliver =
      def.delivery === 'direct' ? deliverNow(RED, delivering, stop) : openDelivery(RED, delivering).accept;
    onInput(this, async (msg, send) => {
      let items;
      try {
        items = readStudyKeys(await read(msg)).map(retrieveItem);
      } catch (error) {
        status('bad', 'invalid');
        throw error;
      }
      await deliver(msg, items, send);
    });

    /** A plain query: the keys are DICOM attributes by keyword. */
    function find(keys: unknown): Promise<DicomValues[]> {
      if (!isRow(keys)) throw notKeys();
      const texts = Object.fromEntries(
        Object.entries(keys).map(([name, value]) => [name, typeof value === 'string' ? value : '']),
      );
      const level = def.level || 'STUDY';
      return withQueries(needPeer(peerNode), level, stop, queries => queries.find(level, texts));
    }
  }
  RED.nodes.registerType('dicom-retrieve', DicomRetrieve);
}

const noStation = (): ExchangeError =>
  new ExchangeError({
    code: 'CONFIG',
    retry: 'never',
    text: {
      zh: 'C-MOVE 需要本机 AE：请选择，或改用 C-GET',
      en: 'C-MOVE needs a station: choose one, or use C-GET',
    },
  });

const notKeys = (): ExchangeError =>
  new ExchangeError({
    code: 'CONTRACT',
    retry: 'never',
    text: {
      zh: '查询条件应为对象，如 {"PatientID":"…","StudyDate":"20300101-"}',
      en: 'the keys must be an object, as {"PatientID":"…","StudyDate":"20300101-"}',
    },
  });
