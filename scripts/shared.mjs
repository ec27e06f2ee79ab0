// Small helpers of the scripts. Plain JavaScript: they run before anything is installed or built.
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/** Runs a command in the checkout; ends this process with the command's code when it fails. */
export function run(command, args, options = {}) {
  const done = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (done.error) throw done.error;
  if (done.status !== 0) process.exit(done.status ?? 1);
}

/** What npm prints. It is a .cmd file on Windows, which needs a shell to start. */
export const npm = (args, options = {}) =>
  execFileSync('npm', args, {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    shell: process.platform === 'win32',
    maxBuffer: 64 * 1024 * 1024,
    ...options,
  });

/** True when this Node can run Node-RED 5 (needs 22.9); older ones run Node-RED 4.1. */
export const canRunNodeRed5 = () => {
  const [major, minor] = process.versions.node.split('.').map(Number);
  return major > 22 || (major === 22 && minor >= 9);
};

/** Package name of the Node-RED that fits: `NODE_RED` when set, else the newest this Node can run. */
export const nodeRedPackage = () => process.env.NODE_RED || (canRunNodeRed5() ? 'node-red-5' : 'node-red');

/** Installs the dependencies when they are missing or older than the lock file. Never touches the lock file. */
export function ensureInstalled() {
  const marker = path.join(root, 'node_modules', '.package-lock.json');
  const lock = path.join(root, 'package-lock.json');
  if (fs.existsSync(marker) && fs.statSync(marker).mtimeMs >= fs.statSync(lock).mtimeMs) return;
  console.log('installing dependencies … 正在安装依赖');
  // npm is a .cmd file on Windows, which needs a shell to start.
  run('npm', ['ci', '--no-audit', '--no-fund'], { shell: process.platform === 'win32' });
}

/** Files below `dir` (recursive), relative to the checkout. */
export function filesBelow(dir) {
  const found = [];
  if (!fs.existsSync(path.join(root, dir))) return found;
  for (const entry of fs.readdirSync(path.join(root, dir), { withFileTypes: true })) {
    const name = path.posix.join(dir, entry.name);
    if (entry.isDirectory()) found.push(...filesBelow(name));
    else found.push(name);
  }
  return found;
}

/** Builds dist/ when it is missing or older than a source file. */
export function ensureBuilt() {
  const stamp = path.join(root, 'dist', '.built');
  const built = fs.existsSync(stamp) ? fs.statSync(stamp).mtimeMs : 0;
  const sources = ['lib', 'nodes', 'plugins', 'icons']
    .flatMap(filesBelow)
    .concat('package.json', 'scripts/build.mjs');
  if (sources.every(file => fs.statSync(path.join(root, file)).mtimeMs < built)) return;
  console.log('building … 正在构建');
  run(process.execPath, ['scripts/build.mjs']);
}
