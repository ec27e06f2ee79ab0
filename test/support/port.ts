/** Ports of this machine for peers that cannot choose one themselves. */
import type { ChildProcess } from 'node:child_process';
import net from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { portOf } from './misbehaving-server';

export async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const port = portOf(server);
  await new Promise<unknown>(resolve => server.close(resolve));
  return port;
}

/** Waits until something answers on a port; fails when the program behind it has ended. */
export async function untilListening(port: number, program: ChildProcess): Promise<void> {
  for (const end = Date.now() + 10_000; Date.now() < end; await pause(20)) {
    if (program.exitCode !== null) throw new Error(`the peer ended with ${program.exitCode}`);
    if (await answers(port)) return;
  }
  throw new Error('the peer does not listen');
}

const answers = (port: number): Promise<boolean> =>
  new Promise(resolve => {
    const socket = net.connect(port, '127.0.0.1');
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
