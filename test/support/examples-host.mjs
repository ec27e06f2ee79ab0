// Runs the example flows of every hospital, one after the other, in one Node-RED beside the simulator: nothing is filled
// in but addresses and secrets, by the environment. Argument: a user folder. Writes one JSON line for each hospital.
import fs from 'node:fs';
import path from 'node:path';
import { openContext, until } from '../../scripts/demo/context.mjs';
import { startDemo } from '../../scripts/demo/demo.mjs';
import { receivedBySimulator } from '../../scripts/demo/simulator.mjs';
import { examples } from '../../scripts/examples.mjs';

const [userDir] = process.argv.slice(2);
const whole = [...examples()].filter(([file]) => /\/0 /.test(file));
const demo = await startDemo({ userDir, port: 0, flow: JSON.parse(whole[0][1]) });
const context = openContext(demo);

for (const [file, text] of whole) {
  const flows = JSON.parse(text);
  await deploy([]);
  for (const name of fs.readdirSync(userDir))
    if (/^(?:test-hospital|exchange-store)\.db/.test(name)) fs.rmSync(path.join(userDir, name));
  await deploy(flows);
  const counts = async () => {
    const { counts: all } = await receivedBySimulator(demo.url);
    return Object.fromEntries(all.map(({ service, accepted, refused }) => [service, { accepted, refused }]));
  };
  await until(`${file}: everything is told`, async () => {
    const now = await counts();
    const told = service => now[service]?.accepted ?? 0;
    return (
      told('ArchiveAutoReport (lab)') >= 24 &&
      told('ArchiveAutoReport (exam)') >= 24 &&
      told('UpdateBillingInfo') > 0 &&
      told('SyncAppointData') > 0
    );
  });
  const { success, items } = await context.ask('GetExamItemList', {
    patientNo: 'Z00000001',
    startDate: '2000-01-01',
    endDate: '2099-12-31',
  });
  const { organCode, operator } = flows.find(({ type }) => type === 'exchange-profile');
  console.log(
    JSON.stringify({
      file,
      organCode,
      operator,
      counts: await counts(),
      booking: { success, items: items.length },
    }),
  );
}
await context.close();
await demo.stop();
process.exit(0);

function deploy(flows) {
  const started = new Promise(resolve => demo.RED.events.once('flows:started', resolve));
  return demo.RED.runtime.flows.setFlows({ flows: { flows }, deploymentType: 'full' }).then(() => started);
}
