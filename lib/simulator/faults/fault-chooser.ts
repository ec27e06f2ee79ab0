/** Which call goes wrong: by service, number, part and time. Repeats itself for the same orders and calls. */
import type { Clock } from '../../clock';
import { SeededRandom } from '../hospital/synthetic-values';
import { IMAGE_FAULTS, type ImageFaultKind } from './fault-kinds';
import { FAMILIES, type FaultOrder, type ImageFaultOrder, type SoapFaultOrder, canHave } from './fault-order';

interface Watched {
  readonly order: FaultOrder;
  readonly random: SeededRandom;
  calls: number;
}

const DEFAULT_SEED = 1;

export class FaultChooser {
  readonly #clock: Clock;
  #watched: readonly Watched[] = [];
  #since = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** From now on; calls are counted from 1 again. */
  set(orders: readonly FaultOrder[]): void {
    this.#since = this.#clock.now();
    this.#watched = orders.map(order => ({
      order,
      random: new SeededRandom(order.seed ?? DEFAULT_SEED),
      calls: 0,
    }));
  }

  /** The orders whose time it is at a second since they were set; default: now. */
  active(second = this.#second()): FaultOrder[] {
    return this.#watched.map(({ order }) => order).filter(order => isTime(order, second));
  }

  /** The fault of the next call of a service; of several the first counts. */
  ofCall(service: string): SoapFaultOrder | undefined {
    const family = FAMILIES.get(service);
    return this.#choose(
      (order): order is SoapFaultOrder =>
        order.target === 'soap' &&
        family !== undefined &&
        (order.service === '*' || order.service === service) &&
        canHave(order.fault, family),
    );
  }

  /** The fault of the next association, or of the next object. */
  ofImage(place: ImageFaultKind['place']): ImageFaultOrder | undefined {
    return this.#choose(
      (order): order is ImageFaultOrder =>
        order.target === 'dicom' && IMAGE_FAULTS[order.fault].place === place,
    );
  }

  #choose<T extends FaultOrder>(concerns: (order: FaultOrder) => order is T): T | undefined {
    let chosen: T | undefined;
    for (const watched of this.#watched) {
      const { order, random } = watched;
      if (!concerns(order) || !isTime(order, this.#second())) continue;
      // Each is counted and drawn for, also behind one that was chosen: what it does depends on its own calls alone.
      const number = ++watched.calls;
      const drawn = order.ratio === undefined || random.next() < order.ratio;
      if ((order.nth === undefined || order.nth === number) && drawn) chosen ??= order;
    }
    return chosen;
  }

  #second(): number {
    return (this.#clock.now() - this.#since) / 1000;
  }
}

const isTime = ({ at = 0, for: lasting = Infinity }: FaultOrder, second: number): boolean =>
  second >= at && second < at + lasting;
