/** Compressed images for peers that take uncompressed ones alone, decompressed as DCMTK does it. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { decompress, isDecompressible } from '../../lib/dicom/decompress';
import { readObject } from '../../lib/dicom/part10';
import { readOutgoing } from '../../lib/dicom/outgoing';
import { type SentStudy, sendStudy, studyItems } from '../../lib/dicom/send-study';
import {
  SYNTAX,
  type TestElement,
  element,
  fileOf,
  fragments,
  imageElements,
  metaOf,
  openSequence,
  writeDataSet,
  writingOf,
} from '../support/dicom-files';
import { Programs, dcmtk, hasDcmtk, localPeer, opened } from '../support/dicom-peer-programs';
import { needsPeer } from '../support/peer';
import { temporaryFolder } from '../support/report-files';

const EXPLICIT = writingOf(SYNTAX.explicit);
const J2K = '1.2.840.10008.1.2.4.90';
const SECONDARY_CAPTURE = '1.2.840.10008.5.1.4.1.1.7';
const PIXELS = 0x7fe00010;

interface Shape {
  readonly rows?: number;
  readonly columns?: number;
  readonly frames?: number;
  readonly samples?: 1 | 3;
  readonly bits?: 8 | 16;
  readonly stored?: number;
  readonly isSigned?: boolean;
  readonly planar?: 0 | 1;
  readonly photometric?: string;
}

const number = (tag: number, value: number): TestElement =>
  element(tag, 'US', Buffer.of(value & 0xff, value >> 8));

/** The elements of an image with pixels that are different everywhere. */
function image(shape: Shape, pixels?: TestElement): TestElement[] {
  const { rows = 20, columns = 24, frames = 1, samples = 1, bits = 8, stored = bits } = shape;
  const { isSigned = false, planar = 0, photometric = samples === 3 ? 'RGB' : 'MONOCHROME2' } = shape;
  const value = Buffer.alloc(2 * Math.ceil((rows * columns * frames * samples * bits) / 16));
  for (let at = 0; at < rows * columns * frames * samples; at++) {
    const any = (at * 7 + Math.floor(at / columns) * 53 + ((at * at) % 3)) * (bits === 8 ? 1 : 37);
    if (bits === 8) value[at] = any & 0xff;
    else if (isSigned) value.writeInt16LE((any % 2 ** stored) - 2 ** (stored - 1), 2 * at);
    else value.writeUInt16LE(any % 2 ** stored, 2 * at);
  }
  const all = [
    element(0x00080016, 'UI', SECONDARY_CAPTURE),
    number(0x00280002, samples),
    element(0x00280004, 'CS', photometric),
    ...(samples > 1 ? [number(0x00280006, planar)] : []),
    ...(frames > 1 ? [element(0x00280008, 'IS', String(frames))] : []),
    number(0x00280010, rows),
    number(0x00280011, columns),
    number(0x00280100, bits),
    number(0x00280101, stored),
    number(0x00280102, stored - 1),
    number(0x00280103, isSigned ? 1 : 0),
    pixels ?? element(PIXELS, bits > 8 ? 'OW' : 'OB', value),
  ];
  return imageElements(Object.fromEntries(all.map(one => [one.tag, one])));
}

const fileWith = (elements: readonly TestElement[], syntax: string = SYNTAX.explicit): Buffer =>
  fileOf(writeDataSet(elements, EXPLICIT), { syntax, meta: metaOf(syntax, SECONDARY_CAPTURE) });

const IMAGES: Readonly<Record<string, Shape>> = {
  '8 bits': {},
  'odd frames of 8 bits': { rows: 17, columns: 33, frames: 3 },
  '12 bits': { bits: 16, stored: 12 },
  '16 bits in two frames': { bits: 16, frames: 2, photometric: 'MONOCHROME1' },
  '16 bits with a sign': { bits: 16, isSigned: true },
  colours: { samples: 3 },
  'odd frames of colours': { rows: 17, columns: 33, frames: 3, samples: 3 },
  'colours by plane in two frames': { samples: 3, planar: 1, frames: 2 },
};

