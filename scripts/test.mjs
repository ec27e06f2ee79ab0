// `npm test` on a fresh clone: installs and builds what is missing, then runs mocha: all tests, or the files named.
import { ensureBuilt, ensureInstalled, run } from './shared.mjs';

const args = process.argv.slice(2);
const specs = args.some(arg => arg.includes('test/')) ? [] : ['test/**/*.test.ts'];

ensureInstalled();
ensureBuilt();
run(process.execPath, ['node_modules/mocha/bin/mocha.js', ...args, ...specs]);
