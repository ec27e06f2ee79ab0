/** Runs a target over many inputs and watches what must hold for each. */
import { Chance } from '../test/support/chance';
import { ExchangeError } from '../lib/errors';
import { Finding, type Input, PATIENT, type Target, type Tried } from './target';

export interface Run {
  readonly seed: number;
  readonly count: number;
  /** Number of the first input. */
  readonly first?: number;
  /** Ends the run early, in milliseconds. */
  readonly mostMs?: number;
  /** Runs a collection of garbage; without it memory is not looked at. */
  readonly collect?: () => void;
  readonly onFinding?: (message: string) => void;
}

export interface Result {
  readonly inputs: number;
  readonly seconds: number;
  /** Longest time for one input, in milliseconds. */
  readonly slowestMs: number;
  readonly heapGrowthMiB: number | undefined;
  readonly findings: number;
}

/** For one input. A slow one is run again, since the machine may have been busy with something else. */
const LONGEST_MS = 1000;
const TRIES = 3;
const MOST_GROWTH_MIB = 32;
const MIB = 1024 * 1024;
/** Inputs after which memory is settled: caches are full. */
const WARM_UP = 0.2;

/** The chance of one input: each can be had again without those before it. */
export const chanceOf = (seed: number, number: number): Chance =>
  new Chance((Math.imul(seed, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b)) >>> 0);

/** @throws {Finding} at the first, unless `onFinding` is given */
export async function fuzz(target: Target, run: Run): Promise<Result> {
  const { seed, count, first = 0, mostMs = Infinity, collect } = run;
  let findings = 0;
  const found = (number: number, input: Input | undefined, what: string): void => {
    findings++;
    const message =
      `${what}\n  again: node --import tsx fuzz/run.mts ${target.name} --seed ${seed} --first ${number} --count 1` +
      (input && input.length <= 2000 ? `\n  input (base64): ${input.toString('base64')}` : '');
    if (!run.onFinding) throw new Finding(message);
    run.onFinding(message);
  };
  await target.open?.();
  try {
    const startedAt = performance.now();
    const prototypes = prototypeState();
    let [slowestMs, inputs, warm] = [0, 0, 0];
    for (let number = first; number < first + count; number++) {
      if (performance.now() - startedAt > mostMs) break;
      const input = target.input(chanceOf(seed, number));
      const { ms, problem } = await watched(target, input);
      inputs++;
      slowestMs = Math.max(slowestMs, ms);
      if (problem !== undefined) found(number, input, problem);
      if (prototypeState() !== prototypes) found(number, input, 'a prototype has changed');
      if (collect && inputs === Math.ceil(count * WARM_UP)) warm = heap(collect);
      if (inputs % 64 === 0) await new Promise(setImmediate);
    }
    const growth = collect && warm > 0 ? (heap(collect) - warm) / MIB : undefined;
    if (growth !== undefined && growth > (target.mostGrowthMiB ?? MOST_GROWTH_MIB))
      found(first, undefined, `the heap has grown by ${growth.toFixed(1)} MiB in ${inputs} inputs`);
    const seconds = (performance.now() - startedAt) / 1000;
    return { inputs, seconds, slowestMs, heapGrowthMiB: growth, findings };
  } finally {
    await target.close?.();
  }
}

async function watched(target: Target, input: Input): Promise<{ ms: number; problem?: string }> {
  let ms = Infinity;
  for (let tries = 0; tries < TRIES && ms > LONGEST_MS; tries++) {
    const startedAt = performance.now();
    try {
      await target.run(input, triedFor(target));
    } catch (error) {
      const problem = error instanceof Finding ? error.message : `unexpected: ${described(error)}`;
      return { ms: performance.now() - startedAt, problem };
    }
    ms = Math.min(ms, performance.now() - startedAt);
  }
  return ms > LONGEST_MS ? { ms, problem: `took ${Math.round(ms)} ms` } : { ms };
}

const triedFor =
  ({ documented = [] }: Target): Tried =>
  async (what, work) => {
    try {
      await work();
    } catch (error) {
      const isTyped =
        error instanceof ExchangeError || (error instanceof Error && documented.includes(error.name));
      if (!isTyped) throw error instanceof Finding ? error : new Finding(`${what}: ${described(error)}`);
      const shown = leaked(error);
      if (shown !== undefined) throw new Finding(`${what}: a value of the patient in ${shown}`);
    }
  };

/**
 * The platform's own words may hold a name that was not sent, and a value in a wrong field may be one: a name cannot be
 * told from other words. Numbers of persons can, and are masked everywhere.
 */
const MAY_HOLD_NAME = new Set(['BUSINESS', 'SOAP_FAULT', 'BookingRefusal']);

/** The text in which an error tells what it must not. */
function leaked(error: Error): string | undefined {
  const { details, cause, code } = error as Partial<ExchangeError>;
  const shown = `${error.message} ${JSON.stringify({ details, cause })}`;
  const values = MAY_HOLD_NAME.has(code ?? error.name) ? [PATIENT.id, PATIENT.card] : Object.values(PATIENT);
  return values.some(value => standsAlone(value, shown)) ? shown : undefined;
}

/** Damage may make another number of one, which begins or ends with it. */
const standsAlone = (value: string, shown: string): boolean =>
  new RegExp(`(?<![\\dA-Za-z])${value}(?![\\dA-Za-z])`).test(shown);

const described = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message).split('\n').slice(0, 4).join(' | ') : String(error);

function heap(collect: () => void): number {
  collect();
  return process.memoryUsage().heapUsed;
}

const PROTOTYPES = [Object.prototype, Array.prototype, String.prototype, Function.prototype];

const prototypeState = (): string =>
  PROTOTYPES.map(prototype => Object.getOwnPropertyNames(prototype).length).join();
