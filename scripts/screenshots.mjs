// Makes the pictures of the README: runs the browser tests, which save them on the way. Node-RED 5 has the dark theme.
import path from 'node:path';
import { ensureBuilt, ensureInstalled, root, run } from './shared.mjs';

ensureInstalled();
ensureBuilt();
run(process.execPath, ['node_modules/mocha/bin/mocha.js', 'test/browser/editor.test.ts'], {
  env: { NODE_RED: 'node-red-5', ...process.env, SCREENSHOTS: path.join(root, 'docs', 'screenshots') },
});
