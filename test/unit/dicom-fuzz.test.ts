/** Damaged DICOM data read in pieces, and nested without end. What else may come of it: see fuzz/targets/dicom.ts. */
import assert from 'node:assert/strict';
import { decodeDataSet } from '../../lib/dicom/data-set';
import { ElementReader } from '../../lib/dicom/element-reader';
import { readObject } from '../../lib/dicom/part10';
import { ExchangeError } from '../../lib/errors';
import { damaged, pick } from '../../fuzz/mutate';
import { TELLING } from '../../fuzz/targets/dicom';
import { Chance } from '../support/chance';
import { element, fileOf, imageElements, SYNTAX, writeDataSet, writingOf } from '../support/dicom-files';

const ROUNDS = 20_000;
/** For one input, however busy the machine. */
const LONGEST_MS = 2000;

describe('damaged DICOM data', function () {
  this.timeout(120_000);
  const chance = new Chance();
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

  const syntaxes = [SYNTAX.explicit, SYNTAX.implicit, SYNTAX.bigEndian].map(writingOf);

  it('gives the reader of elements the same whatever the pieces', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const encoding = pick(chance, syntaxes);
      const bytes = damaged(chance, writeDataSet(imageElements(), encoding), TELLING);
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
