// Writes without end, and tells on its output what it may believe to be on disk: a line `A <id>` for each message that
// was accepted, `S <id>` for each that was settled as delivered. Arguments: `store`, or `plain` and a value of SQLite's
// `synchronous`; the file. Sends { port: 1 } once it is open, and ends with its parent.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { randomBytes, randomUUID } from 'node:crypto';

const require = createRequire(import.meta.url);
const { openStore } = require('../../dist/lib/store/open-store.js');
const { SqliteDatabase } = require('../../dist/lib/sqlite.js');

const [kind, synchronous, file] = process.argv.slice(2);
/** Believed by the reader, as a caller believes an answer. */
const tell = (what, ids) => fs.writeSync(1, ids.map(id => `${what} ${id}\n`).join(''));
process.on('disconnect', () => process.exit());

const some = most => 1 + Math.floor(Math.random() * most);

async function useStore() {
  const store = await openStore({ kind: 'embedded', file, secret: 'TEST-SECRET' });
  process.send({ port: 1 });
  const owner = randomUUID();
  for (;;) {
    const messages = Array.from({ length: some(8) }, message);
    await Promise.all([accept(store, messages), deliver(store, owner)]);
  }
}

const message = () => ({
  id: randomUUID(),
  channel: 'node',
  destination: 'peer',
  service: 'Test',
  key: `key-${some(500)}`,
  label: 'TESTR0001',
  terms: {},
  // Some are larger than a page.
  content: randomBytes(some(3000)).toString('base64'),
  context: '{}',
  repeats: 'known',
});

async function accept(store, messages) {
  await store.accept({ messages });
  tell(
    'A',
    messages.map(({ id }) => id),
  );
}

async function deliver(store, owner) {
  const { messages } = await store.claim({ channel: 'node', limit: some(6), owner, leaseMs: 30_000 });
  if (messages.length === 0) return;
  const ids = messages.map(({ id }) => id);
  const next = { state: 'accepted', outcome: '{"payload":"ok"}', repeatAt: Date.now() };
  await store.settle({
    owner,
    settlements: ids.map(id => ({ id, startedAt: 0, durationMs: 1, next })),
  });
  tell('S', ids);
}

async function usePlainFile() {
  const database = SqliteDatabase.open(file);
  database.exec(`PRAGMA synchronous = ${synchronous}`);
  database.exec('create table if not exists message (id text primary key, content blob)');
  process.send({ port: 1 });
  for (;;) {
    const id = randomUUID();
    database.run('insert into message (id, content) values (?, ?)', id, randomBytes(some(3000)));
    tell('A', [id]);
    // Lets the end of the parent be seen.
    await new Promise(resolve => setImmediate(resolve));
  }
}

await (kind === 'store' ? useStore() : usePlainFile());
