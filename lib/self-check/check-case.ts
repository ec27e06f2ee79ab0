/** One thing that a self-check tries. */
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
