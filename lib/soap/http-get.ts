import { charsetParameter, decodeText } from '../wire/encoding';
import { HttpPeer, type HttpPeerOptions } from './http-peer';

export interface HttpGetOptions extends HttpPeerOptions {
  /** For the whole exchange, in ms. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/**
 * Fetches one address, whatever status it answers with.
 *
 * @throws ExchangeError as HttpPeer does
 */
export async function httpGet(options: HttpGetOptions): Promise<{ status: number; text: string }> {
  const peer = new HttpPeer({ ...options, connections: 1 });
  try {
    const { timeoutMs, signal } = options;
    const answer = await peer.exchange({ method: 'GET', headers: {}, timeoutMs, ...(signal && { signal }) });
    const { text } = decodeText(answer.body, charsetParameter(answer.headers['content-type']?.toString()));
    return { status: answer.status, text };
  } finally {
    await peer.close();
  }
}
