/** One thing that a self-check tries, and the ways in which it can end other than well. */
import type { Text } from '../errors';
import type { Bench } from './bench';

/** `normal`: as every day; `edge`: allowed, but rare; `bad`: must be refused, with a reason. */
export type CaseKind = 'normal' | 'edge' | 'bad';

export interface CheckCase {
  /** Of the agreement. */
  readonly section: string;
  /** Unique in its section. */
  readonly name: string;
  readonly kind: CaseKind;
  readonly title: Text;
  /**
   * @returns what was seen, without patient data
   * @throws {CheckFailure} when it is not as the agreement says, {NotConfigured} when it cannot be tried here
   */
  readonly run: (bench: Bench) => Promise<Text>;
}

export type CaseParts = readonly [
  kind: CaseKind,
  name: string,
  zh: string,
  en: string,
  run: CheckCase['run'],
];

export const checkCase = (section: string, ...[kind, name, zh, en, run]: CaseParts): CheckCase => ({
  section,
  kind,
  name,
  title: { zh, en },
  run,
});

/** What was tried did not go as the agreement says. */
export class CheckFailure extends Error {
  override readonly name = 'CheckFailure';
  readonly reasons: readonly Text[];

  constructor(...reasons: readonly Text[]) {
    super(reasons.map(({ en }) => en).join('; '));
    this.reasons = reasons;
  }
}

/** It cannot be tried: something is not set up, or may not be done. */
export class NotConfigured extends Error {
  override readonly name = 'NotConfigured';
  readonly reason: Text;

  constructor(reason: Text) {
    super(reason.en);
    this.reason = reason;
  }
}

/** @throws {CheckFailure} with the reason, when a condition does not hold */
export function expect(holds: boolean, zh: string, en: string): asserts holds {
  if (!holds) throw new CheckFailure({ zh, en });
}
