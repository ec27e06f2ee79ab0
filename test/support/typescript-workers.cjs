'use strict';
// Lets worker threads and child processes start from the TypeScript sources while tests run without a build: tsx does
// not reach into them. A file `x.js` that only exists as `x.ts` is loaded through tsx there.
const fs = require('node:fs');
const children = require('node:child_process');
const threads = require('node:worker_threads');

/** The source in place of a file that is not built; undefined for a file that is there. */
function sourceOf(file) {
  const source = typeof file === 'string' ? file.replace(/\.js$/, '.ts') : '';
  return source.endsWith('.ts') && !fs.existsSync(file) && fs.existsSync(source) ? source : undefined;
}

const { Worker } = threads;

threads.Worker = class extends Worker {
  constructor(file, options) {
    const source = sourceOf(file);
    if (source) {
      const script = `require('tsx/cjs'); require(${JSON.stringify(source)});`;
      super(script, { ...options, eval: true, execArgv: [] });
    } else super(file, options);
  }
};

const { fork } = children;

children.fork = (file, args, options) => {
  const source = sourceOf(file);
  return source
    ? fork(source, args, { ...options, execArgv: ['--import', 'tsx'] })
    : fork(file, args, options);
};
