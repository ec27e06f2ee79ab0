// Programs that are measured, and those that they talk to.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** Node reads the certificates that a machine adds when it starts: 40 ms that have nothing to do with images. */
const { NODE_EXTRA_CA_CERTS: _certificates, ...environment } = process.env;

export const isInstalled = program => !spawnSync(program, ['--version']).error;

/**
 * Runs a program to its end. Those of Node say how long they took without the start of Node: the seconds to look at
 * the files, and the rest.
 */
export async function timed({ args, env = {}, cwd }) {
  const figures = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'bench-time-')), 'time');
  const begun = performance.now();
  const child = spawn('/usr/bin/time', ['-f', '%U %S %M', '-o', figures, ...args.map(String)], {
    cwd,
    env: { ...environment, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', chunk => (said += chunk));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${args[0]} ended with ${code}: ${said}`);
  const whole = (performance.now() - begun) / 1000;
  const [looking = 0, rest = whole] =
    args[0] === process.execPath ? said.trim().split('\n').at(-1).split(' ').map(Number) : [];
  const [user, system, kib] = fs.readFileSync(figures, 'utf8').trim().split(' ').map(Number);
  fs.rmSync(path.dirname(figures), { recursive: true });
  return { looking, rest, cpuSeconds: user + system, rssMb: kib / 1024 };
}

/** What a process that still runs, and the processes that it has started, have taken. */
export function usedBy(pid) {
  const children = fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  // One that has ended, and was not asked after, has no memory.
  const [, peak = 0] = /VmHWM:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  // User and system, of its own and of its children that have ended.
  const ticks = fields.slice(11, 15).reduce((sum, one) => sum + Number(one), 0);
  const others = children === '' ? [] : children.split(' ').map(usedBy);
  return {
    cpuSeconds: ticks / 100 + others.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
    rssMb: Math.max(Number(peak) / 1024, ...others.map(({ rssMb }) => rssMb)),
  };
}

/** Starts a program that listens. */
export async function start({ args: [program, ...args], env = {} }, port) {
  const child = spawn(program, args.map(String), { env: { ...environment, ...env }, stdio: 'ignore' });
  while (!(await answers(port))) {
    if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}`);
    await pause(20);
  }
  const end = async () => {
    child.kill();
    await once(child, 'exit');
  };
  return { pid: child.pid, end };
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

export async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Compiles a library for LD_PRELOAD; null where there is no compiler. */
export function preload(source, folder) {
  if (!isInstalled('gcc')) return null;
  const library = path.join(folder, `${path.basename(source, '.c')}.so`);
  const { status } = spawnSync('gcc', ['-shared', '-fPIC', '-O2', '-Wall', '-o', library, source, '-ldl']);
  if (status !== 0) throw new Error(`gcc does not take ${source}`);
  return { LD_PRELOAD: library };
}
