// npm run bench:soap — GetExamItemList with 50 items: our nodes, a hand-wired flow of core nodes, and soap.listen in a
// node, on one Node-RED, in turn, several rounds. Prints requests a second, p99 and CPU a request, and the ratios.
// Needs wrk. Options: --rounds 5 --seconds 5 --connections 16
import { execFileSync, fork } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ensureBuilt, ensureInstalled, nodeRedPackage, root } from '../../scripts/shared.mjs';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '5' },
    connections: { type: 'string', default: '16' },
  },
});
ensureInstalled();
ensureBuilt();
const { CERTIFICATE, PATHS } = await import('./flows.mjs');

const work = fs.mkdtempSync(path.join(os.tmpdir(), 'bench-soap-'));
const script = path.join(work, 'post.lua');
const escape = text => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
const header = `<?xml version="1.0" encoding="utf-8"?><root><serverName>GetExamItemList</serverName><format>xml</format><callOperator>xmzsh</callOperator><certificate>${CERTIFICATE}</certificate></root>`;
const body =
  '<root><clientType>7</clientType><patientType>1</patientType><patientNo>Z00000000</patientNo><startDate>2030-01-01</startDate><endDate>2030-12-31</endDate><area>1</area></root>';
const request = `<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><AppointmentDealInterface xmlns="http://tempuri.org/"><msgHeader>${escape(header)}</msgHeader><msgBody>${escape(body)}</msgBody></AppointmentDealInterface></soap:Body></soap:Envelope>`;
const headers = {
  'Content-Type': 'text/xml; charset=utf-8',
  SOAPAction: '"http://tempuri.org/AppointmentDealInterface"',
};
fs.writeFileSync(
  script,
  `wrk.method = "POST"\nwrk.body = [==[${request}]==]\n${Object.entries(headers)
    .map(([name, value]) => `wrk.headers["${name}"] = '${value}'`)
    .join('\n')}\n`,
);

const host = fork(path.join(root, 'bench/soap/host.mjs'), [nodeRedPackage(), path.join(work, 'user')]);
const ask = question =>
  new Promise(resolve => (host.once('message', resolve), question && host.send(question)));
const { port } = await ask();
const url = name => `http://127.0.0.1:${port}${PATHS[name]}`;

/** All three must give the same 50 items before anything is measured. */
async function answerOf(name) {
  const answer = await fetch(url(name), { method: 'POST', headers, body: request });
  const text = await answer.text();
  const inner = /Result>([\s\S]*)<\/\w*:?AppointmentDealInterfaceResult>/.exec(text)?.[1] ?? '';
  const items = inner.match(/&lt;item&gt;/g)?.length ?? 0;
  if (answer.status !== 200 || items !== 50)
    throw new Error(`${name}: HTTP ${answer.status}, ${items} items\n${text.slice(0, 500)}`);
}

function measure(name, seconds) {
  const out = execFileSync(
    'wrk',
    ['-t1', `-c${options.connections}`, `-d${seconds}s`, '--latency', '-s', script, url(name)],
    { encoding: 'utf8' },
  );
  const number = pattern => Number(pattern.exec(out)?.[1]);
  if (/Non-2xx|Socket errors/.test(out)) throw new Error(out);
  const [, p99 = '', unit] = /99%\s+([\d.]+)(us|ms|s)/.exec(out) ?? [];
  return {
    requests: number(/(\d+) requests in/),
    rate: number(/Requests\/sec:\s+([\d.]+)/),
    p99: Number(p99) * { us: 0.001, ms: 1, s: 1000 }[unit],
  };
}

const names = Object.keys(PATHS);
const rounds = Object.fromEntries(names.map(name => [name, []]));
for (const name of names) {
  await answerOf(name);
  measure(name, 2);
}
for (let round = 0; round < Number(options.rounds); round++) {
  for (const name of names) {
    const before = await ask('cpu');
    const figures = measure(name, Number(options.seconds));
    const after = await ask('cpu');
    rounds[name].push({
      ...figures,
      cpu: (after.user + after.system - before.user - before.system) / 1000 / figures.requests,
    });
  }
}
host.kill();
fs.rmSync(work, { recursive: true, force: true });

const median = (name, figure) =>
  rounds[name].map(one => one[figure]).toSorted((a, b) => a - b)[Math.floor(rounds[name].length / 2)];
console.log(
  `Node ${process.version}, ${nodeRedPackage()}, ${options.connections} connections, ${options.rounds} rounds of ${options.seconds} s, medians`,
);
console.table(
  Object.fromEntries(
    names.map(name => [
      name,
      {
        'req/s': Math.round(median(name, 'rate')),
        'p99 ms': median(name, 'p99').toFixed(1),
        'CPU ms/req': median(name, 'cpu').toFixed(2),
      },
    ]),
  ),
);
const ratio = (figure, peer) => (median('nodes', figure) / median(peer, figure)).toFixed(2);
console.log(
  `requests/s: ${ratio('rate', 'core')} x the hand-wired flow (floor 2.5, aim 3.5), ${ratio('rate', 'listen')} x soap.listen (floor 2, aim 2.7)`,
);
console.log(
  `CPU: ${ratio('cpu', 'core')} of the hand-wired flow, ${ratio('cpu', 'listen')} of soap.listen; p99: ${ratio('p99', 'core')} of the hand-wired flow`,
);
