/** Looks at the message stores: destinations that take nothing, messages that wait, and stores that do not work. */
import type { Clock } from '../clock';
import type { OpenChannel } from '../delivery/dispatcher';
import { ExchangeError, type Text } from '../errors';
import type { OpenedStore, StoreEntry } from '../monitor/open-stores';
import { type ChannelOverview, type Overview, overview } from '../monitor/overview';
import { shownText } from '../privacy/shown-text';
import type { AlertTopic, Finding, Sighting, Watcher } from './alert';
import type { AlertLimits } from './settings';

export interface StoreWatch {
  readonly stores: () => readonly StoreEntry[];
  readonly topics: ReadonlySet<AlertTopic>;
  readonly limits: Pick<AlertLimits, 'queueMs' | 'waiting'>;
  readonly nameOf: (nodeId: string) => string;
  readonly clock: Clock;
}

const EVERY_MS = 60_000;
const FIRST_MS = 10_000;
const MINUTE_MS = 60_000;
/** After Node-RED was off for a while the oldest message is old, and on its way a moment later. */
const QUEUE_PATIENCE_MS = 2 * MINUTE_MS;

/** What one store is. */
interface Seen {
  readonly id: string;
  readonly name: string;
  readonly channels: readonly ChannelOverview[];
  readonly open: readonly OpenChannel[];
}

export const STORES = 'stores';

export function watchStores(watch: StoreWatch): Watcher {
  const freeSince = new FreeSince();
  return {
    name: STORES,
    firstMs: FIRST_MS,
    everyMs: EVERY_MS,
    async look() {
      const sightings = await Promise.all(watch.stores().map(entry => lookAt(entry, watch, freeSince)));
      return {
        findings: sightings.flatMap(({ findings }) => findings),
        unknown: new Set(sightings.flatMap(({ unknown }) => [...(unknown ?? [])])),
      };
    },
  };
}

async function lookAt(entry: StoreEntry, watch: StoreWatch, freeSince: FreeSince): Promise<Sighting> {
  const { id, opened } = entry;
  const failed = (why: Text): Sighting => ({
    findings: watch.topics.has('delivery') ? [storeFailed(entry, why)] : [],
    unknown: new Set([id]),
  });
  if (!isOpened(opened)) return failed(opened);
  let all: Overview;
  const open = opened.dispatcher.channels();
  try {
    all = await overview(opened.store, open, watch.nameOf);
  } catch (error) {
    return failed(error instanceof ExchangeError ? error.text : UNKNOWN_FAILURE);
  }
  const seen: Seen = { id, name: entry.name, channels: all.channels, open };
  return {
    findings: [
      ...(watch.topics.has('delivery') ? [...troubles(seen), ...givenUp(seen)] : []),
      ...(watch.topics.has('queue') ? tooOld(seen, watch, freeSince) : []),
      ...(watch.topics.has('waiting') ? tooMany(entry, all, watch.limits.waiting) : []),
    ],
  };
}

/** Without the mark at its end: more follows. */
const bare = (sentence: string): string => sentence.replace(/[。.\s]+$/, '');

const isOpened = (opened: StoreEntry['opened']): opened is OpenedStore => 'store' in opened;

const storeFailed = ({ id, name }: StoreEntry, why: Text): Finding => ({
  kind: 'store',
  key: id,
  group: id,
  level: 'error',
  subject: name || id,
  text: {
    zh: `消息库不能工作，新消息没有接收。原因：${bare(why.zh)}。`,
    en: `The message store takes nothing. Reason: ${bare(why.en)}.`,
  },
  remedy: {
    zh: '按原因处理：磁盘空间、数据库服务器、密钥或文件权限。已接收的消息不受影响。',
    en: 'Mend the reason: disk space, database server, key or permissions. Accepted messages are safe.',
  },
});

/** One finding for each destination that takes nothing though something waits for it. */
function troubles({ id, channels, open }: Seen): Finding[] {
  const destinations = new Map(open.map(channel => [channel.destination, channel]));
  return [...destinations].flatMap(([destination, { destinationTitle: title, trouble }]): Finding[] => {
    const own = new Set(open.filter(channel => channel.destination === destination).map(one => one.id));
    const count = channels
      .filter(channel => own.has(channel.id))
      .reduce((sum, one) => sum + unfinished(one), 0);
    // Nothing is sent without a message, so nobody would ever learn that it answers again.
    if (!trouble || (trouble.kind === 'down' && count === 0)) return [];
    const why = { zh: bare(shownText(trouble.why.zh, [])), en: bare(shownText(trouble.why.en, [])) };
    const about = { key: `${id} ${destination}`, group: id, level: 'error', subject: title, count } as const;
    return [
      trouble.kind === 'down'
        ? {
            ...about,
            kind: 'destination-down',
            text: {
              zh: `连续无法送达，${count} 条消息在消息库中等待。原因：${why.zh}。`,
              en: `It cannot be reached; ${count} messages wait in the store. Reason: ${why.en}.`,
            },
            remedy: {
              zh: '检查网络和对方的服务；恢复应答后自动继续发送，消息不会丢失。',
              en: 'Check the network and its service; sending goes on by itself, and nothing is lost.',
            },
          }
        : {
            ...about,
            kind: 'destination-paused',
            text: {
              zh: `对方不认可身份，或设置有误，已停止发送，${count} 条消息等待。原因：${why.zh}。`,
              en: `It refuses our identity, or a setting is wrong; ${count} messages wait. Reason: ${why.en}.`,
            },
            remedy: {
              zh: '改正接入配置中的凭据或设置，重新部署后继续发送。',
              en: 'Correct credentials or settings of the profile and deploy: sending goes on.',
            },
          },
    ];
  });
}

