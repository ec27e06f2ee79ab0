/** Which callers a listener takes: by address, and by the address that a proxy tells. */
import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import { ExchangeError } from './errors';

/** A list of addresses and networks such as `10.0.0.0/8, 192.168.1.7, fd00::/8`; an empty one admits everybody. */
export class AllowedNetworks {
  readonly #list = new BlockList();
  readonly #any: boolean;

  /** @throws ExchangeError CONFIG for an entry that is no address and no network */
  constructor(text: string) {
    const entries = text.split(/[\s,;，；]+/).filter(Boolean);
    this.#any = entries.length === 0;
    for (const entry of entries) this.#add(entry);
  }

  /** Admits everybody. */
  get any(): boolean {
    return this.#any;
  }

  admits(address: string | undefined): boolean {
    if (this.#any) return true;
    const plain = plainAddress(address ?? '');
    const family = isIP(plain);
    return family !== 0 && this.#list.check(plain, family === 6 ? 'ipv6' : 'ipv4');
  }

  #add(entry: string): void {
    const [address = '', prefix, ...rest] = entry.split('/');
    const family = isIP(address);
    const bits = family === 6 ? 128 : 32;
    const length = prefix === undefined ? bits : /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN;
    if (family === 0 || rest.length > 0 || !(length <= bits)) {
      throw new ExchangeError({
        code: 'CONFIG',
        retry: 'never',
        text: {
          zh: `允许的网段中有无法识别的内容：${entry}，应如 10.0.0.0/8`,
          en: `the allowed networks hold what is no network: ${entry}; write 10.0.0.0/8`,
        },
      });
    }
    this.#list.addSubnet(address, length, family === 6 ? 'ipv6' : 'ipv4');
  }
}

/**
 * The caller's address. With a trusted proxy it is the last entry of X-Forwarded-For: that one is the proxy's own,
 * those before it are whatever the caller sent.
 */
export function callerAddress(request: IncomingMessage, trustProxy: boolean): string | undefined {
  const header = request.headers['x-forwarded-for'];
  const forwarded = trustProxy ? (Array.isArray(header) ? header.join(',') : header) : undefined;
  return forwarded?.split(',').at(-1)?.trim() || request.socket.remoteAddress;
}

/** IPv4 in its IPv6 form, as a server on `::` sees it; a scope; a port that some proxies add. */
const plainAddress = (address: string): string =>
  address
    .replace(/^\[(.*)\](?::\d+)?$/, '$1')
    .replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1')
    .replace(/^::ffff:(?=\d+\.)/i, '')
    .replace(/%.*$/, '');
