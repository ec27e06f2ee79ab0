// npm run bench:store — the message store: rates at 1 to 256 waiting producers on this disk and on a slow one, a store
// with a million waiting messages, what a kill -9 costs, beside a queue of core nodes, and what counting for the metrics
// costs.
// Options: --only rates,waiting,loss,counting --seconds 5 --messages 1000000 --kills 6
import { fork } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ensureBuilt, ensureInstalled, root } from '../../scripts/shared.mjs';

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: 'rates,waiting,loss,counting' },
    seconds: { type: 'string', default: '5' },
    messages: { type: 'string', default: '1000000' },
    kills: { type: 'string', default: '6' },
  },
});
ensureInstalled();
ensureBuilt();
// The helpers of the tests, in TypeScript: this is run with tsx.
const { canPreload, preload } = await import('../../test/support/preload.ts');
const { Postgresql, findPostgresql } = await import('../../test/support/postgresql.ts');
const { losses } = await import('./loss.ts');

const PRODUCERS = '1,8,64,256';
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bench-store-'));
const sections = { rates, waiting, loss, counting };

console.log(
  `Node ${process.version}, ${os.cpus().length} cores, load ${os
    .loadavg()
    .map(load => load.toFixed(1))
    .join(' ')}`,
);
try {
  for (const section of options.only.split(',')) await sections[section]();
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}

async function rates() {
  const embedded = name => ({ kind: 'embedded', file: path.join(folder, `${name}.db`), secret: 'BENCH' });
  await rate('embedded', embedded('fast'));
  if (canPreload())
    await rate('embedded, every sync 8 ms slower', embedded('slow'), preload('slow-sync', folder));
  if (findPostgresql() === undefined) return;
  const server = await Postgresql.start();
  await rate('PostgreSQL on this machine', server.settings());
  await server.close();
}

async function rate(title, settings, env = {}) {
  const figures = await collect(
    'throughput.mjs',
    [JSON.stringify(settings), options.seconds, PRODUCERS],
    env,
  );
  console.log(`\n${title}: messages of 700 bytes, each producer waits until its message is on disk`);
  print(
    figures.map(({ producers, acceptsPerSecond, deliveriesPerSecond, loopP99Ms, loopMaxMs }) => ({
      'producers, or calls at a time': producers,
      'accepts/s': Math.round(acceptsPerSecond),
      'deliveries/s': Math.round(deliveriesPerSecond),
      'event loop p99 ms': loopP99Ms.toFixed(1),
      'event loop max ms': loopMaxMs.toFixed(1),
    })),
  );
}

async function waiting() {
  const file = path.join(folder, 'waiting.db');
  const [filled] = await collect('fill.mjs', [file, options.messages]);
  const [figures] = await collect('waiting.mjs', [file, options.messages]);
  console.log(
    `\n${options.messages} waiting messages of 700 bytes (taken over at ${Math.round(filled.perSecond)}/s)`,
  );
  print(
    Object.entries(figures).map(([name, value]) => ({
      '': name,
      value: typeof value === 'number' ? value.toFixed(value < 100 ? 2 : 0) : value,
    })),
  );
}

async function loss() {
  for (const platform of ['up', 'down']) {
    const found = await losses({ kills: Number(options.kills), perSecond: 100, platform });
    console.log(
      `\n${options.kills} × kill -9 of Node-RED under 100 messages/s, each answered 200; the platform is ${platform}`,
    );
    print(
      found.map(({ way, acknowledged, lost }) => ({
        '': way,
        acknowledged,
        lost,
        '%': ((100 * lost) / acknowledged).toFixed(1),
      })),
    );
  }
}

async function counting() {
  const [{ rows, aloneMicros }] = await collect('counting.mjs', [folder, '5']);
  console.log(
    '\nA message from its hand-in to its outcome, with metrics and without; medians of 5 runs in turns',
  );
  print(
    rows.map(({ way, perSecond, cpuMicros }) => ({
      metrics: way,
      'messages/s': Math.round(perSecond),
      'processor µs each': Math.round(cpuMicros),
    })),
  );
  console.log(`\nThe counting alone: ${aloneMicros.toFixed(1)} µs a message`);
}

/** Everything that a script of this folder sends. */
function collect(script, args, env = {}) {
  const messages = [];
  const child = fork(path.join(root, 'bench/store', script), args, {
    // Without tsx, which this process was started with.
    execArgv: [],
    env: { ...process.env, ...env },
  });
  child.on('message', message => messages.push(message));
  return new Promise((resolve, reject) =>
    child.on('exit', code => (code === 0 ? resolve(messages) : reject(new Error(`${script}: exit ${code}`)))),
  );
}

/** A table as bench/RESULTS.md has it. */
function print(rows) {
  const names = Object.keys(rows[0]);
  const lines = [names, names.map(() => '--'), ...rows.map(row => names.map(name => row[name]))];
  for (const cells of lines) console.log(`| ${cells.join(' | ')} |`);
}
