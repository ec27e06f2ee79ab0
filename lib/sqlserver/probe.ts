/** Asks a SQL Server what it is, before any password is sent. */
import net from 'node:net';
import { portOfInstance } from './instance';
import { SQL_SERVER_PORT, type SqlServerAddress } from './connection-options';
import { type Prelogin, preloginQuestion, readPrelogin } from './prelogin';

/** @throws {Error} the network's, or a DOMException when `timeoutMs` has passed */
export async function probeServer(
  { host, port, instance, tls }: Pick<SqlServerAddress, 'host' | 'port' | 'instance' | 'tls'>,
  timeoutMs: number,
): Promise<Prelogin> {
  const signal = AbortSignal.timeout(timeoutMs);
  const given =
    port ?? (instance === undefined ? SQL_SERVER_PORT : await portOfInstance(host, instance, signal));
  const socket = net.connect({ host, port: given, signal });
  let bytes = Buffer.alloc(0);
  try {
    return await new Promise<Prelogin>((resolve, reject) => {
      socket.on('error', reject).on('close', () => reject(cut()));
      socket.on('data', chunk => {
        bytes = Buffer.concat([bytes, chunk]);
        const answer = readPrelogin(bytes);
        if (answer) resolve(answer);
      });
      socket.write(preloginQuestion(tls !== 'off'));
    });
  } finally {
    socket.destroy();
  }
}

const cut = (): Error => Object.assign(new Error('the server hung up'), { code: 'ECONNRESET' });

const NAMES: Readonly<Record<string, string>> = {
  '8.0': '2000',
  '9.0': '2005',
  '10.0': '2008',
  '10.50': '2008 R2',
  '11.0': '2012',
  '12.0': '2014',
  '13.0': '2016',
  '14.0': '2017',
  '15.0': '2019',
  '16.0': '2022',
  '17.0': '2025',
};

/** The name that people know a version by, such as `SQL Server 2008 R2 (10.50.6000)`. */
export function productName(version: string): string {
  const name = NAMES[version.split('.').slice(0, 2).join('.')];
  return name === undefined ? `SQL Server (${version})` : `SQL Server ${name} (${version})`;
}
