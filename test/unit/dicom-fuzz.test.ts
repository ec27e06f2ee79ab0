/** Damaged DICOM data: an error of ours in bounded time, or a result; never anything else. */
import assert from 'node:assert/strict';
import zlib from 'node:zlib';
import { decodeText } from '../../lib/dicom/character-set';
import { decodeDataSet, type DicomValues, encodeDataSet } from '../../lib/dicom/data-set';
import { efilm } from '../../lib/dicom/efilm';
import { ElementReader } from '../../lib/dicom/element-reader';
import { readObject } from '../../lib/dicom/part10';
import { ExchangeError } from '../../lib/errors';
import { Chance } from '../support/chance';
import {
  element,
  fileOf,
  imageElements,
  imageFile,
  SYNTAX,
  writeDataSet,
  writingOf,
} from '../support/dicom-files';

const ROUNDS = 20_000;
/** For one input, however busy the machine. */
const LONGEST_MS = 2000;

/** Bytes that mean something: lengths, delimiters, VRs, escape sequences. */
const TELLING = [
  'ffffffff',
  'feff00e0',
  'feff00e0ffffffff',
  'feff0de0',
  'feffdde0',
  'feffdde000000000',
  '5351',
  '554e0000ffffffff',
  '4f420000ffffffff',
  '00000000',
  '1b2429',
  '08006000',
].map(hex => Buffer.from(hex, 'hex'));

describe('damaged DICOM data', function () {
  this.timeout(120_000);
  const chance = new Chance();
  const pick = <T>(from: readonly T[]): T => from[chance.between(0, from.length - 1)]!;

  /** One to six changes: a byte, telling bytes, bytes left out, doubled, or the end cut off. */
  const damaged = (bytes: Buffer): Buffer => {
    let result = Buffer.from(bytes);
    for (let changes = chance.between(1, 6); changes > 0 && result.length > 0; changes--) {
      const at = chance.between(0, result.length - 1);
      const end = Math.min(result.length, at + chance.between(1, 16));
      switch (chance.between(0, 5)) {
        case 0:
        case 1:
          result[at] = chance.between(0, 255);
          break;
        case 2:
          pick(TELLING).copy(result, at);
          break;
        case 3:
          result = Buffer.concat([result.subarray(0, at), result.subarray(end)]);
          break;
        case 4:
          result = Buffer.concat([result.subarray(0, end), result.subarray(at)]);
          break;
        default:
          if (chance.in(0.3)) result = result.subarray(0, at);
      }
    }
    return result;
  };

  const holds = async (input: Buffer, run: () => unknown): Promise<void> => {
    const start = performance.now();
    try {
      await run();
    } catch (error) {
      const isOurs =
        error instanceof ExchangeError && /^(?:DICOM_FILE|MALFORMED|TOO_LARGE)$/.test(error.code);
      if (!isOurs) assert.fail(`seed ${chance.seed}, input ${input.toString('base64')}: ${String(error)}`);
    }
    const took = performance.now() - start;
    assert.ok(took < LONGEST_MS, `seed ${chance.seed}: ${took} ms for ${input.toString('base64')}`);
  };

  const files = Object.values(SYNTAX).map(syntax => imageFile(syntax));
  /** Damage before it is deflated, so that it is not found by inflating alone. */
  const damagedFile = (): Buffer =>
    chance.in(0.2)
      ? fileOf(zlib.deflateRawSync(damaged(writeDataSet(imageElements(), writingOf(SYNTAX.deflated)))), {
          syntax: SYNTAX.deflated,
        })
      : damaged(pick(files));

  it('is refused or read, by readObject', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const file = damagedFile();
      await holds(file, () => readObject(file));
    }
  });
  it('is refused or sent as film', async () => {
    for (let round = 0; round < ROUNDS / 4; round++) {
      const file = damagedFile();
      await holds(file, async () => {
        const source = await readObject(file);
        const film = await efilm(source, { newUids: chance.in(0.5) });
        let length = 0;
        for await (const piece of film.stream(inPieces(file.subarray(source.offset)))) length += piece.length;
        if (film.length !== null) assert.equal(length, film.length);
      });
    }
  });

  async function* inPieces(bytes: Buffer): AsyncGenerator<Buffer> {
    for (let at = 0; at < bytes.length;) {
      const end = at + chance.between(1, 400);
      yield bytes.subarray(at, end);
      at = end;
    }
  }

  const syntaxes = [SYNTAX.explicit, SYNTAX.implicit, SYNTAX.bigEndian].map(writingOf);

  it('gives the reader of elements the same whatever the pieces', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const encoding = pick(syntaxes);
      const bytes = damaged(writeDataSet(imageElements(), encoding));
      const read = (step: number): string => {
        const reader = new ElementReader(encoding, { length: bytes.length, wants: tag => tag % 3 === 0 });
        const found: unknown[] = [];
        try {
          for (let at = 0; at < bytes.length; at += step)
            for (const one of reader.feed(bytes.subarray(at, at + step))) found.push(one);
          reader.end();
        } catch (error) {
          if (!(error instanceof ExchangeError)) throw error;
          found.push(error.message);
        }
        return JSON.stringify(found);
      };
      await holds(bytes, () => assert.equal(read(chance.between(1, 64)), read(bytes.length)));
    }
  });

  it('is refused or decoded, by decodeDataSet', async () => {
    const values: DicomValues = {
      SpecificCharacterSet: 'GB18030',
      PatientName: 'Ceshi^Jia=测试^甲',
      Rows: '512',
      ReferencedSOPSequence: [{ ReferencedSOPInstanceUID: '2.25.1' }, { PatientID: '测' }],
    };
    for (let round = 0; round < ROUNDS; round++) {
      const encoding = pick(syntaxes);
      const bytes = damaged(
        chance.in(0.5) ? encodeDataSet(values, encoding, '') : writeDataSet(imageElements(), encoding),
      );
      await holds(bytes, () => decodeDataSet(bytes, encoding));
    }
  });

  it('is text of some kind, in every character set', async () => {
    const sets = [
      '',
      'GB18030',
      'ISO_IR 192',
      '\\ISO 2022 IR 58',
      'ISO 2022 IR 13\\ISO 2022 IR 87',
      'ISO_IR 100',
      '??',
    ];
    const text = Buffer.from('Ceshi^Jia=\x1b$)A\xb2\xe2\xca\xd4^\x1b$B;3ED\x1b(B=\xff\\x', 'latin1');
    for (let round = 0; round < ROUNDS; round++) {
      const bytes = damaged(text);
      await holds(bytes, () => assert.equal(typeof decodeText(bytes, pick(sets)), 'string'));
    }
  });

  it('makes no depth of sequences a problem', async () => {
    const open = Buffer.from('08004011 53510000ffffffff feff00e0ffffffff'.replaceAll(' ', ''), 'hex');
    const nested = Buffer.concat(Array.from({ length: 40_000 }, () => open));
    await holds(nested, () => decodeDataSet(nested, writingOf(SYNTAX.explicit)));
    await holds(nested, () => readObject(fileOf(nested)));
    const deep = element(0x00080060, 'CS', 'CT');
    const file = fileOf(Buffer.concat([nested, writeDataSet([deep], writingOf(SYNTAX.explicit))]));
    await holds(file, () => readObject(file));
  });
});
