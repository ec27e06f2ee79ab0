/** The work of one channel: claims messages, delivers them, writes down what came of it, and sends outcomes on. */
import { ExchangeError, type Text } from '../errors';
import type { Accepted, Claimed, NewMessage, Settlement } from '../store/message';
import type { Acceptance } from '../store/message-store';
import type { Admission, Destination } from './destination';
import type { Channel, Condition, DeliveryResult, Work } from './channel';
import type { DeliveryContext } from './context';
import { OutcomeSender } from './outcome-sender';
import { type Settled, settleAttempt } from './settle-attempt';
import { verdictOf } from './verdict';

/** Other processes may put messages into a shared store without a word. */
const LOOK_AGAIN_MS = 1_000;
const STORE_AGAIN_MS = 2_000;

export class Courier {
  readonly channel: Channel;
  readonly destination: Destination;
  readonly #context: DeliveryContext;
  readonly #outcomes: OutcomeSender;
  readonly #onClosed: () => void;
  readonly #abort = new AbortController();
  readonly #running = new Set<Promise<void>>();
  /** Ids of what is being sent. */
  readonly #holding = new Set<string>();
  #pumping: Promise<void> | undefined;
  #again = false;
  #started = false;
  #closed = false;
  #callOff: () => void = () => undefined;
  #condition: Condition | undefined;
  #storeIsDown = false;

  constructor(channel: Channel, destination: Destination, context: DeliveryContext, onClosed: () => void) {
    this.destination = destination;
    this.channel = channel;
    this.#context = context;
    this.#onClosed = onClosed;
    this.#outcomes = new OutcomeSender(channel, context);
  }

  /** What it is doing, and what keeps it from sending; undefined until it has begun. */
  get condition(): Condition | undefined {
    return this.#condition;
  }

  /** Begins to work: the store is in order. */
  start(): void {
    this.#started = true;
    this.wake();
    this.#outcomes.start();
  }

