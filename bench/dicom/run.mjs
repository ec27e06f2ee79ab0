// npm run bench:dicom — images to DCMTK's storescp: our sender, DCMTK's two, and the Client of dcmjs-dimse, in turn, each
// in a process of its own; our station beside storescp, with storescu as the sender; our C-GET and C-MOVE beside getscu
// and movescu, with dcmqrscp as the archive. Needs dcmtk and GNU time; with gcc also storescp that syncs what it takes.
// Options: --only senders,large,shipped,receivers,retrieval --rounds 3
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { ensureInstalled, root } from '../../scripts/shared.mjs';
import { LATER_STUDY, STUDY, multiFrame, series } from './images.mjs';
import { freePort, isInstalled, preload, start, timed, usedBy } from './processes.mjs';

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: 'senders,large,shipped,receivers,retrieval' },
    rounds: { type: 'string', default: '3' },
  },
});
ensureInstalled();
for (const program of ['storescp', 'storescu', 'dcmsend', 'dcmqrscp', 'getscu', 'movescu', '/usr/bin/time'])
  if (!isInstalled(program)) throw new Error(`not installed: ${program}`);

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bench-dicom-'));
const kept = path.join(folder, 'kept');
let emptied = 0;
const sections = { senders, large, shipped, receivers, retrieval };
/** DCMTK waits for full packets unless it is told not to (Nagle), and so do hospitals' archives. */
const NODELAY = { TCP_NODELAY: '1' };
/** DCMTK syncs nothing by itself. */
const synced = preload(path.join(root, 'bench/dicom/sync-on-close.c'), folder);

try {
  // Bundled: neither tsx nor its compiler counts into what a process takes.
  for (const name of ['sender', 'station', 'retriever']) {
    await build({
      entryPoints: [path.join(root, `bench/dicom/${name}.mjs`)],
      outfile: bundled(name),
      bundle: true,
      platform: 'node',
      logLevel: 'error',
    });
  }
  console.log(`Node ${process.version}, ${os.cpus().length} cores, ${options.rounds} rounds, medians`);
  for (const section of options.only.split(',')) {
    await sections[section]();
    const load = os.loadavg().map(one => one.toFixed(1));
    console.log(`load ${load.join(' ')}`);
  }
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}

function bundled(name) {
  return path.join(folder, `${name}.cjs`);
}

async function senders() {
  const ways = { ...dcmtk(NODELAY), 'ours, 1 association': ours(1), 'ours, 4 associations': ours(4) };
  await compare('CT of 300 objects, storescp with nodelay, PDU 131072', series(folder, 300), NODELAY, {
    ...ways,
    'dcmjs-dimse Client': stock,
  });
}

async function large() {
  await compare('one object of 210 MB, storescp with nodelay, PDU 131072', multiFrame(folder), NODELAY, {
    ...dcmtk(NODELAY),
    'ours, 1 association': ours(1),
    'dcmjs-dimse Client': stock,
  });
}

async function shipped() {
  const ways = { ...dcmtk({}), 'ours, 1 association': ours(1), 'ours, 4 associations': ours(4) };
  await compare('CT of 300 objects, storescp as shipped', series(folder, 300), {}, ways);
}

async function receivers() {
  const storescp = env => (port, senderCount) => ({
    // By itself it serves one association after the other.
    args: ['storescp', '+B', '-od', kept, ...(senderCount > 1 ? ['--fork'] : []), '-pdu', '131072', port],
    env: { ...NODELAY, ...env },
  });
  const station = durable => port => ({
    args: [process.execPath, bundled('station'), kept, port, durable],
  });
  const ways = {
    storescp: storescp({}),
    'station without sync': station('not'),
    ...(synced && { 'storescp with sync': storescp(synced) }),
    station: station('durable'),
  };
  const ct = [series(folder, 300), series(folder, 300, LATER_STUDY)];
  for (const [what, studies, senderCount] of [
    ['storescu sends a CT of 300 objects', ct, 1],
    ['4 storescu send a CT of 300 objects each', ct, 4],
    ['storescu sends one object of 210 MB', [multiFrame(folder)], 1],
  ])
    await receive(what, studies, senderCount, ways);
}

async function retrieval() {
  for (const [what, files] of [
    ['a CT of 300 objects', series(folder, 300)],
    ['one object of 210 MB', multiFrame(folder)],
  ])
    await retrieve(what, files);
}

/** All ways in turn, each round against the same receiver. */
async function compare(title, files, env, ways) {
  const runs = emptyRuns(ways);
  const port = await freePort();
  emptyKept();
  const args = ['storescp', '+B', '-od', kept, '--fork', '-pdu', '131072', port];
  const receiver = await start({ args, env }, port);
  try {
    await inTurn(ways, async (way, command) => {
      for (const name of fs.readdirSync(kept)) fs.truncateSync(path.join(kept, name));
      runs[way].push(speed(files, await timed(command(files, port))));
    });
  } finally {
    await receiver.end();
  }
  print(title, runs);
}

/** The studies one after the other: a process is slower while its code is new to its compiler. */
async function receive(title, studies, senderCount, ways) {
  const runs = emptyRuns(ways);
  await inTurn(ways, async (way, command) => {
    emptyKept();
    const port = await freePort();
    const receiver = await start(command(port, senderCount), port);
    try {
      const speeds = [];
      for (const files of studies) {
        const begun = performance.now();
        const sender = dcmtk(NODELAY).storescu;
        await Promise.all(Array.from({ length: senderCount }, () => timed(sender(files, port))));
        const seconds = (performance.now() - begun) / 1000;
        speeds.push((senderCount * files.bytes) / 1e6 / seconds);
      }
      const [mbPerSecond, mbPerSecondLater] = speeds;
      runs[way].push({ mbPerSecond, mbPerSecondLater, ...usedBy(receiver.pid) });
    } finally {
      await receiver.end();
    }
  });
  print(title, runs);
}

