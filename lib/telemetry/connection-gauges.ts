/** Gauges of the connections to hospital databases, and of DICOM associations. */
import { Gauge, type Registry } from 'prom-client';
import type { DatabaseDriver } from '../database/driver';
import type { Named, OpenList } from './open-list';

export interface OpenDatabase extends Named {
  readonly driver: Pick<DatabaseDriver, 'kind' | 'state' | 'connections'>;
}

export interface OpenStation extends Named {
  readonly aeTitle: string;
  /** Of callers, at work now. */
  readonly associations: () => number;
}

const DATABASE = ['database', 'database_name', 'kind'] as const;

export class ConnectionGauges {
  readonly #databases: OpenList<OpenDatabase>;
  readonly #stations: OpenList<OpenStation>;
  readonly #up: Gauge<(typeof DATABASE)[number]>;
  readonly #connections: Gauge<(typeof DATABASE)[number]>;
  readonly #busy: Gauge<(typeof DATABASE)[number]>;
  readonly #waiting: Gauge<(typeof DATABASE)[number]>;
  readonly #limit: Gauge<(typeof DATABASE)[number]>;
  readonly #associations: Gauge<'station' | 'station_name' | 'ae_title'>;

  constructor(registry: Registry, databases: OpenList<OpenDatabase>, stations: OpenList<OpenStation>) {
    this.#databases = databases;
    this.#stations = stations;
    const gauge = <T extends string>(name: string, help: string, labelNames: readonly T[]): Gauge<T> =>
      new Gauge({ name, help, labelNames, registers: [registry] });
    this.#up = gauge(
      'exchange_database_up',
      '1 unless the hospital database is down or refuses us. 医院数据库是否可用',
      DATABASE,
    );
    this.#connections = gauge(
      'exchange_database_pool_connections',
      'Open connections of the pool. 连接池已建立的连接数',
      DATABASE,
    );
    this.#busy = gauge(
      'exchange_database_pool_busy_connections',
      'Connections that are in use. 连接池正在使用的连接数',
      DATABASE,
    );
    this.#waiting = gauge(
      'exchange_database_pool_waiting_requests',
      'Requests that wait for a connection. 等待连接的请求数',
      DATABASE,
    );
    this.#limit = gauge(
      'exchange_database_pool_max_connections',
      'Connections that the pool may have. 连接池的连接数上限',
      DATABASE,
    );
    this.#associations = gauge(
      'exchange_dicom_associations',
      'Open DICOM associations of callers. 本机 AE 上正在通信的 DICOM 关联数',
      ['station', 'station_name', 'ae_title'],
    );
  }

  read(): void {
    for (const gauge of [this.#up, this.#connections, this.#busy, this.#waiting, this.#limit]) gauge.reset();
    for (const { id, name, driver } of this.#databases.all()) {
      const labels = { database: id, database_name: name, kind: driver.kind };
      const { open, busy, waiting, most } = driver.connections;
      this.#up.set(labels, driver.state === 'down' || driver.state === 'refused' ? 0 : 1);
      this.#connections.set(labels, open);
      this.#busy.set(labels, busy);
      this.#waiting.set(labels, waiting);
      if (most !== null) this.#limit.set(labels, most);
    }
    this.#associations.reset();
    for (const { id, name, aeTitle, associations } of this.#stations.all())
      this.#associations.set({ station: id, station_name: name, ae_title: aeTitle }, associations());
  }
}
