// One store under full load, in a process of its own. Arguments: settings of the store as JSON, seconds for each
// figure, numbers of producers by comma. Sends, for each number, what it measured.
import { createRequire } from 'node:module';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { CHANNEL, message } from './messages.mjs';

const require = createRequire(import.meta.url);
const { Dispatcher } = require('../../dist/lib/delivery/dispatcher.js');
const { TimeWindows } = require('../../dist/lib/delivery/time-windows.js');
const { openStore } = require('../../dist/lib/store/open-store.js');

const [settings, seconds, numbers] = process.argv.slice(2);
const ms = Number(seconds) * 1000;
/** Resolution of the monitor, which its values include. */
const TICK_MS = 1;

const store = await openStore(JSON.parse(settings));
let made = 0;

for (const producers of numbers.split(',').map(Number)) {
  const accepts = await intake(producers);
  const deliveries = await delivery(producers);
  process.send({ producers, ...accepts, ...deliveries });
}
await store.close();
process.disconnect();

/** Each producer waits until its message is on disk, and hands in the next at once. */
async function intake(producers) {
  const monitor = monitorEventLoopDelay({ resolution: TICK_MS });
  monitor.enable();
  const start = performance.now();
  let accepted = 0;
  const produce = async () => {
    while (performance.now() - start < ms) {
      await store.accept({ messages: [message(made++)] });
      accepted++;
    }
  };
  await Promise.all(Array.from({ length: producers }, produce));
  const took = performance.now() - start;
  monitor.disable();
  return {
    acceptsPerSecond: (accepted / took) * 1000,
    loopP99Ms: monitor.percentile(99) / 1e6 - TICK_MS,
    loopMaxMs: monitor.max / 1e6 - TICK_MS,
  };
}

/** A destination that answers at once and takes as many calls at a time as there were producers. */
async function delivery(concurrency) {
  const left = await waiting();
  const dispatcher = new Dispatcher(store);
  const start = performance.now();
  let delivered = 0;
  await new Promise(resolve => {
    const late = setTimeout(resolve, ms);
    const emit = () => {
      delivered++;
      if (delivered === left) {
        clearTimeout(late);
        resolve();
      }
      return true;
    };
    dispatcher.open(channel(concurrency, emit));
  });
  const deliveriesPerSecond = (delivered / (performance.now() - start)) * 1000;
  await dispatcher.stop(5000);
  return { deliveriesPerSecond };
}

function channel(concurrency, emit) {
  return {
    id: CHANNEL,
    destination: 'platform',
    destinationTitle: 'platform',
    rules: { concurrency, perMinute: 0, windows: TimeWindows.parse('') },
    batch: 1,
    idempotent: true,
    holdsKey: false,
    deliver: async works => works.map(() => ({ state: 'accepted', payload: '1', exchange: {} })),
    emit,
  };
}

async function waiting() {
  const tallies = await store.tallies({});
  return tallies.reduce((sum, { state, count }) => sum + (state === 'accepted' ? 0 : count), 0);
}
