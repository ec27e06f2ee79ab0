// npm run bench:call — one call of CallInterface with an answer of 0.6 KB: our SoapClient against npm soap, on the same
// server process, in turn, each in a fresh process. Prints CPU a call, calls a second, and the ratio.
// Options: --calls 5000 --in-flight 16 --rounds 5
import { fork } from 'node:child_process';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ensureBuilt, ensureInstalled, root } from '../../scripts/shared.mjs';

const { values: options } = parseArgs({
  options: {
    calls: { type: 'string', default: '5000' },
    'in-flight': { type: 'string', default: '16' },
    rounds: { type: 'string', default: '5' },
  },
});
ensureInstalled();
ensureBuilt();

const start = (script, args) => fork(path.join(root, 'bench/call', script), args);
const messageOf = child =>
  new Promise((resolve, reject) =>
    child.once('message', resolve).once('exit', code => reject(new Error(`exit ${code}`))),
  );

const server = start('server.mjs', []);
const { url, answerBytes } = await messageOf(server);
const runs = { ours: [], soap: [] };
for (let round = 0; round < Number(options.rounds); round++) {
  for (const way of Object.keys(runs)) {
    runs[way].push(await messageOf(start('client.mjs', [way, url, options.calls, options['in-flight']])));
  }
}
server.disconnect();

const median = (way, figure) =>
  runs[way].map(one => one[figure]).toSorted((a, b) => a - b)[Math.floor(runs[way].length / 2)];
console.log(
  `Node ${process.version}, ${options.calls} calls, ${options['in-flight']} in flight, ${answerBytes} bytes an answer, ${options.rounds} rounds, medians`,
);
console.table(
  Object.fromEntries(
    Object.keys(runs).map(way => [
      way,
      {
        'CPU ms a call': Number(median(way, 'cpuMs').toFixed(3)),
        'calls/s': Math.round(median(way, 'callsPerSecond')),
        'peak MB': Math.round(median(way, 'rssMb')),
      },
    ]),
  ),
);
const ratio = median('ours', 'cpuMs') / median('soap', 'cpuMs');
console.log(`CPU ${ratio.toFixed(2)} of soap (floor 0.5, aim 0.3)`);