async function retrieve(what, files) {
  const [port, ownPort] = [await freePort(), await freePort()];
  const archive = await startArchive(port, ownPort);
  try {
    await timed({ args: ['storescu', '-aec', 'QRSCP', '127.0.0.1', port, '+sd', files.path], env: NODELAY });
    const keys = ['-k', 'QueryRetrieveLevel=STUDY', '-k', `StudyInstanceUID=${STUDY}`];
    const parties = ['-aet', 'BENCH', '-aec', 'QRSCP', '127.0.0.1', port];
    const asked = ['-S', '+B', '-pdu', '131072', ...keys, ...parties];
    const dcmtkDoes = {
      get: ['getscu', '-od', kept, ...asked],
      move: ['movescu', '-aem', 'BENCH', '+P', ownPort, ...asked],
    };
    for (const [way, args] of Object.entries(dcmtkDoes)) {
      const weDo = durable => ({
        args: [process.execPath, bundled('retriever'), way, kept, port, ownPort, STUDY, durable],
      });
      const ways = {
        [args[0]]: { args, env: NODELAY },
        'ours without sync': weDo('not'),
        ...(synced && { [`${args[0]} with sync`]: { args, env: { ...NODELAY, ...synced } } }),
        ours: weDo('durable'),
      };
      const runs = emptyRuns(ways);
      await inTurn(ways, async (name, command) => {
        emptyKept();
        // With +B movescu writes where it is.
        runs[name].push(speed(files, await timed({ ...command, cwd: kept })));
      });
      print(`C-${way.toUpperCase()} of ${what} from dcmqrscp`, runs);
    }
  } finally {
    await archive.end();
  }
}

function startArchive(port, ownPort) {
  const archive = path.join(folder, 'archive');
  fs.rmSync(archive, { recursive: true, force: true });
  fs.mkdirSync(archive);
  const file = path.join(folder, 'dcmqrscp.cfg');
  fs.writeFileSync(
    file,
    `NetworkTCPPort = ${port}
MaxPDUSize = 131072
MaxAssociations = 16
HostTable BEGIN
bench = (BENCH, localhost, ${ownPort})
HostTable END
VendorTable BEGIN
VendorTable END
AETable BEGIN
QRSCP ${archive} RW (100, 1024mb) ANY
AETable END
`,
  );
  return start({ args: ['dcmqrscp', '-c', file], env: NODELAY }, port);
}

function emptyRuns(ways) {
  return Object.fromEntries(Object.keys(ways).map(way => [way, []]));
}

async function inTurn(ways, run) {
  for (let round = 0; round < Number(options.rounds); round++)
    for (const [way, command] of Object.entries(ways)) await run(way, command);
}

/**
 * What was kept makes room, yet its files stay until the end, without their bytes: ext4 does not give the inodes of files
 * that were just removed away, and who makes files near them looks at each of them first, up to a millisecond a file.
 */
function emptyKept() {
  if (fs.existsSync(kept)) {
    for (const entry of fs.readdirSync(kept, { recursive: true, withFileTypes: true }))
      if (entry.isFile()) fs.truncateSync(path.join(entry.parentPath, entry.name));
    fs.renameSync(kept, `${kept}-${++emptied}`);
  }
  fs.mkdirSync(kept);
}

function speed({ bytes }, { looking, rest, ...used }) {
  return {
    mbPerSecond: bytes / 1e6 / (looking + rest),
    mbPerSecondSending: bytes / 1e6 / rest,
    ...used,
  };
}

function dcmtk(env) {
  const parties = port => ['-aet', 'SENDER', '-aec', 'BENCH', '127.0.0.1', String(port)];
  return {
    storescu: ({ path: from }, port) => ({ args: ['storescu', ...parties(port), '+sd', from], env }),
    dcmsend: ({ path: from }, port) => ({ args: ['dcmsend', ...parties(port), '+sd', from], env }),
  };
}

function ours(associations) {
  return ({ path: from }, port) => ({
    args: [process.execPath, bundled('sender'), from, port, associations],
  });
}

function stock({ path: from }, port) {
  return { args: [process.execPath, path.join(root, 'bench/dicom/stock.mjs'), from, port] };
}

function print(title, runs) {
  const [first] = Object.keys(runs);
  const median = (way, figure) =>
    runs[way].map(one => one[figure]).toSorted((a, b) => a - b)[Math.floor(runs[way].length / 2)];
  const ratio = (way, to, figure) => Number((median(way, figure) / median(to, figure)).toFixed(2));
  console.log(`\n${title}`);
  console.table(
    Object.fromEntries(
      Object.keys(runs).map(way => [
        way,
        {
          'MB/s': Number(median(way, 'mbPerSecond').toFixed(1)),
          ...(median(way, 'mbPerSecondSending') > median(way, 'mbPerSecond') && {
            'sending alone': Number(median(way, 'mbPerSecondSending').toFixed(1)),
          }),
          'CPU s': Number(median(way, 'cpuSeconds').toFixed(2)),
          'peak MiB': Math.round(median(way, 'rssMb')),
          [`MB/s of ${first}`]: ratio(way, first, 'mbPerSecond'),
          ...(median(way, 'mbPerSecondLater') && {
            'MB/s, next study': Number(median(way, 'mbPerSecondLater').toFixed(1)),
            [`of ${first}`]: ratio(way, first, 'mbPerSecondLater'),
          }),
        },
      ]),
    ),
  );
}
