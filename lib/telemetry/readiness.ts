/** Whether this process can take work over now, found out by doing so. */
import type { Clock } from '../clock';
import { ExchangeError, type Text } from '../errors';
import type { OpenStores, StoreEntry } from '../monitor/open-stores';
import { overview } from '../monitor/overview';
import type { MessageStore } from '../store/message-store';
import { OneAtATime } from './one-at-a-time';

/** What keeps it from being ready; without patient data and secrets. */
export interface Reason {
  readonly code: string;
  /** Name of the store, or its id where it has none. */
  readonly store?: string;
  readonly text: Text;
}

export interface Readiness {
  readonly ready: boolean;
  readonly reasons: readonly Reason[];
}

export interface ReadyOptions {
  readonly stores: OpenStores;
  readonly clock: Clock;
  readonly flowsStarted: () => boolean;
  /** Age of the oldest unfinished message from which on it is not ready, in ms. */
  readonly oldestMs: number;
}

/** However many ask, the stores are written to no more often. */
const EVERY_MS = 1000;
/** A store that takes longer to write is not ready. */
const WRITE_MS = 3000;

export class ReadyCheck {
  readonly #options: ReadyOptions;
  readonly #probing: OneAtATime<MessageStore, number | null>;
  #last: { readonly at: number; readonly readiness: Promise<Readiness> } | undefined;

  constructor(options: ReadyOptions) {
    this.#options = options;
    this.#probing = new OneAtATime(options.clock, WRITE_MS);
  }

  /** Never rejects; takes 3 seconds at most. */
  look(): Promise<Readiness> {
    const now = this.#options.clock.now();
    if (!this.#last || now - this.#last.at >= EVERY_MS || now < this.#last.at)
      this.#last = { at: now, readiness: this.#look() };
    return this.#last.readiness;
  }

  async #look(): Promise<Readiness> {
    const { stores, flowsStarted } = this.#options;
    const ofStores = await Promise.all(stores.all().map(entry => this.#ofStore(entry)));
    const reasons = [...(flowsStarted() ? [] : [notStarted]), ...ofStores.flatMap(reason => reason ?? [])];
    return { ready: reasons.length === 0, reasons };
  }

  async #ofStore({ id, name, opened }: StoreEntry): Promise<Reason | undefined> {
    const store = name || id;
    if (!('store' in opened)) return { code: 'CONFIG', store, text: opened };
    try {
      const oldest = await this.#probing.run(opened.store, () => probe(opened.store));
      const { clock, oldestMs } = this.#options;
      const isLate = oldest !== null && clock.now() - oldest > oldestMs;
      return isLate ? { code: 'OLDEST', store, text: tooOld(oldestMs) } : undefined;
    } catch (error) {
      const isOurs = error instanceof ExchangeError;
      return { code: isOurs ? error.code : 'STORE', store, text: isOurs ? error.text : failed };
    }
  }
}

/** Writes to the store; gives the acceptance time of its oldest unfinished message. */
async function probe(store: MessageStore): Promise<number | null> {
  await store.probe({});
  const { oldest } = await overview(store, [], () => '');
  return oldest;
}

const notStarted: Reason = {
  code: 'FLOWS',
  text: { zh: '流程尚未启动', en: 'the flows are not started' },
};

const tooOld = (ms: number): Text => {
  const hours = ms / 3_600_000;
  return {
    zh: `有消息等待超过 ${hours} 小时仍未完成，请在消息监控中查看原因`,
    en: `a message has waited for more than ${hours} h: see the monitor for the reason`,
  };
};

const failed: Text = { zh: '消息库出错', en: 'the message store failed' };
