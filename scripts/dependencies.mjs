// What the package brings along: every production dependency with version, licence, install script and native code, and
// what a registry knows of weaknesses. Writes docs/dependencies.md; `--check` says whether that is up to date. Fails on a
// licence that is unknown or copyleft, and on a weakness that the registry calls high or critical.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { root } from './shared.mjs';

const DOCUMENT = path.join(root, 'docs', 'dependencies.md');

/** Licences that ask for no more than their text to be passed on. */
const PERMISSIVE = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MIT-0',
  'Unlicense',
  'Zlib',
]);

const readJson = file => JSON.parse(fs.readFileSync(file, 'utf8'));

/** Every package of the lock file that is installed with this one, by name and version. */
export function dependencies() {
  const { packages } = readJson(path.join(root, 'package-lock.json'));
  return Object.entries(packages)
    .filter(([place, { dev, devOptional }]) => place !== '' && !dev && !devOptional)
    .map(([place, entry]) => ({
      name: place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length),
      version: entry.version,
      licence: licenceOf(place, entry),
      optional: entry.optional === true,
      installScript: entry.hasInstallScript === true,
      native: entry.cpu !== undefined || hasNative(path.join(root, place)),
    }))
    .filter(
      ({ name, version }, at, all) =>
        all.findIndex(one => one.name === name && one.version === version) === at,
    )
    .toSorted((a, b) => a.name.localeCompare(b.name, 'en') || a.version.localeCompare(b.version, 'en'));
}

function licenceOf(place, { license }) {
  const own = path.join(root, place, 'package.json');
  if (typeof license === 'string' || !fs.existsSync(own)) return license ?? '';
  // As packages of old say it.
  const { license: stated, licenses } = readJson(own);
  return [stated, ...(licenses ?? [])]
    .filter(Boolean)
    .map(one => one.type ?? one)
    .join(' OR ');
}

/** Compiled code, or what it is made of. */
const hasNative = folder =>
  fs.existsSync(folder) &&
  fs
    .readdirSync(folder, { recursive: true })
    .some(file => !/(?:^|[\\/])node_modules[\\/]/.test(file) && /(?:binding\.gyp|\.node|\.wasm)$/.test(file));

/** An SPDX expression: one side of OR is enough, both of AND are needed. */
export function isPermissive(licence) {
  const plain = licence.replace(/^\((.*)\)$/, '$1');
  if (/ OR /.test(plain)) return plain.split(' OR ').some(isPermissive);
  if (/ AND /.test(plain)) return plain.split(' AND ').every(isPermissive);
  return PERMISSIVE.has(plain);
}

const yes = is => (is ? '是 yes' : '');

/** docs/dependencies.md */
export function document(all = dependencies()) {
  const direct = Object.keys(readJson(path.join(root, 'package.json')).dependencies);
  const rows = all.map(
    ({ name, version, licence, optional, installScript, native }) =>
      `| ${name} | ${version} | ${licence} | ${yes(direct.includes(name))} | ${yes(optional)} | ${yes(installScript)} | ${yes(native)} |`,
  );
  return `<!-- Made by \`npm run dependencies\` from package-lock.json. 由脚本生成，请勿手工修改。 -->

# 第三方组件 Third-party packages

随本组件一起安装的全部 ${all.length} 个软件包（不含开发工具）。许可证未知或为 copyleft 时，\`npm run dependencies\` 报错；能连上软件源时，同一命令用 \`npm audit --omit=dev\` 查询已知漏洞，连不上时会明确说明未查询。

All ${all.length} packages that are installed with this one, without tools of development. \`npm run dependencies\` fails on an unknown or copyleft licence; where a registry answers, it asks \`npm audit --omit=dev\` for known weaknesses, and says so where none does.

| 软件包 package | 版本 version | 许可证 licence | 直接 direct | 可选 optional | 安装脚本 install script | 原生代码 native code |
|--|--|--|--|--|--|--|
${rows.join('\n')}
`;
}

/** What is wrong with the licences. */
export const licenceFaults = (all = dependencies()) =>
  all
    .filter(({ licence }) => !isPermissive(licence))
    .map(({ name, version, licence }) => `${name}@${version}: licence ${licence || 'unknown'}`);

/** Known weaknesses by severity; undefined when no registry could be asked. */
function audit() {
  const done = spawnSync('npm', ['audit', '--omit=dev', '--json'], {
    cwd: root,
    encoding: 'utf8',
    shell: process.platform === 'win32',
    timeout: 60_000,
  });
  try {
    return JSON.parse(done.stdout).metadata.vulnerabilities;
  } catch {
    return undefined;
  }
}

if (process.argv[1] === import.meta.filename) {
  const all = dependencies();
  const faults = licenceFaults(all);
  if (!process.argv.includes('--check')) fs.writeFileSync(DOCUMENT, document(all));
  else if (!fs.existsSync(DOCUMENT) || fs.readFileSync(DOCUMENT, 'utf8') !== document(all))
    faults.push('not up to date: docs/dependencies.md');
  console.log(`${all.length} packages, ${all.filter(({ native }) => native).length} with native code`);
  if (!process.argv.includes('--offline')) {
    const known = audit();
    if (!known) console.log('NOT AUDITED: no registry answered. 未查询漏洞：连不上软件源。');
    else {
      console.log(
        `audited: ${Object.entries(known)
          .map(([level, count]) => `${level} ${count}`)
          .join(', ')}`,
      );
      if (known.high + known.critical > 0) faults.push('known weaknesses: see npm audit --omit=dev');
    }
  }
  for (const fault of faults) console.error(fault);
  process.exitCode = faults.length > 0 ? 1 : 0;
}
