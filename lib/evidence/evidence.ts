/** What a hospital can show of a time: how the interfaces stand, what passed through them, and how the data are kept. */
import type { Counts } from '../monitor/overview';
import { ROW } from '../database/poll/poll-delivery';
import { recordsOf } from '../monitor/records';
import { interfaces, syncServiceNames } from '../contract/services';
import type { CheckOptions } from '../contract/validate';
import type { SelfCheck } from '../self-check/run';
import type { CallCount, MessageStore } from '../store/message-store';
import { type AuditVerdict, verifyAudit } from '../store/verify-audit';
import { FieldConformance, type TableFigures, type UnmappedCode } from './field-conformance';
import { ANSWERED, type NameOf, type ServiceFigures, serviceFigures } from './service-figures';

export interface Period {
  /** Milliseconds since 1970; `from` is in, `to` is not. */
  readonly from: number;
  readonly to: number;
}

export interface Hospital {
  readonly orgCode: string;
  readonly orgName: string;
  readonly organCode: string;
}

export interface DayFigures {
  /** Begin of the day, or of the time within it, in ms since 1970. */
  readonly at: number;
  readonly answered: number;
  readonly failed: number;
}

/** How data are protected, as the running system has it. */
export interface Protection {
  /** What debug nodes get is masked. */
  readonly masking: boolean;
  readonly audit: AuditVerdict | null;
  /** Days; null where there is no store. */
  readonly keepAuditDays: number | null;
  readonly keepContentDays: number | null;
}

export interface Evidence {
  readonly createdAt: string;
  readonly hospital: Hospital;
  readonly period: { readonly from: string; readonly to: string };
  readonly versions: Readonly<Record<string, string>>;
  readonly check: SelfCheck | null;
  readonly services: readonly ServiceFigures[];
  readonly days: readonly DayFigures[];
  /** Messages in the store now, by state. */
  readonly messages: Counts;
  readonly fields: {
    /** Delivered messages that were looked at: the newest of the time. */
    readonly looked: number;
    /** There were more. */
    readonly more: boolean;
    readonly tables: readonly TableFigures[];
  };
  readonly unmapped: readonly UnmappedCode[];
  readonly protection: Protection;
}

export interface EvidenceSources {
  readonly store: MessageStore | null;
  readonly hospital: Hospital;
  readonly period: Period;
  readonly versions: Readonly<Record<string, string>>;
  readonly check: SelfCheck | null;
  readonly rules: CheckOptions;
  /** Which kind of report a node registers; undefined where that is not known. */
  readonly reportKind: (channel: string) => 'lab' | 'exam' | undefined;
  readonly protection: Omit<Protection, 'audit'>;
  /** Who asks: stands in the audit trail. */
  readonly actor: string;
  readonly now: Date;
}

/** Messages of a service whose fields are looked at. */
const MOST_LOOKED = 5000;
const PAGE = 200;

/** @throws {ExchangeError} STORE */
export async function gatherEvidence(sources: EvidenceSources): Promise<Evidence> {
  const { store, hospital, period, versions, check, now, protection } = sources;
  const { calls, days } = store ? await callsOf(store, period) : { calls: [], days: [] };
  const conformance = new FieldConformance(sources.rules);
  const fields = store ? await lookAtFields(store, sources, conformance) : { looked: 0, more: false };
  return {
    createdAt: now.toISOString(),
    hospital,
    period: { from: new Date(period.from).toISOString(), to: new Date(period.to).toISOString() },
    versions,
    check,
    services: serviceFigures(calls, nameIn(sources.reportKind)),
    days,
    messages: store ? await messagesOf(store) : {},
    fields: { ...fields, tables: conformance.tables() },
    unmapped: conformance.unmapped(),
    protection: { ...protection, audit: store ? await verifyAudit(store) : null },
  };
}

/** The agreement's name of a service: reports have one method for two interfaces. */
const nameIn =
  (reportKind: EvidenceSources['reportKind']): NameOf =>
  (channel, service) => {
    if (service === 'ArchiveAutoReport') {
      const kind = reportKind(channel);
      return kind
        ? named(`ArchiveAutoReport (${kind})`, kind === 'lab' ? '4.1' : '4.2')
        : named(service, '4.1, 4.2');
    }
    const section = interfaces.find(one => one.service === service)?.section ?? SECTIONS[service];
    return named(service, section ?? '');
  };

const named = (service: string, section: string): ReturnType<NameOf> => ({ service, section });

/** Services whose name in the audit trail is not that of an interface. */
const SECTIONS: Readonly<Record<string, string>> = {
  AppointmentDealInterface: '3.2',
  'C-STORE': '5.1.3',
  RETRIEVE: '5.1.3',
  EFILM: '5.1.4',
  ReportFilePath: '5.1.5',
};

/** Of a longer time the last part. */
const MOST_MS = 400 * 86_400_000;

/** Day by day: the store is held up for no longer than that takes. */
async function callsOf(
  store: MessageStore,
  { from, to }: Period,
): Promise<{ readonly calls: readonly CallCount[]; readonly days: readonly DayFigures[] }> {
  const calls = new Map<string, CallCount>();
  const days: DayFigures[] = [];
  for (let at = Math.max(from, to - MOST_MS); at < to; at = startOfNextDay(at)) {
    const ofDay = await store.callStatistics({ from: at, to: Math.min(to, startOfNextDay(at)) });
    // Rows of the hospital's database are handed on within it: nobody is called.
    const counted = ofDay.filter(({ service }) => service !== ROW);
    for (const call of counted) {
      const { channel, service, outcome, code, durationMs } = call;
      const key = [channel, service, outcome, code, durationMs].join('\t');
      calls.set(key, { ...call, count: call.count + (calls.get(key)?.count ?? 0) });
    }
    const sum = (answered: boolean): number =>
      counted.reduce(
        (total, { outcome, count }) => total + (ANSWERED.has(outcome) === answered ? count : 0),
        0,
      );
    if (counted.length > 0) days.push({ at, answered: sum(true), failed: sum(false) });
  }
  return { calls: [...calls.values()], days };
}

/** By the calendar of this machine: a day may have 23 hours. */
function startOfNextDay(at: number): number {
  const day = new Date(at);
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() + 1).getTime();
}

async function messagesOf(store: MessageStore): Promise<Counts> {
  const counts: Counts = {};
  for (const { state, count } of await store.tallies({})) counts[state] = (counts[state] ?? 0) + count;
  return counts;
}

/** Services whose messages are records of the agreement. */
const WITH_RECORDS = ['ArchiveAutoReport', ...syncServiceNames];

async function lookAtFields(
  store: MessageStore,
  { period, actor }: EvidenceSources,
  conformance: FieldConformance,
): Promise<{ looked: number; more: boolean }> {
  let looked = 0;
  let more = false;
  for (const service of WITH_RECORDS) {
    let ofService = 0;
    let beforeSeq: number | undefined;
    for (;;) {
      const page = await store.samples({
        service,
        actor,
        acceptedFrom: period.from,
        acceptedTo: period.to,
        limit: PAGE,
        ...(beforeSeq !== undefined && { beforeSeq }),
      });
      for (const { content } of page) conformance.add(recordsOf(service, content));
      ofService += page.length;
      beforeSeq = page.at(-1)?.seq;
      if (page.length < PAGE) break;
      if (ofService >= MOST_LOOKED) {
        more = true;
        break;
      }
    }
    looked += ofService;
  }
  return { looked, more };
}