  /**
   * Takes messages over: they are on disk when it resolves.
   * @param handedOver outcomes whose hand-over ends with that
   * @param position how far their source was read with them
   * @throws {ExchangeError} STORE, STORE_FULL: nothing was taken over
   */
  async accept(
    messages: readonly NewMessage[],
    handedOver: readonly string[] = [],
    position?: Acceptance['position'],
  ): Promise<readonly Accepted[]> {
    const accepted = await this.#context.store.accept({
      messages,
      handedOver,
      ...(position && { position }),
    });
    this.wake();
    return accepted;
  }

  /** Looks for work, now or as soon as the look that is under way ends. */
  wake(): void {
    if (this.#closed || !this.#started) return;
    this.#again = true;
    this.#pumping ??= this.#pump().finally(() => {
      this.#pumping = undefined;
    });
  }

  /** Makes due what waits for its next attempt: the destination answers again. */
  hurry(): void {
    // Not carried out, the messages come in their own time.
    this.#context.store.hurry({ channel: this.channel.id }).then(
      () => this.wake(),
      () => undefined,
    );
  }

  /** See {@link Dispatcher.stop}. */
  async close(graceMs: number): Promise<void> {
    this.#closed = true;
    this.#callOff();
    this.#outcomes.close();
    await this.#pumping;
    const finished = Promise.all(this.#running);
    const callOff = this.#context.clock.after(graceMs, () => this.#abort.abort());
    await finished;
    callOff();
    this.#onClosed();
  }

  async #pump(): Promise<void> {
    while (this.#again && !this.#closed) {
      this.#again = false;
      this.#callOff();
      try {
        await this.#look();
      } catch (error) {
        this.storeFailed(error);
        this.#lookAgainIn(STORE_AGAIN_MS);
      }
    }
  }

  /** Takes as many messages as the destination admits, and begins to deliver them. */
  async #look(): Promise<void> {
    const { clock, store, owner, leaseMs } = this.#context;
    const admission = this.destination.admission(clock.now());
    if (admission.slots === 0) {
      this.#show(this.#obstacle());
      if (admission.againInMs !== null) this.#lookAgainIn(admission.againInMs);
      return;
    }
    const batch = admission.probe ? 1 : this.channel.batch;
    const limit = admission.slots * batch;
    const { messages, nextDue } = await store.claim({
      channel: this.channel.id,
      limit,
      owner,
      leaseMs,
      holding: [...this.#holding],
    });
    this.#storeWorks();
    for (let at = 0; at < messages.length; at += batch)
      this.#begin(messages.slice(at, at + batch), admission);
    if (messages.length === limit) this.#again = true;
    else if (nextDue !== null) this.#lookAgainIn(Math.max(0, nextDue - clock.now()));
    else if (store.shared) this.#lookAgainIn(LOOK_AGAIN_MS);
    if (messages.length > 0) this.#show({ kind: 'sending' });
    else if (this.#running.size === 0) this.#show({ kind: nextDue === null ? 'idle' : 'waiting' });
  }

  #begin(messages: readonly Claimed[], admission: Admission): void {
    this.destination.begin(this.#context.clock.now());
    for (const { id } of messages) this.#holding.add(id);
    const run = this.#deliver(messages, admission).finally(() => {
      this.#running.delete(run);
      for (const { id } of messages) this.#holding.delete(id);
      this.destination.end();
      this.#context.wake(this.destination);
    });
    this.#running.add(run);
  }

  async #deliver(messages: readonly Claimed[], { probe }: Admission): Promise<void> {
    const startedAt = this.#context.clock.now();
    const results = await this.#attempt(messages);
    const durationMs = this.#context.clock.now() - startedAt;
    this.#learn(results);
    const settled = messages.map((message, at) =>
      settleAttempt(message, results[at] ?? { error: new TypeError('no result') }, {
        ...this.#context,
        now: this.#context.clock.now(),
        startedAt,
        durationMs,
        probe: probe || this.destination.circuit.open,
        holdsKey: this.channel.holdsKey,
        parked: !this.channel.idempotent && !this.channel.ask,
      }),
    );
    const lost = await this.#settle(settled.map(({ settlement }) => settlement));
    for (const one of settled) if (!lost.has(one.settlement.id)) this.#finish(one);
  }

  async #attempt(messages: readonly Claimed[]): Promise<readonly DeliveryResult[]> {
    const { signal } = this.#abort;
    try {
      const works = messages.map(message => this.#workOf(message));
      const [message] = works;
      const channel = this.channel;
      if (message?.doubtful && !channel.idempotent && channel.ask) {
        const answer = await channel.ask(message, signal);
        if (answer === 'unknown') return [{ error: stillUnknown }];
        if (answer !== 'not-processed') return [answer];
      }
      return await channel.deliver(works, signal);
    } catch (error) {
      return messages.map(() => ({ error }));
    }
  }

  #workOf(message: Claimed): Work {
    const { store, owner } = this.#context;
    const { id } = message;
    return {
      ...message,
      save: content => store.revise({ owner, id, content }).catch(error => this.storeFailed(error)),
    };
  }

  /** What the results say about the destination. */
  #learn(results: readonly DeliveryResult[]): void {
    const { clock, events } = this.#context;
    const { title, circuit } = this.destination;
    for (const result of results) {
      const verdict = 'error' in result ? verdictOf(result.error) : undefined;
      if (!verdict || (verdict.kind === 'final' && verdict.state !== 'invalid')) {
        if (circuit.answered())
          events.add({ kind: 'up', destination: title, text: words.up(title), count: 1 });
      } else if (verdict.kind === 'again') {
        if (this.destination.failed(clock.now(), verdict.failure.text))
          events.add({
            kind: 'down',
            destination: title,
            text: words.down(title, verdict.failure.text),
            count: 1,
          });
        // Of a batch that failed together, one failure counts.
        break;
      } else if (verdict.kind === 'pause' && this.destination.pause(verdict.failure.text)) {
        events.add({
          kind: 'paused',
          destination: title,
          text: words.paused(title, verdict.failure.text),
          count: 1,
        });
      }
    }
  }

  /** Tries until the store has written it down, or the courier is closed: the messages are in doubt then. */
  async #settle(settlements: readonly Settlement[]): Promise<ReadonlySet<string>> {
    const { store, owner, clock } = this.#context;
    for (;;) {
      try {
        return new Set(await store.settle({ owner, settlements }));
      } catch (error) {
        this.storeFailed(error);
        if (this.#closed) return new Set(settlements.map(({ id }) => id));
        await new Promise<void>(resolve => clock.after(STORE_AGAIN_MS, resolve));
      }
    }
  }

  #finish({ settlement, emission }: Settled): void {
    const { events } = this.#context;
    if (!emission) return;
    if (emission.state === 'dead') {
      const text = words.dead(this.destination.title, settlement.failure?.text);
      events.add({ kind: 'dead', destination: this.destination.title, text, count: 1 });
    }
    this.#outcomes.send(emission);
  }

  /** The store does not work: said once, and shown. */
  storeFailed(error: unknown): void {
    this.#storeIsDown = true;
    const text = error instanceof ExchangeError ? error.text : words.store;
    this.#context.events.add({ kind: 'store-down', destination: 'store', text, count: 1 });
    this.#show({ kind: 'store-down', text });
  }

  #storeWorks(): void {
    if (!this.#storeIsDown) return;
    this.#storeIsDown = false;
    this.#context.events.add({ kind: 'store-up', destination: 'store', text: words.storeUp, count: 1 });
  }

  #obstacle(): Condition {
    const { paused, title, circuit } = this.destination;
    if (paused) return { kind: 'paused', text: paused };
    const now = this.#context.clock.now();
    if (this.destination.outsideHours(now) > 0) return { kind: 'closed-hours', text: words.closedHours };
    return circuit.open ? { kind: 'down', text: words.noAnswer(title) } : { kind: 'sending' };
  }

  #lookAgainIn(ms: number): void {
    this.#callOff();
    if (!this.#closed) this.#callOff = this.#context.clock.after(ms, () => this.wake());
  }

  #show(condition: Condition): void {
    const isNew = this.#condition?.kind !== condition.kind;
    this.#condition = condition;
    if (isNew) this.channel.onCondition?.(condition);
  }
}

