/** A real vsftpd in a folder of its own, and a go-between that spoils single commands. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { portOf } from './misbehaving-server';
import { freePort, untilListening } from './port';

export const VSFTPD = '/usr/sbin/vsftpd';
/** vsftpd asks its anonymous user for one of listed passwords: a login without accounts on this machine. */
export const FTP_LOGIN = { user: 'anonymous', password: 'right@test' };

export interface VsftpdOptions {
  /** Explicit TLS, required, with this certificate. */
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer };
  /** Bytes a second of each transfer. */
  readonly rate?: number;
}

export class Vsftpd {
  readonly port: number;
  /** What clients see as `/`. */
  readonly root: string;
  readonly #folder: string;
  readonly #process: ChildProcess;

  private constructor(folder: string, port: number, server: ChildProcess) {
    this.#folder = folder;
    this.port = port;
    this.root = path.join(folder, 'root');
    this.#process = server;
  }

  static async start({ tls, rate = 0 }: VsftpdOptions = {}): Promise<Vsftpd> {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vsftpd-'));
    fs.mkdirSync(path.join(folder, 'root'));
    fs.writeFileSync(path.join(folder, 'passwords'), `${FTP_LOGIN.password}\n`);
    const port = await freePort();
    const settings = {
      listen: 'YES',
      listen_address: '127.0.0.1',
      listen_port: port,
      background: 'NO',
      run_as_launching_user: 'YES',
      seccomp_sandbox: 'NO',
      anonymous_enable: 'YES',
      local_enable: 'NO',
      write_enable: 'YES',
      anon_upload_enable: 'YES',
      anon_mkdir_write_enable: 'YES',
      anon_other_write_enable: 'YES',
      anon_world_readable_only: 'NO',
      anon_umask: '022',
      anon_max_rate: rate,
      anon_root: path.join(folder, 'root'),
      secure_email_list_enable: 'YES',
      email_password_file: path.join(folder, 'passwords'),
      xferlog_enable: 'NO',
      ...(tls && {
        ssl_enable: 'YES',
        allow_anon_ssl: 'YES',
        force_anon_logins_ssl: 'YES',
        force_anon_data_ssl: 'YES',
        rsa_cert_file: path.join(folder, 'cert.pem'),
        rsa_private_key_file: path.join(folder, 'key.pem'),
      }),
    };
    if (tls) {
      fs.writeFileSync(path.join(folder, 'cert.pem'), tls.cert);
      fs.writeFileSync(path.join(folder, 'key.pem'), tls.key);
    }
    const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
    fs.writeFileSync(path.join(folder, 'vsftpd.conf'), lines.join(''));
    // A group of its own: each session is a process.
    const server = spawn(VSFTPD, [path.join(folder, 'vsftpd.conf')], { stdio: 'ignore', detached: true });
    await untilListening(port, server);
    return new Vsftpd(folder, port, server);
  }

  /** Ends server and sessions at once, as a power cut does. The files stay. */
  async kill(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    process.kill(-(this.#process.pid ?? 0), 'SIGKILL');
    await once(this.#process, 'exit');
  }

  async close(): Promise<void> {
    await this.kill();
    fs.rmSync(this.#folder, { recursive: true, force: true });
  }

  /** All files below the root, temporary ones too. */
  files(): string[] {
    return fs
      .readdirSync(this.root, { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => path.relative(this.root, path.join(entry.parentPath, entry.name)))
      .toSorted();
  }
}

/** What a go-between does to a command. */
export type Meddling = (command: string) => 'pass' | 'cut' | { readonly answer: string };

export interface GoBetween {
  readonly port: number;
  /** Resolves when no client is connected any more. */
  left(): Promise<void>;
  close(): void;
}

/** A go-between on the control connection; data connections go straight to the server. */
export async function meddle(target: number, decide: Meddling): Promise<GoBetween> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer(client => {
    const behind = net.connect(target, '127.0.0.1');
    for (const socket of [client, behind]) {
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    }
    behind.pipe(client);
    client.on('close', () => behind.destroy());
    client.on('data', (bytes: Buffer) => {
      for (const line of bytes.toString().split('\r\n').filter(Boolean)) {
        const verdict = decide(line);
        if (verdict === 'cut') client.destroy();
        else if (verdict === 'pass') behind.write(`${line}\r\n`);
        else if (verdict.answer) client.write(`${verdict.answer}\r\n`);
      }
    });
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    port: portOf(server),
    left: async () => {
      while (sockets.size > 0) await pause(5);
    },
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** A certificate for `localhost` and 127.0.0.1 that nobody has signed. */
export function selfSigned(): { cert: Buffer; key: Buffer } {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'certificate-'));
  try {
    const args =
      'req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost';
    const names = ['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
    execFileSync('openssl', [...args.split(' '), ...names], { cwd: folder, stdio: 'ignore' });
    return {
      cert: fs.readFileSync(path.join(folder, 'cert.pem')),
      key: fs.readFileSync(path.join(folder, 'key.pem')),
    };
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}
