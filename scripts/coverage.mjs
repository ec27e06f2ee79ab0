// Coverage of lib/ and nodes/. Compiles first: measured over tsx, every file shows a phantom branch on line 1.
import fs from 'node:fs';
import { ensureBuilt, ensureInstalled, run } from './shared.mjs';

ensureInstalled();
ensureBuilt();
fs.rmSync('.tmp', { recursive: true, force: true });
run(process.execPath, [
  'node_modules/typescript/bin/tsc',
  '-p',
  'test/tsconfig.json',
  '--noEmit',
  'false',
  '--outDir',
  '.tmp',
  '--sourceMap',
]);
run(process.execPath, [
  'node_modules/c8/bin/c8.js',
  '--exclude-after-remap',
  '--include',
  'lib/**',
  '--include',
  'nodes/**',
  '--reporter',
  'text',
  '--reporter',
  'lcov',
  process.execPath,
  'node_modules/mocha/bin/mocha.js',
  '--no-config',
  '--timeout',
  '20000',
  '.tmp/test/{unit,nodes}/**/*.test.js',
]);
