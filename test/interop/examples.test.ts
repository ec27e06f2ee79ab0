/** What the Import dialog offers: a folder for each hospital, every flow of which runs once addresses are filled in. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { ensureBuilt } from '../support/built-editor';

interface FlowNode extends Record<string, unknown> {
  readonly id: string;
  readonly type: string;
  readonly z?: string;
  readonly wires?: readonly (readonly string[])[];
  readonly links?: readonly string[];
}

interface Run {
  readonly file: string;
  readonly organCode: string;
  readonly counts: Readonly<Record<string, { readonly accepted: number; readonly refused: number }>>;
  readonly booking: { readonly success: boolean; readonly items: number };
}

const folder = path.resolve('examples');
const files = fs
  .readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter(file => file.endsWith('.json'))
  .map(file => file.replaceAll('\\', '/'))
  .toSorted();
const read = (file: string): FlowNode[] =>
  JSON.parse(fs.readFileSync(path.join(folder, file), 'utf8')) as FlowNode[];

describe('examples', function () {
  this.timeout(180_000);

  it('are what flows/ and the list of hospitals make of them', async () => {
    const { stderr } = await promisify(execFile)(process.execPath, ['scripts/examples.mjs', '--check']).catch(
      (error: { stderr: string }) => error,
    );
    assert.equal(stderr, '', 'run npm run examples');
  });

  it('are there for all hospitals of annex 1, the generic one first', () => {
    const folders = [...new Set(files.map(file => file.split('/')[0]))];
    assert.equal(folders.length, 15);
    assert.equal(folders[0], '00 通用医院');
    for (const hospital of folders)
      assert.equal(files.filter(file => file.startsWith(`${hospital}/`)).length, 10, hospital);
  });

  it('are whole: what a node refers to is in the same file', () => {
    for (const file of files) {
      const nodes = read(file);
      const ids = new Set(nodes.map(({ id }) => id));
      assert.equal(ids.size, nodes.length, `${file}: ids are unique`);
      const isWhole = /\/0 /.test(file);
      for (const node of nodes) {
        const named = [
          ...(node.wires ?? []).flat(),
          // A link to the alerts leads to another flow.
          ...(isWhole ? (node.links ?? []) : []),
          ...['z', 'g', 'profile', 'store', 'database', 'peer', 'station'].map(name => node[name]),
        ].filter((id): id is string => typeof id === 'string' && /^[\da-f]{16}$/.test(id));
        for (const id of named) assert.ok(ids.has(id), `${file}: ${node.id} names ${id}`);
      }
    }
  });

  it('have the profile of their hospital, and say what is to be filled in', () => {
    const known = new Map<string, string>();
    for (const file of files.filter(name => /\/0 /.test(name))) {
      const profiles = read(file).filter(({ type }) => type === 'exchange-profile');
      assert.equal(profiles.length, 1, file);
      const [profile] = profiles;
      const { name, operator, organCode, credentials } = profile as unknown as Record<string, string>;
      const isKnown = !organCode?.startsWith('${');
      if (isKnown) known.set(String(operator), String(organCode));
      assert.equal(name?.endsWith('【待填写】'), !isKnown, file);
      for (const secret of Object.values(credentials ?? {})) assert.match(secret, /^(?:\$\{\w+\})?$/);
    }
    assert.equal(known.size, 5);
    assert.equal(known.get('FSDYYYApi'), 'XM-10002-FSDYYY');
  });

  it('hold no address and no secret of their own', () => {
    for (const file of files) {
      const text = fs.readFileSync(path.join(folder, file), 'utf8');
      assert.doesNotMatch(text, /https?:\/\/(?!tempuri)/, file);
      assert.doesNotMatch(text, /\b(?:\d{1,3}\.){3}\d{1,3}\b(?<!127\.0\.0\.1)/, file);
    }
  });

  it('run, each of them, beside the simulator, with nothing but addresses filled in', async () => {
    ensureBuilt();
    const userDir = fs.mkdtempSync(path.join(os.tmpdir(), 'examples-'));
    try {
      const { stdout, stderr } = await promisify(execFile)(process.execPath, [
        'test/support/examples-host.mjs',
        userDir,
      ]);
      assert.equal(stderr, '');
      const runs = stdout
        .trim()
        .split('\n')
        .map(line => JSON.parse(line) as Run);
      assert.equal(runs.length, 15);
      for (const { file, counts, booking } of runs) {
        assert.deepEqual([booking.success, booking.items > 0], [true, true], file);
        for (const [service, { refused }] of Object.entries(counts))
          assert.equal(refused, 0, `${file}: ${service}`);
        assert.equal(counts['ArchiveAutoReport (lab)']?.accepted, 24, file);
        assert.equal(counts['ArchiveAutoReport (exam)']?.accepted, 24, file);
      }
    } finally {
      fs.rmSync(userDir, { recursive: true, force: true });
    }
  });
});
