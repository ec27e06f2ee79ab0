/** A slice of every fuzzer: one seed for ever, and a new one each time. The long run is `npm run fuzz`. */
import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ExchangeError } from '../../lib/errors';
import { fuzz } from '../../fuzz/runner';
import { Finding, PATIENT, type Target } from '../../fuzz/target';
import { targets } from '../../fuzz/targets';

const FIXED = 20_261_127;
const INPUTS = 1_000;
const MOST_MS = 1_500;

describe('damaged input of every kind', function () {
  this.timeout(60_000);
  for (const target of targets) {
    it(`is a value or a typed error: ${target.name}`, async () => {
      const { inputs } = await fuzz(target, { seed: FIXED, count: INPUTS, mostMs: MOST_MS });
      const fresh = await fuzz(target, {
        seed: Math.floor(Math.random() * 2 ** 31),
        count: INPUTS,
        mostMs: MOST_MS,
      });
      assert.ok(inputs > 10 && fresh.inputs > 10);
    });
  }
});

/** A reader with a fault of its own at every third input. */
const faulty = (fault: () => unknown): Target => ({
  name: 'faulty',
  usualCount: 1,
  input: chance => Buffer.from([chance.between(0, 255)]),
  run: async (input, tried) => {
    if (input[0]! % 3 === 0) await tried('reader', fault);
  },
});

describe('the fuzzer', () => {
  const faults: readonly (readonly [string, () => unknown, RegExp])[] = [
    ['an error that is not typed', () => assert.fail('x'), /reader: AssertionError/],
    ['a value of the patient', () => told(PATIENT.card), /a value of the patient/],
    [
      'a slow input',
      () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1050),
      /took 1\d\d\d ms/,
    ],
    [
      'a changed prototype',
      () => Reflect.defineProperty(Object.prototype, 'fuzzed', { value: 1, configurable: true }),
      /prototype/,
    ],
  ];
  afterEach(() => Reflect.deleteProperty(Object.prototype, 'fuzzed'));

  for (const [what, fault, words] of faults) {
    it(`finds ${what}, and says how to have it again`, async () => {
      const found = await fuzz(faulty(fault), { seed: 7, count: 50 }).catch((error: unknown) => error);
      assert.ok(found instanceof Finding);
      assert.match(found.message, words);
      const again = /--seed 7 --first (\d+) --count 1/.exec(found.message)?.[1];
      Reflect.deleteProperty(Object.prototype, 'fuzzed');
      await assert.rejects(fuzz(faulty(fault), { seed: 7, count: 1, first: Number(again) }), words);
    }).timeout(20_000);
  }
  it('finds a heap that grows', async () => {
    const kept: unknown[] = [];
    const leaking = faulty(() => kept.push(Array.from({ length: 300_000 }, (_, at) => ({ at }))));
    // Really collected: what other suites have left must not be taken for room that was gained.
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    await assert.rejects(fuzz(leaking, { seed: 7, count: 60, collect }), /the heap has grown/);
    assert.ok(kept.length > 0);
  }).timeout(20_000);
});

function told(value: string): never {
  throw new ExchangeError({ code: 'CONTRACT', retry: 'never', text: { zh: value, en: '' } });
}
