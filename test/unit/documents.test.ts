/** Documents that are made from the code are what it gives now, and no document leads nowhere. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { interfaces } from '../../lib/contract/services';
import { STORAGE_CLASSES, queryRetrieve } from '../../lib/dicom/sop-classes';
import { TRANSFER_SYNTAXES } from '../../lib/dicom/transfer-syntax';
import { documents } from '../../scripts/docs/documents';
import { SOP_CLASS_NAMES } from '../../scripts/docs/sop-class-names';

/** A script without types. */
const DEPENDENCIES: string = '../../scripts/dependencies.mjs';

const read = (file: string): string => fs.readFileSync(file, 'utf8');

describe('documents made from the code', () => {
  for (const [name, text] of documents())
    it(`${name} is up to date; else run npm run docs`, () => assert.equal(read(name), text));

  it('docs/dependencies.md is up to date, and every licence permissive; else run npm run dependencies', () => {
    const done = spawnSync(process.execPath, ['scripts/dependencies.mjs', '--check', '--offline'], {
      encoding: 'utf8',
    });
    assert.equal(done.status, 0, done.stderr);
  }).timeout(30_000);

  it('a licence that is unknown or copyleft is a fault', async () => {
    const { isPermissive, licenceFaults } = (await import(DEPENDENCIES)) as {
      isPermissive: (licence: string) => boolean;
      licenceFaults: (all: readonly object[]) => string[];
    };
    const good = ['MIT', '(MIT OR GPL-3.0-only)', '(MIT AND Zlib)', 'Apache-2.0'];
    const bad = ['', 'GPL-3.0-only', 'AGPL-3.0', 'LGPL-2.1', 'MPL-2.0', 'SEE LICENSE', '(MIT AND GPL-2.0)'];
    assert.deepEqual(
      [good, bad].map(all => all.map(one => isPermissive(one))),
      [good.map(() => true), bad.map(() => false)],
    );
    assert.deepEqual(licenceFaults([{ name: 'a', version: '1', licence: '' }]), ['a@1: licence unknown']);
  });

  it('the table of interfaces tells every interface and every field', () => {
    const text = read('docs/interfaces.md');
    assert.equal(interfaces.length, 17);
    for (const { section, service } of interfaces) {
      assert.ok(text.includes(`## ${section} `) && text.includes(service), section);
      assert.ok(text.includes(`(#i-${section.replaceAll('.', '-')})`), section);
    }
    const rows = text.split('\n').filter(line => /^\| \d+ \|/.test(line));
    assert.ok(rows.length > 350, `${rows.length} fields`);
    assert.deepEqual(
      rows.filter(row => row.split(/(?<!\\)\|/).length !== 10),
      [],
    );
  });

  it('the DICOM statement tells every SOP class and transfer syntax that the code names', () => {
    const text = read('docs/dicom-conformance.md');
    const { find, move, get } = queryRetrieve.STUDY;
    for (const uid of [
      ...STORAGE_CLASSES,
      ...TRANSFER_SYNTAXES.keys(),
      find,
      move,
      get,
      queryRetrieve.PATIENT.find,
    ])
      assert.ok(text.includes(`\`${uid}\``), uid);
    assert.equal(Object.keys(SOP_CLASS_NAMES).length, STORAGE_CLASSES.length);
  });
});

const DOCUMENTS = [
  'README.md',
  'README.zh-CN.md',
  ...fs.readdirSync('docs').map(name => `docs/${name}`),
].filter(name => name.endsWith('.md'));

/** What package.json's `files` take along of what documents lead to. */
const PACKED = /^(?:README[\w.-]*\.md|docs\/[\w.-]+\.md|(?:examples|sql)\/.*)$/;
/** The figures stay in the repository. */
const LEADS_OUT = ['../bench/RESULTS.md'];

/** `[words](target)`, but not within code. */
const linksOf = (text: string): string[] =>
  [...text.replace(/```[^]*?```|`[^`\n]*`/g, '').matchAll(/\]\(([^)\s]+)\)/g)].map(
    ([, target]) => target ?? '',
  );

/** As GitHub makes them of headings, and those that stand in the text. */
function anchorsOf(text: string): Set<string> {
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  );
  return new Set([...headings, ...[...text.matchAll(/<a id="([^"]+)"/g)].map(([, id]) => id ?? '')]);
}

describe('links of the documents', () => {
  for (const name of DOCUMENTS)
    it(`of ${name} lead somewhere`, () => {
      for (const link of linksOf(read(name))) {
        if (/^[a-z]+:/i.test(link)) continue;
        const [target = '', anchor] = link.split('#');
        const file = target === '' ? name : path.posix.join(path.posix.dirname(name), decodeURI(target));
        assert.ok(fs.existsSync(file), `${name}: ${link}`);
        // A document of the package is read where the package is.
        if (name.startsWith('docs/') && !LEADS_OUT.includes(target))
          assert.match(file, PACKED, `${name}: ${link} is not in the package`);
        if (anchor !== undefined && file.endsWith('.md'))
          assert.ok(anchorsOf(read(file)).has(decodeURIComponent(anchor)), `${name}: no place ${link}`);
      }
    });
});
