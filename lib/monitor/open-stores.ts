/**
 * The message stores of the running flows: store nodes enter them, the monitor looks at them. One list for the process,
 * because plugins and nodes know nothing of each other.
 */
import type { Dispatcher } from '../delivery/dispatcher';
import type { DeliveryEvent } from '../delivery/events';
import type { Text } from '../errors';
import type { MessageStore, OperationName } from '../store/message-store';

export interface StoreEntry {
  /** Id of the store's node. */
  readonly id: string;
  readonly name: string;
  /** What it works with, or why its settings cannot be used. */
  readonly opened: OpenedStore | Text;
}

export interface OpenedStore {
  readonly store: MessageStore;
  readonly dispatcher: Dispatcher;
  /** Of an embedded store: its file, and the size that it may grow to unless that is the disk's. */
  readonly place?: { readonly file: string; readonly maxMiB?: number };
}

export class OpenStores {
  readonly #entries = new Map<string, StoreEntry>();
  readonly #listeners = new Set<(storeId: string) => void>();
  readonly #eventListeners = new Set<(storeId: string, event: DeliveryEvent) => void>();

  /** Enters a store; gives the function that takes it out. */
  add(entry: StoreEntry): () => void {
    this.#entries.set(entry.id, entry);
    this.changed(entry.id);
    return () => {
      // A deploy may have entered the same store anew.
      if (this.#entries.get(entry.id) !== entry) return;
      this.#entries.delete(entry.id);
      this.changed(entry.id);
    };
  }

  all(): readonly StoreEntry[] {
    return [...this.#entries.values()];
  }

  find(id: string): StoreEntry | undefined {
    return this.#entries.get(id);
  }

  /** Something is not as it was, in the list or in the store of that id. */
  changed(id: string): void {
    for (const listener of this.#listeners) listener(id);
  }

  /** Calls back for every change; gives the function that ends it. */
  onChange(listener: (storeId: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Passes on what operators are told of the deliveries of the store of that id. */
  tell(id: string, event: DeliveryEvent): void {
    for (const listener of this.#eventListeners) listener(id, event);
  }

  /** Calls back for every such event; gives the function that ends it. */
  onEvent(listener: (storeId: string, event: DeliveryEvent) => void): () => void {
    this.#eventListeners.add(listener);
    return () => this.#eventListeners.delete(listener);
  }
}

export const openStores = new OpenStores();

/** Operations after which a list of messages may look different. */
const CHANGING: ReadonlySet<string> = new Set<OperationName>([
  'accept',
  'claim',
  'settle',
  'release',
  'recover',
  'cancel',
  'resend',
  'amend',
  'hurry',
  'prune',
]);

/** The same store, which calls back after each operation that may have changed messages. */
export function watched(store: MessageStore, onChange: () => void): MessageStore {
  const told = Object.entries(store).map(([name, member]) => {
    if (!CHANGING.has(name)) return [name, member];
    // Operations take one input and give a promise.
    const operation = member as (input: unknown) => Promise<unknown>;
    const tell = async (input: unknown): Promise<unknown> => {
      const result = await operation(input);
      if (!isNothing(result)) onChange();
      return result;
    };
    return [name, tell];
  });
  return Object.fromEntries(told) as MessageStore;
}

/** A look for work that found none; a step of retention that removed nothing. */
const isNothing = (result: unknown): boolean =>
  result === 0 ||
  (typeof result === 'object' &&
    result !== null &&
    'messages' in result &&
    (result.messages as readonly unknown[]).length === 0);
