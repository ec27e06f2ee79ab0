/**
 * What the calls of a time came to, by service, as the assessors ask for it: totals, errors, and response times in their
 * five classes (国家医疗健康信息互联互通标准化成熟度测评 2020, 3.3: read from the log of single calls).
 */
import type { CallCount } from '../store/message-store';

/** Upper bounds of the classes, in ms; the fifth is open. */
export const CLASS_BOUNDS_MS = [1000, 3000, 5000, 10_000] as const;

export interface ResponseTimes {
  /** Calls of ≤ 1 s, 1–3 s, 3–5 s, 5–10 s, more than 10 s. */
  readonly classes: readonly number[];
  /** Milliseconds; null without a call. */
  readonly p50: number | null;
  readonly p95: number | null;
  readonly max: number | null;
}

export interface ServiceFigures {
  /** As the agreement names it; a report's with its kind where the node tells it. */
  readonly service: string;
  readonly section: string;
  readonly calls: number;
  readonly accepted: number;
  readonly refused: number;
  /** Delivered, and the answer is not understood. */
  readonly unconfirmed: number;
  /** Attempts that did not get an answer, most of which were repeated. */
  readonly failed: number;
  readonly times: ResponseTimes;
  readonly errors: readonly { readonly code: string; readonly count: number }[];
}

/** The name and section under which calls of a channel are listed. */
export type NameOf = (
  channel: string,
  service: string,
) => { readonly service: string; readonly section: string };

/** In the order of the sections. */
export function serviceFigures(calls: readonly CallCount[], nameOf: NameOf): ServiceFigures[] {
  const groups = new Map<string, { section: string; service: string; calls: CallCount[] }>();
  for (const call of calls) {
    const { service, section } = nameOf(call.channel, call.service);
    const group = groups.get(`${section} ${service}`) ?? { section, service, calls: [] };
    groups.set(`${section} ${service}`, group);
    group.calls.push(call);
  }
  return [...groups.values()]
    .map(({ section, service, calls: ofService }) => ({
      service,
      section,
      calls: sum(ofService),
      accepted: sum(withOutcome(ofService, 'accepted')),
      refused: sum(withOutcome(ofService, 'refused')),
      unconfirmed: sum(withOutcome(ofService, 'unconfirmed')),
      failed: sum(ofService.filter(({ outcome }) => !ANSWERED.has(outcome))),
      times: responseTimes(ofService.filter(({ outcome }) => ANSWERED.has(outcome))),
      errors: errorsOf(ofService),
    }))
    .toSorted(bySection);
}

/** Those of no section last. */
const bySection = (one: ServiceFigures, other: ServiceFigures): number =>
  (one.section || '~').localeCompare(other.section || '~', 'en', { numeric: true }) ||
  one.service.localeCompare(other.service, 'en');

/** Outcomes with an answer of the peer: only these have a response time. */
export const ANSWERED: ReadonlySet<string> = new Set(['accepted', 'refused', 'unconfirmed']);

const sum = (calls: readonly CallCount[]): number => calls.reduce((total, { count }) => total + count, 0);

const withOutcome = (calls: readonly CallCount[], wanted: string): CallCount[] =>
  calls.filter(({ outcome }) => outcome === wanted);

/** Exact: the trail keeps whole milliseconds, so nothing is estimated. */
export function responseTimes(calls: readonly CallCount[]): ResponseTimes {
  const sorted = calls.toSorted((one, other) => one.durationMs - other.durationMs);
  const total = sum(sorted);
  const classes = [...CLASS_BOUNDS_MS, Infinity].map(() => 0);
  for (const { durationMs, count } of sorted) {
    const bound = CLASS_BOUNDS_MS.findIndex(limit => durationMs <= limit);
    const place = bound < 0 ? CLASS_BOUNDS_MS.length : bound;
    classes[place] = (classes[place] ?? 0) + count;
  }
  return {
    classes,
    p50: quantile(sorted, total, 0.5),
    p95: quantile(sorted, total, 0.95),
    max: sorted.at(-1)?.durationMs ?? null,
  };
}

/** The duration that a share of the calls does not exceed (nearest rank). */
function quantile(sorted: readonly CallCount[], total: number, share: number): number | null {
  const rank = Math.max(1, Math.ceil(total * share));
  let seen = 0;
  for (const { durationMs, count } of sorted) {
    seen += count;
    if (seen >= rank) return durationMs;
  }
  return null;
}

function errorsOf(calls: readonly CallCount[]): ServiceFigures['errors'] {
  const counts = new Map<string, number>();
  for (const { code, count } of calls) if (code !== '') counts.set(code, (counts.get(code) ?? 0) + count);
  return [...counts].map(([code, count]) => ({ code, count })).toSorted((a, b) => b.count - a.count);
}
