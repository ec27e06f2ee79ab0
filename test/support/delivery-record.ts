/** Writes down what several senders deliver, and explains what comes more than once. */
import http from 'node:http';
import { text } from 'node:stream/consumers';
import type { Chance } from './chance';
import { portOf } from './misbehaving-server';

interface Delivery {
  readonly key: string;
  readonly version: number;
  /** Who sent it. */
  readonly sender: string;
  readonly at: number;
  isAnswered: boolean;
}

/** A sender that has the answer has written it down within that time, unless it or the database is killed. */
const WRITTEN_WITHIN_MS = 2000;

export class DeliveryRecord {
  readonly #deliveries: Delivery[] = [];
  /** When senders and the database were killed. */
  readonly #kills: { readonly at: number; readonly who: string }[] = [];
  readonly #server: http.Server;

  private constructor(chance: Chance, loses: number) {
    this.#server = http.createServer(
      (request, response) => void this.#receive(request, response, chance.in(loses)),
    );
  }

  /** @param loses part of the answers that are lost */
  static async start(chance: Chance, loses: number): Promise<DeliveryRecord> {
    const record = new DeliveryRecord(chance, loses);
    await new Promise<void>(resolve => record.#server.listen(0, '127.0.0.1', resolve));
    return record;
  }

  get url(): string {
    return `http://127.0.0.1:${portOf(this.#server)}/`;
  }

  /** @param who a sender, or `database`, which all of them need */
  killed(who: string): void {
    this.#kills.push({ at: Date.now(), who });
  }

  has(key: string, version: number): boolean {
    return this.#deliveries.some(delivery => delivery.key === key && delivery.version === version);
  }

  /** Messages, each counted once. */
  get count(): number {
    return new Set(this.#deliveries.map(({ key, version }) => `${key} ${version}`)).size;
  }

  /** Deliveries after one of a later version of their key. */
  backwards(): readonly Delivery[] {
    const newest = new Map<string, number>();
    return this.#deliveries.filter(({ key, version }) => {
      const before = newest.get(key) ?? 0;
      newest.set(key, Math.max(before, version));
      return version < before;
    });
  }

  /** What has come again, by the reason why the one before was not written down. */
  repetitions(): { lost: number; killed: number; database: number; unexplained: Delivery[] } {
    const found = { lost: 0, killed: 0, database: 0, unexplained: [] as Delivery[] };
    const last = new Map<string, Delivery>();
    for (const delivery of this.#deliveries) {
      const id = `${delivery.key} ${delivery.version}`;
      const before = last.get(id);
      last.set(id, delivery);
      if (!before) continue;
      if (!before.isAnswered) found.lost++;
      else if (this.#wasKilledAfter(before, before.sender)) found.killed++;
      else if (this.#wasKilledAfter(before, 'database')) found.database++;
      else found.unexplained.push(delivery);
    }
    return found;
  }

  async close(): Promise<void> {
    const closed = new Promise<unknown>(resolve => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  #wasKilledAfter({ at }: Delivery, killed: string): boolean {
    return this.#kills.some(kill => kill.who === killed && kill.at >= at && kill.at < at + WRITTEN_WITHIN_MS);
  }

  async #receive(
    request: http.IncomingMessage,
    response: http.ServerResponse,
    isLost: boolean,
  ): Promise<void> {
    let body: string;
    try {
      body = await text(request);
    } catch {
      // Cut off before it was whole.
      return;
    }
    const { key, version } = JSON.parse(body) as { key: string; version: number };
    const sender = String(request.headers['sender']);
    const delivery: Delivery = { key, version, sender, at: Date.now(), isAnswered: false };
    this.#deliveries.push(delivery);
    response.on('finish', () => {
      delivery.isAnswered = true;
    });
    if (isLost) request.socket.destroy();
    else response.end();
  }
}
