// Retrieves a study: `retriever get|move <folder> <port of the archive> <port of our station> <study> durable|not`.
// Prints the seconds that it took.
import { ObjectFolder } from '../../lib/dicom/object-folder.ts';
import { getObjects, moveObjects } from '../../lib/dicom/retrieve-scu.ts';
import { dropSyncs } from '../../test/support/no-sync.ts';
import { openStation } from './open-station.mjs';

const [, , way = '', folder = '', port = '', ownPort = '', study = '', durable = ''] = process.argv;

async function retrieve() {
  if (durable === 'not') dropSyncs();
  const objects = new ObjectFolder(folder, 1024 ** 3);
  const station = way === 'move' ? await openStation(objects, Number(ownPort)) : undefined;
  const peer = {
    host: '127.0.0.1',
    port: Number(port),
    aeTitle: 'QRSCP',
    callingAeTitle: 'BENCH',
    connectTimeoutMs: 5000,
    timeoutMs: 60_000,
    maxPdu: 131_072,
    characterSet: 'GB18030',
  };
  const keys = { QueryRetrieveLevel: 'STUDY', StudyInstanceUID: study };
  const begun = performance.now();
  const { completed, failed } = station
    ? await moveObjects(peer, keys, 'BENCH')
    : await getObjects(peer, keys, objects);
  const seconds = (performance.now() - begun) / 1000;
  await station?.close();
  if (completed === 0 || failed > 0) throw new Error(`${completed} came, ${failed} did not`);
  console.log(0, seconds);
}

void retrieve();