const CODECS: Readonly<Record<string, readonly [string, readonly string[], string]>> = {
  RLE: ['dcmcrle', [], 'dcmdrle'],
  'RLE in many fragments': ['dcmcrle', ['+fs', '1'], 'dcmdrle'],
  'JPEG baseline': ['dcmcjpeg', ['+eb'], 'dcmdjpeg'],
  'JPEG baseline that is RGB': ['dcmcjpeg', ['+eb', '+cr'], 'dcmdjpeg'],
  'JPEG extended': ['dcmcjpeg', ['+ee'], 'dcmdjpeg'],
  'JPEG lossless': ['dcmcjpeg', ['+el'], 'dcmdjpeg'],
  'JPEG lossless SV1': ['dcmcjpeg', ['+e1'], 'dcmdjpeg'],
  'JPEG-LS': ['dcmcjpls', ['+el'], 'dcmdjpls'],
  'JPEG-LS by sample': ['dcmcjpls', ['+el', '+is'], 'dcmdjpls'],
};

/** Written by OpenJPEG, by way of Pillow, from the same formula in each pixel. */
const JPEG_2000 = {
  gray: Buffer.from(
    '/0//UQApAAAAAAAYAAAAFAAAAAAAAAAAAAAAGAAAABQAAAAAAAAAAAABDwEB/1IADAAAAAEABAQEAAH/XAAQQICIiJCIiJCIiJCI' +
      'iJD/ZAAlAAFDcmVhdGVkIGJ5IE9wZW5KUEVHIHZlcnNpb24gMi41LjT/kAAKAAAAAAIGAAH/k8/8MCQIgcdtuolO0h/AD8ASA/kE' +
      'gH8gYAoUZ38EX3JRBHV/wD9g6A/kKgH8hYAah2U6mafkQ2lSDuppfwVML6yDvOQS7T8OQ6lrGxP4BSeXP8B/JZAfySwH+CILbYHe' +
      'x/npej40dVa9oz7vpYiA9qgw1uShpQUXX0wvdgf+aN7GejCpzcX/fxxzjGKKcGG4Ep1CcTVqUKVIiTs42Zs0+WpV4ChtvVfFbDSD' +
      'eRcSvh2NqVxidXqofS7TvDk4PlhWCF6/+HNIHcAn1vc6HI+/wP8JCB/hhgf+AFwMnO9hSTvxyCWFgmCIN/8OQrfEIR+ld/JqqP3j' +
      'MjDOTIBNcJNWP7p/QTIBqxQeJQDSH2qANGr2ymgDVowN3uwTeETxKVsyUV/16uFV6/N4RPEpWy0ff+vVwqvX5vCJ4lK2Vj8/16uF' +
      'V6/N4RPEpWyVLf8vS1Tc7fVvT3IZ01PQMRFUFOBV6/N4RPEpWyfX3RQL+r6Yw8aHrVZGMeKcHNvQ084tMek3I6iqXZwbsE3v+65U' +
      'rEMjGwZ4GwrKhNaGFz7kM/VZ5hyf9ITqsbB+ip2cBnikSq7fLtTdF7GJatEWrsCgl7GJarD5F/824ehgL/ZFK4zFB3It2LN04mRg' +
      'cUJLs1JVMMUdZA0Lkgo4HlE9+mmY7h5rIwSGP8W//3//f//Z',
    'base64',
  ),
  colours: Buffer.from(
    '/0//UQAvAAAAAAAYAAAAFAAAAAAAAAAAAAAAGAAAABQAAAAAAAAAAAADBwEBBwEBBwEB/1IADAAAAAEBBAQEAAH/XAAQQEBISFBI' +
      'SFBISFBISFD/ZAAlAAFDcmVhdGVkIGJ5IE9wZW5KUEVHIHZlcnNpb24gMi41LjT/kAAKAAAAAAJ6AAH/k9+AMAejPdgEv9+AKAuU' +
      'gL/7z7QUDYImQRfB84KD5wUD5wQKcgpnCB/D6gKH1AcH1AQLwgudKwHPw+oDh9QHB9QEC7hnC6YvAY/D6geH1AkH1AoS4D2pCu4A' +
      'FBDT6xCiv6G/x9oRH2gsPtBQGfkbRan3zkIUvi1npw/FV4vfx9oRH2gsPtBQGe4kFn313ZEUvUpH6w/FS7rYw+oOj7Q2H2hwLsIh' +
      'MvxH5VQB5UjThr8pSLJtXFRYY6Cwub1/LZQ2C5Kl9GkOtIznFX/H2h8/AQj8A8AuHjJTCcn8Rz8kHvaeV18p+0rAhyEjxkn75SXA' +
      'shE/LOgiH4meSq3vwQGYwCqtx9ohPwD4/APALh6pmwIh+TPsWqKtNtp2fyn/LPyB/y58Ui49X5w1hyzoH62+biS1ogg2Kh2LT8fa' +
      'Vx9pbD7ScKiWVUYyZf70mHo2m85a2SAngFrZnUmwvzRTbopmPFhaBh2MXoFvd6C8/D97RylMFMbNiJsp4/smM513CydTPzFleBen' +
      'y5RcnG3Jg1OiJCcpswUXkWH4lH97kJLwYoh4/h9NTm5y3KH+hPxgC3O1S34S0CxoLX39r48wtxn7n5vPwIL8yGfmIqk+MYCWw1sb' +
      'h5O8iUuVp8wOYW8UQHX38EP6ap9QhW2VsILaHJNHeTQFYFNUnX34nf2oGoubGvuPpfIj1pxequA/vamJl2JMmEjdQRW1/3//YH/P' +
      'wHZ+A9PzD6k+MYCYUkzOsm6zGHYTGMDt5xI4Fj9tFXEp/RSOfAa/6fbJW2Gse53WGBhTTkzNrG9+vyOdf+RlwEcowDj4PW9fSeon' +
      'cfOq/39p/9k=',
    'base64',
  ),
};
const grayPixels = Buffer.alloc(960);
const colourPixels = Buffer.alloc(1440);
for (let y = 0; y < 20; y++) {
  for (let x = 0; x < 24; x++) {
    const at = y * 24 + x;
    grayPixels.writeUInt16LE(((x * x * 7 + y * 53) * 37) % 4096, 2 * at);
    colourPixels.set([(x * 7 + y * 5) % 256, (x * y) % 256, (x * 3 + y * 11) % 256], 3 * at);
  }
}

