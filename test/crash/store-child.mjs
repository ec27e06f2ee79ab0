// A process with an embedded message store and one channel, made to be killed. It takes messages over HTTP: 200 means
// that they are on disk. Arguments: the store's file, the address that every message is posted to. Sends { port }.
import http from 'node:http';
import { createRequire } from 'node:module';
import { text } from 'node:stream/consumers';

const require = createRequire(import.meta.url);
const { Dispatcher } = require('../../dist/lib/delivery/dispatcher.js');
const { TimeWindows } = require('../../dist/lib/delivery/time-windows.js');
const { ExchangeError } = require('../../dist/lib/errors.js');
const { openStore } = require('../../dist/lib/store/open-store.js');

const [file, target] = process.argv.slice(2);
const CHANNEL = { channel: 'node', destination: 'peer', service: 'Test' };

const store = await openStore({ kind: 'embedded', file, secret: 'TEST-SECRET' });
const dispatcher = new Dispatcher(store, {
  retry: { firstDelayMs: 20, maxDelayMs: 200, maxTries: 1_000_000, maxAgeMs: 3_600_000 },
});
const courier = dispatcher.open({
  id: CHANNEL.channel,
  destination: CHANNEL.destination,
  destinationTitle: CHANNEL.destination,
  rules: { concurrency: 8, perMinute: 0, windows: TimeWindows.parse('') },
  batch: 1,
  idempotent: true,
  holdsKey: false,
  deliver: (works, signal) => Promise.all(works.map(work => deliver(work, signal))),
  emit: () => true,
});

async function deliver({ content }, signal) {
  try {
    const answer = await fetch(target, { method: 'POST', body: content, signal });
    return { state: 'accepted', payload: await answer.text(), exchange: {} };
  } catch (error) {
    return { error: failure(error.cause?.code === 'ECONNREFUSED') };
  }
}

const failure = refused =>
  new ExchangeError({
    code: refused ? 'TRANSPORT_NOT_SENT' : 'TRANSPORT_UNKNOWN',
    retry: refused ? 'retry' : 'in-doubt',
    text: { zh: '连接失败', en: 'no connection' },
  });

const server = http.createServer(async (request, response) => {
  try {
    const message = JSON.parse(await text(request));
    await courier.accept([{ ...CHANNEL, terms: {}, context: '{}', repeats: 'known', ...message }]);
    response.end();
  } catch (error) {
    response.writeHead(503).end(String(error));
  }
});
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));

process.on('message', async () => {
  server.close();
  server.closeAllConnections();
  await dispatcher.stop(5000);
  await store.close();
  process.exit();
});
// The test is gone: so is the reason to run.
process.on('disconnect', () => process.exit());
