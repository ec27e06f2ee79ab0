/** All metrics of this package, in a registry of its own: other nodes may use the same library. */
import { Registry, collectDefaultMetrics } from 'prom-client';
import { type Clock, systemClock } from '../clock';
import { type OpenStores, openStores } from '../monitor/open-stores';
import { ConnectionGauges, type OpenDatabase, type OpenStation } from './connection-gauges';
import { ImageCounters } from './image-counters';
import { MessageCounters } from './message-counters';
import { OpenList } from './open-list';
import { StoreGauges } from './store-gauges';

export interface Sources {
  readonly stores: OpenStores;
  readonly databases: OpenList<OpenDatabase>;
  readonly stations: OpenList<OpenStation>;
}

export class Telemetry {
  readonly registry = new Registry();
  readonly messages = new MessageCounters(this.registry);
  readonly images = new ImageCounters(this.registry);
  readonly databases: OpenList<OpenDatabase>;
  readonly stations: OpenList<OpenStation>;
  readonly #storeGauges: StoreGauges;
  readonly #connectionGauges: ConnectionGauges;
  #nameOf: (id: string) => string = () => '';
  #exposing: Promise<string> | undefined;
  #watchesProcess = false;

  constructor({ stores, databases, stations }: Sources, clock: Clock = systemClock) {
    this.databases = databases;
    this.stations = stations;
    this.#storeGauges = new StoreGauges(this.registry, stores, clock);
    this.#connectionGauges = new ConnectionGauges(this.registry, databases, stations);
  }

  /** Content type of what {@link expose} gives. */
  get contentType(): string {
    return this.registry.contentType;
  }

  /** Who knows the names of nodes. */
  nameNodes(nameOf: (id: string) => string): void {
    this.#nameOf = nameOf;
  }

  /** From now on the figures of the process are among the metrics: memory, processor time, event loop, collector. */
  watchProcess(): void {
    if (this.#watchesProcess) return;
    this.#watchesProcess = true;
    collectDefaultMetrics({ register: this.registry });
  }

  /**
   * All metrics in the text format of Prometheus. Many who ask at the same time share one answer. A store that does not
   * answer within 5 seconds is left out, and shown as down.
   */
  expose(): Promise<string> {
    return (this.#exposing ??= this.#expose().finally(() => (this.#exposing = undefined)));
  }

  async #expose(): Promise<string> {
    await this.#storeGauges.read(this.#nameOf);
    this.#connectionGauges.read();
    return this.registry.metrics();
  }
}

/** The one of the process. */
export const telemetry = new Telemetry({
  stores: openStores,
  databases: new OpenList<OpenDatabase>(),
  stations: new OpenList<OpenStation>(),
});
