/** Is that address the simulator's? Asked before anything made up is written there. */
import { HttpPeer } from '../soap/http-peer';
import type { SoapTlsOptions } from '../soap/tls';
import { SIMULATOR_HEADER, SIMULATOR_HEADER_VALUE } from './marks';

const TIMEOUT_MS = 10_000;

/**
 * True when the answer to a GET carries the simulator's mark.
 * @throws {ExchangeError} as HttpPeer does, when nothing answers
 */
export async function isSimulator(url: string, tls?: SoapTlsOptions): Promise<boolean> {
  const peer = new HttpPeer({ url, connections: 1, ...(tls && { tls }) });
  try {
    const { headers } = await peer.exchange({ method: 'GET', headers: {}, timeoutMs: TIMEOUT_MS });
    return headers[SIMULATOR_HEADER.toLowerCase()] === SIMULATOR_HEADER_VALUE;
  } finally {
    await peer.close();
  }
}
