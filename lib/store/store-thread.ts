/** Entry of the store's thread: opens the database and runs what it is sent, one transaction at a time. */
import { parentPort, workerData } from 'node:worker_threads';
import { ExchangeError } from '../errors';
import { Engine } from './engine';
import { connect } from './connect';
import type { StoreSettings } from './settings';
import type { ErrorData, FromThread, ToThread } from './thread';

async function main(): Promise<void> {
  // Given by thread.ts.
  const settings = workerData as StoreSettings;
  let engine: Engine;
  try {
    engine = await Engine.open(await connect(settings), settings);
  } catch (error) {
    send({ kind: 'failed', error: dataOf(error) });
    return;
  }
  parentPort?.on('message', (message: ToThread) => void handle(engine, message));
  send({ kind: 'open' });
}

async function handle(engine: Engine, message: ToThread): Promise<void> {
  if (message.kind === 'close') {
    await engine.close();
    parentPort?.close();
    return;
  }
  const replies = await engine.run(message.calls, message.now);
  send({
    kind: 'replies',
    replies: replies.map(reply => ('error' in reply ? { error: dataOf(reply.error) } : reply)),
  });
}

const send = (message: FromThread): void => parentPort?.postMessage(message);

function dataOf(error: unknown): ErrorData {
  if (error instanceof ExchangeError) {
    const { code, retry, text, details } = error;
    return { code, retry, text, details };
  }
  const said = error instanceof Error ? error.message : String(error);
  return {
    code: 'STORE',
    retry: 'retry',
    text: { zh: `消息库出错：${said}`, en: `the message store failed: ${said}` },
  };
}

void main();
