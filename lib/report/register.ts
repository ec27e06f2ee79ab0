/** One report → ArchiveAutoReport → what became of it (4.1, 4.2). */
import { randomUUID } from 'node:crypto';
import type { TableRecords } from '../contract/field';
import { soapMethods } from '../contract/services';
import { contractError, errorsOf } from '../contract/validate';
import type { Violation } from '../contract/violation';
import { ExchangeError } from '../errors';
import type { SoapCaller } from '../soap/caller';
import { type ArchiveOptions, writeArchiveDocument } from '../wire/archive-document';
import { type AcknowledgementRules, type Outcome, classify } from './acknowledgement';

/** A lab or exam report, read, checked and ready to be written. */
export interface Report {
  readonly reportNo: string;
  /** What a repeated or corrected registration replaces: the values of the primary key. */
  readonly key: string;
  readonly rows: readonly TableRecords[];
  readonly violations: readonly Violation[];
}

/** The story of one delivery, as it stands in `msg.exchange`. */
export interface Registration {
  readonly id: string;
  readonly service: 'ArchiveAutoReport';
  readonly key: string;
  readonly reportNo: string;
  readonly outcome: Outcome;
  readonly attempts: number;
  readonly startedAt: string;
  readonly durationMs: number;
  /** Rules that the report breaks without being stopped by it. */
  readonly warnings: readonly Violation[];
  /** Characters that XML cannot hold and that were left out. */
  readonly removedCharacters: number;
  /** The platform's words. */
  readonly answer: string;
}

/** What a registration takes from the hospital's profile. */
export interface RegistrationRules {
  readonly archive: ArchiveOptions;
  readonly acknowledgement: AcknowledgementRules;
}

/**
 * Registers one report now, in one attempt.
 * @throws {ExchangeError} CONTRACT before anything is sent; the caller's transport errors.
 */
export async function registerReport(
  report: Report,
  caller: SoapCaller,
  rules: RegistrationRules,
  signal?: AbortSignal,
): Promise<Registration> {
  const errors = errorsOf(report.violations);
  if (errors.length > 0) throw contractError(errors);
  const startedAt = new Date();
  const document = writeArchiveDocument(report.rows, rules.archive, startedAt);
  const [parameter] = soapMethods.ArchiveAutoReport;
  const { result, durationMs } = await caller.call('ArchiveAutoReport', [[parameter, document.xml]], {
    ...(signal && { signal }),
  });
  return {
    id: randomUUID(),
    service: 'ArchiveAutoReport',
    key: report.key,
    reportNo: report.reportNo,
    outcome: classify(result, rules.acknowledgement),
    attempts: 1,
    startedAt: startedAt.toISOString(),
    durationMs,
    warnings: report.violations,
    removedCharacters: document.removedCharacters,
    answer: result ?? '',
  };
}

/** One report of several that was not registered. */
export interface FailedReport {
  readonly reportNo: string;
  readonly error: Error;
}

/**
 * Registers reports one after the other; a report that fails does not hold up the others.
 * @throws the error of the only report that failed, or one ExchangeError that lists all that failed in `cause`.
 */
export async function registerReports(
  reports: readonly Report[],
  register: (report: Report) => Promise<Registration>,
  onDone: (registration: Registration) => void,
): Promise<void> {
  const failed: FailedReport[] = [];
  for (const report of reports) {
    try {
      onDone(await register(report));
    } catch (error) {
      failed.push({
        reportNo: report.reportNo,
        error: error instanceof Error ? error : new Error(String(error)),
      });
    }
  }
  const [first] = failed;
  if (!first) return;
  throw reports.length === 1 ? first.error : someFailed(failed, first.error, reports.length);
}

function someFailed(failed: readonly FailedReport[], first: Error, total: number): ExchangeError {
  const known = first instanceof ExchangeError ? first : undefined;
  return new ExchangeError({
    code: known?.code ?? 'ABORTED',
    retry: known?.retry ?? 'in-doubt',
    text: {
      zh: `${total} 份报告中有 ${failed.length} 份未能注册，第一份：${known?.text.zh ?? first.message}`,
      en: `${failed.length} of ${total} reports were not registered; the first: ${known?.text.en ?? first.message}`,
    },
    cause: failed.map(({ reportNo, error }) => ({
      reportNo,
      code: error instanceof ExchangeError ? error.code : undefined,
      message: error.message,
      cause: error.cause,
    })),
  });
}
