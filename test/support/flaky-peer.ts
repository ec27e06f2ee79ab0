/** A peer that writes down everything that reaches it, loses some of its answers, and goes down now and then. */
import http from 'node:http';
import type net from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Chance } from './chance';
import { portOf } from './misbehaving-server';
import { until } from './until';

/** One thing that has reached the peer. */
export interface Reception {
  /** What was done: a method, a path. */
  readonly step: string;
  /** To what: the business key. */
  readonly key: string;
  /** Number among those of the key. */
  readonly version: number;
  /** What became of the answer. */
  fate: 'open' | 'answered' | 'lost' | 'cut';
  answeredAt: number;
  /** Interruptions before it. */
  readonly era: number;
}

export interface Received {
  readonly items: readonly Pick<Reception, 'step' | 'key' | 'version'>[];
  readonly answer: string;
  readonly type?: string;
}

export interface FlakyPeerOptions {
  readonly chance: Chance;
  /** Part of the answers that are lost at first. */
  readonly loses: number;
  readonly answersAfterMs: readonly [least: number, most: number];
  readonly read: (path: string, body: string) => Received;
}

/** A process that has the answer has written it down within that time, unless it is killed. */
const WRITTEN_WITHIN_MS = 2000;

export class FlakyPeer {
  readonly receptions: Reception[] = [];
  outages = 0;
  /** Part of the answers that are lost. */
  loses: number;
  /** What comes to this step is not answered as long as it is named here. */
  holds: string | undefined;
  readonly #options: FlakyPeerOptions;
  readonly #server: http.Server;
  readonly #known = new Set<string>();
  readonly #sockets = new Set<net.Socket>();
  /** When each era ended. */
  readonly #ends: number[] = [];
  #port = 0;

  constructor(options: FlakyPeerOptions) {
    this.#options = options;
    this.loses = options.loses;
    this.#server = http.createServer((request, response) => void this.#serve(request, response));
    this.#server.on('connection', (socket: net.Socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Listens; after an outage on the port that it had. */
  async up(): Promise<void> {
    // A connection of somebody else may have the port for a moment.
    await until('the peer has its port', () => this.#listens());
    this.#port = portOf(this.#server);
  }

  /** Cuts all connections and listens no more. */
  async down(): Promise<void> {
    await this.#end();
    this.outages++;
    this.#interrupted();
  }

  /** The caller was killed. Resolves when everything that it had sent is written down. */
  async callerGone(): Promise<void> {
    await until('the connections of the caller are closed', () => this.#sockets.size === 0);
    this.#interrupted();
  }

  has(step: string, key: string, version: number): boolean {
    return this.#known.has(idOf({ step, key, version }));
  }

  async close(): Promise<void> {
    if (this.#server.listening) await this.#end();
  }

  /** How often a step was taken, of one key or of all. */
  count(step: string, key?: string): number {
    return this.receptions.filter(one => one.step === step && (key === undefined || one.key === key)).length;
  }

  /** Receptions after one of a later version of their key. */
  backwards(step: string): readonly Reception[] {
    const newest = new Map<string, number>();
    return this.receptions.filter(reception => {
      if (reception.step !== step) return false;
      const before = newest.get(reception.key) ?? 0;
      newest.set(reception.key, Math.max(before, reception.version));
      return reception.version < before;
    });
  }

  /**
   * What has come more than once, by the reason that it came again: its answer was `lost`, its answer was `cut` off by a
   * kill or an outage, or the caller was `killed` before it had written the answer down. `unexplained` must be empty.
   */
  repetitions(): { lost: number; cut: number; killed: number; unexplained: Reception[] } {
    const found = { lost: 0, cut: 0, killed: 0, unexplained: [] as Reception[] };
    const last = new Map<string, Reception>();
    for (const reception of this.receptions) {
      const id = idOf(reception);
      const before = last.get(id);
      last.set(id, reception);
      if (!before) continue;
      if (before.fate === 'lost' || before.fate === 'cut') found[before.fate]++;
      else if (this.#wasInterrupted(before, reception)) found.killed++;
      else found.unexplained.push(reception);
    }
    return found;
  }

  /** The caller was interrupted between two receptions, so soon after the first that it may not know its answer. */
  #wasInterrupted(before: Reception, after: Reception): boolean {
    const end = this.#ends[before.era];
    return after.era > before.era && end !== undefined && end - before.answeredAt < WRITTEN_WITHIN_MS;
  }

  async #end(): Promise<void> {
    const closed = new Promise(resolve => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #interrupted(): void {
    this.#ends.push(Date.now());
  }

  #listens(): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) =>
        error.code === 'EADDRINUSE' ? resolve(false) : reject(error),
      );
      this.#server.listen(this.#port, '127.0.0.1', () => {
        this.#server.removeAllListeners('error');
        resolve(true);
      });
    });
  }

  async #serve(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const { chance, answersAfterMs, read } = this.#options;
    const body = await textOf(request);
    // Cut off before it was whole: the peer has not understood it.
    if (body === undefined) return;
    const { items, answer, type = 'text/plain' } = read(request.url ?? '', body);
    const era = this.#ends.length;
    const receptions = items.map((item): Reception => ({ ...item, fate: 'open', answeredAt: 0, era }));
    this.receptions.push(...receptions);
    for (const item of items) this.#known.add(idOf(item));
    const settle = (fate: Reception['fate']): void => {
      for (const reception of receptions)
        if (reception.fate === 'open') Object.assign(reception, { fate, answeredAt: Date.now() });
    };
    response.on('finish', () => settle('answered')).on('close', () => settle('cut'));
    if (items.some(({ step }) => step === this.holds)) return;
    await pause(chance.between(...answersAfterMs));
    if (chance.in(this.loses)) {
      settle('lost');
      request.socket.destroy();
    } else response.writeHead(200, { 'content-type': type }).end(answer);
  }
}

const idOf = ({ step, key, version }: Received['items'][number]): string =>
  JSON.stringify([step, key, version]);

async function textOf(request: http.IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer);
  } catch {
    return undefined;
  }
  return Buffer.concat(chunks).toString();
}