const givenUp = ({ id, channels }: Seen): Finding[] =>
  channels.flatMap(({ counts: { dead = 0 }, ...channel }): Finding[] =>
    dead === 0
      ? []
      : [
          {
            kind: 'dead',
            key: `${id} ${channel.id}`,
            group: id,
            level: 'warning',
            subject: titleOf(channel),
            count: dead,
            text: {
              zh: `${dead} 条消息多次未能送达，已放弃。`,
              en: `${dead} messages were given up after many tries.`,
            },
            remedy: {
              zh: '在编辑器的「消息监控」中查看原因，处理后重发或撤销。',
              en: 'See the reason in the message monitor of the editor; then send them again or cancel them.',
            },
          },
        ],
  );

function tooOld({ id, channels, open }: Seen, watch: StoreWatch, freeSince: FreeSince): Finding[] {
  const now = watch.clock.now();
  const { queueMs } = watch.limits;
  return channels.flatMap((channel): Finding[] => {
    const trouble = open.find(one => one.id === channel.id)?.trouble;
    const isHeld =
      channel.condition?.kind === 'closed-hours' ||
      // The other alert tells the cause.
      (trouble !== undefined && watch.topics.has('delivery'));
    const free = freeSince.of(`${id} ${channel.id}`, isHeld, now);
    if (isHeld || channel.oldest === null || now - Math.max(channel.oldest, free) < queueMs) return [];
    const minutes = Math.floor((now - channel.oldest) / MINUTE_MS);
    const count = unfinished(channel);
    return [
      {
        kind: 'queue',
        key: `${id} ${channel.id}`,
        group: id,
        level: 'warning',
        subject: titleOf(channel),
        count,
        patienceMs: QUEUE_PATIENCE_MS,
        text: {
          zh: `${count} 条消息未送达，最早的已等待 ${minutes} 分钟。`,
          en: `${count} messages are not delivered; the oldest waits for ${minutes} minutes.`,
        },
        remedy: channel.running ? SLOW : NOT_RUNNING,
      },
    ];
  });
}

const SLOW: Text = {
  zh: '在「消息监控」中查看等待的原因：对方变慢、限速过低、存疑待确认，或前一条被放弃。',
  en: 'See in the message monitor why they wait: a slow peer, a low rate, an answer in doubt, or one given up before.',
};
const NOT_RUNNING: Text = {
  zh: '发送这些消息的节点已不在运行的流程中：恢复该节点并部署，或在「消息监控」中撤销消息。',
  en: 'The node that delivers them is not running: deploy it again, or cancel them in the message monitor.',
};

function tooMany(
  { id, name }: StoreEntry,
  { counts: { dead = 0, invalid = 0 } }: Overview,
  most: number,
): Finding[] {
  const count = dead + invalid;
  if (count <= most) return [];
  return [
    {
      kind: 'waiting',
      key: id,
      group: id,
      level: 'warning',
      subject: name || id,
      count,
      text: {
        zh: `${count} 条消息等待人工处理：已放弃 ${dead} 条，不符合规范 ${invalid} 条。`,
        en: `${count} messages wait for an operator: ${dead} given up, ${invalid} against the contract.`,
      },
      remedy: {
        zh: '在「消息监控」中按原因修改、重发或撤销。',
        en: 'Mend, resend or cancel them in the message monitor.',
      },
    },
  ];
}

const unfinished = ({ counts }: Pick<ChannelOverview, 'counts'>): number =>
  (counts.pending ?? 0) + (counts.inflight ?? 0) + (counts['in-doubt'] ?? 0);

const titleOf = ({ id, name, destination }: Pick<ChannelOverview, 'id' | 'name' | 'destination'>): string =>
  [...new Set([name || id, destination])].filter(part => part !== '').join(' → ');

/** Since when nothing has kept a channel from sending. */
class FreeSince {
  readonly #heldAt = new Map<string, number>();

  of(channel: string, isHeld: boolean, now: number): number {
    if (isHeld) this.#heldAt.set(channel, now);
    return this.#heldAt.get(channel) ?? 0;
  }
}

const UNKNOWN_FAILURE: Text = { zh: '原因未知', en: 'The reason is not known' };
