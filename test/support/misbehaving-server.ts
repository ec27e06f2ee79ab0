/** A peer that fails in every way a hospital's or a city's network has to offer, down at the socket. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import tls from 'node:tls';

/** What to do once a whole request has been received. */
export type Behaviour = (socket: net.Socket, request: Buffer) => void;

export interface MisbehavingServer {
  readonly port: number;
  readonly url: string;
  /** Requests received so far, headers and body. */
  readonly requests: Buffer[];
  readonly connections: () => number;
  close(): Promise<void>;
}

export interface Certificates {
  readonly ca: Buffer;
  readonly good: KeyPair;
  readonly expired: KeyPair;
  readonly otherHost: KeyPair;
  readonly selfSigned: KeyPair;
  readonly client: KeyPair;
  readonly clientPfx: Buffer;
  /** Encrypted as old Windows versions do; undefined where openssl has no legacy provider. */
  readonly rc2Pfx: Buffer | undefined;
}
export interface KeyPair {
  readonly cert: Buffer;
  readonly key: Buffer;
}

export async function misbehave(behaviour: Behaviour, secure?: tls.TlsOptions): Promise<MisbehavingServer> {
  const sockets = new Set<net.Socket>();
  const requests: Buffer[] = [];
  let connections = 0;
  const serve = (socket: net.Socket): void => {
    connections++;
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    onRequest(socket, request => {
      requests.push(request);
      behaviour(socket, request);
    });
  };
  const server = secure ? tls.createServer(secure, serve) : net.createServer(serve);
  server.on('tlsClientError', () => {});
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const port = portOf(server);
  return {
    port,
    requests,
    connections: () => connections,
    url: `${secure ? 'https://localhost' : 'http://127.0.0.1'}:${port}/Service.asmx?hospital=1`,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

export function portOf(server: net.Server): number {
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}

function onRequest(socket: net.Socket, take: (request: Buffer) => void): void {
  let received = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    const headersEnd = received.indexOf('\r\n\r\n');
    if (headersEnd < 0) return;
    const length = Number(
      /content-length: (\d+)/i.exec(received.toString('latin1', 0, headersEnd))?.[1] ?? 0,
    );
    const end = headersEnd + 4 + length;
    if (received.length < end) return;
    const request = received.subarray(0, end);
    received = received.subarray(end);
    take(request);
  });
}

/** An HTTP answer as it goes over the wire. */
export function http(
  status: number,
  body: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
): Buffer {
  const bytes = Buffer.from(body);
  const all = {
    'Content-Type': 'text/xml; charset=utf-8',
    'Content-Length': String(bytes.length),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`HTTP/1.1 ${status} Status\r\n${lines.join('')}\r\n`), bytes]);
}

export const answering =
  (answer: Buffer): Behaviour =>
  socket =>
    void socket.write(answer);

/** Accepts the request and never says a word. */
export const halfOpen: Behaviour = () => {};

/** Takes the request and resets the connection. */
export const resetBeforeAnswer: Behaviour = socket => void socket.resetAndDestroy();

/** Sends a part of the answer, then resets the connection or ends it. */
export const cutAnswer =
  (answer: Buffer, bytes: number, how: 'reset' | 'end'): Behaviour =>
  socket => {
    socket.write(answer.subarray(0, bytes), () => {
      if (how === 'reset') socket.resetAndDestroy();
      else socket.end();
    });
  };

/** Sends the answer 200 bytes at a time, ten times a second: 2 KB/s. */
export const trickle =
  (answer: Buffer): Behaviour =>
  socket => {
    let sent = 0;
    const timer = setInterval(() => {
      if (socket.destroyed || sent >= answer.length) clearInterval(timer);
      else socket.write(answer.subarray(sent, (sent += 200)));
    }, 100);
    socket.on('close', () => clearInterval(timer));
  };

/** A port of this machine that nobody listens on. */
export async function closedPort(): Promise<number> {
  const server = await misbehave(halfOpen);
  await server.close();
  return server.port;
}

/** Certificates of a throw-away authority, made by openssl. */
export function makeCertificates(): Certificates {
  const folder = mkdtempSync(path.join(tmpdir(), 'certificates-'));
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  };
  const read = (name: string): Buffer => readFileSync(path.join(folder, name));
  const selfSign = (name: string, subject: string): void =>
    openssl(
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.pem`,
      '-days',
      '2',
      '-subj',
      subject,
      '-addext',
      'subjectAltName=DNS:localhost',
    );
  const issue = (name: string, host: string, days: string): KeyPair => {
    writeFileSync(path.join(folder, 'names'), `subjectAltName=DNS:${host}`);
    openssl(
      'req',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
      '-subj',
      `/CN=${host}`,
    );
    openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-days',
      days,
      '-out',
      `${name}.pem`,
      '-extfile',
      'names',
    );
    return { cert: read(`${name}.pem`), key: read(`${name}.key`) };
  };
  const exportPfx = (...more: string[]): Buffer => {
    openssl(
      'pkcs12',
      '-export',
      '-inkey',
      'client.key',
      '-in',
      'client.pem',
      '-out',
      'client.pfx',
      '-passout',
      'pass:secret-pass',
      ...more,
    );
    return read('client.pfx');
  };
  try {
    selfSign('ca', '/CN=test authority');
    selfSign('self', '/CN=localhost');
    const client = issue('client', 'hospital', '2');
    return {
      ca: read('ca.pem'),
      good: issue('good', 'localhost', '2'),
      expired: issue('expired', 'localhost', '-1'),
      otherHost: issue('other', 'other.example.org', '2'),
      selfSigned: { cert: read('self.pem'), key: read('self.key') },
      client,
      clientPfx: exportPfx(),
      rc2Pfx: orUndefined(() =>
        exportPfx('-legacy', '-keypbe', 'PBE-SHA1-RC2-40', '-certpbe', 'PBE-SHA1-RC2-40'),
      ),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function orUndefined<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}
