/** What operators are told of: few words, however many messages are concerned. */
import type { Clock } from '../clock';
import type { Text } from '../errors';

export interface DeliveryEvent {
  readonly kind:
    /** A destination does not answer: sending is interrupted, messages wait. */
    | 'down'
    /** It answers again. */
    | 'up'
    /** It refuses our identity, or the settings cannot be used: nothing is sent until somebody mends it. */
    | 'paused'
    /** Sending goes on after a pause. */
    | 'resumed'
    /** Messages were given up. */
    | 'dead'
    /** The message store does not work. */
    | 'store-down'
    | 'store-up';
  readonly destination: string;
  readonly text: Text;
  /** How many messages or occurrences it stands for. */
  readonly count: number;
}

/** Time in which further events of a kind are only counted. */
const QUIET_MS = 3_600_000;

/** Passes the first event of a kind and destination on, and the number of those that follow, once an hour. */
export class GroupedEvents {
  readonly #clock: Clock;
  readonly #tell: (event: DeliveryEvent) => void;
  readonly #quiet = new Map<string, { last: DeliveryEvent; missed: number; callOff: () => void }>();

  constructor(clock: Clock, tell: (event: DeliveryEvent) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  add(event: DeliveryEvent): void {
    const key = `${event.kind} ${event.destination}`;
    const known = this.#quiet.get(key);
    if (known) {
      known.last = event;
      known.missed += event.count;
      return;
    }
    this.#tell(event);
    this.#beQuiet(key, event);
  }

  close(): void {
    for (const { callOff } of this.#quiet.values()) callOff();
    this.#quiet.clear();
  }

  #beQuiet(key: string, event: DeliveryEvent): void {
    const callOff = this.#clock.after(QUIET_MS, () => {
      const known = this.#quiet.get(key);
      this.#quiet.delete(key);
      if (!known || known.missed === 0) return;
      this.#tell({ ...known.last, count: known.missed });
      this.#beQuiet(key, event);
    });
    this.#quiet.set(key, { last: event, missed: 0, callOff });
  }
}
