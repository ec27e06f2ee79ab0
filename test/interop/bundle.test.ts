/** The offline installation, on a Node-RED that reaches no registry. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import manifest from '../../package.json';
import { root } from '../support/built-editor';
import { type FlowNode, NodeRed } from '../support/editor';
import { assertAllNodes, npm } from '../support/installed';
import { labReport } from '../support/lab-report';
import { profileSettings } from '../support/profile-settings';
import { until } from '../support/until';

/** Of which the user is told: README. */
const MOST_BYTES = 15_000_000;

describe('the offline installation', function () {
  this.timeout(180_000);
  let folder: string;
  let offline: NodeJS.ProcessEnv;
  let tgz: string;
  before(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'regional-exchange-offline-'));
    // Nothing listens there, and nothing is kept from before.
    offline = {
      ...process.env,
      npm_config_registry: 'http://127.0.0.1:9',
      npm_config_cache: path.join(folder, 'cache'),
      npm_config_fetch_retries: '0',
    };
    const script = ['scripts/bundle.mjs', '--out', folder, '--json'];
    const made = execFileSync(process.execPath, script, { cwd: root, encoding: 'utf8' });
    const { file, bytes } = JSON.parse(made.trim().split('\n').at(-1) ?? '') as {
      file: string;
      bytes: number;
    };
    assert.ok(bytes < MOST_BYTES, `${bytes} bytes`);
    tgz = file;
  });
  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  it('installs by npm, has all that it needs, and registers a report', async () => {
    const nodeRed = await NodeRed.start(userDir => {
      fs.writeFileSync(path.join(userDir, 'package.json'), '{"name":"hospital","private":true}');
      npm(userDir, ['install', '--no-audit', '--no-fund', '--engine-strict', tgz], offline);
      assertWhole(path.join(userDir, 'node_modules', manifest.name));
    });
    try {
      assertAllNodes(await nodeRed.nodeSets());
      await nodeRed.deploy(reportFlow(`${nodeRed.url}hie`));
      const ask = (): Promise<Response> => fetch(`${nodeRed.url}hie/outcome`);
      // A deploy is answered before its nodes are there.
      await until('the flow runs', async () => (await ask()).ok);
      const answer = await fetch(`${nodeRed.url}hie/report`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(labReport),
      });
      assert.equal(answer.status, 200, await answer.text());
      let outcome: unknown;
      await until('the platform has answered', async () => {
        ({ outcome } = (await (await ask()).json()) as { outcome?: unknown });
        return outcome !== undefined;
      });
      assert.equal(outcome, 'accepted');
    } finally {
      await nodeRed.stop();
    }
  });

  it('installs by the upload of the palette manager', async () => {
    const nodeRed = await NodeRed.start(
      userDir => fs.writeFileSync(path.join(userDir, 'package.json'), '{"name":"hospital","private":true}'),
      offline,
    );
    try {
      const form = new FormData();
      form.append('tarball', new Blob([fs.readFileSync(tgz)]), path.basename(tgz));
      const answer = await fetch(`${nodeRed.url}nodes`, { method: 'POST', body: form });
      assert.equal(answer.status, 200, await answer.text());
      assertAllNodes(await nodeRed.nodeSets());
    } finally {
      await nodeRed.stop();
    }
  });
});

/** Every dependency has its licence and runs nothing, no platform lacks its binary, what was left out says so. */
function assertWhole(installed: string): void {
  const modules = path.join(installed, 'node_modules');
  const binaries = fs.readdirSync(path.join(modules, '@photostructure/sqlite/prebuilds'), {
    recursive: true,
    encoding: 'utf8',
  });
  for (const [platform, libraries] of [
    ['linux-x64', 'glibc|musl'],
    ['linux-arm64', 'glibc|musl'],
    ['win32-x64', 'glibc'],
    ['win32-arm64', 'glibc'],
  ] as const)
    for (const library of libraries.split('|'))
      assert.ok(
        binaries.some(name => name.startsWith(platform) && name.endsWith(`.${library}.node`)),
        `${platform} ${library}`,
      );
  for (const name of packagesIn(modules)) {
    const source = path.join(root, 'node_modules', name);
    const licences = fs.readdirSync(source).filter(file => /^(?:licen[cs]e|notice)/i.test(file));
    for (const file of licences) assert.ok(fs.existsSync(path.join(modules, name, file)), `${name}: ${file}`);
    assert.ok(!('scripts' in manifestOf(path.join(modules, name))), name);
  }
  // Version 20 does not run on Node 20.
  assert.match(String(manifestOf(path.join(modules, 'tedious'))['version']), /^19\./);
  const login = `const { Connection } = require('tedious');
    new Connection({ server: '127.0.0.1', authentication: { type: 'token-credential', options: { credential: {} } } });`;
  assert.throws(
    () =>
      execFileSync(process.execPath, ['--eval', login], { cwd: installed, encoding: 'utf8', stdio: 'pipe' }),
    /离线安装包不含 Azure 身份验证.*has no Azure authentication/s,
  );
}

const manifestOf = (folder: string): Record<string, unknown> =>
  JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8')) as Record<string, unknown>;

const packagesIn = (modules: string): string[] =>
  fs
    .readdirSync(modules)
    .flatMap(name =>
      name.startsWith('@') ? fs.readdirSync(path.join(modules, name)).map(own => `${name}/${own}`) : [name],
    )
    .filter(name => !name.startsWith('.') && !name.startsWith('@azure/'));

/** A report that comes by HTTP is kept, registered at the simulator beside it, and its outcome shown. */
function reportFlow(httpNodes: string): FlowNode[] {
  const node = (id: string, type: string, wires: string[][], more: object): FlowNode => ({
    id,
    type,
    z: 'tab',
    wires,
    ...more,
  });
  return [
    { id: 'tab', type: 'tab', label: 'offline' },
    { id: 'store', type: 'exchange-store', kind: 'embedded', credentials: { key: 'TEST-STORE-KEY' } },
    {
      id: 'profile',
      type: 'exchange-profile',
      store: 'store',
      ...profileSettings({ archiveUrl: `${httpNodes}/simulator/sehr.service.auto/IAutoReport.asmx` }),
    },
    node('platform', 'platform-simulator', [[], []], { profile: 'profile', path: '/simulator' }),
    node('in', 'http in', [['register', 'taken']], { url: '/report', method: 'post' }),
    node('taken', 'http response', [], { statusCode: '200' }),
    node('register', 'lab-register', [['note'], ['note']], {
      profile: 'profile',
      property: 'payload',
      propertyType: 'msg',
      delivery: 'durable',
      handover: 'sent',
    }),
    node('note', 'function', [], { func: "flow.set('outcome', msg.exchange.outcome);", outputs: 0 }),
    node('ask', 'http in', [['tell']], { url: '/outcome', method: 'get' }),
    node('tell', 'function', [['told']], {
      func: "msg.payload = { outcome: flow.get('outcome') }; return msg;",
      outputs: 1,
    }),
    node('told', 'http response', [], {}),
  ];
}
