/** Runs all cases, one after the other, and says of each of the 17 interfaces how it stands. */
import { interfaces } from '../contract/services';
import { ExchangeError, type Text } from '../errors';
import { Bench } from './bench';
import { bookingCases } from './booking-cases';
import { type CaseKind, type CheckCase } from './check-case';
import { CheckFailure, NotConfigured } from './failure';
import { imageCases } from './image-cases';
import { reportCases } from './report-cases';
import { reportFileCases } from './report-file-cases';
import { syncCases } from './sync-cases';
import type { CheckTargets, WritePermission } from './targets';
import { viewerCases } from './viewer-cases';

/** In the order in which they are run: a booking before its receipt, and its cancellation last. */
export const checkCases: readonly CheckCase[] = [
  ...bookingCases,
  ...syncCases,
  ...reportCases,
  ...imageCases,
  ...reportFileCases,
  ...viewerCases,
];

export type Verdict = 'PASS' | 'FAIL' | 'NOT CONFIGURED';

export interface CaseResult {
  /** Names this try in the report and in its JSON: `<run>-<section>-<number>`. */
  readonly evidence: string;
  readonly name: string;
  readonly kind: CaseKind;
  readonly title: Text;
  readonly verdict: Verdict;
  /** What was seen, or what was wrong. */
  readonly seen: readonly Text[];
  readonly startedAt: string;
  readonly durationMs: number;
}

export interface InterfaceResult {
  readonly section: string;
  readonly zh: string;
  readonly service: string;
  readonly basic: boolean;
  /** `yyyy-MM-dd` by which the agreement wants it. */
  readonly due: string;
  /** PASS when a normal case went well and none failed. */
  readonly verdict: Verdict;
  /** Why it is no PASS. */
  readonly reasons: readonly Text[];
  readonly cases: readonly CaseResult[];
}

export interface SelfCheck {
  readonly runId: string;
  readonly startedAt: string;
  readonly durationMs: number;
  readonly writes: WritePermission;
  readonly interfaces: readonly InterfaceResult[];
}

export interface RunOptions {
  readonly signal: AbortSignal;
  readonly now?: () => Date;
  /** Told after each interface, in the order of the agreement, once all of its cases have run. */
  readonly onCase?: (section: string, result: CaseResult) => void;
}

/** Never rejects for what a peer does: that is a verdict. @throws {ExchangeError} ABORTED when it is ended */
export async function runSelfCheck(
  targets: CheckTargets,
  { signal, now = () => new Date(), onCase }: RunOptions,
): Promise<SelfCheck> {
  const startedAt = now();
  const runId = runIdOf(startedAt);
  const bench = new Bench(targets, runId, startedAt, signal);
  const results = new Map<string, CaseResult[]>(interfaces.map(({ section }) => [section, []]));
  try {
    for (const one of checkCases) {
      if (signal.aborted) throw ended();
      const ofSection = results.get(one.section) ?? [];
      const evidence = `${runId}-${one.section}-${String(ofSection.length + 1).padStart(2, '0')}`;
      const result = await runCase(one, bench, evidence, now);
      ofSection.push(result);
      onCase?.(one.section, result);
    }
  } finally {
    await bench.close();
  }
  return {
    runId,
    startedAt: startedAt.toISOString(),
    durationMs: now().getTime() - startedAt.getTime(),
    writes: targets.writes,
    interfaces: interfaces.map(one => ({ ...one, ...judge(results.get(one.section) ?? []) })),
  };
}

/** `yyyyMMddHHmmss` of UTC: sorts by time, and is unique enough for the runs of one hospital. */
const runIdOf = (at: Date): string => at.toISOString().replace(/\D/g, '').slice(0, 14);

async function runCase(
  { name, kind, title, run }: CheckCase,
  bench: Bench,
  evidence: string,
  now: () => Date,
): Promise<CaseResult> {
  const startedAt = now();
  const done = (verdict: Verdict, ...seen: readonly Text[]): CaseResult => ({
    evidence,
    name,
    kind,
    title,
    verdict,
    seen,
    startedAt: startedAt.toISOString(),
    durationMs: now().getTime() - startedAt.getTime(),
  });
  try {
    return done('PASS', await run(bench));
  } catch (error) {
    if (error instanceof NotConfigured) return done('NOT CONFIGURED', error.reason);
    if (error instanceof CheckFailure) return done('FAIL', ...error.reasons);
    if (error instanceof ExchangeError)
      return done(error.code === 'CONFIG' ? 'NOT CONFIGURED' : 'FAIL', error.text);
    // A fault of this check must not hide what the others find.
    const fault = error instanceof Error ? error.name : 'Error';
    return done('FAIL', { zh: `自查程序出错（${fault}）`, en: `the check itself failed (${fault})` });
  }
}

function judge(cases: readonly CaseResult[]): Pick<InterfaceResult, 'verdict' | 'reasons' | 'cases'> {
  const failed = cases.filter(({ verdict }) => verdict === 'FAIL');
  if (failed.length > 0) return { verdict: 'FAIL', reasons: failed.flatMap(({ seen }) => seen), cases };
  const normal = cases.filter(({ kind }) => kind === 'normal');
  const open = normal.filter(({ verdict }) => verdict !== 'PASS');
  if (normal.length > 0 && open.length === 0) return { verdict: 'PASS', reasons: [], cases };
  return { verdict: 'NOT CONFIGURED', reasons: open.flatMap(({ seen }) => seen), cases };
}

const ended = (): ExchangeError =>
  new ExchangeError({
    code: 'ABORTED',
    retry: 'retry',
    text: { zh: '自查被中断', en: 'the check was ended' },
  });
