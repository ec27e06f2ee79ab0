import type { Clock } from '../clock';
import type { MessageStore } from '../store/message-store';
import type { Destination } from './destination';
import type { GroupedEvents } from './events';
import type { RetryPolicy } from './policy';

/** What the parts of one dispatcher share. */
export interface DeliveryContext {
  readonly store: MessageStore;
  readonly clock: Clock;
  readonly retry: RetryPolicy;
  readonly random: () => number;
  readonly repeatMs: number;
  /** Name of this process in the store. */
  readonly owner: string;
  readonly leaseMs: number;
  readonly events: GroupedEvents;
  /** Lets all couriers of a destination look for work. */
  wake(destination: Destination): void;
  /** Makes due what waits for a destination that answers again. */
  hurry(destination: Destination): void;
}
