/** A report from an ftp or ftps address, as a stream. */
import { isIP } from 'node:net';
import { type Readable, Transform } from 'node:stream';
import { FTPError } from 'basic-ftp';
import { ExchangeError } from '../errors';
import type { AllowedNetworks } from '../networks';
import type { SoapTlsOptions } from '../soap/tls';
import { decodePart } from './address';
import { tooLarge } from './failure';
import { checkFtpPath, withFtp } from './ftp-session';
import { resolveWithin } from './reach';

export interface FtpLogin {
  readonly user: string;
  readonly password: string;
}

export interface FtpSource {
  readonly url: URL;
  /** Logins by host; a login is never sent to another host than its own. */
  readonly logins: Readonly<Record<string, FtpLogin>>;
  readonly tls?: SoapTlsOptions;
  /** Hosts that may be asked. */
  readonly networks: AllowedNetworks;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

/**
 * `ftps` is explicit TLS. A path is relative to the folder after login; `%2F` at its start makes it absolute.
 *
 * @throws ExchangeError as `withFtp`; CONTRACT for a damaged path; TOO_LARGE; and what `take` throws
 */
export async function fetchFtp<T>(source: FtpSource, take: (body: Readable) => Promise<T>): Promise<T> {
  const { url, maxBytes, signal, tls } = source;
  const path = decodePart(url.pathname.slice(1));
  checkFtpPath(path);
  const name = url.hostname.replace(/^\[|\]$/g, '');
  const host = source.networks.any ? name : await resolveWithin(name, source.networks);
  const server = {
    host,
    port: Number(url.port || 21),
    secure: url.protocol === 'ftps:',
    ...loginOf(source),
    // By its number, the host is told by its name to TLS alone.
    tls: { ...(isIP(name) === 0 && { servername: name }), ...tls },
  };
  return withFtp(server, signal, async client => {
    const size = await client.size(path).catch((error: unknown) => {
      if (error instanceof FTPError && error.code !== 550) return undefined;
      throw error;
    });
    if (size !== undefined && size > maxBytes) throw tooLarge(maxBytes);
    let bytes = 0;
    const body = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        bytes += chunk.length;
        done(null, chunk);
      },
    });
    body.on('error', () => {}); // reported by its reader
    // Whatever happens to the download, it ends the stream.
    const [downloaded, taken] = await Promise.allSettled([client.downloadTo(body, path), take(body)]);
    // Of two failures the reader's own says why.
    if (taken.status === 'rejected' && taken.reason instanceof ExchangeError) throw taken.reason;
    if (downloaded.status === 'rejected') throw downloaded.reason;
    if (taken.status === 'rejected') throw taken.reason;
    if (size !== undefined && size !== bytes) throw new Error('the connection ended before the file');
    return taken.value;
  });
}

function loginOf({ url, logins }: FtpSource): FtpLogin {
  if (url.username) return { user: decodePart(url.username), password: decodePart(url.password) };
  return logins[url.hostname] ?? { user: '', password: '' };
}
