// Fills an embedded store with waiting messages. Arguments: the file, how many. Sends the rate.
import { createRequire } from 'node:module';
import { SELDOM, message } from './messages.mjs';

const { openStore } = createRequire(import.meta.url)('../../dist/lib/store/open-store.js');
const [file, count] = process.argv.slice(2);
const AT_ONCE = 500;

const store = await openStore({ kind: 'embedded', file, secret: 'BENCH' }, { in: 'caller' });
const start = performance.now();
for (let n = 0; n < Number(count); n += AT_ONCE) {
  await store.accept({ messages: Array.from({ length: AT_ONCE }, (_, one) => oneOf(n + one)) });
}
process.send?.({ perSecond: (Number(count) / (performance.now() - start)) * 1000 });
await store.close();
process.disconnect?.();

/** One in 10,000 is of another node. */
function oneOf(n) {
  return { ...message(n), ...(n % 10_000 === 9_999 && SELDOM) };
}
