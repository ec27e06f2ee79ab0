import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';

/** Everything that git tracks or would track, but the lock file, whose integrity sums are long random texts. */
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  encoding: 'utf8',
})
  .split('\n')
  .filter(
    name => name && name !== 'package-lock.json' && fs.existsSync(name) && !/\.(png|pdf|dcm|ico)$/.test(name),
  );

const lines = (pattern: RegExp): string[] =>
  files.flatMap(name =>
    fs
      .readFileSync(name, 'utf8')
      .split('\n')
      .flatMap((line, at) => [...line.matchAll(pattern)].map(([found]) => `${name}:${at + 1} ${found}`)),
  );

/** The area 000000 does not exist, so that no such number belongs to anybody. */
const SYNTHETIC_ID = /^0{6}/;

describe('nothing secret and nobody real in the repository', () => {
  it('holds no resident ID but of area 000000', () => {
    const ids = lines(
      /(?<![\w.])\d{6}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?!\w)/g,
    );
    assert.deepEqual(
      ids.filter(found => !SYNTHETIC_ID.test(found.split(' ').at(-1) ?? '')),
      [],
    );
  });
  it('holds no card number but synthetic ones', () => {
    const cards = lines(/\b[A-Z]\d{8}\b/g);
    assert.deepEqual(
      cards.filter(found => !/ (?:Z\d{8}|[A-Z]0{4,}\d*|[A-Z](\d)\1{7})$/.test(found)),
      [],
    );
  });
  it('holds no mobile number', () => {
    assert.deepEqual(lines(/(?<![\w.])1[3-9]\d{9}(?![\w.])/g), []);
  });
  it('holds no access key: no long hexadecimal or base64 text outside of the printed token vectors', () => {
    const keys = lines(
      /(?<![\w/+.-])(?:[0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64}|[A-Za-z0-9+/]{43}=)(?![\w/+=-])/g,
    );
    assert.deepEqual(
      keys.filter(
        found => !/^test\/fixtures\/agreement\/(?:token-vectors\.json|viewer\.urls\.txt):/.test(found),
      ),
      [],
    );
  });
  it('holds no private key and no password in an address', () => {
    assert.deepEqual(lines(/-----BEGIN [A-Z ]*PRIVATE KEY-----/g), []);
    const addresses = lines(/\b(?:https?|ftps?):\/\/[^\s/:@'"`<>]+:[^\s/@'"`<>$]+@/g);
    assert.deepEqual(
      addresses.filter(found => !/\/\/(?:user|u):(?:pw|secret|password)@/.test(found)),
      [],
    );
  });
  it('AppId, certificate and keys are placeholders wherever they have a value', () => {
    const values = lines(
      /(?:appId|AppId|certificate|strCredential|strKey|viewerKey)["']?\s*[:=>]\s*["']?([A-Za-z0-9-]{12,})["'<]/g,
    );
    const real = values.filter(
      found => !/ (\w+)\W+\1"$/.test(found) && !/PLACEHOLDER|SYNTHETIC|DEMO|TEST|wrong|_/i.test(found),
    );
    assert.deepEqual(real, []);
  });
});
