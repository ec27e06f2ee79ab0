/** What is fuzzed: how its inputs are made, and what may come of one. */
import type { Chance } from '../test/support/chance';

export type Input = Buffer;

/** Runs a reader: a typed error is looked at and passed over, anything else is a finding. */
export type Tried = (what: string, work: () => unknown) => Promise<void>;

export interface Target {
  readonly name: string;
  /** Made from chance alone, so that a seed gives it again. */
  input(chance: Chance): Input;
  run(input: Input, tried: Tried): Promise<void>;
  /** Errors besides ExchangeError that are documented, by their names. */
  readonly documented?: readonly string[];
  /** Growth of the heap that is still no leak, in MiB; 32 unless given. */
  readonly mostGrowthMiB?: number;
  /** Inputs of a long run; 100,000 for what reads bytes, fewer for what goes over a network. */
  readonly usualCount: number;
  open?(): Promise<void>;
  close?(): Promise<void>;
}

/** Values of a patient, which stand in the samples and must not come back in the text of an error. */
export const PATIENT = { name: '测试甲乙丙', id: '000000190001010017', card: 'Z00000000' } as const;

/** What an input does that it must not. */
export class Finding extends Error {
  override readonly name = 'Finding';
}
