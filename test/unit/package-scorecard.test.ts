/** The rules of Node-RED's flow library scorecard (node-red-dev validate), without its calls to the network. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { builtNodes, ensureBuilt, manifest, read, root } from '../support/built-editor';

/** Why the package depends on more than the six packages that the scorecard allows (D01). */
const JUSTIFIED: Readonly<Record<string, string>> = {
  '@cantoo/pdf-lib': 'merges several receipts into the one PDF of the answer (3.2.5)',
  '@photostructure/sqlite': 'embedded database that commits to disk',
  ajv: 'validation derived from the tables of the agreement',
  'basic-ftp': 'report files on FTP servers (5.1.5)',
  'csv-parse': 'code tables of a hospital',
  'dcmjs-dimse':
    "the simulator's DICOM side and transcoding: it must not share mistakes with our own association code, which " +
    'exists because the library parses and re-encodes every object (20x the CPU of DCMTK, six times the object in ' +
    'memory), reports late answers as success and has no limits on PDU lengths',
  'fast-xml-parser': 'the simulator reads with another parser than ours',
  mssql: 'SQL Server: hospital databases, and the shared message store',
  pg: 'PostgreSQL for the shared message store',
  'prom-client': 'metrics in the text format of Prometheus, with histograms and the figures of the process',
  saxes: 'streaming XML reader with line and column of a fault',
  soap: 'reads the WSDL of a platform that is described by one',
  undici: 'HTTP connections to the platform, with TLS and limits',
};
const MOST_DEPENDENCIES = 6;

interface Semver {
  satisfies(version: string, range: string): boolean;
  minVersion(range: string): { version: string } | null;
}

const nodeRedManifest = (name: string): { version: string; engines: { node: string } } =>
  JSON.parse(read(`node_modules/${name}/package.json`)) as { version: string; engines: { node: string } };
const semver = createRequire(require.resolve('node-red/package.json'))('semver') as Semver;

ensureBuilt();

describe('the package, by the rules of the flow library', () => {
  const pkg = manifest();

  it('P01, P03, P05: has a licence, a place for faults and the keyword', () => {
    assert.equal(pkg.license, 'Apache-2.0');
    assert.match(pkg.repository?.url ?? '', /^git\+https:/);
    assert.match(pkg.bugs?.url ?? '', /^https:/);
    assert.ok(pkg.keywords.includes('node-red'));
  });

  it('P04: has a scoped name', () => {
    assert.match(pkg.name, /^@[\w-]+\/[\w-]+$/);
  });

  it('P06: admits the current and the maintained Node-RED', () => {
    for (const name of ['node-red', 'node-red-5']) {
      assert.ok(semver.satisfies(nodeRedManifest(name).version, pkg['node-red'].version), name);
    }
  });

  it('P07: admits the oldest Node.js that the current Node-RED runs on', () => {
    const oldest = semver.minVersion(nodeRedManifest('node-red-5').engines.node)?.version ?? '';
    assert.ok(semver.satisfies(oldest, pkg.engines.node), oldest);
  });

  it('D01: has a reason for each of its dependencies, all of them from the registry', () => {
    const names = Object.keys(pkg.dependencies);
    if (names.length > MOST_DEPENDENCIES)
      assert.deepEqual(names.toSorted(), Object.keys(JUSTIFIED).toSorted());
    for (const range of Object.values(pkg.dependencies)) assert.match(range, /^[~^]?\d+\.\d+\.\d+$/);
  });

  it('N01: registers each type by its literal name and an inline object', () => {
    for (const { type, html } of builtNodes()) {
      assert.match(html, new RegExp(`RED\\.nodes\\.registerType\\("${type}", \\{\n\\s*category: "`));
    }
  });

  it('N02: shows each node in an example', () => {
    const types = exampleTypes();
    for (const node of builtNodes()) {
      if (node.definition().category !== 'config')
        assert.ok(types.has(node.type), `${node.type} in no example`);
    }
  });
});

/** Types of the nodes in examples/, which the Import dialog offers. */
function exampleTypes(): Set<string> {
  const folder = path.join(root, 'examples');
  const files = fs.existsSync(folder)
    ? fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.json'))
    : [];
  const flows = files.map(
    file => JSON.parse(fs.readFileSync(path.join(folder, file), 'utf8')) as { type: string }[],
  );
  return new Set(flows.flat().map(({ type }) => type));
}
