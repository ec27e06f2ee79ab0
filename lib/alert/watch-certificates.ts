/** Looks at certificates that run out: our own, and those of the https addresses that we call. */
import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { Duplex } from 'node:stream';
import tls from 'node:tls';
import type { Clock } from '../clock';
import { type SoapTlsOptions, secureContext } from '../soap/tls';
import type { Finding, Watcher } from './alert';

export interface OwnCertificate {
  /** Id of the node that holds it. */
  readonly id: string;
  readonly name: string;
  readonly options: SoapTlsOptions;
}

export interface CalledAddress {
  readonly url: string;
  /** Some servers show their certificate only to who has one. */
  readonly tls?: SoapTlsOptions;
}

export interface CertificateWatch {
  readonly own: () => readonly OwnCertificate[];
  readonly called: () => readonly CalledAddress[];
  readonly days: number;
  readonly clock: Clock;
}

const FIRST_MS = 45_000;
const EVERY_MS = 6 * 3_600_000;
const DAY_MS = 86_400_000;
/** So near to its end a certificate is an error. */
const URGENT_DAYS = 7;
/** For connection and handshake. */
const HANDSHAKE_MS = 10_000;

export function watchCertificates(watch: CertificateWatch): Watcher {
  return {
    name: 'certificates',
    firstMs: FIRST_MS,
    everyMs: EVERY_MS,
    async look(signal) {
      const left = (end: number): number => Math.floor((end - watch.clock.now()) / DAY_MS);
      const own = watch.own().flatMap(certificate => {
        const end = endOfOwn(certificate.options);
        return end === undefined ? [] : findingOf(certificate.id, certificate.name, left(end), 'own', watch);
      });
      const unknown = new Set<string>();
      const called = await Promise.all(
        peersOf(watch.called()).map(async peer => {
          const end = await endOfPeer(peer, signal);
          if (end !== undefined) return findingOf(peer.title, peer.title, left(end), 'peer', watch);
          unknown.add(peer.title);
          return [];
        }),
      );
      return { findings: [...own, ...called.flat()], unknown };
    },
  };
}

interface Peer {
  readonly host: string;
  readonly port: number;
  readonly title: string;
  readonly tls: SoapTlsOptions;
}

/** One for each host and port. */
function peersOf(addresses: readonly CalledAddress[]): Peer[] {
  const peers = new Map<string, Peer>();
  for (const { url, tls: options = {} } of addresses) {
    const parsed = URL.canParse(url) ? new URL(url) : undefined;
    if (parsed?.protocol !== 'https:') continue;
    const host = parsed.hostname.replace(/^\[|\]$/g, '');
    const port = Number(parsed.port || 443);
    const title = `${parsed.hostname}:${port}`;
    peers.set(title, { host, port, title, tls: options });
  }
  return [...peers.values()];
}

/** End of validity of our certificate, in milliseconds since 1970; undefined when there is none that can be read. */
export function endOfOwn(options: SoapTlsOptions): number | undefined {
  try {
    if (options.pfx) return endOfPfx(options);
    const pem = options.cert?.toString() ?? '';
    return pem.includes('-----BEGIN CERTIFICATE') ? Date.parse(new X509Certificate(pem).validTo) : undefined;
  } catch {
    // Who uses it says what is wrong with it.
    return undefined;
  }
}

/** Node opens a PFX for a connection only: one that leads nowhere. */
function endOfPfx(options: SoapTlsOptions): number | undefined {
  const nowhere = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
  const socket = new tls.TLSSocket(nowhere, { isServer: true, secureContext: secureContext(options) });
  const certificate = socket.getCertificate();
  socket.destroy();
  return certificate && 'valid_to' in certificate ? Date.parse(certificate.valid_to) : undefined;
}

/** Shakes hands, asks for nothing, and hangs up. Undefined when that fails: other alerts tell of a peer that is away. */
function endOfPeer(peer: Peer, signal: AbortSignal): Promise<number | undefined> {
  return new Promise(resolve => {
    const socket = connect(peer);
    if (!socket) return resolve(undefined);
    const finish = (end?: number): void => {
      signal.removeEventListener('abort', stop);
      clearTimeout(timer);
      socket.destroy();
      resolve(end);
    };
    const stop = (): void => finish();
    const timer = setTimeout(stop, HANDSHAKE_MS);
    signal.addEventListener('abort', stop, { once: true });
    socket.on('error', stop);
    socket.once('secureConnect', () => {
      const end = Date.parse(socket.getPeerCertificate().valid_to);
      finish(Number.isNaN(end) ? undefined : end);
    });
  });
}

/** Undefined when our own certificate cannot be used, which its users say. */
function connect({ host, port, tls: options }: Peer): tls.TLSSocket | undefined {
  const { servername = host } = options;
  try {
    return tls.connect({
      host,
      port,
      secureContext: secureContext(options),
      // A certificate that is not trusted runs out, too.
      rejectUnauthorized: false,
      // An address is no name.
      ...(isIP(servername) === 0 && { servername }),
    });
  } catch {
    return undefined;
  }
}

function findingOf(
  key: string,
  subject: string,
  days: number,
  whose: keyof typeof REMEDIES,
  { days: most }: CertificateWatch,
): Finding[] {
  if (days >= most) return [];
  return [
    {
      kind: 'certificate',
      key,
      group: key,
      level: days < URGENT_DAYS ? 'error' : 'warning',
      subject,
      text:
        days < 0
          ? { zh: '证书已过期。', en: 'The certificate has run out.' }
          : { zh: `证书将在 ${days} 天后到期。`, en: `The certificate runs out in ${days} days.` },
      remedy: REMEDIES[whose],
    },
  ];
}

const REMEDIES = {
  own: {
    zh: '申请新证书，在 TLS 配置节点中更换后部署；对方核对证书的，提前通知对方。',
    en: 'Get a new one, put it into the TLS node and deploy; tell those beforehand who check it.',
  },
  peer: {
    zh: '通知对方更换证书；更换后如签发机构不同，须更新 TLS 配置节点中的 CA。',
    en: 'Tell its operator; if the new one is of another authority, put that into the TLS node.',
  },
} as const;
