'use strict';
// Lets worker threads start from the TypeScript sources while tests run without a build: tsx does not reach into
// workers. A file `x.js` that only exists as `x.ts` is loaded through tsx inside the worker.
const fs = require('node:fs');
const threads = require('node:worker_threads');

const { Worker } = threads;

threads.Worker = class extends Worker {
  constructor(file, options) {
    const source = typeof file === 'string' ? file.replace(/\.js$/, '.ts') : '';
    if (source.endsWith('.ts') && !fs.existsSync(file) && fs.existsSync(source)) {
      const script = `require('tsx/cjs'); require(${JSON.stringify(source)});`;
      super(script, { ...options, eval: true, execArgv: [] });
    } else super(file, options);
  }
};
