/** Delivers what is in a store: one dispatcher a store, whose channels are the nodes that use it. */
import { randomUUID } from 'node:crypto';
import { type Clock, systemClock } from '../clock';
import { ExchangeError } from '../errors';
import type { MessageStore } from '../store/message-store';
import type { Channel, Condition } from './channel';
import type { DeliveryContext } from './context';
import { Destination, type Trouble } from './destination';
import { type DeliveryEvent, GroupedEvents } from './events';
import { Courier } from './courier';
import { type RetryPolicy, defaultRetry } from './policy';

export interface DispatcherOptions {
  readonly clock?: Clock;
  readonly retry?: RetryPolicy;
  /** Pause before an outcome that was not handed over is sent on again, at first. */
  readonly repeatMs?: number;
  readonly random?: () => number;
  /** Tells operators; grouped already. */
  readonly onEvent?: (event: DeliveryEvent) => void;
}

/** A channel as the monitor sees it. */
export type OpenChannel = Pick<Channel, 'id' | 'destination' | 'destinationTitle' | 'mending'> & {
  readonly condition?: Condition;
  /** Of its destination. */
  readonly trouble?: Trouble;
};

/** After that time without a sign of life, another process takes over what this one was sending. */
const LEASE_MS = 6_000;
const REPEAT_MS = 60_000;
const RECOVER_AGAIN_MS = 2_000;

export class Dispatcher {
  readonly #context: DeliveryContext;
  readonly #destinations = new Map<string, Destination>();
  readonly #couriers = new Map<string, Courier>();
  #callOff: () => void = () => undefined;
  #stopped = false;
  #recovered = false;

  constructor(store: MessageStore, options: DispatcherOptions = {}) {
    const clock = options.clock ?? systemClock;
    this.#context = {
      store,
      clock,
      retry: options.retry ?? defaultRetry,
      random: options.random ?? Math.random,
      repeatMs: options.repeatMs ?? REPEAT_MS,
      owner: randomUUID(),
      leaseMs: LEASE_MS,
      events: new GroupedEvents(clock, options.onEvent ?? (() => undefined)),
      wake: destination => this.#of(destination).forEach(courier => courier.wake()),
      hurry: destination => this.#of(destination).forEach(courier => courier.hurry()),
    };
    void this.#recover();
  }

  /** Begins to deliver the messages of a channel, and to send on its outcomes. One channel of an id at a time. */
  open(channel: Channel): Courier {
    if (this.#stopped || this.#couriers.has(channel.id)) throw notOpen();
    let destination = this.#destinations.get(channel.destination);
    if (destination) destination.configure(channel.rules);
    else {
      destination = new Destination(channel.destinationTitle, channel.rules);
      this.#destinations.set(channel.destination, destination);
    }
    // Who opens a channel has been deployed: what was wrong may be mended.
    this.resume(channel.destination);
    const courier = new Courier(channel, destination, this.#context, () => this.#couriers.delete(channel.id));
    this.#couriers.set(channel.id, courier);
    if (this.#recovered) courier.start();
    return courier;
  }

  /** Ends the pause of a destination, after somebody has mended what caused it. */
  resume(name: string): void {
    const destination = this.#destinations.get(name);
    if (!destination?.resume()) return;
    const { title } = destination;
    const text = { zh: `恢复发送：${title}`, en: `sending to ${title} goes on` };
    this.#context.events.add({ kind: 'resumed', destination: title, text, count: 1 });
    this.#context.wake(destination);
  }

  /** The channels that are open. */
  channels(): readonly OpenChannel[] {
    return [...this.#couriers.values()].map(({ channel, condition, destination: { trouble } }) => ({
      id: channel.id,
      destination: channel.destination,
      destinationTitle: channel.destinationTitle,
      ...(channel.mending && { mending: channel.mending }),
      ...(condition && { condition }),
      ...(trouble && { trouble }),
    }));
  }

  /** What receives the messages of a channel, as people know it; undefined while the channel is not open. */
  titleOf(channel: string): string | undefined {
    return this.#couriers.get(channel)?.destination.title;
  }

  /**
   * Tries at once what waits in a channel, also where its destination is paused or does not answer.
   * @returns how many messages became due that were not; 0 as well when the channel is not open
   * @throws {ExchangeError} STORE
   */
  async sendNow(id: string): Promise<number> {
    const courier = this.#couriers.get(id);
    if (!courier) return 0;
    const due = await this.#context.store.hurry({ channel: id });
    this.resume(courier.channel.destination);
    courier.destination.circuit.probeNow();
    this.#context.wake(courier.destination);
    return due;
  }

  /** Looks for work at once: after an operator has changed something in the store. */
  wakeAll(): void {
    for (const courier of this.#couriers.values()) courier.wake();
  }

  /**
   * Takes no more work, and lets what is being sent finish; what has not by then is ended, and stays in the store.
   * @param graceMs time for finishing
   */
  async stop(graceMs: number): Promise<void> {
    this.#stopped = true;
    this.#callOff();
    await Promise.all([...this.#couriers.values()].map(courier => courier.close(graceMs)));
    this.#context.events.close();
  }

  #of(destination: Destination): Courier[] {
    return [...this.#couriers.values()].filter(courier => courier.destination === destination);
  }

  /** What a process that ended left as being sent is in doubt; tried until the store answers. Then work begins. */
  async #recover(): Promise<void> {
    const { store, owner } = this.#context;
    try {
      while ((await store.recover({ owner, ...(!store.shared && { goneOwners: 'all-others' }) })) > 0);
      this.#recovered = true;
      for (const courier of this.#couriers.values()) courier.start();
      this.#keepHouse();
    } catch (error) {
      for (const courier of this.#couriers.values()) courier.storeFailed(error);
      if (!this.#stopped)
        this.#callOff = this.#context.clock.after(RECOVER_AGAIN_MS, () => void this.#recover());
    }
  }

  /** Keeps the leases of this process, and takes over from others that are gone. A store of one process needs none. */
  #keepHouse(): void {
    const { clock, store, owner, leaseMs } = this.#context;
    if (!store.shared) return;
    const keep = async (): Promise<void> => {
      try {
        await store.renew({ owner, leaseMs });
        if ((await store.recover({ owner })) > 0) this.wakeAll();
      } catch {
        // The store is out of reach; the couriers say so.
      }
      if (!this.#stopped) this.#keepHouse();
    };
    this.#callOff = clock.after(leaseMs / 3, () => void keep());
  }
}

const notOpen = (): ExchangeError =>
  new ExchangeError({
    code: 'STORE',
    retry: 'retry',
    text: { zh: '消息库正在关闭或重新部署', en: 'the message store is being closed or deployed again' },
  });
