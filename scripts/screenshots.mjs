// Makes the pictures of the README: runs the browser tests, which save them on the way. Node-RED 5 has the dark theme.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ensureBuilt, ensureInstalled, root, run } from './shared.mjs';

const pictures = path.join(root, 'docs', 'screenshots');

ensureInstalled();
ensureBuilt();
take('editor.test.ts', pictures);
// These save more views, for those who change them; the README has some.
const views = fs.mkdtempSync(path.join(os.tmpdir(), 'views-'));
take('flows.test.ts', views);
take('monitor.test.ts', views);
for (const name of ['flow-lab.png', 'database-poll.png', 'monitor.png', 'monitor-detail.png', 'evidence.png'])
  fs.copyFileSync(path.join(views, name), path.join(pictures, name));
fs.rmSync(views, { recursive: true, force: true });

function take(test, folder) {
  run(process.execPath, ['node_modules/mocha/bin/mocha.js', `test/browser/${test}`], {
    env: { NODE_RED: 'node-red-5', ...process.env, SCREENSHOTS: folder },
  });
}
