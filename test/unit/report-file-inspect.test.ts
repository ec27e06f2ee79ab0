/** What is looked at in a report file before it goes anywhere. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { PDFDocument } from '@cantoo/pdf-lib';
import { openContent } from '../../lib/report-file/content';
import type { Facts } from '../../lib/report-file/inspect';
import { inspect } from '../../lib/report-file/inspect';
import { coded, factsOf, jpg, pdf, temporaryFolder } from '../support/report-files';

const MIB = 1024 * 1024;
const ENCRYPTION = '/Encrypt 9 0 R /ID [<00> <00>]';

/** Appends an update, as a program that saves changes does. */
function updated(first: Buffer, trailer: string): Buffer {
  const previous = /startxref\n(\d+)/.exec(first.toString('latin1'))?.[1];
  const start = first.length;
  const update = `xref\n0 0\ntrailer\n<< /Size 4 /Root 1 0 R /Prev ${previous} ${trailer} >>\nstartxref\n${start}\n%%EOF`;
  return Buffer.concat([first, Buffer.from(update)]);
}
const misled = (file: Buffer): Buffer =>
  Buffer.from(file.toString('latin1').replace(/startxref\n\d+/, 'startxref\n7'), 'latin1');

describe('checks of a report file', () => {
  const good: Record<string, Buffer> = {
    'a PDF with a table': pdf(),
    'a PDF with a stream': pdf({ xref: 'stream' }),
    'a PDF of 3 MB': pdf({ padding: 3 * MIB }),
    'an updated PDF': updated(pdf(), ''),
    'an update of a PDF with a stream': updated(pdf({ xref: 'stream' }), ''),
    'the word in a string': pdf({ trailer: '/Info (see /Encrypt 5 0 R \\) still)' }),
    'the word in nested parentheses': pdf({ trailer: '/Info (a (b) /Encrypt 5 0 R)' }),
    'the word in a comment': pdf({ trailer: '%/Encrypt 5 0 R\n' }),
    'the word deeper down': pdf({ trailer: '/Other << /Encrypt 5 0 R >> /More [ /Encrypt ]' }),
    'the word as a value': pdf({ trailer: '/Other /Encrypt' }),
    'another key that begins alike': pdf({ trailer: '/EncryptMetadata true' }),
    'encryption taken back': pdf({ trailer: '/Encrypt null' }),
    'the word in the text of a page': pdf({ text: '/Encrypt 5 0 R' }),
  };
  for (const [name, file] of Object.entries(good)) {
    it(`lets pass: ${name}`, async () => {
      const { type, bytes, sha256, warnings } = await factsOf(file);
      assert.deepEqual([type, bytes, warnings], ['pdf', file.length, []]);
      assert.equal(sha256, createHash('sha256').update(file).digest('hex'));
    });
  }

  const encrypted: Record<string, Buffer> = {
    'with a table': pdf({ trailer: ENCRYPTION }),
    'with a stream': pdf({ trailer: ENCRYPTION, xref: 'stream' }),
    'with a dictionary in place': pdf({ trailer: '/Encrypt<</Filter/Standard/V 4>>' }),
    'with an escaped name': pdf({ trailer: '/#45ncrypt 9 0 R' }),
    'behind a binary string': pdf({ trailer: '/ID [<AB><CD>] /X (\\\\) /Encrypt 9 0 R' }),
    'in an update': updated(pdf(), ENCRYPTION),
    'before an update': updated(pdf({ trailer: ENCRYPTION }), ''),
    'with a table longer than a window': Buffer.from(
      pdf({ trailer: ENCRYPTION })
        .toString('latin1')
        .replace('trailer\n', `${'0000000000 65535 f \n'.repeat(10_000)}trailer\n`),
      'latin1',
    ),
    'with a damaged pointer': misled(pdf({ trailer: ENCRYPTION })),
    'with a damaged pointer, stream': misled(pdf({ trailer: ENCRYPTION, xref: 'stream', padding: MIB })),
  };
  for (const [name, file] of Object.entries(encrypted)) {
    it(`refuses an encrypted PDF ${name}`, async () => {
      await assert.rejects(factsOf(file), coded('CONTRACT', 'never'));
      await assert.rejects(factsOf(file), /加密.*encrypted/);
    });
  }

  it('agrees with a library that writes and encrypts', async () => {
    for (const useObjectStreams of [true, false]) {
      const document = await PDFDocument.create();
      document.addPage();
      assert.deepEqual((await factsOf(Buffer.from(await document.save({ useObjectStreams })))).warnings, []);
      document.encrypt({ ownerPassword: 'owner', permissions: { modifying: false } });
      const file = Buffer.from(await document.save({ useObjectStreams }));
      await assert.rejects(factsOf(file), /encrypted/);
    }
  });

  it('a PDF that is still being written may come again', async () => {
    const file = pdf({ padding: 5000 });
    for (const length of [8, 100, file.length - 20]) {
      await assert.rejects(factsOf(file.subarray(0, length)), coded('CONTRACT', 'retry'));
    }
  });

  it('damaged cross-references are a warning, and circles end', async () => {
    const warned = async (file: Buffer): Promise<void> =>
      assert.match((await factsOf(file)).warnings[0]?.en ?? '', /cross-references/);
    await warned(misled(pdf()));
    const circle = updated(pdf(), '');
    const at = pdf().length;
    await warned(Buffer.from(circle.toString('latin1').replace(/\/Prev \d+/, `/Prev ${at}`), 'latin1'));
    await warned(Buffer.from('%PDF-1.4\nstartxref\n99999999999999999999\n%%EOF'));
    await warned(Buffer.from('%PDF-1.4\n%%EOF'));
    await warned(Buffer.from('%PDF-1.4\n1 0 obj << /Size ( startxref\n9\n%%EOF'));
  });

  it('knows a JPG, and warns of one without an end', async () => {
    assert.deepEqual((({ type, warnings }: Facts) => [type, warnings])(await factsOf(jpg('x'))), ['jpg', []]);
    assert.match((await factsOf(jpg('x').subarray(0, 6))).warnings[0]?.en ?? '', /incomplete/);
  });

  for (const other of [
    '%pdf-1.4',
    ' %PDF-1.4',
    'GIF89a',
    '\x89PNG\r\n',
    'II*\0',
    '<html>',
    'MZ',
    '\xff\xd8',
  ]) {
    it(`refuses what begins with ${JSON.stringify(other)}`, async () => {
      await assert.rejects(factsOf(Buffer.from(other, 'latin1')), coded('CONTRACT', 'never'));
    });
  }

  describe('of a path', () => {
    const folder = temporaryFolder('inspect');
    const file = path.join(folder, '报告.pdf');
    after(() => fs.rmSync(folder, { recursive: true }));
    const facts = async (source: unknown, maxBytes = MIB): Promise<Facts> => {
      const content = await openContent(source, maxBytes);
      try {
        return await inspect(content);
      } finally {
        await content.close();
      }
    };

    it('finds the same as in memory', async () => {
      fs.writeFileSync(file, pdf({ padding: 200_000 }));
      assert.deepEqual(await facts(file), await factsOf(pdf({ padding: 200_000 })));
      const content = await openContent(file, MIB);
      assert.equal(content.fileName, '报告');
      await content.close();
    });

    it('given up before or in the middle, it ends, and the file stays readable', async () => {
      const large = path.join(folder, 'large.pdf');
      fs.writeFileSync(large, pdf({ padding: 5 * MIB }));
      const content = await openContent(large, 6 * MIB);
      await assert.rejects(inspect(content, AbortSignal.abort(new Error('given up'))));
      const later = new AbortController();
      setImmediate(() => later.abort(new Error('given up')));
      await assert.rejects(inspect(content, later.signal));
      assert.equal((await inspect(content)).bytes, content.bytes);
      await content.close();
    });

    it('warns of a write-protected one, also as administrator', async () => {
      fs.chmodSync(file, 0o444);
      assert.match((await facts(file)).warnings[0]?.en ?? '', /write-protected/);
    });

    it('refuses what is missing, empty, too large, no file or no complete path', async () => {
      const pipe = path.join(folder, 'pipe');
      execFileSync('mkfifo', [pipe]);
      fs.writeFileSync(path.join(folder, 'empty'), '');
      await assert.rejects(facts(path.join(folder, 'missing.pdf')), coded('CONTRACT', 'retry'));
      await assert.rejects(facts(path.join(folder, 'empty')), coded('CONTRACT', 'retry'));
      await assert.rejects(facts(file, 1000), coded('TOO_LARGE'));
      await assert.rejects(facts(pdf(), 100), coded('TOO_LARGE'));
      for (const source of [folder, pipe, 'report.pdf', '\\\\server\\x.pdf', 'http://h/x.pdf', '']) {
        await assert.rejects(facts(source), coded('CONTRACT'), source);
      }
      for (const source of [undefined, null, 5, {}, [], Buffer.alloc(0)]) {
        await assert.rejects(facts(source), coded('CONTRACT'));
      }
      await assert.rejects(facts('/a\0b.pdf'), coded('CONTRACT'));
    });
  });
});
