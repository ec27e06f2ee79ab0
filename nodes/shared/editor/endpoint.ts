/** Addresses of what this package offers on Node-RED's own HTTP server. */

/** Address of a path below `httpNodeRoot`: on the given host, or as this browser sees Node-RED. */
export function addressOf(path: string, host = ''): string {
  const below = `/${RED.settings.httpNodeRoot}/${path.trim()}`.replace(/\/+/g, '/');
  return (host.trim().replace(/\/+$/, '') || location.origin) + below;
}
