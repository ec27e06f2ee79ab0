// Makes the pictures of the README: runs the browser tests, which save them on the way.
import path from 'node:path';
import { ensureBuilt, ensureInstalled, root, run } from './shared.mjs';

ensureInstalled();
ensureBuilt();
run(process.execPath, ['node_modules/mocha/bin/mocha.js', 'test/browser/editor.test.ts'], {
  env: { ...process.env, SCREENSHOTS: path.join(root, 'docs', 'screenshots') },
});
