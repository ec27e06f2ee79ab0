/** Compressed images, taken apart and put together again without the codecs. */
import assert from 'node:assert/strict';
import { checkFrame } from '../../lib/dicom/codestream';
import { type DecodeFrame, uncompressed } from '../../lib/dicom/compressed-image';
import { ExchangeError } from '../../lib/errors';
import { Chance } from '../support/chance';
import {
  SYNTAX,
  type TestElement,
  element,
  fragments,
  imageElements,
  itemHeader,
  writeDataSet,
  writingOf,
} from '../support/dicom-files';

const EXPLICIT = writingOf(SYNTAX.explicit);
const PIXELS = 0x7fe00010;

const number = (tag: number, value: number): TestElement => element(tag, 'US', Buffer.of(value, 0));

const image = (pixels: TestElement, frames: number, more: readonly TestElement[] = []): Buffer => {
  const all = [
    number(0x00280002, 1),
    element(0x00280004, 'CS', 'MONOCHROME2'),
    element(0x00280008, 'IS', String(frames)),
    number(0x00280010, 3),
    number(0x00280011, 3),
    number(0x00280100, 8),
    ...more,
    pixels,
  ];
  return writeDataSet(imageElements(Object.fromEntries(all.map(one => [one.tag, one]))), EXPLICIT);
};

/** Nine pixels that tell which fragments they were made of. */
const decode: DecodeFrame = frame => ({
  pixels: Buffer.alloc(
    10,
    frame.reduce((sum, byte) => sum + byte, 0),
  ),
  photometricInterpretation: 'MONOCHROME1',
  planarConfiguration: 0,
});

const expected = (...frames: readonly number[]): Buffer => {
  const bytes = Buffer.concat([
    ...frames.map(byte => Buffer.alloc(9, byte)),
    Buffer.alloc(frames.length % 2),
  ]);
  return image(element(PIXELS, 'OB', bytes), frames.length, [element(0x00280004, 'CS', 'MONOCHROME1')]);
};

/** Fragments behind an offset table. */
const withTable = (offsets: readonly number[], ...parts: readonly Buffer[]): TestElement => {
  const table = Buffer.alloc(4 * offsets.length);
  for (const [at, offset] of offsets.entries()) table.writeUInt32LE(offset, 4 * at);
  const { value } = fragments(...parts);
  const items = Buffer.concat([
    itemHeader(0xfffee000, table.length, true),
    table,
    (value as Buffer).subarray(8),
  ]);
  return { tag: PIXELS, vr: 'OB', value: items, open: true };
};

const part = (byte: number): Buffer => Buffer.of(byte, 0);

describe('compressed images', () => {
  it('become uncompressed frame by frame, without gaps, all else as it is', () => {
    assert.deepEqual(uncompressed(image(fragments(part(1), part(2)), 1), decode), expected(3));
    assert.deepEqual(uncompressed(image(fragments(part(1), part(2), part(3)), 3), decode), expected(1, 2, 3));
    const two = withTable([0, 20], part(1), part(2), part(4));
    assert.deepEqual(uncompressed(image(two, 2), decode), expected(3, 4));
  });

  it('lose what is of compressed pixel data alone, and group lengths that would be wrong', () => {
    const more = [
      element(0x00280000, 'UL', Buffer.alloc(4)),
      element(0x7fe00000, 'UL', Buffer.alloc(4)),
      element(0x7fe00001, 'OV', Buffer.alloc(8)),
      element(0x7fe00002, 'OV', Buffer.alloc(8)),
    ];
    assert.deepEqual(uncompressed(image(fragments(part(1)), 1, more), decode), expected(1));
  });

  it('are refused when frames cannot be told apart, or have another size', () => {
    for (const [pixels, frames] of [
      [fragments(part(1), part(2), part(3)), 2],
      [withTable([0, 11], part(1), part(2), part(4)), 2],
      [withTable([0, 500], part(1), part(2), part(4)), 2],
      [fragments(), 2],
      [element(PIXELS, 'OB', Buffer.alloc(10)), 1],
    ] as const)
      assert.throws(() => uncompressed(image(pixels, frames), decode), { code: 'MALFORMED' });
    for (const length of [0, 8, 11])
      assert.throws(
        () =>
          uncompressed(image(fragments(part(1)), 1), frame => ({
            ...decode(frame, undefined as never),
            pixels: Buffer.alloc(length),
          })),
        { code: 'MALFORMED' },
      );
    const twice = Buffer.concat([
      image(fragments(part(1)), 1),
      writeDataSet([number(0x00280010, 3)], EXPLICIT),
    ]);
    assert.throws(() => uncompressed(twice, decode), { code: 'MALFORMED' });
  });

  it('hold 5000 damaged ones: an error of ours, or a result', () => {
    const chance = new Chance();
    const rle = Buffer.alloc(76);
    rle.writeUInt32LE(1);
    rle.writeUInt32LE(64, 4);
    rle.set([8, 1, 2, 3, 4, 5, 6, 7, 8, 9], 64);
    const jpeg = Buffer.from('ffd8ffc0000b080003000301011100ffda0008010100003f00aaffd9', 'hex');
    const sources = [
      ['1.2.840.10008.1.2.5', image(fragments(rle), 1)],
      ['1.2.840.10008.1.2.4.50', image(fragments(jpeg), 1)],
      ['1.2.840.10008.1.2.4.70', image(withTable([0, 44], jpeg.subarray(0, 10), jpeg.subarray(10), jpeg), 2)],
    ] as const;
    let whole = 0;
    for (let round = 0; round < 5000; round++) {
      const [syntax, source] = sources[round % sources.length]!;
      const damaged = Buffer.from(source);
      for (let changes = chance.between(0, 3); changes > 0; changes--)
        // The pixels' part is damaged more often.
        damaged[damaged.length - chance.between(1, chance.in(0.5) ? 120 : damaged.length)] = chance.between(
          0,
          255,
        );
      try {
        uncompressed(damaged, (frame, format) => {
          checkFrame(frame, format, syntax);
          return decode(frame, format);
        });
        whole++;
      } catch (error) {
        assert.ok(
          error instanceof ExchangeError && error.code === 'MALFORMED',
          `seed ${chance.seed}, ${damaged.toString('base64')}: ${String(error)}`,
        );
      }
    }
    assert.ok(whole > 1250 && whole < 4500, `${whole}`);
  });
});
