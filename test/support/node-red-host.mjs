// Runs a real Node-RED with the built package for the browser tests, in a process of its own: Node-RED and the test
// helper of test/nodes share singletons. Arguments: an empty user folder; `palette` when it may install modules, of
// which it has none then. Sends {port}.
import fs from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';
import { nodeRedPackage, root } from '../../scripts/shared.mjs';

const version = nodeRedPackage();
const [userDir, palette] = process.argv.slice(2);
const require = createRequire(import.meta.url);
const RED = require(version);
const express = createRequire(require.resolve(version))('express');

const scope = path.join(userDir, 'node_modules', '@regional-exchange');
// A user folder with the package installed is taken as it is; an empty one gets the checkout.
if (!palette && !fs.existsSync(scope)) {
  fs.mkdirSync(scope, { recursive: true });
  fs.symlinkSync(root, path.join(scope, 'node-red-hospital'), 'junction');
  fs.writeFileSync(
    path.join(userDir, 'package.json'),
    JSON.stringify({ name: 'project', dependencies: { '@regional-exchange/node-red-hospital': '*' } }),
  );
}

// Users with their passwords and permissions, where a test has some.
const usersFile = path.join(userDir, 'test-users.json');
const users = fs.existsSync(usersFile) ? JSON.parse(fs.readFileSync(usersFile, 'utf8')) : {};
const userOf = async username =>
  users[username] ? { username, permissions: users[username].permissions } : null;
const adminAuth = {
  type: 'credentials',
  users: userOf,
  authenticate: async (username, password) =>
    users[username]?.password === password ? userOf(username) : null,
};

// What a test has of its own in settings.js.
const settingsFile = path.join(userDir, 'test-settings.json');
const ownSettings = fs.existsSync(settingsFile) ? JSON.parse(fs.readFileSync(settingsFile, 'utf8')) : {};

const app = express();
const server = http.createServer(app);
RED.init(server, {
  userDir,
  httpAdminRoot: '/',
  // Not the default, so that a test sees whether addresses follow it.
  httpNodeRoot: '/hie',
  credentialSecret: 'only for tests',
  ...(Object.keys(users).length > 0 && { adminAuth }),
  logging: { console: { level: 'error', metrics: false, audit: false } },
  editorTheme: { tours: false, palette: { catalogues: [] } },
  telemetry: { enabled: false },
  ...ownSettings,
  externalModules: { palette: { allowInstall: palette !== undefined }, modules: { allowInstall: false } },
});
app.use('/hie', RED.httpNode);
app.use('/', RED.httpAdmin);
await RED.start();
server.listen(Number(process.env.TEST_PORT ?? 0), '127.0.0.1', () =>
  process.send({ port: server.address().port }),
);

// The parent is gone: so is the reason to run.
process.on('disconnect', () => process.exit());
