// A store with many waiting messages, as Node-RED opens it after a long outage of the platform; in a process of its
// own. Arguments: the file, how many wait. Sends what it measured.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { CHANNEL, SELDOM, quantile, reportNo } from './messages.mjs';

const require = createRequire(import.meta.url);
const { openStore } = require('../../dist/lib/store/open-store.js');
const [file, count] = process.argv.slice(2);
const owner = 'bench';
const CLAIMS = 1000;
const AT_ONCE = 8;
const SEARCHES = 200;

const bareMb = rssMb();
let peakMb = bareMb;
const watch = setInterval(() => (peakMb = Math.max(peakMb, rssMb())), 20);
const start = performance.now();
const store = await openStore({ kind: 'embedded', file, secret: 'BENCH' });
const openMs = performance.now() - start;

const firstClaimMs = await timed(claim);
const claims = [];
const settles = [];
for (let n = 0; n < CLAIMS; n++) {
  let messages;
  claims.push(await timed(async () => ({ messages } = await claim())));
  settles.push(await timed(() => settle(messages)));
}
const searches = [];
for (let n = 0; n < SEARCHES; n++) {
  const report = reportNo(Math.floor(Math.random() * Number(count)));
  searches.push(
    await timed(async () => {
      const found = await store.search({ terms: { report }, limit: 50 });
      if (found.length !== 1) throw new Error(`${report}: ${found.length} found`);
    }),
  );
}
const talliesMs = await timed(() => store.tallies({}));
const oldestMs = await timed(() => store.oldest({ channel: CHANNEL }));
const listMs = await timed(() => store.search({ states: ['pending'], channel: CHANNEL, limit: 50 }));
const [newest] = await store.search({ limit: 1 });
const [oldest] = await store.search({ beforeSeq: 2, limit: 1 });
const middle = (newest.acceptedAt + oldest.acceptedAt) / 2;
const lists = {
  'any number, not told which': { term: reportNo(7) },
  'one node among others': { channel: SELDOM.channel },
  'one service among others': { service: SELDOM.service },
  'a time far back': { acceptedFrom: middle - 60_000, acceptedTo: middle },
  'a time far back, of one node and state': {
    channel: SELDOM.channel,
    states: ['pending'],
    acceptedFrom: oldest.acceptedAt,
    acceptedTo: middle,
  },
  'a time far back, of one service': { service: SELDOM.service, acceptedTo: middle },
  'an error that there is not': { code: 'HTTP_STATUS', channel: CHANNEL },
};
const figures = {};
for (const [name, filter] of Object.entries(lists))
  figures[`list of ${name} ms`] = await timed(() => store.search({ ...filter, limit: 50 }));
clearInterval(watch);
process.send({
  'open ms': openMs,
  'first claim ms': firstClaimMs,
  'claim of 8 p50 ms': quantile(claims, 0.5),
  'claim of 8 p99 ms': quantile(claims, 0.99),
  'settle of 8 p50 ms': quantile(settles, 0.5),
  'settle of 8 p99 ms': quantile(settles, 0.99),
  'search by report number p50 ms': quantile(searches, 0.5),
  'search by report number max ms': quantile(searches, 1),
  'list of the newest 50 waiting ms': listMs,
  ...figures,
  'tallies ms': talliesMs,
  'oldest ms': oldestMs,
  'memory MB, of which a bare Node': `${peakMb.toFixed(0)}, ${bareMb.toFixed(0)}`,
  'file MB': fs.statSync(file).size / 1e6,
});
await store.close();
process.disconnect();

function claim() {
  return store.claim({ channel: CHANNEL, limit: AT_ONCE, owner, leaseMs: 30_000 });
}

function settle(messages) {
  const next = { state: 'accepted', outcome: '{"payload":"1"}', repeatAt: Date.now() + 60_000 };
  return store.settle({
    owner,
    settlements: messages.map(({ id }) => ({ id, startedAt: 0, durationMs: 1, next })),
  });
}

async function timed(work) {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}

function rssMb() {
  return process.memoryUsage().rss / 1e6;
}
