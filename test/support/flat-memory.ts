/**
 * How many MiB of buffers are in use while a large report file is published, or served to a slow caller. In a process
 * of its own, whose small heap is quickly collected: `node --import tsx flat-memory.ts publish|serve <source> <folder>`.
 */
import http from 'node:http';
import type { Destination } from '../../lib/report-file/destination';
import { HttpShelf } from '../../lib/report-file/http-shelf';
import { Publisher } from '../../lib/report-file/publish';
import { Share } from '../../lib/report-file/share';
import { liveBytes } from './live-bytes';
import { listen } from './raw-soap';

const MIB = 1024 * 1024;
const [, , what, source = '', folder = ''] = process.argv;

async function measure(task: () => Promise<unknown>): Promise<void> {
  const before = liveBytes();
  let most = 0;
  const timer = setInterval(() => {
    most = Math.max(most, liveBytes() - before);
  }, 100);
  await task();
  clearInterval(timer);
  process.stdout.write(`${Math.ceil(most / MIB)}\n`);
}

async function publish(destination: Destination): Promise<string> {
  const publisher = new Publisher({
    destination,
    template: 'published.{ext}',
    onConflict: 'replace',
    limits: { maxBytes: 100 * MIB, timeoutMs: 60_000 },
  });
  return (await publisher.publish(source, () => '', new AbortController().signal)).address;
}

async function serve(): Promise<void> {
  const options = { folder, publishedAs: 'http://h', expiryDays: 1, allowedNetworks: '', trustProxy: false };
  const shelf = new HttpShelf(options);
  const { pathname } = new URL(await publish(shelf));
  const server = await listen(shelf.handler);
  await measure(() => readSlowly(new URL(pathname, server.url)));
  await server.close();
}

/** Breathes after each piece: what is not taken must wait on the disk. */
function readSlowly(address: URL): Promise<void> {
  return new Promise((resolve, reject) => {
    http.get(address, { agent: false }, response => {
      response.on('data', () => {
        response.pause();
        setImmediate(() => response.resume());
      });
      response.on('error', reject).on('end', () => resolve());
    });
  });
}

void (what === 'serve' ? serve() : measure(() => publish(new Share({ folder, publishedAs: '' }))));
