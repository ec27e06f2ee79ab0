// Makes examples/ from flows/ and the hospitals of annex 1: a folder a hospital, the generic one first, each flow to be
// imported by itself or all at once. Without arguments it writes them; `--check` says what is not up to date.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { flowFiles, configuration, withConfiguration } from './flows.mjs';
import { root } from './shared.mjs';

const folder = path.join(root, 'examples');
const GENERIC = { order: 0, name: '通用医院', operator: null, organCode: null };
/** Shown in the editor until somebody fills it in. */
const OPEN = '【待填写】';

const hospitals = () => [
  GENERIC,
  ...JSON.parse(fs.readFileSync(path.join(root, 'flows', 'hospitals', 'annex-1.json'), 'utf8')),
];

/** Every example file by its path in examples/. */
export function examples() {
  const files = new Map();
  for (const hospital of hospitals()) {
    const configs = configsOf(hospital);
    const flows = flowFiles();
    const place = (name, nodes) => {
      const directory = `${String(hospital.order).padStart(2, '0')} ${hospital.name}`;
      files.set(
        `${directory}/${name}.json`,
        `${JSON.stringify(withConfiguration(nodes, configs), null, 1)}\n`,
      );
    };
    const own = flows.map(({ name, nodes }) => ({ name, nodes: nodes.map(node => adapted(node, hospital)) }));
    place(
      '0 全部流程 all flows',
      own.flatMap(({ nodes }) => nodes),
    );
    for (const { name, nodes } of own) place(titleOf(name, nodes), nodes);
  }
  return files;
}

/** `3 检验报告上传 Lab reports`, from the number of the file and the label of its tab. */
const titleOf = (name, nodes) => `${name.split('-')[0]} ${nodes.find(({ type }) => type === 'tab').label}`;

/** The hospital's own profile; what it shares with others has the same id in every example. */
const configsOf = hospital =>
  configuration().map(config => {
    if (config.type !== 'exchange-profile') return config;
    const { name, operator, organCode } = hospital;
    const isNamed = hospital !== GENERIC;
    return {
      ...config,
      id: profileId(config.id, hospital),
      name: isNamed && operator ? name : `${name}${OPEN}`,
      ...(organCode && { organCode, userOrganizationId: organCode, organizationId: organCode }),
      ...(operator && { operator }),
      ...(isNamed && { orgName: name, userOrganizationName: name }),
    };
  });

const profileId = (id, { order }) =>
  order === 0 ? id : createHash('sha256').update(`${id}/${order}`).digest('hex').slice(0, 16);

const shared = configuration().find(({ type }) => type === 'exchange-profile').id;

const adapted = (node, hospital) =>
  node.profile === shared ? { ...node, profile: profileId(shared, hospital) } : node;

/** What differs between the folder and what it should be. */
export function outdated() {
  const wanted = examples();
  const differs = [...wanted].filter(([file, text]) => readOr(path.join(folder, file)) !== text);
  const extra = filesIn(folder).filter(file => !wanted.has(file));
  return [...differs.map(([file]) => file), ...extra];
}

const readOr = file => (fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : undefined);

const filesIn = directory =>
  fs.existsSync(directory)
    ? fs
        .readdirSync(directory, { recursive: true, withFileTypes: true })
        .filter(entry => entry.isFile())
        .map(entry => path.relative(directory, path.join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    : [];

function write() {
  fs.rmSync(folder, { recursive: true, force: true });
  for (const [file, text] of examples()) {
    fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    fs.writeFileSync(path.join(folder, file), text);
  }
}

if (process.argv[1] === import.meta.filename) {
  if (process.argv.includes('--check')) {
    const files = outdated();
    for (const file of files) console.error(`not up to date: examples/${file}`);
    process.exitCode = files.length > 0 ? 1 : 0;
  } else write();
}
