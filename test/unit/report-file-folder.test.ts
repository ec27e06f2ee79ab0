/** Files appear in a folder whole or not at all, and nowhere else. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { openContent } from '../../lib/report-file/content';
import { type Change, LocalFolder, type OnConflict } from '../../lib/report-file/local-folder';
import { Publisher } from '../../lib/report-file/publish';
import { Share } from '../../lib/report-file/share';
import { coded, factsOf, filesBelow, jpg, pdf, temporaryFolder } from '../support/report-files';
import { wholeVersion } from '../support/versions';

const MIB = 1024 * 1024;
const never = new AbortController().signal;

describe('a folder of report files', () => {
  let root: string;
  let folder: LocalFolder;
  beforeEach(() => {
    root = temporaryFolder('folder');
    folder = new LocalFolder(root, { create: false });
  });
  afterEach(() => fs.rmSync(root, { recursive: true }));

  const store = async (
    name: string,
    bytes: Buffer,
    onConflict: OnConflict = 'replace',
    where = folder,
  ): Promise<Change> => {
    const content = await openContent(bytes, bytes.length);
    const facts = await factsOf(bytes);
    return where.turn(name, () => where.store(name, content, facts, { onConflict, signal: never }));
  };
  const read = (name: string): Buffer => fs.readFileSync(path.join(root, name));

  it('creates folders and file, keeps the same content, replaces other', async () => {
    assert.equal(await store('2030/01/a.pdf', pdf()), 'created');
    const before = fs.statSync(path.join(root, '2030/01/a.pdf'));
    assert.equal(await store('2030/01/a.pdf', pdf()), 'unchanged');
    assert.equal(fs.statSync(path.join(root, '2030/01/a.pdf')).mtimeMs, before.mtimeMs);
    assert.equal(await store('2030/01/a.pdf', pdf({ text: 'b' })), 'replaced');
    assert.ok(read('2030/01/a.pdf').equals(pdf({ text: 'b' })));
    assert.deepEqual(filesBelow(root), ['2030/01/a.pdf']);
  });

  it('a reader of the old file keeps it to its end', async () => {
    await store('a.pdf', pdf({ text: 'old' }));
    const reader = fs.openSync(path.join(root, 'a.pdf'), 'r');
    await store('a.pdf', pdf({ text: 'new' }));
    assert.ok(fs.readFileSync(reader).equals(pdf({ text: 'old' })));
    fs.closeSync(reader);
  });

  it('refuses other content under one name where that is set', async () => {
    await store('a.pdf', pdf({ text: 'a' }), 'error');
    assert.equal(await store('a.pdf', pdf({ text: 'a' }), 'error'), 'unchanged');
    for (const other of [pdf({ text: 'b' }), pdf({ text: 'longer' })]) {
      await assert.rejects(store('a.pdf', other, 'error'), coded('BUSINESS', 'never'));
    }
    assert.ok(read('a.pdf').equals(pdf({ text: 'a' })));
    assert.deepEqual(filesBelow(root), ['a.pdf']);
  });

  it('of many at once under one name one is first, and none is lost in silence', async () => {
    // Two instances stand for two processes: they share no memory.
    const other = new LocalFolder(root, { create: false });
    const files = Array.from({ length: 16 }, (_none, index) => pdf({ text: `v${index}` }));
    const outcomes = await Promise.allSettled(
      files.map((file, index) => store('a.pdf', file, 'error', index % 2 ? folder : other)),
    );
    const created = outcomes.flatMap((outcome, index) => (outcome.status === 'fulfilled' ? [index] : []));
    assert.equal(created.length, 1);
    for (const outcome of outcomes) if (outcome.status === 'rejected') coded('BUSINESS')(outcome.reason);
    assert.ok(read('a.pdf').equals(files[created[0] ?? -1] ?? Buffer.alloc(0)));
    assert.deepEqual(filesBelow(root), ['a.pdf']);
  });

  describe('does not follow links', () => {
    let outside: string;
    beforeEach(() => {
      outside = temporaryFolder('outside');
    });
    afterEach(() => fs.rmSync(outside, { recursive: true }));

    it('of a folder on the way', async () => {
      fs.mkdirSync(path.join(root, '2030'));
      fs.symlinkSync(outside, path.join(root, '2030/01'));
      fs.symlinkSync(outside, path.join(root, '2031'));
      for (const name of ['2030/01/a.pdf', '2031/a.pdf', '2031/02/a.pdf']) {
        await assert.rejects(store(name, pdf()), coded('CONTRACT'), name);
      }
      assert.deepEqual(filesBelow(outside), []);
    });

    it('of the file itself, dangling or not', async () => {
      fs.writeFileSync(path.join(outside, 'target'), 'untouched');
      fs.symlinkSync(path.join(outside, 'target'), path.join(root, 'a.pdf'));
      fs.symlinkSync(path.join(outside, 'missing'), path.join(root, 'b.pdf'));
      for (const name of ['a.pdf', 'b.pdf'])
        await assert.rejects(store(name, pdf()), coded('CONTRACT'), name);
      assert.equal(fs.readFileSync(path.join(outside, 'target'), 'utf8'), 'untouched');
      assert.deepEqual(filesBelow(outside), ['target']);
    });

    it('but the folder itself may be one: an administrator put it there', async () => {
      const link = path.join(outside, 'link');
      fs.symlinkSync(root, link);
      assert.equal(
        await store('a.pdf', pdf(), 'replace', new LocalFolder(link, { create: false })),
        'created',
      );
      assert.deepEqual(filesBelow(root), ['a.pdf']);
    });
  });

  it('refuses a folder or pipe in the place of the file, and a file in the place of a folder', async () => {
    fs.mkdirSync(path.join(root, 'a.pdf'));
    await assert.rejects(store('a.pdf', pdf()), coded('CONTRACT'));
    fs.writeFileSync(path.join(root, 'b'), '');
    await assert.rejects(store('b/a.pdf', pdf()), coded('CONTRACT'));
  });

  it('a share that is not mounted is a fault, not a new folder', async () => {
    const missing = path.join(root, 'missing');
    await assert.rejects(
      store('a.pdf', pdf(), 'replace', new LocalFolder(missing, { create: false })),
      coded('CONFIG'),
    );
    assert.equal(fs.existsSync(missing), false);
    assert.equal(
      await store('a.pdf', pdf(), 'replace', new LocalFolder(missing, { create: true })),
      'created',
    );
  });

  it('a stream that fails, is too long or is given up leaves nothing', async () => {
    const failing = Readable.from(
      (async function* () {
        yield Buffer.from('x');
        await pause(1);
        throw new Error('torn');
      })(),
    );
    await assert.rejects(folder.stage(failing, 10, never), /torn/);
    await assert.rejects(folder.stage(Readable.from([Buffer.alloc(11)]), 10, never), coded('TOO_LARGE'));
    const gone = AbortSignal.abort(new Error('gone'));
    await assert.rejects(folder.stage(Readable.from([Buffer.from('x')]), 10, gone), /gone/);
    const missing = new LocalFolder(path.join(root, 'missing'), { create: false });
    await assert.rejects(missing.stage(Readable.from([Buffer.from('x')]), 10, gone), coded('CONFIG'));
    const aborting = new AbortController();
    const endless = new Readable({ read() {} });
    endless.push('x');
    const staging = assert.rejects(folder.stage(endless, 10, aborting.signal));
    while (filesBelow(root).length === 0) await pause(1);
    aborting.abort();
    await staging;
    assert.deepEqual(filesBelow(root), []);
  });

  it('a source that changes between check and copy is not published', async () => {
    const source = path.join(root, 'source');
    fs.writeFileSync(source, pdf({ text: 'checked' }));
    const content = await openContent(source, MIB);
    const facts = await factsOf(pdf({ text: 'checked' }));
    fs.writeFileSync(source, pdf({ text: 'changed' }));
    const storing = folder.store('a.pdf', content, facts, { onConflict: 'replace', signal: never });
    await assert.rejects(storing, coded('CONTRACT', 'retry'));
    await content.close();
    assert.deepEqual(filesBelow(root), ['source']);
  });

  it('removes at start only its own temporary files older than an hour', async () => {
    const [old, young] = ['0', '1'].map(n => `.report-file-00000000-0000-4000-8000-00000000000${n}.tmp`);
    for (const name of [old ?? '', young ?? '', 'other.tmp', '.report-file-1.tmp', '.report-file-key']) {
      fs.writeFileSync(path.join(root, name), '');
      const hoursAgo = name === young ? 0.9 : 1.1;
      const time = new Date(Date.now() - hoursAgo * 3_600_000);
      fs.utimesSync(path.join(root, name), time, time);
    }
    await folder.root();
    assert.deepEqual(
      filesBelow(root),
      ['.report-file-1.tmp', '.report-file-key', young ?? '', 'other.tmp'].toSorted(),
    );
  });

  it('kill -9 in the middle never leaves a half file under a final name', async function () {
    this.timeout(60_000);
    let last = -1;
    let interrupted = 0;
    for (let round = 0; round < 12; round++) {
      const script = path.resolve('test/support/publish-forever.ts');
      const child = spawn(process.execPath, ['--import', 'tsx', script, root, String(last + 1)]);
      child.stdout.on('data', (lines: Buffer) => {
        last = Math.max(last, ...lines.toString().trim().split('\n').map(Number));
      });
      await once(child.stdout, 'data');
      await pause(5 + round * 3);
      child.kill('SIGKILL');
      await once(child, 'close');
      const files = filesBelow(root);
      interrupted += files.some(name => name.endsWith('.tmp')) ? 1 : 0;
      for (const name of files) {
        if (name.endsWith('.tmp')) fs.rmSync(path.join(root, name));
        else assert.notEqual(wholeVersion(read(name)), undefined, `${name} in round ${round}`);
      }
      // What was reported as published is there, unless a later version replaced it.
      assert.ok((wholeVersion(read(`a/${last % 3}.pdf`)) ?? -1) >= last, `version ${last}`);
    }
    assert.ok(interrupted > 0, 'no kill hit a write: the test proves nothing');
  });
});

describe('publishing on a share', () => {
  const root = temporaryFolder('share');
  after(() => fs.rmSync(root, { recursive: true }));
  const publisher = (publishedAs: string, template = '{yyyy}/{MM}/{no}.{ext}'): Publisher =>
    new Publisher({
      destination: new Share({ folder: root, publishedAs }),
      template,
      onConflict: 'replace',
      limits: { maxBytes: 60 * MIB, timeoutMs: 60_000 },
      now: () => new Date(2030, 0, 2),
    });

  it('gives the address that the platform uses', async () => {
    const source = path.join(root, 'source.jpg');
    fs.writeFileSync(source, jpg('测试甲'), { mode: 0o444 });
    const story = await publisher('\\\\fileserver\\reports').publish(source, () => 'TESTR0001', never);
    assert.equal(story.address, '\\\\fileserver\\reports\\2030\\01\\TESTR0001.jpg');
    assert.equal(story.warnings.length, 1);
    assert.ok(fs.readFileSync(path.join(root, '2030/01/TESTR0001.jpg')).equals(jpg('测试甲')));
    assert.ok(
      (fs.statSync(path.join(root, '2030/01/TESTR0001.jpg')).mode & 0o200) !== 0,
      'the copy is writable',
    );
  });

  it('an address that is too long stops before anything is stored', async () => {
    const long = publisher(`\\\\fileserver\\${'x'.repeat(240)}`, 'long/{no}.{ext}');
    await assert.rejects(
      long.publish(pdf(), () => 'TESTR0001', never),
      coded('CONTRACT'),
    );
    assert.equal(fs.existsSync(path.join(root, 'long')), false);
    assert.deepEqual(
      filesBelow(root).filter(name => name.includes('.tmp')),
      [],
    );
  });
});
