// Node-RED with the benchmark's flows, in a process of its own. Arguments: package name, user folder. Sends {port},
// and its CPU time whenever it is asked.
import fs from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';
import { root } from '../../scripts/shared.mjs';
import { flows, rows } from './flows.mjs';
import { buildWsdl } from '../../dist/lib/soap/wsdl.js';

const [version, userDir] = process.argv.slice(2);
const require = createRequire(import.meta.url);
const RED = require(version);
const express = createRequire(require.resolve(version))('express');

fs.mkdirSync(path.join(userDir, 'nodes'), { recursive: true });
fs.mkdirSync(path.join(userDir, 'node_modules/@regional-exchange'), { recursive: true });
fs.symlinkSync(root, path.join(userDir, 'node_modules/@regional-exchange/node-red-hospital'), 'junction');
fs.writeFileSync(
  path.join(userDir, 'package.json'),
  JSON.stringify({ name: 'bench', dependencies: { '@regional-exchange/node-red-hospital': '*' } }),
);
fs.writeFileSync(
  path.join(userDir, 'nodes/soap-listen.js'),
  `module.exports = require(${JSON.stringify(path.join(root, 'bench/soap/soap-listen.cjs'))});\n`,
);
fs.writeFileSync(
  path.join(userDir, 'nodes/soap-listen.html'),
  '<script type="text/javascript">RED.nodes.registerType("bench-soap-listen", { category: "bench", defaults: { path: { value: "" } }, inputs: 0, outputs: 0 });</script>\n',
);

const app = express();
const server = http.createServer(app);
server.listen(0, '127.0.0.1', async () => {
  const { port } = server.address();
  const operations = [{ name: 'AppointmentDealInterface', parameters: ['msgHeader', 'msgBody'] }];
  const wsdl = buildWsdl({
    name: 'Booking',
    namespace: 'http://tempuri.org/',
    operations,
    address: `http://127.0.0.1:${port}/bench/listen`,
  });
  RED.init(server, {
    userDir,
    httpAdminRoot: '/admin',
    httpNodeRoot: '/',
    credentialSecret: 'bench',
    functionGlobalContext: { rows, wsdl },
    logging: { console: { level: 'warn', metrics: false, audit: false } },
    telemetry: { enabled: false },
  });
  app.use('/admin', RED.httpAdmin);
  app.use('/', RED.httpNode);
  RED.events.once('flows:started', () =>
    RED.runtime.flows
      .setFlows({ flows: { flows }, deploymentType: 'full' })
      .then(() => process.send({ port })),
  );
  await RED.start();
});
process.on('message', () => process.send(process.cpuUsage()));
process.on('disconnect', () => process.exit());
