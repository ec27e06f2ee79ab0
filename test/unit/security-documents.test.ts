/** What docs/security.md promises is so: the tests that it names, its limits, and flows without secrets. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { readPeer, readStation } from '../../lib/dicom/settings';
import { temporaryFolder } from '../support/report-files';

const read = (file: string): string => fs.readFileSync(file, 'utf8');
const english = read('docs/security.md');
const chinese = read('docs/security.zh-CN.md');

const namedTests = (text: string): string[] =>
  [...text.matchAll(/`(test\/[\w/.-]+\.ts)`/g)].map(([, name]) => name ?? '');

const cellsOf = (text: string): number[] =>
  text
    .split('\n')
    .filter(line => line.startsWith('|'))
    .map(line => line.split('|').length);

describe('the security documents', () => {
  it('name tests that there are, the same in both languages', () => {
    const names = namedTests(english);
    assert.ok(names.length > 25);
    assert.deepEqual(
      names.filter(name => !fs.existsSync(name)),
      [],
    );
    assert.deepEqual(namedTests(chinese), names);
  });

  it('have the same tables', () => assert.deepEqual(cellsOf(chinese), cellsOf(english)));

  it('tell the limits that nodes have by default', () => {
    const folder = temporaryFolder('station');
    const station = readStation({}, () => folder);
    fs.rmSync(folder, { recursive: true });
    const peer = readPeer({ aeTitle: 'A', host: 'b', port: '104' });
    const facts = [
      `${station.associations} associations`,
      `${station.timeoutMs / 1000} s of silence`,
      `P-DATA PDU ${station.maxPdu / 1024} KiB`,
      `${peer.associations} associations`,
      `${peer.connectTimeoutMs / 1000} s to connect, ${peer.timeoutMs / 1000} s of silence`,
      `most waiting (${defaultOf('booking-request', 'maxPending')})`,
      `time (${defaultOf('booking-request', 'timeout')} s)`,
      `size at most (${defaultOf('report-file', 'maxMiB')} MiB)`,
      `object ${defaultOf('dicom-station', 'maxMiB')} MiB`,
      `profile's time (${defaultOf('exchange-profile', 'timeout')} s)`,
      `contents ${defaultOf('exchange-store', 'keepContents')} days`,
      `entries ${defaultOf('exchange-store', 'keepMessages')} days`,
      `at least ${defaultOf('exchange-store', 'keepAudit')} days`,
    ];
    for (const fact of facts) assert.ok(english.includes(fact), fact);
  });
});

const editorOf = (type: string): string => read(`nodes/${type}/${type}.editor.ts`);

const defaultOf = (type: string, property: string): string =>
  new RegExp(`\\b${property}: \\{ value: '([^']*)'`).exec(editorOf(type))?.[1] ?? '?';

/** Names of what Node-RED keeps apart for a type, by its runtime. */
const credentialsOf = (type: string): string[] => {
  const [, block = ''] = /credentials: \{([^]*?\})\s*,?\s*\}/.exec(read(`nodes/${type}/${type}.ts`)) ?? [];
  return [...block.matchAll(/(\w+): \{ type: '(?:password|text)'/g)].map(([, name]) => name ?? '');
};

const types = fs.readdirSync('nodes').filter(type => fs.existsSync(`nodes/${type}/${type}.editor.ts`));

describe('what an export of flows holds', () => {
  it('is no credential: none is a property of its node, in no example either', () => {
    const found = types.flatMap(type => credentialsOf(type).map(name => ({ type, name })));
    assert.ok(found.length >= 12, `${found.length} credentials`);
    for (const { type, name } of found) {
      const defaults = /defaults: \{([^]*?)\n {2}\},/.exec(editorOf(type))?.[1] ?? '';
      assert.ok(defaults !== '', type);
      assert.doesNotMatch(defaults, new RegExp(`^ {4}${name}:`, 'm'), `${name} of ${type}`);
    }
    const names = new Map(types.map(type => [type, credentialsOf(type)]));
    for (const file of fs.readdirSync('flows').filter(name => name.endsWith('.json')))
      for (const node of JSON.parse(read(path.join('flows', file))) as Record<string, unknown>[]) {
        // The prebuilt flows name variables of the environment there, which is what a hospital may do too.
        for (const value of Object.values((node['credentials'] ?? {}) as Record<string, unknown>))
          assert.match(String(value), /^(?:\$\{[A-Z_]+\})?$/, file);
        for (const name of names.get(String(node['type'])) ?? [])
          assert.equal(node[name], undefined, `${file}: ${name}`);
      }
  });

  it('no property of a node is named like a secret', () => {
    const named = types.flatMap(type =>
      [...(/defaults: \{([^]*?)\n {2}\},/.exec(editorOf(type))?.[1] ?? '').matchAll(/^ {4}(\w+):/gm)].map(
        ([, name]) => `${type}.${name}`,
      ),
    );
    assert.ok(named.length > 100);
    // Whether a chain ends at a node, no key of anything.
    const harmless = ['lab-register.holdsKey', 'exam-register.holdsKey'];
    assert.deepEqual(
      named.filter(
        name => /password|secret|credential|certificate$|appid|key$/i.test(name) && !harmless.includes(name),
      ),
      [],
    );
  });
});
