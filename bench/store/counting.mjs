// What the counting of metrics costs: messages taken over, claimed and settled, with and without it, in turns, each in
// a store of its own. Arguments: folder, rounds of each. Sends the medians, and the cost of the counting alone.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { CHANNEL, message, quantile } from './messages.mjs';

const require = createRequire(import.meta.url);
const { openStore } = require('../../dist/lib/store/open-store.js');
const { OpenStores } = require('../../dist/lib/monitor/open-stores.js');
const { counted } = require('../../dist/lib/telemetry/counted-store.js');
const { OpenList } = require('../../dist/lib/telemetry/open-list.js');
const { Telemetry } = require('../../dist/lib/telemetry/telemetry.js');

const [folder, rounds] = process.argv.slice(2);
const MESSAGES = 6_400;
const PRODUCERS = 64;
const ALONE = 200_000;
const OWNER = 'bench';

const telemetry = new Telemetry({
  stores: new OpenStores(),
  databases: new OpenList(),
  stations: new OpenList(),
});
const counting = store => counted(store, telemetry.messages, () => 'platform');
const figures = { without: [], with: [] };
let made = 0;

await work(store => store);
for (let round = 0; round < Number(rounds); round++) {
  const ways = [
    ['without', store => store],
    ['with', counting],
  ];
  for (const [way, wrap] of round % 2 === 0 ? ways : ways.toReversed()) figures[way].push(await work(wrap));
}
const median = (way, name) =>
  quantile(
    figures[way].map(figure => figure[name]),
    0.5,
  );
process.send({
  rows: ['without', 'with'].map(way => ({
    way,
    perSecond: median(way, 'perSecond'),
    cpuMicros: median(way, 'cpuMicros'),
  })),
  aloneMicros: await alone(),
});
process.disconnect();

/** Rate and processor time of one message from its hand-in to its outcome. */
async function work(wrap) {
  const file = path.join(folder, 'counting.db');
  const plain = await openStore({ kind: 'embedded', file, secret: 'BENCH' });
  const store = wrap(plain);
  const used = process.cpuUsage();
  const start = performance.now();
  const produce = async () => {
    for (let n = 0; n < MESSAGES / PRODUCERS; n++) await one(store, message(made++));
  };
  await Promise.all(Array.from({ length: PRODUCERS }, produce));
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(used);
  await plain.close();
  for (const name of fs.readdirSync(folder))
    if (name.startsWith('counting.db')) fs.rmSync(path.join(folder, name));
  return { perSecond: (MESSAGES / ms) * 1000, cpuMicros: (user + system) / MESSAGES };
}

async function one(store, given) {
  await store.accept({ messages: [given] });
  const { messages } = await store.claim({ channel: CHANNEL, limit: 1, owner: OWNER, leaseMs: 60_000 });
  if (messages.length > 0)
    await store.settle({ owner: OWNER, settlements: messages.map(({ id }) => settlement(id)) });
}

function settlement(id) {
  const next = { state: 'accepted', outcome: '{}', repeatAt: Number.MAX_SAFE_INTEGER };
  return { id, startedAt: 0, durationMs: 12, next };
}

/** Of a store that does nothing: what is added to any. */
async function alone() {
  const nothing = {
    accept: async ({ messages: [{ id }] }) => [{ id, fate: 'queued', version: 1 }],
    claim: async () => ({ messages: [sent], nextDue: null }),
    settle: async () => [],
  };
  const given = message(0);
  const sent = { ...given };
  const micros = [];
  for (const store of [nothing, counting(nothing), nothing, counting(nothing)]) {
    const used = process.cpuUsage();
    for (let n = 0; n < ALONE; n++) await one(store, given);
    const { user, system } = process.cpuUsage(used);
    micros.push((user + system) / ALONE);
  }
  return micros[3] - micros[2];
}
