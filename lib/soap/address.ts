/** The address under which a caller reaches us, for the WSDL. */
import type { MountedRequest } from './request-body';

/** A host as it may stand in a URL; anything else in the header is an attempt at something. */
const HOST = /^(?:[\w.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i;

/**
 * The configured base when there is one, else what a proxy says (X-Forwarded-Proto, X-Forwarded-Host), else the Host
 * header; with the path of the request.
 */
export function publicAddress(request: MountedRequest, baseUrl: string | undefined): string {
  const path = (request.originalUrl ?? request.url ?? '/').replace(/[?#].*$/, '');
  return (baseUrl ? baseUrl.replace(/\/+$/, '') : origin(request)) + path;
}

function origin(request: MountedRequest): string {
  const { localAddress, localPort } = request.socket;
  const hosts = [firstOf(request.headers['x-forwarded-host']), request.headers.host];
  const host = hosts.find(value => value !== undefined && HOST.test(value)) ?? `${localAddress}:${localPort}`;
  return `${isEncrypted(request) ? 'https' : 'http'}://${host}`;
}

/** True when the caller's connection is TLS, ours or that of the proxy in front. */
export function isEncrypted(request: MountedRequest): boolean {
  const forwarded = firstOf(request.headers['x-forwarded-proto'])?.toLowerCase();
  if (forwarded === 'https' || forwarded === 'http') return forwarded === 'https';
  return 'encrypted' in request.socket && request.socket.encrypted === true;
}

const firstOf = (header: string | string[] | undefined): string | undefined =>
  (Array.isArray(header) ? header[0] : header)?.split(',')[0]?.trim();
