// npm run fuzz — every target with 100,000 inputs; `npm run fuzz -- xml soap` those alone.
// node --import tsx fuzz/run.mts <target> --seed 1 --count 1000: again what a finding names.
import { parseArgs } from 'node:util';
import v8 from 'node:v8';
import vm from 'node:vm';
import { fuzz } from './runner.js';
import { targets } from './targets/index.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: 'string' }, count: { type: 'string' }, first: { type: 'string' } },
});
v8.setFlagsFromString('--expose-gc');
const collect = vm.runInNewContext('gc') as () => void;
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
const unknown = positionals.filter(name => !targets.some(target => target.name === name));
if (unknown.length > 0) {
  console.error(`no target ${unknown.join(', ')}: ${targets.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}

let failed = false;
for (const target of targets) {
  if (positionals.length > 0 && !positionals.includes(target.name)) continue;
  console.log(`${target.name}, seed ${seed}`);
  const result = await fuzz(target, {
    seed,
    count: Number(values.count ?? target.usualCount),
    first: Number(values.first ?? 0),
    collect,
    onFinding: message => console.log(`FINDING ${message}`),
  });
  failed ||= result.findings > 0;
  console.log(
    `  ${result.inputs} inputs in ${result.seconds.toFixed(1)} s, slowest ${result.slowestMs.toFixed(0)} ms, ` +
      `heap ${result.heapGrowthMiB === undefined ? 'not measured' : `${result.heapGrowthMiB.toFixed(1)} MiB`}, ` +
      `${result.findings} findings`,
  );
}
process.exit(failed ? 1 : 0);
