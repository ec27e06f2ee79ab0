/** Data sets with explicit VR become implicit ones: as DCMTK does it, in flat memory, and never by damaged data. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import zlib from 'node:zlib';
import { dicomFileError } from '../../lib/dicom/failure';
import { readObject } from '../../lib/dicom/part10';
import { isRecodable, toImplicit } from '../../lib/dicom/recode';
import { ExchangeError } from '../../lib/errors';
import { Chance } from '../support/chance';
import {
  CT_IMAGE,
  SYNTAX,
  type TestElement,
  UID_ROOT,
  element,
  fileOf,
  fragments,
  imageElements,
  itemHeader,
  openSequence,
  writeDataSet,
  writeElement,
  writingOf,
} from '../support/dicom-files';
import { needsPeer, works } from '../support/peer';
import { temporaryFolder } from '../support/report-files';
import { liveBytes } from '../support/live-bytes';

const SOURCES = ['explicit', 'deflated', 'bigEndian'] as const;
const IMPLICIT = writingOf(SYNTAX.implicit);
const EXPLICIT = writingOf(SYNTAX.explicit);

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function collect(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(Buffer.from(part));
  return Buffer.concat(parts);
}

const recoded = (bytes: Buffer, syntax: string = SYNTAX.explicit, size = 100): Promise<Buffer> =>
  collect(toImplicit(pieces(bytes, size), syntax));

const dataSetOf = (elements: readonly TestElement[], syntax: string): Buffer => {
  const bytes = writeDataSet(elements, writingOf(syntax));
  return syntax === SYNTAX.deflated ? zlib.deflateRawSync(bytes) : bytes;
};

/** The number 1 as often as it fits, in the byte order of the syntax. */
const ones = (bytesEach: number, count: number, littleEndian: boolean): Buffer => {
  const one = Buffer.alloc(bytesEach);
  one[littleEndian ? 0 : bytesEach - 1] = 1;
  return Buffer.concat(Array.from({ length: count }, () => one));
};

/** Elements of all kinds; each in the byte order of the syntax. */
const kinds = (syntax: string): Record<string, readonly TestElement[]> => {
  const { littleEndian } = writingOf(syntax);
  const numbers = (tag: number, vr: string, bytesEach: number, count = 3): TestElement =>
    element(tag, vr, ones(bytesEach, count, littleEndian));
  const inner = [element(0x00080100, 'SH', '121311'), numbers(0x00280010, 'US', 2, 1)];
  return {
    'texts and UIDs': imageElements({ 0x00280010: null, 0x00280011: null }),
    'empty values': imageElements({
      0x00280010: element(0x00280010, 'US'),
      0x00280011: null,
      0x00100010: element(0x00100010, 'PN'),
      0x00409096: element(0x00409096, 'SQ', []),
      0x00081110: element(0x00081110, 'SQ', [[]]),
      0x00081115: openSequence(0x00081115, []),
      0x00081120: openSequence(0x00081120, [[], inner]),
    }),
    'sequences of defined length': imageElements({
      0x00280010: null,
      0x00280011: null,
      0x00081115: element(0x00081115, 'SQ', [
        [element(0x00081199, 'SQ', [inner, inner]), element(0x0020000e, 'UI', `${UID_ROOT}.2`)],
        inner,
      ]),
      0x00081120: openSequence(0x00081120, [[element(0x00081199, 'SQ', [inner])]]),
      0x00081140: element(0x00081140, 'SQ', [[openSequence(0x00081199, [inner])]]),
    }),
    'numbers of all sizes': imageElements({
      0x00280010: numbers(0x00280010, 'US', 2, 1),
      0x00280011: numbers(0x00280011, 'US', 2, 1),
      0x00186020: numbers(0x00186020, 'SL', 4, 1),
      0x00189087: numbers(0x00189087, 'FD', 8, 1),
      0x00189313: numbers(0x00189313, 'FD', 8),
      0x00280009: numbers(0x00280009, 'AT', 2, 4),
      0x00189506: numbers(0x00189506, 'FL', 4),
      0x00280106: numbers(0x00280106, 'SS', 2, 1),
      0x00281201: numbers(0x00281201, 'OW', 2, 256),
      0x00660040: numbers(0x00660040, 'OL', 4),
      0x00660016: numbers(0x00660016, 'OF', 4),
      0x00660022: numbers(0x00660022, 'OD', 8),
      0x00080404: numbers(0x00080404, 'UL', 4, 1),
      0x00720082: numbers(0x00720082, 'SV', 8),
      0x00720083: numbers(0x00720083, 'UV', 8),
      0x7fe00001: numbers(0x7fe00001, 'OV', 8),
      0x7fe00010: numbers(0x7fe00010, 'OW', 2, 9000),
    }),
    'long texts': imageElements({
      0x00280010: null,
      0x00280011: null,
      0x0040a160: element(0x0040a160, 'UT', 'a long text '.repeat(9000)),
      0x00080120: element(0x00080120, 'UR', 'http://synthetic.example/'),
      0x00189004: element(0x00189004, 'UC', 'unlimited'),
    }),
    'private elements': imageElements({
      0x00280010: null,
      0x00280011: null,
      0x00291020: element(0x00291020, 'SQ', [[element(0x00290010, 'LO', 'SYNTHETIC PRIVATE')], inner]),
      0x00291021: element(0x00291021, 'UN', Buffer.from('opaque')),
      0x00291022: element(0x00291022, 'UN', Buffer.alloc(70_000, 3)),
    }),
    'UN that is a sequence': imageElements({
      0x00280010: null,
      0x00280011: null,
      0x00291023: openSequence(
        0x00291023,
        [
          [element(0x00080100, 'SH', '121311'), openSequence(0x00291024, [[]])],
          [element(0x00291025, 'LO', 'more')],
        ],
        'UN',
      ),
    }),
  };
};

