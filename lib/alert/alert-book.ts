/** Which alerts are raised, and which of them are to be sent now: each once, with reminders, and not too many. */
import type { Clock } from '../clock';
import type { TimeWindows } from '../delivery/time-windows';
import type { Text } from '../errors';
import { type Alert, type AlertKind, type Finding, type Sighting, alertKinds } from './alert';

export interface BookSettings {
  /** Milliseconds until an alert that goes on is told again; doubled each time, up to a day. */
  readonly reminderMs: number;
  /** Milliseconds that it must be over before that is told; if it comes back earlier, that is only counted. */
  readonly settleMs: number;
  /** Most messages within an hour. */
  readonly perHour: number;
  /** Times of day in which only errors are told. */
  readonly quiet?: TimeWindows;
}

interface Entry {
  finding: Finding;
  readonly watcher: string;
  readonly since: number;
  /** How often it came. */
  times: number;
  goneAt: number | undefined;
  told: { readonly at: number; readonly level: Finding['level']; readonly times: number } | undefined;
}

interface Due {
  readonly key: string;
  readonly entry: Entry;
  readonly state: Alert['state'];
}

const HOUR_MS = 3_600_000;
/** Who has not reacted by then needs no more than a word a day. */
const LONGEST_REMINDER_MS = 24 * HOUR_MS;
/** Of those that had no message of their own, so many are named. */
const NAMED = 5;

export class AlertBook {
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();
  #settings: BookSettings;
  #sent: number[] = [];

  constructor(settings: BookSettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
  }

  /** Alerts that were told and are not over. */
  get raised(): number {
    return [...this.#entries.values()].filter(({ told }) => told).length;
  }

  /** Takes new settings over; what nobody watches any longer is forgotten without a word. */
  configure(settings: BookSettings, watches: (watcher: string, finding: Finding) => boolean): void {
    this.#settings = settings;
    for (const [key, { watcher, finding }] of this.#entries)
      if (!watches(watcher, finding)) this.#entries.delete(key);
  }

  /** Writes down what a watcher has found; what it finds no longer is over. */
  see(watcher: string, { findings, unknown }: Sighting): void {
    const now = this.#clock.now();
    const found = new Map(findings.map(finding => [keyOf(finding), finding]));
    for (const [key, finding] of found) this.#found(key, watcher, finding, now);
    for (const [key, entry] of this.#entries) {
      if (entry.watcher !== watcher || found.has(key) || unknown?.has(entry.finding.group)) continue;
      if (entry.told) entry.goneAt ??= now;
      // What nobody was told of need not be taken back.
      else this.#entries.delete(key);
    }
  }

  /** What is to be sent now; it counts as sent. */
  takeDue(): readonly Alert[] {
    const now = this.#clock.now();
    this.#sent = this.#sent.filter(at => at > now - HOUR_MS);
    const free = this.#settings.perHour - this.#sent.length;
    const due = this.#due(now);
    if (free <= 0 || due.length === 0) return [];
    // The last message that is allowed names what would need more.
    const own = due.slice(0, free);
    const rest = due.slice(free);
    const alerts = own.map(({ entry, state }, at) => ({
      ...alertOf(entry, state, now),
      ...(rest.length > 0 && at === own.length - 1 && { more: moreOf(rest) }),
    }));
    for (const one of due) this.#told(one, now);
    for (const _alert of alerts) this.#sent.push(now);
    return alerts;
  }

  #found(key: string, watcher: string, finding: Finding, now: number): void {
    const entry = this.#entries.get(key);
    if (!entry) {
      this.#entries.set(key, { finding, watcher, since: now, times: 1, goneAt: undefined, told: undefined });
      return;
    }
    if (entry.goneAt !== undefined) entry.times++;
    entry.goneAt = undefined;
    entry.finding = finding;
  }

  /** The worst first. */
  #due(now: number): Due[] {
    const { quiet } = this.#settings;
    const isQuiet = quiet?.waitFrom(now) === 0;
    return [...this.#entries]
      .flatMap(([key, entry]) => {
        const state = this.#stateDue(entry, now);
        return state && (!isQuiet || entry.finding.level === 'error') ? [{ key, entry, state }] : [];
      })
      .toSorted((one, other) => rank(one) - rank(other) || one.entry.since - other.entry.since);
  }

  #stateDue({ finding, told, goneAt, since }: Entry, now: number): Alert['state'] | undefined {
    const { settleMs, reminderMs } = this.#settings;
    if (!told) return now - since >= (finding.patienceMs ?? 0) ? 'raised' : undefined;
    if (goneAt !== undefined) return now - goneAt >= settleMs ? 'cleared' : undefined;
    const isWorse = finding.level === 'error' && told.level !== 'error';
    const pause = Math.max(reminderMs, Math.min(reminderMs * 2 ** (told.times - 1), LONGEST_REMINDER_MS));
    return isWorse || now - told.at >= pause ? 'ongoing' : undefined;
  }

  #told({ key, entry, state }: Due, now: number): void {
    if (state === 'cleared') this.#entries.delete(key);
    else entry.told = { at: now, level: entry.finding.level, times: (entry.told?.times ?? 0) + 1 };
  }
}

const keyOf = ({ kind, key }: Finding): string => `${kind} ${key}`;

const rank = ({ entry, state }: Due): number =>
  (entry.finding.level === 'error' ? 0 : 2) + (state === 'cleared' ? 1 : 0);

const moreOf = (rest: readonly Due[]): NonNullable<Alert['more']> => ({
  count: rest.length,
  subjects: rest.slice(0, NAMED).map(({ entry }) => entry.finding.subject),
});

function alertOf({ finding, since, times, goneAt }: Entry, state: Alert['state'], now: number): Alert {
  const { kind, level, subject, text, remedy, count } = finding;
  return {
    kind,
    level: state === 'cleared' ? 'info' : level,
    state,
    subject,
    text: state === 'cleared' ? overText(kind) : withTimes(text, times),
    remedy: state === 'cleared' ? NOTHING_TO_DO : remedy,
    count: count ?? times,
    since: new Date(since).toISOString(),
    at: new Date(goneAt ?? now).toISOString(),
  };
}

const withTimes = (text: Text, times: number): Text =>
  times > 1 ? { zh: `${text.zh}期间反复 ${times} 次。`, en: `${text.en} It came ${times} times.` } : text;

const overText = (kind: AlertKind): Text => ({
  zh: `「${alertKinds[kind].title.zh}」已解除。`,
  en: `"${alertKinds[kind].title.en}" is over.`,
});

const NOTHING_TO_DO: Text = { zh: '无需处理。', en: 'Nothing is to be done.' };
