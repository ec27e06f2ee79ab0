/** Gauges of the message stores, read from the stores themselves when somebody asks. */
import fs from 'node:fs';
import path from 'node:path';
import { Gauge, type Registry } from 'prom-client';
import type { Clock } from '../clock';
import type { Condition } from '../delivery/channel';
import type { OpenStores, StoreEntry } from '../monitor/open-stores';
import { type ChannelOverview, type Overview, overview } from '../monitor/overview';
import { messageStates } from '../store/message';
import type { MessageStore } from '../store/message-store';
import { OneAtATime } from './one-at-a-time';

/** A store that takes longer is down, for the one who asks. */
const READ_MS = 5000;

const CONDITIONS: readonly Condition['kind'][] = [
  'idle',
  'sending',
  'waiting',
  'down',
  'paused',
  'closed-hours',
  'store-down',
];

const STORE = ['store', 'store_name'] as const;
const NODE = [...STORE, 'node', 'node_name', 'destination'] as const;

type StoreLabels = Record<(typeof STORE)[number], string>;

export class StoreGauges {
  readonly #stores: OpenStores;
  readonly #clock: Clock;
  readonly #reading: OneAtATime<MessageStore, Overview>;
  readonly #measuring: OneAtATime<MessageStore, Disk>;
  readonly #up: Gauge<(typeof STORE)[number]>;
  readonly #messages: Gauge<(typeof NODE)[number] | 'state'>;
  readonly #oldest: Gauge<(typeof NODE)[number]>;
  readonly #conditions: Gauge<(typeof NODE)[number] | 'condition'>;
  readonly #fileBytes: Gauge<(typeof STORE)[number]>;
  readonly #freeBytes: Gauge<(typeof STORE)[number]>;

  constructor(registry: Registry, stores: OpenStores, clock: Clock) {
    this.#stores = stores;
    this.#clock = clock;
    this.#reading = new OneAtATime(clock, READ_MS);
    this.#measuring = new OneAtATime(clock, READ_MS);
    const gauge = <T extends string>(name: string, help: string, labelNames: readonly T[]): Gauge<T> =>
      new Gauge({ name, help, labelNames, registers: [registry] });
    this.#up = gauge('exchange_store_up', '1 while the message store answers. 消息库是否可用', STORE);
    this.#messages = gauge(
      'exchange_store_messages',
      'Messages in the store, by node, destination and state. 消息库中各节点、各状态的消息数',
      [...NODE, 'state'],
    );
    this.#oldest = gauge(
      'exchange_store_oldest_unfinished_seconds',
      'Age of the oldest message that is not finished; 0 when all are. 最早未完成消息的等待时间（秒）',
      NODE,
    );
    this.#conditions = gauge(
      'exchange_channel_condition',
      '1 for the condition that the channel of a node is in. 各节点通道的当前状况',
      [...NODE, 'condition'],
    );
    this.#fileBytes = gauge(
      'exchange_store_file_bytes',
      'Size of an embedded store with its log. 嵌入式消息库文件大小（字节）',
      STORE,
    );
    this.#freeBytes = gauge(
      'exchange_store_disk_free_bytes',
      'Room on the disk of an embedded store. 消息库所在磁盘剩余空间（字节）',
      STORE,
    );
  }

  /** @param nameOf a node's name by its id */
  async read(nameOf: (id: string) => string): Promise<void> {
    const entries = this.#stores.all();
    const all = await Promise.all(
      entries.map(async entry => {
        const [found, disk] = await Promise.all([this.#overview(entry, nameOf), this.#disk(entry)]);
        return { entry, found, disk };
      }),
    );
    // Not before everything is read: what is shown was true at one time.
    for (const gauge of [
      this.#up,
      this.#messages,
      this.#oldest,
      this.#conditions,
      this.#fileBytes,
      this.#freeBytes,
    ])
      gauge.reset();
    for (const { entry, found, disk } of all) {
      const labels = { store: entry.id, store_name: entry.name };
      this.#up.set(labels, found ? 1 : 0);
      if (disk.fileBytes !== undefined) this.#fileBytes.set(labels, disk.fileBytes);
      if (disk.freeBytes !== undefined) this.#freeBytes.set(labels, disk.freeBytes);
      for (const channel of found?.channels ?? []) this.#show(labels, channel);
    }
  }

  async #overview({ opened }: StoreEntry, nameOf: (id: string) => string): Promise<Overview | undefined> {
    if (!('store' in opened)) return undefined;
    const { store, dispatcher } = opened;
    try {
      return await this.#reading.run(store, () => overview(store, dispatcher.channels(), nameOf));
    } catch {
      // Shown as down; its nodes say why.
      return undefined;
    }
  }

  /** A share that does not answer must not hold the metrics up. */
  async #disk({ opened }: StoreEntry): Promise<Disk> {
    if (!('store' in opened) || !opened.place) return {};
    const { file } = opened.place;
    return this.#measuring.run(opened.store, () => diskOf(file)).catch(() => ({}));
  }

  #show(store: StoreLabels, { id, name, destination, counts, oldest, condition }: ChannelOverview): void {
    const labels = { ...store, node: id, node_name: name, destination };
    for (const state of messageStates) this.#messages.set({ ...labels, state }, counts[state] ?? 0);
    const age = oldest === null ? 0 : Math.max(0, this.#clock.now() - oldest) / 1000;
    this.#oldest.set(labels, age);
    if (!condition) return;
    for (const kind of CONDITIONS)
      this.#conditions.set({ ...labels, condition: kind }, kind === condition.kind ? 1 : 0);
  }
}

const sizeOf = async (file: string): Promise<number> =>
  (await fs.promises.stat(file).catch(() => null))?.size ?? 0;

interface Disk {
  readonly fileBytes?: number;
  readonly freeBytes?: number;
}

/** Some network disks do not say how much is free. */
async function diskOf(file: string): Promise<Disk> {
  const [base, log, disk] = await Promise.all([
    sizeOf(file),
    sizeOf(`${file}-wal`),
    fs.promises.statfs(path.dirname(file)).catch(() => null),
  ]);
  return { fileBytes: base + log, ...(disk && disk.blocks > 0 && { freeBytes: disk.bavail * disk.bsize }) };
}
