/**
 * One of several processes on a shared store, made to be killed. It takes messages over HTTP (200 means that they are
 * on disk), and delivers what it claims to an address. Arguments: the store's settings, the address, its own name.
 * Sends `{ port }` when it is ready.
 */
import http from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { ExchangeError } from '../../lib/errors';
import type { Claimed, NewMessage, Settlement } from '../../lib/store/message';
import type { MessageStore } from '../../lib/store/message-store';
import { openStore } from '../../lib/store/open-store';
import type { StoreSettings } from '../../lib/store/settings';

const [, , settings = '', target = '', name = ''] = process.argv;

/** Short, so that a test need not wait long for the messages of the dead. */
const LEASE_MS = 4000;
/** Who was held up longer must not send any more: another process may have taken over. */
const SEND_WITHIN_MS = LEASE_MS / 2;
const RENEW_MS = LEASE_MS / 4;
const AGAIN_MS = 50;
const BATCH = 6;

const owner = `${name}-${process.pid}`;

async function main(): Promise<void> {
  const store = await patiently(() => openStore(JSON.parse(settings) as StoreSettings));
  const server = http.createServer((request, response) => void accept(store, request, response));
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    process.send?.({ port: typeof address === 'object' ? address?.port : 0 });
  });
  void keepLeases(store);
  await deliverForEver(store);
}

async function accept(
  store: MessageStore,
  request: http.IncomingMessage,
  response: http.ServerResponse,
): Promise<void> {
  try {
    const { id, key, content } = JSON.parse(await text(request)) as Pick<
      NewMessage,
      'id' | 'key' | 'content'
    >;
    const message: NewMessage = {
      id,
      key,
      content,
      channel: 'node',
      destination: 'peer',
      service: 'Test',
      label: key,
      terms: {},
      context: '{}',
      repeats: 'known',
    };
    await store.accept({ messages: [message] });
    response.end();
  } catch (error) {
    response.writeHead(503).end(String(error));
  }
}

async function deliverForEver(store: MessageStore): Promise<never> {
  for (;;) {
    const claimedAt = Date.now();
    const { messages } = await patiently(() =>
      store.claim({ channel: 'node', limit: BATCH, owner, leaseMs: LEASE_MS }),
    );
    const settlements = await Promise.all(messages.map(message => deliver(message, claimedAt)));
    if (settlements.length > 0) await patiently(() => store.settle({ owner, settlements }));
    else await pause(AGAIN_MS);
  }
}

async function deliver({ id, content }: Claimed, claimedAt: number): Promise<Settlement> {
  const startedAt = Date.now();
  const isSent = startedAt < claimedAt + SEND_WITHIN_MS && (await post(content));
  const next: Settlement['next'] = isSent
    ? { state: 'accepted', outcome: '{}', repeatAt: Number.MAX_SAFE_INTEGER }
    : { state: 'in-doubt', dueAt: Date.now() + AGAIN_MS, counts: false };
  return { id, startedAt, durationMs: Date.now() - startedAt, next };
}

async function post(content: string): Promise<boolean> {
  try {
    return (await fetch(target, { method: 'POST', body: content, headers: { sender: owner } })).ok;
  } catch {
    return false;
  }
}

async function keepLeases(store: MessageStore): Promise<never> {
  for (;;) {
    await patiently(() => store.renew({ owner, leaseMs: LEASE_MS }));
    await patiently(() => store.recover({ owner }));
    await pause(RENEW_MS);
  }
}

/** Again and again while the database is down. */
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ExchangeError) || error.retry !== 'retry') throw error;
      await pause(AGAIN_MS);
    }
  }
}

process.on('message', () => process.exit());
// The test is gone: so is the reason to run.
process.on('disconnect', () => process.exit());

void main();
