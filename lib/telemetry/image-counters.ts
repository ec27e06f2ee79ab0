/** Counters of DICOM objects. Called once for each object, never for a piece of one. */
import { Counter, type Registry } from 'prom-client';
import type { Transfer } from '../dicom/transfer';
import { LabelValues } from './label-values';

export type Direction = 'sent' | 'received' | 'retrieved';

/** A caller may give itself any AE title. */
const MOST_PEERS = 100;

export class ImageCounters {
  readonly #peers = new LabelValues(MOST_PEERS);
  readonly #objects: Counter<'direction' | 'peer' | 'result'>;
  readonly #bytes: Counter<'direction' | 'peer' | 'result'>;

  constructor(registry: Registry) {
    const labelNames = ['direction', 'peer', 'result'] as const;
    this.#objects = new Counter({
      name: 'exchange_dicom_objects_total',
      help: 'DICOM objects sent, received or retrieved, by the AE title of the peer and the result. 按对端 AE 与结果统计的收发影像数',
      labelNames,
      registers: [registry],
    });
    this.#bytes = new Counter({
      name: 'exchange_dicom_bytes_total',
      help: 'Bytes of the data sets of these objects. 这些影像的数据集字节数',
      labelNames,
      registers: [registry],
    });
  }

  /** @param peer its AE title, or what stands for it */
  add(direction: Direction, peer: string, { result, bytes, objects = 1 }: Transfer): void {
    const labels = { direction, peer: this.#peers.of(peer), result };
    this.#objects.inc(labels, objects);
    this.#bytes.inc({ ...labels }, bytes);
  }
}
