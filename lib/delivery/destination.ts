/** One peer with its limits: how many calls may begin now, and if none, when to look again. */
import type { Text } from '../errors';
import type { DestinationRules } from './channel';
import { Circuit } from './circuit';
import { Rate } from './rate';

export interface Admission {
  readonly slots: number;
  /** Milliseconds after which it may be different without a call having ended; null: only then. */
  readonly againInMs: number | null;
  /** The call is a probe of an open circuit: one message alone. */
  readonly probe: boolean;
}

/** Why nothing goes to a destination but a probe now and then. */
export interface Trouble {
  readonly kind: 'down' | 'paused';
  /** What it answered, or what failed, the last time. */
  readonly why: Text;
}

export class Destination {
  /** As people know it. */
  readonly title: string;
  readonly circuit = new Circuit();
  #rules: DestinationRules;
  #rate: Rate;
  #running = 0;
  #paused: Text | undefined;
  #failure: Text = { zh: '', en: '' };

  constructor(title: string, rules: DestinationRules) {
    this.title = title;
    this.#rules = rules;
    this.#rate = new Rate(rules.perMinute);
  }

  /** Takes new limits over: the settings of the channel that was opened last hold. */
  configure(rules: DestinationRules): void {
    if (rules.perMinute !== this.#rules.perMinute) this.#rate = new Rate(rules.perMinute);
    this.#rules = rules;
  }

  admission(now: number): Admission {
    if (this.#paused) return none(null);
    const outside = this.#rules.windows.waitFrom(now);
    if (outside > 0) return none(outside);
    const limited = this.#rate.waitFrom(now);
    if (this.circuit.open) {
      if (this.#running > 0) return none(null);
      const wait = Math.max(limited, this.circuit.probeAt - now);
      return wait > 0 ? none(wait) : { slots: 1, againInMs: null, probe: true };
    }
    if (limited > 0) return none(limited);
    const free = this.#rules.concurrency - this.#running;
    if (free <= 0) return none(null);
    return { slots: this.#rate.limited ? 1 : free, againInMs: null, probe: false };
  }

  begin(now: number): void {
    this.#running++;
    this.#rate.take(now);
  }

  end(): void {
    this.#running--;
  }

  /** Why nothing is sent until somebody mends it; undefined while it is not paused. */
  get paused(): Text | undefined {
    return this.#paused;
  }

  /** It did not answer, or failed. Gives true when sending is held from now on. */
  failed(now: number, why: Text): boolean {
    this.#failure = why;
    return this.circuit.failed(now);
  }

  get trouble(): Trouble | undefined {
    if (this.#paused) return { kind: 'paused', why: this.#paused };
    return this.circuit.open ? { kind: 'down', why: this.#failure } : undefined;
  }

  /** Gives true when it was not paused before. */
  pause(why: Text): boolean {
    const isNew = this.#paused === undefined;
    this.#paused = why;
    return isNew;
  }

  /** Gives true when it was paused. */
  resume(): boolean {
    const was = this.#paused !== undefined;
    this.#paused = undefined;
    return was;
  }

  /** Milliseconds until the hours in which may be sent begin; 0 within them. */
  outsideHours(now: number): number {
    return this.#rules.windows.waitFrom(now);
  }
}

const none = (againInMs: number | null): Admission => ({ slots: 0, againInMs, probe: false });
