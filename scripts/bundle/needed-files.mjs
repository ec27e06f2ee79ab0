// The files of node_modules that the built package can come to load.
import { build } from 'esbuild';
import path from 'node:path';
import { filesBelow, root } from '../shared.mjs';

/** Asks for its files by names that it puts together at run time; those are named in EXTRA_FILES (stage.mjs). */
const FOUND_AT_RUN_TIME = ['node-gyp-build'];

/** What Node's versions look for in the `exports` of a package beyond `node`, `require` and `import`: some know less. */
const CONDITIONS = [[], ['node-addons', 'module-sync']];

/**
 * Follows every `require` and `import` from dist/, as Node does.
 * @param leftOut packages that are not followed
 * @returns paths relative to the checkout, `node_modules/…`, with the names that each file asks for by `require`
 * @throws when a package asks for files in a way that cannot be followed: they must be looked at, and named
 */
export async function neededFiles(leftOut) {
  const needed = new Map();
  for (const conditions of CONDITIONS)
    for (const [file, names] of await follow(leftOut, conditions))
      needed.set(file, new Set([...(needed.get(file) ?? []), ...names]));
  return needed;
}

async function follow(leftOut, conditions) {
  const { metafile, warnings } = await build({
    absWorkingDir: root,
    entryPoints: filesBelow('dist').filter(file => file.endsWith('.js')),
    outdir: 'never-written',
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    conditions,
    mainFields: ['main'],
    // An optional companion of pg that nobody installs here.
    external: [...leftOut, 'pg-native'],
    logLevel: 'silent',
    logOverride: {
      'unsupported-require-call': 'warning',
      'indirect-require': 'warning',
      'unsupported-dynamic-import': 'warning',
    },
  });
  for (const { text, location } of warnings) {
    const file = location?.file ?? '';
    if (!FOUND_AT_RUN_TIME.some(name => file.startsWith(`node_modules/${name}/`)))
      throw new Error(
        `${file}:${location?.line}: ${text}: look at what it loads, and name that in stage.mjs`,
      );
  }
  return Object.entries(metafile.inputs)
    .map(([file, { imports }]) => [file.split(path.sep).join('/'), requiredBy(imports)])
    .filter(([file]) => file.startsWith('node_modules/'));
}

const requiredBy = imports =>
  imports
    .filter(({ kind, external }) => kind === 'require-call' && !external)
    .map(({ original, path: file }) => original ?? file);