const stillUnknown = new ExchangeError({
  code: 'TRANSPORT_UNKNOWN',
  retry: 'in-doubt',
  text: { zh: '对方无法确认是否已处理', en: 'the peer cannot say whether it has processed it' },
});

const words = {
  up: (name: string): Text => ({
    zh: `${name} 已恢复应答，继续发送`,
    en: `${name} answers again: sending goes on`,
  }),
  down: (name: string, why: Text): Text => ({
    zh: `${name} 连续无法送达，已暂缓发送并定时试探；消息保留在消息库中。原因：${why.zh}`,
    en: `${name} cannot be reached again and again: sending is held and tried now and then; messages wait in the store. Reason: ${why.en}`,
  }),
  paused: (name: string, why: Text): Text => ({
    zh: `${name} 已停止发送，等待处理；改正后重新部署即恢复，消息保留在消息库中。原因：${why.zh}`,
    en: `sending to ${name} is stopped until somebody mends it: correct and deploy again; messages wait in the store. Reason: ${why.en}`,
  }),
  dead: (name: string, why: Text | undefined): Text => ({
    zh: `有发往 ${name} 的消息已放弃，请在消息库中处理。原因：${why?.zh ?? ''}`,
    en: `a message to ${name} was given up: see the message store. Reason: ${why?.en ?? ''}`,
  }),
  noAnswer: (name: string): Text => ({ zh: `${name} 无应答`, en: `${name} does not answer` }),
  closedHours: { zh: '不在发送时段', en: 'outside of the sending hours' },
  store: { zh: '消息库出错', en: 'the message store failed' },
  storeUp: { zh: '消息库恢复工作', en: 'the message store works again' },
};
