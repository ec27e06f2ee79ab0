/** Has the audit chain of each store checked once a day: at night, or some time after the start. */
import type { Clock } from '../clock';
import type { StoreEntry } from '../monitor/open-stores';
import { verifyAudit } from '../store/verify-audit';
import type { Finding, Watcher } from './alert';

export interface AuditWatch {
  readonly stores: () => readonly StoreEntry[];
  readonly clock: Clock;
  /** What is known of each store by its id; lives longer than a watcher, so that a deploy checks nothing again. */
  readonly known: Map<string, KnownAudit>;
}

export interface KnownAudit {
  /** Day of the last check. */
  readonly day: string;
  readonly brokenAt: number | null;
}

const FIRST_MS = 10 * 60_000;
const EVERY_MS = 15 * 60_000;
/** Hours of the day in which hospitals send least. */
const NIGHT = { from: 1, to: 5 };
/** After each step of a thousand records, so that deliveries come in between. */
const PAUSE_MS = 200;

export function watchAudit(watch: AuditWatch): Watcher {
  return {
    name: 'audit',
    firstMs: FIRST_MS,
    everyMs: EVERY_MS,
    async look(signal) {
      const findings: Finding[] = [];
      const unknown = new Set<string>();
      for (const entry of watch.stores()) {
        await checkIfDue(entry, watch, signal);
        const known = watch.known.get(entry.id);
        if (!known) unknown.add(entry.id);
        else if (known.brokenAt !== null) findings.push(broken(entry, known.brokenAt));
      }
      return { findings, unknown };
    },
  };
}

async function checkIfDue({ id, opened }: StoreEntry, watch: AuditWatch, signal: AbortSignal): Promise<void> {
  const now = new Date(watch.clock.now());
  const day = now.toDateString();
  const known = watch.known.get(id);
  const isNight = now.getHours() >= NIGHT.from && now.getHours() < NIGHT.to;
  if (!('store' in opened) || known?.day === day || (known && !isNight)) return;
  try {
    const { brokenAt } = await verifyAudit(opened.store, () => pause(watch.clock, signal));
    watch.known.set(id, { day, brokenAt });
  } catch (error) {
    if (signal.aborted) throw error;
    // A store out of reach is told by another alert; it is checked when it is back.
  }
}

/** Rejects when the watch ends. */
const pause = (clock: Clock, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const end = (): void => {
      callOff();
      reject(new Error('the watch has ended'));
    };
    const callOff = clock.after(PAUSE_MS, () => {
      signal.removeEventListener('abort', end);
      resolve();
    });
    signal.addEventListener('abort', end, { once: true });
  });

const broken = ({ id, name }: StoreEntry, record: number): Finding => ({
  kind: 'audit',
  key: id,
  group: id,
  level: 'error',
  subject: name || id,
  text: {
    zh: `审计记录从第 ${record} 条起不连续：有记录被修改、删除或插入。`,
    en: `The audit trail is not whole from record ${record} on: records were changed, removed or put in.`,
  },
  remedy: {
    zh: '保留现场，立即备份消息库文件，查明谁改动了数据库，并报告信息安全负责人。',
    en: 'Change nothing, back the store up, find out who has edited the database, and tell the security officer.',
  },
});
