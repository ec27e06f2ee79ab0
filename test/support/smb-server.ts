/** A real Samba server with one share, in a folder of its own. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { freePort, untilListening } from './port';

export const SMBD = '/usr/sbin/smbd';

export class Samba {
  /** The shared folder as this machine sees it. */
  readonly root: string;
  readonly #folder: string;
  readonly #port: number;
  readonly #process: ChildProcess;

  private constructor(folder: string, port: number, server: ChildProcess) {
    this.#folder = folder;
    this.root = path.join(folder, 'root');
    this.#port = port;
    this.#process = server;
  }

  /** Shares a folder as `\\127.0.0.1\reports`, read-only for guests. */
  static async start(): Promise<Samba> {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'samba-'));
    for (const name of ['root', 'state']) fs.mkdirSync(path.join(folder, name), { mode: 0o755 });
    fs.chmodSync(folder, 0o755);
    const port = await freePort();
    const state = path.join(folder, 'state');
    const places = ['private dir', 'lock directory', 'state directory', 'cache directory', 'pid directory'];
    const settings = [
      '[global]',
      ...[...places, 'ncalrpc dir'].map(place => `${place} = ${state}`),
      `smb ports = ${port}`,
      'interfaces = 127.0.0.1',
      'bind interfaces only = yes',
      'map to guest = Bad User',
      `guest account = ${os.userInfo().username}`,
      'load printers = no',
      'disable spoolss = yes',
      'log level = 0',
      `log file = ${state}/log`,
      '[reports]',
      `path = ${path.join(folder, 'root')}`,
      'guest ok = yes',
      'read only = yes',
    ];
    const file = path.join(folder, 'smb.conf');
    fs.writeFileSync(file, `${settings.join('\n')}\n`);
    const args = ['--foreground', '--no-process-group', '-s', file];
    const server = spawn(SMBD, args, { stdio: 'ignore', detached: true });
    await untilListening(port, server);
    return new Samba(folder, port, server);
  }

  /** Reads a file as the platform does, by its path below the share, with backslashes. */
  read(file: string): Buffer {
    const target = path.join(this.#folder, 'read');
    this.#client(`get "${file}" ${target}`);
    try {
      return fs.readFileSync(target);
    } finally {
      fs.rmSync(target);
    }
  }

  /** Names in one folder of the share. */
  list(folder: string): string[] {
    const lines = this.#client(`ls "${folder}\\*"`).matchAll(/^ {2}(\S.*?) +[A-Z]* +\d+ {2}\w{3} /gm);
    return [...lines].map(([, name = '']) => name).filter(name => name !== '.' && name !== '..');
  }

  async close(): Promise<void> {
    process.kill(-(this.#process.pid ?? 0), 'SIGKILL');
    await once(this.#process, 'exit');
    fs.rmSync(this.#folder, { recursive: true, force: true });
  }

  #client(command: string): string {
    const args = ['//127.0.0.1/reports', '-p', String(this.#port), '-N', '-c', command];
    return execFileSync('smbclient', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  }
}
