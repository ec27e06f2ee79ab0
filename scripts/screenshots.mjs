// Makes the pictures of the README: runs the browser tests, which save them on the way. Node-RED 5 has the dark theme.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ensureBuilt, ensureInstalled, root, run } from './shared.mjs';

const pictures = path.join(root, 'docs', 'screenshots');

ensureInstalled();
ensureBuilt();
take('editor.test.ts', pictures);
// The tests of the monitor save every view, for those who change it; the README has two of them.
const views = fs.mkdtempSync(path.join(os.tmpdir(), 'monitor-views-'));
take('monitor.test.ts', views);
for (const name of ['monitor.png', 'monitor-detail.png'])
  fs.copyFileSync(path.join(views, name), path.join(pictures, name));
fs.rmSync(views, { recursive: true, force: true });

function take(test, folder) {
  run(process.execPath, ['node_modules/mocha/bin/mocha.js', `test/browser/${test}`], {
    env: { NODE_RED: 'node-red-5', ...process.env, SCREENSHOTS: folder },
  });
}
