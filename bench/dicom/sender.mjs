// Sends the files of a folder: `sender <folder> <port> <associations>`. Prints the seconds that it took: to look at the
// files, which a node does when it takes them over, and to send them.
import { openBytes } from '../../lib/dicom/byte-source.ts';
import { readOutgoing } from '../../lib/dicom/outgoing.ts';
import { storeObjects } from '../../lib/dicom/store-scu.ts';

const [, , folder = '', port = '', associations = '1'] = process.argv;

async function send() {
  const begun = performance.now();
  const found = await readOutgoing(folder, () => Promise.reject(new Error('no bytes here')));
  const objects = found.map(({ data, offset, length, ...identity }) => ({
    ...identity,
    open: () => openBytes(data, offset, length),
  }));
  const looked = performance.now();
  const results = await storeObjects(
    {
      host: '127.0.0.1',
      port: Number(port),
      aeTitle: 'BENCH',
      callingAeTitle: 'SENDER',
      connectTimeoutMs: 5000,
      timeoutMs: 60_000,
      maxPdu: 131_072,
    },
    objects,
    { associations: Number(associations) },
  );
  if (results.some(({ class: kind }) => kind !== 'success')) throw new Error('not all were taken');
  console.log((looked - begun) / 1000, (performance.now() - looked) / 1000);
}

void send();