/** As `toImplicit` writes them: all sequences have an undefined length. */
const opened = (elements: readonly TestElement[]): TestElement[] =>
  elements.map(one =>
    Array.isArray(one.value) ? { ...one, value: one.value.map(opened), open: true } : one,
  );

describe('recoding to implicit VR', function () {
  this.timeout(60_000);

  for (const name of SOURCES) {
    const syntax = SYNTAX[name];
    for (const [kind, elements] of Object.entries(kinds(syntax))) {
      it(`takes ${kind} in ${name}, in pieces of any size`, async () => {
        // The numbers of `kinds` differ by byte order alone.
        const expected = writeDataSet(opened(kinds(SYNTAX.implicit)[kind] ?? []), IMPLICIT);
        const bytes = dataSetOf(elements, syntax);
        for (const size of [...(bytes.length < 5000 ? [1, 2, 3, 7, 13] : []), 999, bytes.length])
          assert.ok(expected.equals(await recoded(bytes, syntax, size)), `pieces of ${size}`);
      });
    }
  }

  describe('as dcmconv does it', () => {
    let folder: string;
    before(function () {
      needsPeer(this, 'dcmtk', works('dcmconv', '--version'));
    });
    beforeEach(() => {
      folder = temporaryFolder('recode');
    });
    afterEach(() => fs.rmSync(folder, { recursive: true }));
    for (const name of SOURCES) {
      const syntax = SYNTAX[name];
      for (const [kind, elements] of Object.entries(kinds(syntax)))
        it(`${kind} in ${name}`, async () => {
          const dataSet = dataSetOf(elements, syntax);
          const [source, target] = ['source', 'target'].map(file => path.join(folder, file));
          fs.writeFileSync(source!, fileOf(dataSet, { syntax }));
          execFileSync('dcmconv', ['-q', '-dc', '+ti', '-e', '-g', source!, target!]);
          const { offset } = await readObject(target!);
          const theirs = fs.readFileSync(target!).subarray(offset);
          assert.ok(theirs.equals(await recoded(dataSet, syntax)));
        });
    }
  });

  it('leaves group lengths out, also in items', async () => {
    const group = (tag: number): TestElement => element(tag, 'UL', Buffer.from([2, 0, 0, 0]));
    const item = [element(0x00080100, 'SH', '121311')];
    const bytes = (...items: readonly (readonly TestElement[])[]): TestElement[] => [
      element(0x00080016, 'UI', CT_IMAGE),
      openSequence(0x00081140, items),
    ];
    const withGroups = [group(0x00080000), ...bytes([group(0x00080000), ...item])];
    assert.deepEqual(await recoded(writeDataSet(withGroups, EXPLICIT)), writeDataSet(bytes(item), IMPLICIT));
  });

  it('passes what UN holds as it is: items with a length, and group lengths', async () => {
    const content = Buffer.concat([
      itemHeader(0xfffee000, 12, true),
      writeElement(element(0x00080000, 'UL', Buffer.alloc(4)), IMPLICIT),
      itemHeader(0xfffee0dd, 0, true),
    ]);
    const un: TestElement = { tag: 0x00291023, vr: 'UN', value: content, open: true };
    assert.deepEqual(await recoded(writeElement(un, EXPLICIT)), writeElement(un, IMPLICIT));
  });

  it('inflates with the header of zlib, too, and past a byte that makes the length even', async () => {
    const plain = writeDataSet(imageElements(), EXPLICIT);
    const expected = await recoded(plain);
    const deflated = zlib.deflateRawSync(plain);
    for (const bytes of [zlib.deflateSync(plain), Buffer.concat([deflated, Buffer.of(0)])])
      for (const size of [1, 4096]) assert.deepEqual(await recoded(bytes, SYNTAX.deflated, size), expected);
  });

  it('takes uncompressed data with explicit VR alone', () => {
    assert.deepEqual(
      Object.entries(SYNTAX).flatMap(([name, syntax]) => (isRecodable(syntax) ? [name] : [])),
      ['explicit', 'deflated', 'bigEndian'],
    );
    assert.ok(!isRecodable('1.2.3'));
  });

  const wrong: Record<string, Buffer> = {
    'fragments of pixel data': writeElement(fragments(Buffer.alloc(4)), EXPLICIT),
    'a value that is cut off': writeDataSet(imageElements(), EXPLICIT).subarray(0, -1),
    'a header that is cut off': Buffer.from('0800', 'hex'),
    'a sequence without its end': writeElement(openSequence(0x00081140, [[]]), EXPLICIT).subarray(0, -8),
    'an item longer than its sequence': Buffer.concat([
      writeElement(element(0x00081140, 'SQ', Buffer.alloc(0)), EXPLICIT).fill(8, 8, 9),
      itemHeader(0xfffee000, 2, true),
      Buffer.alloc(2),
    ]),
    'an element where an item must be': writeElement(
      element(0x00081140, 'SQ', writeDataSet([element(0x00080060, 'CS', 'CT')], EXPLICIT)),
      EXPLICIT,
    ),
    'a delimiter of nothing': itemHeader(0xfffee00d, 0, true),
    'the delimiter of a sequence that has a length': writeElement(
      element(0x00081140, 'SQ', itemHeader(0xfffee0dd, 0, true)),
      EXPLICIT,
    ),
    'sequences in sequences without end': Buffer.concat(
      Array.from({ length: 500 }, () =>
        Buffer.concat([
          writeElement(openSequence(0x00081140, []), EXPLICIT).subarray(0, 12),
          itemHeader(0xfffee000, 0xffffffff, true),
        ]),
      ),
    ),
  };
  for (const [what, bytes] of Object.entries(wrong))
    it(`refuses ${what}`, async () => {
      for (const size of [1, 4096])
        await assert.rejects(recoded(bytes, SYNTAX.explicit, size), { code: 'DICOM_FILE', retry: 'never' });
    });
  it('refuses numbers of half a length in big endian, and damaged deflated data', async () => {
    const odd = writeElement(element(0x00280010, 'US', Buffer.alloc(3)), writingOf(SYNTAX.bigEndian));
    await assert.rejects(recoded(odd, SYNTAX.bigEndian), { code: 'DICOM_FILE' });
    const deflated = dataSetOf(imageElements(), SYNTAX.deflated);
    for (const bytes of [
      deflated.subarray(0, -20),
      Buffer.from('no deflate stream'),
      deflated.subarray(0, 1),
    ])
      await assert.rejects(recoded(bytes, SYNTAX.deflated), { code: 'DICOM_FILE' });
  });

  for (const name of ['explicit', 'deflated'] as const)
    it(`ends with the error of its input in ${name}, and lets go of it when nobody reads on`, async () => {
      let closed = 0;
      const input = async function* (end: () => void): AsyncGenerator<Buffer> {
        try {
          yield dataSetOf(imageElements(), SYNTAX[name]).subarray(0, -30);
          for (;;) {
            await new Promise(setImmediate);
            end();
            yield Buffer.alloc(0);
          }
        } finally {
          closed++;
        }
      };
      const failing = input(() => {
        throw dicomFileError('truncated', { zh: '变短', en: 'cut off' });
      });
      await assert.rejects(collect(toImplicit(failing, SYNTAX[name])), /cut off/);
      for await (const _piece of toImplicit(
        input(() => undefined),
        SYNTAX[name],
      ))
        break;
      await new Promise(resolve => setTimeout(resolve, 20));
      assert.equal(closed, 2);
    });

  it('holds 5000 damaged data sets: an error of ours, or a result', async () => {
    const chance = new Chance();
    const sources = SOURCES.flatMap(name => {
      const syntax = SYNTAX[name];
      return Object.values(kinds(syntax)).map(elements => ({
        syntax,
        bytes: dataSetOf(
          elements.filter(({ value }) => value.length < 5000),
          syntax,
        ),
      }));
    });
    const telling = ['ffffffff', 'feff00e0', 'feff0de0', 'feffdde0', '5351', '554e', '4f42', '0000'].map(
      hex => Buffer.from(hex, 'hex'),
    );
    let whole = 0;
    for (let round = 0; round < 5000; round++) {
      const { syntax, bytes } = sources[round % sources.length]!;
      let damaged = Buffer.from(bytes);
      for (let changes = chance.between(1, 4); changes > 0; changes--) {
        const at = chance.between(0, damaged.length - 1);
        switch (chance.between(0, 6)) {
          case 0:
            damaged = damaged.subarray(0, at + 1);
            break;
          case 1:
            damaged = Buffer.concat([damaged.subarray(0, at), damaged.subarray(at + 2), Buffer.of(0)]);
            break;
          case 2:
          case 3:
            telling[chance.between(0, telling.length - 1)]!.copy(damaged, at);
            break;
          default:
            damaged[at] = chance.between(0, 255);
        }
      }
      try {
        const result = await recoded(damaged, syntax, chance.between(1, 400));
        // Delimiters are all that can be added.
        assert.ok(syntax === SYNTAX.deflated || result.length < 4 * damaged.length + 32);
        whole++;
      } catch (error) {
        assert.ok(
          error instanceof ExchangeError && error.code === 'DICOM_FILE',
          `seed ${chance.seed}, ${syntax}, ${damaged.toString('base64')}: ${String(error)}`,
        );
      }
    }
    assert.ok(whole > 500 && whole < 4800, `${whole}`);
  });

  for (const name of SOURCES)
    it(`keeps memory flat with 200 MB in ${name}`, async () => {
      const syntax = SYNTAX[name];
      const mib = Buffer.alloc(1024 * 1024, 7);
      const input = async function* (): AsyncGenerator<Buffer> {
        const pixels = writeElement(element(0x7fe00010, 'OW'), writingOf(syntax));
        pixels[syntax === SYNTAX.bigEndian ? 'writeUInt32BE' : 'writeUInt32LE'](200 * mib.length, 8);
        yield writeDataSet(imageElements({ 0x7fe00010: null }), writingOf(syntax));
        yield pixels;
        for (let at = 0; at < 200; at++) yield mib;
      };
      const source =
        syntax === SYNTAX.deflated
          ? Readable.from(input()).pipe(zlib.createDeflateRaw({ level: 1 }))
          : input();
      const before = liveBytes();
      let [length, looked, most] = [0, 0, 0];
      for await (const piece of toImplicit(source as AsyncIterable<Buffer>, syntax)) {
        length += piece.length;
        if (length - looked < 10 * mib.length) continue;
        looked = length;
        most = Math.max(most, liveBytes() - before);
      }
      assert.ok(length > 200 * mib.length);
      assert.ok(most < 16 * mib.length, `${Math.round(most / mib.length)} MiB`);
    });
});
