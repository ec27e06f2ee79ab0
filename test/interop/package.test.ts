import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { root } from '../support/built-editor';
import { NodeRed } from '../support/editor';
import { assertAllNodes, npm } from '../support/installed';

describe('the packed package', function () {
  this.timeout(180_000);
  let folder: string;
  let tgz: string;
  before(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'regional-exchange-pack-'));
    // The build is there already; another one would take dist/ away from tests that run beside this one.
    const [packed] = JSON.parse(
      npm(root, ['pack', '--json', '--ignore-scripts', '--pack-destination', folder]),
    ) as { filename: string; files: { path: string }[] }[];
    assert.ok(packed);
    tgz = path.join(folder, packed.filename);
    const files = packed.files.map(file => file.path);
    assert.ok(files.includes('LICENSE') && files.includes('README.md') && files.includes('README.zh-CN.md'));
    assert.deepEqual(
      files.filter(name => /^(?:test|bench|lib|nodes|scripts|\.)/.test(name)),
      [],
      'sources and tests stay at home',
    );
  });
  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  it('installs into an empty Node-RED without its scripts, and every node loads', async () => {
    const nodeRed = await NodeRed.start(userDir => {
      fs.writeFileSync(path.join(userDir, 'package.json'), '{"name":"hospital","private":true}');
      npm(userDir, ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', tgz]);
    });
    try {
      assertAllNodes(await nodeRed.nodeSets());
    } finally {
      await nodeRed.stop();
    }
  });
});
