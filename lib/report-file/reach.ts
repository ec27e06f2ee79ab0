/**
 * Which hosts an address of a report may lead to. The address comes from the platform: without a limit, whoever changes
 * it there could have this machine ask any host of the hospital's network.
 */
import dns from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import type { AllowedNetworks } from '../networks';
import { inputError } from './failure';

/** @throws ExchangeError CONTRACT for an address in numbers that is outside; names are looked at when they are resolved */
export function checkReach(host: string, networks: AllowedNetworks): void {
  const plain = host.replace(/^\[|\]$/g, '');
  if (isIP(plain) !== 0 && !networks.admits(plain)) throw outside();
}

/** Resolves a name to addresses that are allowed, for a socket: what was looked at is what is connected to. */
export const lookupWithin =
  (networks: AllowedNetworks): LookupFunction =>
  (hostname, options, callback) => {
    dns.lookup(hostname, { ...options, all: true }, (error, found) => {
      const allowed = (found ?? []).filter(({ address }) => networks.admits(address));
      const [first] = allowed;
      if (error || !first) callback(error ?? outside(), '', 0);
      else if (options.all) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };

/** One allowed address of a host. @throws ExchangeError CONTRACT; the resolver's own error */
export function resolveWithin(host: string, networks: AllowedNetworks): Promise<string> {
  const plain = host.replace(/^\[|\]$/g, '');
  checkReach(plain, networks);
  return new Promise((resolve, reject) => {
    lookupWithin(networks)(plain, {}, (error, address) => {
      if (error) reject(error);
      else resolve(address as string);
    });
  });
}

const outside = (): Error =>
  inputError({
    zh: '报告地址指向允许网段之外的主机，已拒绝',
    en: 'the address of the report leads to a host outside of the allowed networks: refused',
  });
