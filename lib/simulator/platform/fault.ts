/** What the platform finds wrong with a message, in the words of its refusal. */
import type { Text } from '../../errors';
import type { Severity, Violation } from '../../contract/violation';

/** Only an `error` makes the platform refuse. */
export interface Fault extends Text {
  readonly severity: Severity;
}

export const fault = (zh: string, en: string): Fault => ({ severity: 'error', zh, en });

export const faultOf = ({ severity, message }: Violation): Fault => ({ severity, ...message });

export const isRefused = (faults: readonly Fault[]): boolean =>
  faults.some(({ severity }) => severity === 'error');

/** The errors in one line, as the platform would say them. */
export const refusalText = (faults: readonly Fault[]): string =>
  faults
    .filter(({ severity }) => severity === 'error')
    .map(({ zh }) => zh)
    .join('；');

/** A document that cannot be read at all. */
export class UnreadableError extends Error {
  readonly fault: Fault;

  constructor(zh: string, en: string) {
    super(en);
    this.fault = fault(zh, en);
  }
}
