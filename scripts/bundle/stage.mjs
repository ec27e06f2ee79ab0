// A copy of the package with its dependencies inside, reduced to what is needed to run.
import fs from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import path from 'node:path';
import { npm, root } from '../shared.mjs';
import { neededFiles } from './needed-files.mjs';

/**
 * Loaded by the SQL Server driver for logins at Azure, which no hospital's server has: 51 MB. In their place stands
 * azure-left-out.cjs, which says so when such a login is asked for.
 */
const LEFT_OUT = ['@azure/core-auth', '@azure/identity', '@azure/keyvault-keys'];
const LEFT_OUT_VERSION = '0.0.0-left-out';

/** Files that code finds by their place. SQLite for Node versions that have none of their own, per platform. */
const EXTRA_FILES = {
  '@photostructure/sqlite': ['linux-x64', 'linux-arm64', 'win32-x64', 'win32-arm64'].map(
    platform => `prebuilds/${platform}`,
  ),
  'dcmjs-codecs': ['build/dcmjs-native-codecs.wasm'],
};

const LICENCE = /^(?:licen[cs]e|copying|notice|copyright)/i;

/** Nothing runs when it is installed: no scripts, no links to programs. The rest of a manifest is for its development. */
const KEPT = [
  'name',
  'version',
  'description',
  'license',
  'author',
  'homepage',
  'repository',
  'engines',
].concat('type', 'main', 'module', 'browser', 'exports', 'imports');

/** Fills an empty folder with the package. */
export async function stage(folder) {
  const manifest = readManifest('.');
  copyPackage(folder);
  const needed = await neededFiles(LEFT_OUT);
  const files = [...needed.keys()];
  const packages = new Set(files.map(packageOf));
  for (const name of Object.keys(manifest.dependencies))
    if (!packages.has(`node_modules/${name}`))
      throw new Error(`${name} is a dependency, and nothing loads it`);
  for (const file of files) copyWithScope(file, folder);
  for (const dir of packages) completePackage(dir, packages, folder);
  for (const name of LEFT_OUT) writeLeftOut(name, folder);
  // Its own scripts would build it again.
  const { scripts: _scripts, devDependencies: _devDependencies, ...own } = manifest;
  write(folder, 'package.json', { ...own, bundleDependencies: Object.keys(manifest.dependencies) });
  checkWhole(needed, folder);
}

/** Lets Node itself look for all that the files ask for: nothing may be missing, and nothing found elsewhere. */
function checkWhole(needed, folder) {
  for (const [file, names] of needed) {
    const require = createRequire(path.join(folder, file));
    for (const name of names) {
      const found = require.resolve(name);
      if (!isBuiltin(found) && !found.startsWith(fs.realpathSync(folder)))
        throw new Error(`${file} asks for ${name}, and gets ${found}`);
    }
  }
}

/** What a registry would get. */
function copyPackage(folder) {
  const [{ files }] = JSON.parse(npm(['pack', '--json', '--dry-run', '--ignore-scripts']));
  for (const { path: file } of files) copy(file, folder);
}

/** Manifest, licence, and what code finds by its place. */
function completePackage(dir, packages, folder) {
  const manifest = readManifest(dir);
  for (const file of fs.readdirSync(path.join(root, dir)))
    if (LICENCE.test(file)) copy(`${dir}/${file}`, folder);
  for (const extra of EXTRA_FILES[manifest.name] ?? []) copy(`${dir}/${extra}`, folder);
  const dependencies = Object.fromEntries(
    Object.entries(manifest.dependencies ?? {}).flatMap(([name, range]) => {
      if (LEFT_OUT.includes(name)) return [[name, LEFT_OUT_VERSION]];
      return isReached(name, dir, packages) ? [[name, range]] : [];
    }),
  );
  const kept = Object.fromEntries(Object.entries(manifest).filter(([key]) => KEPT.includes(key)));
  write(folder, `${dir}/package.json`, { ...kept, dependencies });
}

/** Whether the package that `name` means within `dir` is one of those that are carried. */
function isReached(name, dir, packages) {
  for (let at = dir; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    const place = at === '' ? `node_modules/${name}` : `${at}/node_modules/${name}`;
    if (fs.existsSync(path.join(root, place))) return packages.has(place);
    if (at === '') return false;
  }
}

function writeLeftOut(name, folder) {
  const dir = `node_modules/${name}`;
  write(folder, `${dir}/package.json`, {
    name,
    version: LEFT_OUT_VERSION,
    description: 'Stands for a package that is left out of the offline installation',
    license: readManifest('.').license,
    main: 'index.js',
  });
  fs.copyFileSync(path.join(root, 'scripts/bundle/azure-left-out.cjs'), path.join(folder, dir, 'index.js'));
}

/** A file, and the manifests of the folders above it, which say whether it is CommonJS or a module. */
function copyWithScope(file, folder) {
  copy(file, folder);
  for (let dir = path.posix.dirname(file); dir !== packageOf(file); dir = path.posix.dirname(dir))
    if (fs.existsSync(path.join(root, dir, 'package.json'))) copy(`${dir}/package.json`, folder);
}

const packageOf = file => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)[0];

const readManifest = dir => JSON.parse(fs.readFileSync(path.join(root, dir, 'package.json'), 'utf8'));

function copy(file, folder) {
  fs.cpSync(path.join(root, file), path.join(folder, file), { recursive: true });
}

function write(folder, file, content) {
  fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
  fs.writeFileSync(path.join(folder, file), `${JSON.stringify(content, null, 2)}\n`);
}
