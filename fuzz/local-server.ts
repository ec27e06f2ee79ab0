/** An HTTP server of this machine and one kept connection to it. */
import http from 'node:http';
import { portOf } from '../test/support/misbehaving-server';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** An input: what is asked in the first line, and the body behind it. */
export const written = (asked: Asked, body: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${JSON.stringify(asked)}\n`), body]);

export function readAsked(input: Buffer): { asked: Asked; body: Buffer } {
  const split = input.indexOf('\n');
  return { asked: JSON.parse(input.toString('utf8', 0, split)) as Asked, body: input.subarray(split + 1) };
}

export class LocalServer {
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  readonly #server: http.Server;

  constructor(handler: http.RequestListener) {
    this.#server = http.createServer(handler);
  }

  start(): Promise<void> {
    return new Promise(resolve => this.#server.listen(0, '127.0.0.1', resolve));
  }

  async stop(): Promise<void> {
    this.#agent.destroy();
    await new Promise(resolve => this.#server.close(resolve));
  }

  ask({ method, path, headers }: Asked, body: Buffer): Promise<{ status: number; text: string }> {
    const hasBody = method !== 'GET';
    const length = hasBody ? { 'content-length': body.length } : {};
    const options = { host: '127.0.0.1', port: portOf(this.#server), method, path, agent: this.#agent };
    return new Promise((resolve, reject) => {
      const sent = http.request({ ...options, headers: { ...headers, ...length } }, response => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
        );
      });
      sent.on('error', reject);
      sent.end(hasBody ? body : undefined);
    });
  }
}
