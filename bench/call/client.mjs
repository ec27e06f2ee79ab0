// One way to call CallInterface, in a process of its own. Arguments: ours | soap, address, calls, calls in flight.
// Sends what a call took.
import soap from 'soap';
import { SoapClient } from '../../dist/lib/soap/client.js';

const [way, url, calls, inFlight] = process.argv.slice(2);
const WARM_UP = 500;
const MsgHeader =
  '<MsgHeader><ServerName>UpdateBillingInfo</ServerName><Operator>TESTYYApi</Operator><AppId>PLACEHOLDER</AppId></MsgHeader>';
const MsgBody =
  '<MsgBody><Params><Item><OrganCode>XM-00000-TEST</OrganCode><IdNo>000000190001010017</IdNo><SerialNo>Z00000000</SerialNo><StartDate>2030-01-01</StartDate><EndDate>2030-12-31</EndDate><AreaCode>1</AreaCode><PatientType>1</PatientType></Item></Params></MsgBody>';

/** Each gives a function that calls once and returns the result's text. */
const ways = {
  ours() {
    const client = new SoapClient({ url, connections: Number(inFlight) });
    const parameters = Object.entries({ MsgHeader, MsgBody });
    return async () => (await client.call('CallInterface', parameters)).result;
  },
  async soap() {
    const client = await soap.createClientAsync(`${url}?wsdl`, { endpoint: url });
    return async () => {
      const [answer] = await client.CallInterfaceAsync({ MsgHeader, MsgBody });
      return answer.CallInterfaceResult;
    };
  },
};

async function run(call, count) {
  let left = count;
  const one = async () => {
    while (left-- > 0) if (!(await call()).startsWith('{"Status":1')) throw new Error('wrong answer');
  };
  await Promise.all(Array.from({ length: Number(inFlight) }, one));
}

const call = await ways[way]();
await run(call, WARM_UP);
const cpu = process.cpuUsage();
const startedAt = performance.now();
await run(call, Number(calls));
const seconds = (performance.now() - startedAt) / 1000;
const { user, system } = process.cpuUsage(cpu);
process.send(
  {
    cpuMs: (user + system) / 1000 / Number(calls),
    callsPerSecond: Number(calls) / seconds,
    rssMb: process.resourceUsage().maxRSS / 1024,
  },
  () => process.exit(),
);
