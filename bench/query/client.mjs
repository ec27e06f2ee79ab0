// One way to ask GetLabInfo, in a process of its own. Arguments: ours | soap, address. Sends what it took.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { XMLParser } from 'fast-xml-parser';
import soap from 'soap';
import { queryReports, readQuery } from '../../dist/lib/report/report-query.js';
import { SoapClient } from '../../dist/lib/soap/client.js';

const [way, url] = process.argv.slice(2);
const secrets = { strCredential: 'PLACEHOLDER', strKey: 'PLACEHOLDER' };

const ways = {
  async ours() {
    const client = new SoapClient({ url, timeoutMs: 120_000 });
    const query = readQuery({ cardNo: 'Z00000000' }, new Date());
    const { reports } = await queryReports(client, 'GetLabInfo', query, secrets, 'documented');
    await client.close();
    return reports.reduce((sum, report) => sum + report.lab_subitem.length, 0);
  },
  async soap() {
    const client = await soap.createClientAsync(`${url}?wsdl`, { endpoint: url });
    const [{ GetLabInfoResult }] = await client.GetLabInfoAsync({ strIDNO: 'Z00000000', ...secrets });
    const { root } = new XMLParser({ parseTagValue: false, isArray: name => name.startsWith('lab') }).parse(
      GetLabInfoResult,
    );
    return root.lab_subitem.length;
  },
};

const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
const cpu = process.cpuUsage();
const startedAt = performance.now();
const items = await ways[way]();
const { user, system } = process.cpuUsage(cpu);
const wallMs = performance.now() - startedAt;
await new Promise(resolve => setTimeout(resolve, 20)); // a stall is recorded at the turn after it
delay.disable();
process.send({
  items,
  cpuMs: (user + system) / 1000,
  wallMs,
  stallMs: delay.max / 1e6,
  rssMb: process.resourceUsage().maxRSS / 1024,
});
