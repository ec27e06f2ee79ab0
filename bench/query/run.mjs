// npm run bench:query — GetLabInfo with 25,000 items: our query against npm soap + fast-xml-parser on the same bytes,
// in turn, each in a fresh process. Prints CPU, the longest stall of the event loop, peak memory, and the ratios.
// Options: --rows 25000 --rounds 5
import { fork } from 'node:child_process';
import http from 'node:http';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ensureBuilt, ensureInstalled, root } from '../../scripts/shared.mjs';

const { values: options } = parseArgs({
  options: { rows: { type: 'string', default: '25000' }, rounds: { type: 'string', default: '5' } },
});
ensureInstalled();
ensureBuilt();
const { queryFields } = await import('../../dist/lib/contract/field.js');
const { reportMethods } = await import('../../dist/lib/contract/services.js');
const { buildResponseBytes } = await import('../../dist/lib/wire/soap-envelope.js');
const { buildWsdl } = await import('../../dist/lib/soap/wsdl.js');

const { master, items, parameters } = reportMethods.GetLabInfo;
const row = (table, values) =>
  `<${table.row}>${queryFields(table)
    .map(({ element, zh }) => `<${element}>${values[element] ?? `测试${zh.slice(0, 6)}01`}</${element}>`)
    .join('')}</${table.row}>`;
const PER_REPORT = 25;
const serials = Array.from({ length: PER_REPORT }, (_, at) => String(at + 1));
const reports = Array.from({ length: Number(options.rows) / PER_REPORT }, (_, n) => {
  const keys = {
    ORG_CODE: '000000T0001',
    EVENT_NO: `E${n}`,
    REPORT_FORM_NO: `R${n}`,
    LAST_UPDATE_DTIME: '2030-01-02 03:04:05',
  };
  return row(master, keys) + serials.map(SERIAL_NO => row(items, { ...keys, SERIAL_NO })).join('');
});
const answer = buildResponseBytes(
  '1.1',
  'http://tempuri.org/',
  'GetLabInfo',
  `<root>${reports.join('')}</root>`,
);

const server = http.createServer((request, response) => {
  request.resume().on('end', () => {
    response.setHeader('Content-Type', 'text/xml; charset=utf-8');
    if (request.method === 'POST') response.end(answer);
    else
      response.end(
        buildWsdl({
          name: 'Bench',
          namespace: 'http://tempuri.org/',
          operations: [{ name: 'GetLabInfo', parameters }],
          address: url,
        }),
      );
  });
});
await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
const url = `http://127.0.0.1:${server.address().port}/IAutoReport.asmx`;

const runs = { ours: [], soap: [] };
for (let round = 0; round < Number(options.rounds); round++) {
  for (const way of Object.keys(runs)) {
    const child = fork(path.join(root, 'bench/query/client.mjs'), [way, url]);
    const figures = await new Promise((resolve, reject) =>
      child.once('message', resolve).once('exit', code => reject(new Error(`${way}: exit ${code}`))),
    );
    if (figures.items !== Number(options.rows)) throw new Error(`${way}: ${figures.items} items`);
    runs[way].push(figures);
  }
}
server.close();

const median = (way, figure) =>
  runs[way].map(one => one[figure]).toSorted((a, b) => a - b)[Math.floor(runs[way].length / 2)];
console.log(
  `Node ${process.version}, ${options.rows} items, ${(answer.length / 1e6).toFixed(1)} MB on the wire, ${options.rounds} rounds, medians`,
);
console.table(
  Object.fromEntries(
    Object.keys(runs).map(way => [
      way,
      Object.fromEntries(
        ['cpuMs', 'wallMs', 'stallMs', 'rssMb'].map(figure => [figure, Math.round(median(way, figure))]),
      ),
    ]),
  ),
);
const ratio = figure => (median('ours', figure) / median('soap', figure)).toFixed(2);
console.log(
  `CPU ${ratio('cpuMs')} of soap + fast-xml-parser (floor 0.35, aim 0.2), peak memory ${ratio('rssMb')} (floor 0.7, aim 0.55)`,
);
console.log(`longest stall ${Math.round(median('ours', 'stallMs'))} ms (floor 100, aim 30)`);
