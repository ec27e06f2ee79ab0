// A process that sends one study by way of a message store, made to be killed. Arguments: the store's file, the folder of
// the study, the archive's port. Sends { port: 1 } when it has begun.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { Dispatcher } = require('../../dist/lib/delivery/dispatcher.js');
const { handIn } = require('../../dist/lib/delivery/hand-in.js');
const { TimeWindows } = require('../../dist/lib/delivery/time-windows.js');
const { readOutgoing } = require('../../dist/lib/dicom/outgoing.js');
const { sendStudy, studyItems } = require('../../dist/lib/dicom/send-study.js');
const { openStore } = require('../../dist/lib/store/open-store.js');

const [file, folder, port] = process.argv.slice(2);
const store = await openStore({ kind: 'embedded', file, secret: 'TEST-SECRET' });
const dispatcher = new Dispatcher(store, {
  retry: { firstDelayMs: 20, maxDelayMs: 200, maxTries: 1_000_000, maxAgeMs: 3_600_000 },
});
const peer = {
  host: '127.0.0.1',
  port: Number(port),
  aeTitle: 'PLATFORM',
  callingAeTitle: 'NODERED',
  connectTimeoutMs: 5000,
  timeoutMs: 5000,
  maxPdu: 131_072,
};
const courier = dispatcher.open({
  id: 'send',
  destination: 'archive',
  destinationTitle: 'archive',
  rules: { concurrency: 1, perMinute: 0, windows: TimeWindows.parse('') },
  batch: 1,
  idempotent: true,
  holdsKey: false,
  deliver: (works, signal) =>
    Promise.all(works.map(work => sendStudy(work, peer, { associations: 2 }, signal))),
  emit: () => true,
});
const objects = await readOutgoing(folder, () => Promise.reject(new Error('no bytes here')));
const items = studyItems(objects, { efilm: false, newUids: false });
// After a restart it is a repetition of what is on its way.
await courier.accept(handIn(items, { channel: 'send', destination: 'archive' }, {}));
process.send({ port: 1 });

process.on('message', async () => {
  await dispatcher.stop(5000);
  await store.close();
  process.exit(0);
});
