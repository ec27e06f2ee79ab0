/** Counters of messages and of calls: what has happened since the process began. */
import { Counter, Histogram, type Registry } from 'prom-client';
import type { FinalState } from '../store/message';
import { LabelValues } from './label-values';

/** Whose messages they are. */
export interface Kind {
  readonly service: string;
  /** As people know it. */
  readonly destination: string;
}

/** What an attempt came to; `again`: it failed, and the message waits for the next. */
export type AttemptEnd = FinalState | 'again';

export interface DirectCall {
  readonly service: string;
  readonly outcome: string;
  /** Error code; empty when there is none. */
  readonly code: string;
  /** 0 when nothing was waited for. */
  readonly durationMs: number;
}

/** Seconds. 1, 3, 5 and 10 are the limits that the city's assessment knows. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 30, 60];

const FINAL_STATES: readonly FinalState[] = ['accepted', 'refused', 'unconfirmed', 'dead', 'invalid'];
const MOST_SERVICES = 60;
const MOST_DESTINATIONS = 100;
const MOST_CODES = 80;
const MOST_OUTCOMES = 20;
/** As all our codes are; what a peer says must not become a label. */
const CODE = /^[A-Z][A-Z0-9_]{0,39}$/;

export class MessageCounters {
  readonly #services = new LabelValues(MOST_SERVICES);
  readonly #destinations = new LabelValues(MOST_DESTINATIONS);
  readonly #codes = new LabelValues(MOST_CODES);
  readonly #outcomes = new LabelValues(MOST_OUTCOMES);
  readonly #begun = new Set<string>();
  readonly #taken: Counter<'service' | 'destination'>;
  readonly #duplicates: Counter<'service' | 'destination'>;
  readonly #ended: Counter<'service' | 'destination' | 'outcome'>;
  readonly #failed: Counter<'service' | 'destination' | 'code'>;
  readonly #directCalls: Counter<'service' | 'outcome' | 'code'>;
  readonly #durations: Histogram<'service' | 'outcome'>;
  readonly #recovered: Counter;
  readonly #givenUp: Counter;
  readonly #actions: Counter<'action'>;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#taken = new Counter({
      name: 'exchange_messages_taken_total',
      help: 'Messages that were taken over: they are on disk. 已接收入库的消息数',
      labelNames: ['service', 'destination'],
      registers,
    });
    this.#duplicates = new Counter({
      name: 'exchange_messages_duplicate_total',
      help: 'Messages that repeat a known one and were not taken again. 重复而未再入库的消息数',
      labelNames: ['service', 'destination'],
      registers,
    });
    this.#ended = new Counter({
      name: 'exchange_message_outcomes_total',
      help: 'Deliveries that have ended, by their outcome; one that is sent again ends again. 按结果统计的投递结束次数',
      labelNames: ['service', 'destination', 'outcome'],
      registers,
    });
    this.#failed = new Counter({
      name: 'exchange_message_attempts_failed_total',
      help: 'Attempts to deliver that failed or were refused, by error code. 按错误代码统计的失败发送次数',
      labelNames: ['service', 'destination', 'code'],
      registers,
    });
    this.#directCalls = new Counter({
      name: 'exchange_direct_calls_total',
      help: 'Calls that no store delivers: queries, booking answers, direct sending. 不经消息库的调用次数（查询、预约应答、直接发送）',
      labelNames: ['service', 'outcome', 'code'],
      registers,
    });
    this.#durations = new Histogram({
      name: 'exchange_call_duration_seconds',
      help: 'Time that a call took until its answer, of deliveries and direct calls. 每次调用到应答的耗时（秒）',
      labelNames: ['service', 'outcome'],
      buckets: BUCKETS,
      registers,
    });
    this.#recovered = new Counter({
      name: 'exchange_messages_recovered_total',
      help: 'Messages whose sender was gone, which are in doubt. 发送进程中断而转为存疑的消息数',
      registers,
    });
    this.#givenUp = new Counter({
      name: 'exchange_handovers_given_up_total',
      help: 'Outcomes that no node of the flow took over and that became dead. 流程始终未接收而放弃交接的结果数',
      registers,
    });
    this.#actions = new Counter({
      name: 'exchange_operator_actions_total',
      help: 'Messages that an operator has cancelled, sent again or mended. 人工取消、重发、修改的消息数',
      labelNames: ['action'],
      registers,
    });
  }

  taken(kind: Kind, isInvalid: boolean): void {
    const labels = this.#labelsOf(kind);
    this.#taken.inc(labels);
    if (isInvalid) this.#ended.inc({ ...labels, outcome: 'invalid' });
  }

  duplicate(kind: Kind): void {
    this.#duplicates.inc(this.#labelsOf(kind));
  }

  /** @param code of the error; undefined without one */
  attempt(kind: Kind, end: AttemptEnd, durationMs: number, code: string | undefined): void {
    const labels = this.#labelsOf(kind);
    if (end !== 'again') this.#ended.inc({ ...labels, outcome: end });
    if (code !== undefined) this.#failed.inc({ ...labels, code: this.#codeOf(code) });
    this.#durations.observe({ service: labels.service, outcome: end }, Math.max(0, durationMs) / 1000);
  }

  directCall({ service: name, outcome: end, code, durationMs }: DirectCall): void {
    const service = this.#services.of(name);
    const outcome = this.#outcomes.of(end);
    this.#directCalls.inc({ service, outcome, code: code === '' ? '' : this.#codeOf(code) });
    if (durationMs > 0) this.#durations.observe({ service, outcome }, durationMs / 1000);
  }

  recovered(count: number): void {
    this.#recovered.inc(count);
  }

  givenUp(count: number): void {
    this.#givenUp.inc(count);
  }

  operatorAction(action: 'cancel' | 'resend' | 'amend', count: number): void {
    this.#actions.inc({ action }, count);
  }

  #codeOf(code: string): string {
    return this.#codes.of(CODE.test(code) ? code : 'OTHER');
  }

  #labelsOf(kind: Kind): Kind {
    const service = this.#services.of(kind.service);
    const destination = this.#destinations.of(kind.destination);
    const labels = { service, destination };
    const key = `${service}\n${destination}`;
    if (!this.#begun.has(key)) this.#begin(key, labels);
    return labels;
  }

  /** Series begin at 0: otherwise the first of a kind would be in no rate. */
  #begin(key: string, labels: Kind): void {
    this.#begun.add(key);
    for (const counter of [this.#taken, this.#duplicates]) counter.inc({ ...labels }, 0);
    for (const outcome of FINAL_STATES) this.#ended.inc({ ...labels, outcome }, 0);
  }
}
