// A real Node-RED with the built package, made to be killed. Argument: a user folder with flows.json and
// flows_cred.json. Sends { port } when the flows run.
import fs from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';
import { nodeRedPackage, root } from '../../scripts/shared.mjs';

const [userDir] = process.argv.slice(2);
const require = createRequire(import.meta.url);
const RED = require(nodeRedPackage());
const express = createRequire(require.resolve(nodeRedPackage()))('express');

const scope = path.join(userDir, 'node_modules', '@regional-exchange');
if (!fs.existsSync(scope)) {
  fs.mkdirSync(scope, { recursive: true });
  fs.symlinkSync(root, path.join(scope, 'node-red-hospital'), 'junction');
}

const app = express();
const server = http.createServer(app);
RED.init(server, {
  userDir,
  flowFile: 'flows.json',
  // Secrets lie in the clear: they are none.
  credentialSecret: false,
  // As Node-RED's own settings file suggests it.
  contextStorage: { default: { module: 'memory' }, file: { module: 'localfilesystem' } },
  // Starts in half the time: nobody edits anything, and few of the core nodes are in the flow.
  httpAdminRoot: false,
  disableEditor: true,
  nodesExcludes: ['10-mqtt.js', '22-websocket.js', '23-watch.js', '31-tcpin.js', '32-udp.js', '70-HTML.js'],
  logging: { console: { level: 'warn', metrics: false, audit: false } },
  telemetry: { enabled: false },
  externalModules: {
    autoInstall: false,
    palette: { allowInstall: false },
    modules: { allowInstall: false },
  },
});
app.use('/', RED.httpNode);
const started = new Promise(resolve => RED.events.once('flows:started', resolve));
await RED.start();
await started;
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));

process.on('message', async () => {
  server.close();
  server.closeAllConnections();
  await RED.stop();
  process.exit();
});
// The test is gone: so is the reason to run.
process.on('disconnect', () => process.exit());
