/** What somebody at the hospital is told of the running system, so that it is mended before patients notice. */
import type { Text } from '../errors';

/** What an operator switches on and off. */
export const alertTopics = [
  'delivery',
  'queue',
  'waiting',
  'disk',
  'certificates',
  'audit',
  'databases',
] as const;

export type AlertTopic = (typeof alertTopics)[number];

/** Each kind of alert: the topic that it belongs to, and what it says of its subject. */
export const alertKinds = {
  'destination-down': { topic: 'delivery', title: { zh: '对方无应答', en: 'does not answer' } },
  'destination-paused': { topic: 'delivery', title: { zh: '已停止发送', en: 'sending is stopped' } },
  dead: { topic: 'delivery', title: { zh: '有消息已放弃', en: 'messages were given up' } },
  store: { topic: 'delivery', title: { zh: '消息库故障', en: 'the message store fails' } },
  queue: { topic: 'queue', title: { zh: '消息等待过久', en: 'messages wait too long' } },
  waiting: { topic: 'waiting', title: { zh: '消息待人工处理', en: 'messages wait for an operator' } },
  disk: { topic: 'disk', title: { zh: '磁盘空间不足', en: 'the disk is nearly full' } },
  'store-size': { topic: 'disk', title: { zh: '消息库将满', en: 'the message store is nearly full' } },
  certificate: { topic: 'certificates', title: { zh: '证书将到期', en: 'a certificate runs out' } },
  audit: { topic: 'audit', title: { zh: '审计记录被改动', en: 'the audit trail was changed' } },
  database: { topic: 'databases', title: { zh: '医院数据库不可用', en: 'the database is out of reach' } },
} as const satisfies Record<string, { topic: AlertTopic; title: Text }>;

export type AlertKind = keyof typeof alertKinds;

/** An `error` keeps data from going where it must; a `warning` soon will. */
export type AlertLevel = 'error' | 'warning' | 'info';

/** As it goes out. No patient data, no secret. */
export interface Alert {
  readonly kind: AlertKind | 'test';
  readonly level: AlertLevel;
  /** `ongoing`: a reminder, or it has become worse. */
  readonly state: 'raised' | 'ongoing' | 'cleared';
  /** The destination, store, folder, certificate or database that it is about. */
  readonly subject: string;
  readonly text: Text;
  readonly remedy: Text;
  /** Messages that are concerned; otherwise how often it came since it was raised. */
  readonly count: number;
  /** ISO 8601. */
  readonly since: string;
  readonly at: string;
  /** Alerts that had no message of their own, because too many were due. */
  readonly more?: { readonly count: number; readonly subjects: readonly string[] };
}

/** What a watcher finds to be wrong now. */
export interface Finding {
  readonly kind: AlertKind;
  /** Of the same kind and key is the same alert. */
  readonly key: string;
  /** What a watcher looks at as one: the id of a store, a database, a disk. */
  readonly group: string;
  readonly level: Exclude<AlertLevel, 'info'>;
  readonly subject: string;
  readonly text: Text;
  readonly remedy: Text;
  readonly count?: number;
  /** Milliseconds that it must last before it is told; 0 unless given. */
  readonly patienceMs?: number;
}

/** All that one look of a watcher gave. */
export interface Sighting {
  readonly findings: readonly Finding[];
  /** Groups that could not be looked at now: what was known of them holds. */
  readonly unknown?: ReadonlySet<string>;
}

export interface Watcher {
  readonly name: string;
  /** Milliseconds from the start to the first look, and from one to the next. */
  readonly firstMs: number;
  readonly everyMs: number;
  /** @param signal the watch has ended */
  look(signal: AbortSignal): Promise<Sighting>;
}