/** All but the pixels, as dcmdump shows them; lengths of sequences may be written either way. */
async function valuesOf(file: string): Promise<string[]> {
  const { output } = await dcmtk('dcmdump', '-q', '+L', file);
  return output
    .split('\n')
    .filter(line => /^ *\((?!0002|fffe|7fe0)/.test(line) && !line.includes(' SQ '))
    .map(line => line.replace(/#.*/, '').trim());
}

describe('DICOM: decompressing images', function () {
  this.timeout(60_000);
  const programs = new Programs();
  let folder: string;
  beforeEach(() => {
    folder = temporaryFolder('decompress');
  });
  afterEach(async () => {
    await programs.end();
    fs.rmSync(folder, { recursive: true });
  });
  const dataSetOf = async (file: string): Promise<{ syntax: string; dataSet: Buffer }> => {
    const { offset, transferSyntaxUid } = await readObject(file);
    return { syntax: transferSyntaxUid, dataSet: fs.readFileSync(file).subarray(offset) };
  };

  describe('as DCMTK does it', () => {
    before(function () {
      needsPeer(this, 'dcmtk', hasDcmtk());
    });
    for (const [codec, [encode, options, decode]] of Object.entries(CODECS))
      it(codec, async () => {
        for (const [name, shape] of Object.entries(IMAGES)) {
          if (codec.includes('baseline') && shape.bits === 16) continue;
          const [plain, packed, unpacked] = ['plain', 'packed', 'unpacked'].map(one =>
            path.join(folder, one),
          );
          fs.writeFileSync(plain!, fileWith(image(shape)));
          const keepsUid = encode === 'dcmcrle' ? [] : ['+un'];
          execFileSync(encode, ['-q', ...options, ...keepsUid, plain!, packed!]);
          execFileSync(decode, ['-q', '+te', packed!, unpacked!]);
          const { syntax, dataSet } = await dataSetOf(packed!);
          const ours = path.join(folder, 'ours');
          fs.writeFileSync(
            ours,
            fileOf(await decompress(dataSet, syntax), { meta: metaOf(SYNTAX.explicit, SECONDARY_CAPTURE) }),
          );
          assert.deepEqual(await valuesOf(ours), await valuesOf(unpacked!), name);
          const { rows = 20, columns = 24, frames = 1, samples = 1, bits = 8 } = shape;
          const length = 2 * Math.ceil((rows * columns * frames * samples * bits) / 16);
          const [mine, theirs] = [ours, unpacked!].map(file => fs.readFileSync(file).subarray(-length));
          assert.ok(mine!.equals(theirs!), name);
        }
      });
  });

  it('refuses JPEG-LS with a scan for each colour: the codec mistakes it', async function () {
    needsPeer(this, 'dcmtk', hasDcmtk());
    const [plain, packed] = ['plain', 'packed'].map(one => path.join(folder, one));
    fs.writeFileSync(plain!, fileWith(image({ samples: 3 })));
    execFileSync('dcmcjpls', ['-q', '+el', '+in', plain!, packed!]);
    const { syntax, dataSet } = await dataSetOf(packed!);
    await assert.rejects(decompress(dataSet, syntax), { code: 'DICOM_CONTEXT' });
  });

  it('refuses frames that are cut off or of another size, whatever the codec', async function () {
    needsPeer(this, 'dcmtk', hasDcmtk());
    const [plain, packed] = ['plain', 'packed'].map(one => path.join(folder, one));
    for (const [codec, [encode, options]] of Object.entries(CODECS)) {
      if (codec.includes('fragments')) continue;
      fs.writeFileSync(plain!, fileWith(image({ rows: 40, columns: 48 })));
      execFileSync(encode, ['-q', ...options, ...(encode === 'dcmcrle' ? [] : ['+un']), plain!, packed!]);
      const { syntax, dataSet } = await dataSetOf(packed!);
      await decompress(dataSet, syntax);
      const pixels = dataSet.lastIndexOf(Buffer.from('feff00e0', 'hex')) + 8;
      const stream = dataSet.subarray(pixels, -8);
      for (const [shape, bytes] of [
        [{ rows: 40, columns: 48 }, stream.subarray(0, 2 * Math.floor(stream.length / 4))],
        [{ rows: 40, columns: 48 }, stream.subarray(0, -100)],
        [{ rows: 41, columns: 48 }, stream],
        [{ rows: 40, columns: 48, bits: 16 }, stream],
        [{ rows: 40, columns: 48, samples: 3 }, stream],
      ] as const)
        await assert.rejects(
          decompress(writeDataSet(image(shape, fragments(bytes)), EXPLICIT), syntax),
          { code: 'DICOM_CONTEXT' },
          `${codec} ${JSON.stringify(shape)}`,
        );
    }
  });

  it('JPEG 2000', async () => {
    for (const [stream, pixels, shape] of [
      [JPEG_2000.gray, grayPixels, { bits: 16 }],
      [JPEG_2000.colours, colourPixels, { samples: 3, photometric: 'YBR_RCT' }],
    ] as const) {
      const compressed = writeDataSet(image(shape, fragments(stream)), EXPLICIT);
      const expected = writeDataSet(
        image(
          { ...shape, ...('samples' in shape && { photometric: 'RGB' }) },
          element(PIXELS, 'bits' in shape ? 'OW' : 'OB', pixels),
        ),
        EXPLICIT,
      );
      assert.ok(expected.equals(await decompress(compressed, J2K)));
    }
  });

  it('says which it takes', () => {
    assert.ok(isDecompressible(J2K, 1000));
    assert.ok(!isDecompressible(J2K, 65 * 1024 * 1024));
    for (const syntax of [SYNTAX.explicit, SYNTAX.implicit, '1.2.840.10008.1.2.4.102', '1.2.3'])
      assert.ok(!isDecompressible(syntax, 1000));
  });

  it('refuses what cannot be decompressed, and goes on', async () => {
    const good = image({ bits: 16 }, fragments(JPEG_2000.gray));
    const icon = openSequence(0x00880200, [[fragments(Buffer.alloc(10))]]);
    const wrong: Record<string, readonly TestElement[]> = {
      'no image at all': image({ bits: 16 }, fragments(Buffer.from('no JPEG 2000 stream'))),
      'cut off': image({ bits: 16 }, fragments(JPEG_2000.gray.subarray(0, 100))),
      'cut off by a little': image({ bits: 16 }, fragments(JPEG_2000.gray.subarray(0, -8))),
      'of fewer bits': image({ bits: 8 }, fragments(JPEG_2000.gray)),
      'without the sign': image({ bits: 16, isSigned: true }, fragments(JPEG_2000.gray)),
      'another size': image({ bits: 16, rows: 40 }, fragments(JPEG_2000.gray)),
      'too many pixels': image({ bits: 16 }, fragments(JPEG_2000.gray)).map(one =>
        one.tag === 0x00280010 || one.tag === 0x00280011 ? number(one.tag, 65535) : one,
      ),
      'other frames': image({ bits: 16, frames: 3 }, fragments(JPEG_2000.gray, JPEG_2000.gray)),
      'a compressed icon': [...good.slice(0, -1), icon, ...good.slice(-1)],
      'no compressed pixels': image({ bits: 16 }),
    };
    for (const [what, elements] of Object.entries(wrong))
      await assert.rejects(
        decompress(writeDataSet(elements, EXPLICIT), J2K),
        { code: 'DICOM_CONTEXT', retry: 'never' },
        what,
      );
    assert.ok((await decompress(writeDataSet(good, EXPLICIT), J2K)).length > 960);
  });

  describe('on the way to storescp', () => {
    before(function () {
      needsPeer(this, 'dcmtk', hasDcmtk());
    });
    for (const [option, syntax] of [
      ['+xe', SYNTAX.explicit],
      ['+xi', SYNTAX.implicit],
    ] as const)
      for (const efilm of [false, true])
        it(`${option}${efilm ? ' as a film' : ''}`, async () => {
          const received = path.join(folder, 'received');
          fs.mkdirSync(received);
          const port = await programs.start('storescp', at => ['+B', '-od', received, option, String(at)]);
          const file = path.join(folder, 'source');
          fs.writeFileSync(file, fileWith(image({ bits: 16 }, fragments(JPEG_2000.gray)), J2K));
          const objects = await readOutgoing(file, () => Promise.reject(new Error('no bytes')));
          const [item] = studyItems(objects, { efilm, newUids: false });
          const work = {
            id: '1',
            service: '',
            content: item!.content,
            doubtful: false,
            save: async () => {},
          };
          const { signal } = new AbortController();
          const { state, payload } = await sendStudy(work, localPeer(port), { associations: 1 }, signal);
          assert.equal(state, 'accepted');
          assert.equal((payload as SentStudy).objects[0]?.recodedTo, syntax);
          const [name] = fs.readdirSync(received);
          const arrived = opened(fs.readFileSync(path.join(received, name!)));
          assert.equal(arrived.syntax, syntax);
          const pixels = element(PIXELS, 'OW', grayPixels);
          const modality = element(0x00080060, 'CS', efilm ? 'EFILM' : 'CT');
          const expected = image({ bits: 16 }, pixels).map(one =>
            one.tag === modality.tag ? modality : one,
          );
          assert.ok(arrived.dataSet.equals(writeDataSet(expected, writingOf(syntax))));
        });
  });
});
