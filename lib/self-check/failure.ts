/** The ways in which a case can end other than well. */
import type { Text } from '../errors';

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
