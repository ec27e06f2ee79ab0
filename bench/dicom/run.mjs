// npm run bench:dicom — images to DCMTK's storescp: our sender, DCMTK's two, and the Client of dcmjs-dimse, in turn, each
// in a process of its own; and our station beside storescp, with storescu as the sender. Needs dcmtk and GNU time.
// Options: --only senders,large,shipped,receivers --rounds 3
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { ensureInstalled, root } from '../../scripts/shared.mjs';

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: 'senders,large,shipped,receivers' },
    rounds: { type: 'string', default: '3' },
  },
});
ensureInstalled();
for (const program of ['storescp', 'storescu', 'dcmsend', '/usr/bin/time'])
  if (spawnSync(program, ['--version']).error) throw new Error(`not installed: ${program}`);

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bench-dicom-'));
const sections = { senders, large, shipped, receivers };
/** DCMTK waits for full packets unless it is told not to (Nagle), and so do hospitals' archives. */
const NODELAY = { TCP_NODELAY: '1' };

try {
  // Bundled: neither tsx nor its compiler counts into what a process takes.
  for (const name of ['sender', 'station']) {
    await build({
      entryPoints: [path.join(root, `bench/dicom/${name}.mjs`)],
      outfile: path.join(folder, `${name}.cjs`),
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

async function senders() {
  const files = series(300);
  const ways = { ...dcmtk(NODELAY), 'ours, 1 association': ours(1), 'ours, 4 associations': ours(4) };
  await compare('CT of 300 objects, storescp with nodelay, PDU 131072', files, NODELAY, {
    ...ways,
    'dcmjs-dimse Client': stock,
  });
}

async function large() {
  await compare('one object of 210 MB, storescp with nodelay, PDU 131072', multiFrame(), NODELAY, {
    ...dcmtk(NODELAY),
    'ours, 1 association': ours(1),
    'dcmjs-dimse Client': stock,
  });
}

async function shipped() {
  await compare(
    'CT of 300 objects, storescp as shipped',
    series(300),
    {},
    {
      ...dcmtk({}),
      'ours, 1 association': ours(1),
      'ours, 4 associations': ours(4),
    },
  );
}

async function receivers() {
  for (const [what, files] of [
    ['CT of 300 objects', series(300)],
    ['one object of 210 MB', multiFrame()],
  ]) {
    await receive(`storescu with nodelay sends ${what}; both write to the disk, ours with fsync`, files);
  }
}

/** All ways in turn, each round against the same receiver. */
async function compare(title, files, env, ways) {
  const runs = Object.fromEntries(Object.keys(ways).map(way => [way, []]));
  const kept = path.join(folder, 'kept');
  const args = ['+B', '-od', kept, '--fork', '-pdu', '131072'];
  fs.mkdirSync(kept);
  const receiver = await start('storescp', port => [...args, port], env);
  try {
    for (let round = 0; round < Number(options.rounds); round++) {
      for (const [way, command] of Object.entries(ways)) {
        for (const name of fs.readdirSync(kept)) fs.rmSync(path.join(kept, name));
        runs[way].push(await timed(command(files, receiver.port), files));
      }
    }
  } finally {
    await receiver.end();
    fs.rmSync(kept, { recursive: true });
  }
  print(title, runs);
}

async function receive(title, files) {
  const kept = path.join(folder, 'kept');
  const ways = {
    storescp: port => ['storescp', ['+B', '-od', kept, '-pdu', '131072', port]],
    station: port => [process.execPath, [path.join(folder, 'station.cjs'), kept, port]],
  };
  const runs = { storescp: [], station: [] };
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const [way, command] of Object.entries(ways)) {
      fs.rmSync(kept, { recursive: true, force: true });
      fs.mkdirSync(kept);
      const port = await freePort();
      const [program, args] = command(String(port));
      const receiver = await startAt(port, program, args, NODELAY);
      const { mbPerSecond } = await timed(dcmtk(NODELAY).storescu(files, port), files);
      runs[way].push({ mbPerSecond, mbPerSecondSending: mbPerSecond, ...usedBy(receiver.pid) });
      await receiver.end();
    }
  }
  fs.rmSync(kept, { recursive: true, force: true });
  print(title, runs);
}

function dcmtk(env) {
  const parties = port => ['-aet', 'SENDER', '-aec', 'BENCH', '127.0.0.1', String(port)];
  return {
    storescu: ({ path: from }, port) => ({ args: ['storescu', ...parties(port), '+sd', from], env }),
    dcmsend: ({ path: from }, port) => ({ args: ['dcmsend', ...parties(port), '+sd', from], env }),
  };
}

function ours(associations) {
  const script = path.join(folder, 'sender.cjs');
  return ({ path: from }, port) => ({ args: [process.execPath, script, from, port, associations], env: {} });
}

function stock({ path: from }, port) {
  return { args: [process.execPath, path.join(root, 'bench/dicom/stock.mjs'), from, port], env: {} };
}

/** Runs a sender; those of Node say how long they took without the start of Node, and for looking at the files. */
async function timed({ args, env }, { bytes }) {
  const figures = path.join(folder, 'time');
  const begun = performance.now();
  const child = spawn('/usr/bin/time', ['-f', '%U %S %M', '-o', figures, ...args.map(String)], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', chunk => (said += chunk));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${args[0]} ended with ${code}: ${said}`);
  const whole = (performance.now() - begun) / 1000;
  const [looking = 0, sending = whole] =
    args[0] === process.execPath ? said.trim().split('\n').at(-1).split(' ').map(Number) : [];
  const [user, system, kib] = fs.readFileSync(figures, 'utf8').trim().split(' ').map(Number);
  return {
    mbPerSecond: bytes / 1e6 / (looking + sending),
    mbPerSecondSending: bytes / 1e6 / sending,
    cpuSeconds: user + system,
    rssMb: kib / 1024,
  };
}

/** What a process that still runs has taken. */
function usedBy(pid) {
  const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  const peak = /VmHWM:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1];
  return { cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100, rssMb: Number(peak) / 1024 };
}

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

async function start(program, args, env) {
  const port = await freePort();
  return startAt(port, program, args(String(port)), env);
}

async function startAt(port, program, args, env) {
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: 'ignore' });
  while (!(await answers(port))) {
    if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}`);
    await pause(20);
  }
  const end = async () => {
    child.kill();
    await once(child, 'exit');
  };
  return { port, pid: child.pid, end };
}

function answers(port) {
  return new Promise(resolve => {
    const socket = net.connect(port, '127.0.0.1');
    socket.on('error', () => resolve(false));
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}

/** A CT series with objects of 512 x 512 pixels of 16 bits. */
function series(count) {
  const pixels = Buffer.alloc(512 * 512 * 2);
  for (let at = 0; at < pixels.length; at++) pixels[at] = (at * 31) & 0xff;
  return filesOf('series', count, '1.2.840.10008.5.1.4.1.1.2', pixels);
}

function multiFrame() {
  return filesOf('frames', 1, '1.2.840.10008.5.1.4.1.1.2.1', Buffer.alloc(210_000_000, 7));
}

function filesOf(name, count, sopClass, pixels) {
  const target = path.join(folder, name);
  let bytes = 0;
  if (!fs.existsSync(target)) {
    fs.mkdirSync(target);
    for (let at = 0; at < count; at++)
      fs.writeFileSync(path.join(target, `${at}.dcm`), part10(sopClass, `2.25.99.${at + 1}`, pixels));
  }
  for (const file of fs.readdirSync(target)) bytes += fs.statSync(path.join(target, file)).size;
  return { path: target, bytes };
}

function part10(sopClass, sop, pixels) {
  const meta = Buffer.concat([
    element(0x0002, 0x0001, 'OB', Buffer.from([0, 1])),
    element(0x0002, 0x0002, 'UI', sopClass),
    element(0x0002, 0x0003, 'UI', sop),
    element(0x0002, 0x0010, 'UI', '1.2.840.10008.1.2.1'),
    element(0x0002, 0x0012, 'UI', '2.25.1'),
  ]);
  return Buffer.concat([
    Buffer.alloc(128),
    Buffer.from('DICM'),
    element(0x0002, 0x0000, 'UL', Buffer.from(Uint32Array.of(meta.length).buffer)),
    meta,
    element(0x0008, 0x0016, 'UI', sopClass),
    element(0x0008, 0x0018, 'UI', sop),
    element(0x0008, 0x0060, 'CS', 'CT'),
    element(0x0010, 0x0010, 'PN', 'Ceshi^Jia'),
    element(0x0010, 0x0020, 'LO', 'P0001'),
    element(0x0020, 0x000d, 'UI', '2.25.97'),
    element(0x0020, 0x000e, 'UI', '2.25.98'),
    element(0x7fe0, 0x0010, 'OW', pixels),
  ]);
}

function element(group, number, vr, value) {
  const bytes = Buffer.isBuffer(value)
    ? value
    : Buffer.from(value.length % 2 === 0 ? value : value + (vr === 'UI' ? '\0' : ' '), 'latin1');
  const isLong = vr.startsWith('O');
  const head = Buffer.alloc(isLong ? 12 : 8);
  head.writeUInt16LE(group);
  head.writeUInt16LE(number, 2);
  head.write(vr, 4);
  if (isLong) head.writeUInt32LE(bytes.length, 8);
  else head.writeUInt16LE(bytes.length, 6);
  return Buffer.concat([head, bytes]);
}

function print(title, runs) {
  const [first] = Object.keys(runs);
  const median = (way, figure) =>
    runs[way].map(one => one[figure]).toSorted((a, b) => a - b)[Math.floor(runs[way].length / 2)];
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
          [`MB/s of ${first}`]: Number(
            (median(way, 'mbPerSecond') / median(first, 'mbPerSecond')).toFixed(2),
          ),
        },
      ]),
    ),
  );
}
