/** What goes wrong now, on both sides of the simulated platform: single faults, or a scenario step by step. */
import type { Clock } from '../clock';
import type { Text } from '../errors';
import { FaultChooser } from './faults/fault-chooser';
import { faultText } from './faults/fault-kinds';
import type { FaultOrder } from './faults/fault-order';
import type { Scenario } from './scenario';

export interface StageState {
  /** What goes wrong now; empty: nothing. */
  readonly faults: readonly FaultOrder[];
  /** The scenario that is played, or has just ended. */
  readonly scenario?: Scenario;
  /** Its steps that are on, by their place in the list from 1. */
  readonly steps: readonly number[];
  /** The scenario is over: nothing goes wrong any more. */
  readonly ended: boolean;
}

export class Stage {
  readonly faults: FaultChooser;
  readonly #clock: Clock;
  readonly #onChange: (state: StageState) => void;
  #callOffs: readonly (() => void)[] = [];
  #state: StageState = { faults: [], steps: [], ended: false };

  constructor(clock: Clock, onChange: (state: StageState) => void) {
    this.faults = new FaultChooser(clock);
    this.#clock = clock;
    this.#onChange = onChange;
  }

  get state(): StageState {
    return this.#state;
  }

  /** From now on these, and nothing else; an empty list ends a scenario too. */
  set(orders: readonly FaultOrder[]): void {
    this.#begin(orders);
  }

  /** Begins now, in place of whatever went wrong until now. */
  play(scenario: Scenario): void {
    this.#begin(scenario.steps, scenario);
  }

  /** Without a word. */
  close(): void {
    for (const callOff of this.#callOffs) callOff();
    this.#callOffs = [];
    this.faults.set([]);
  }

  #begin(orders: readonly FaultOrder[], scenario?: Scenario): void {
    this.close();
    this.faults.set(orders);
    const changes = orders.flatMap(({ at = 0, for: lasting = Infinity }) => [at, at + lasting]);
    const times = [...new Set(changes)].filter(at => at > 0 && Number.isFinite(at));
    const end = Math.max(...changes);
    this.#callOffs = times.map(at =>
      this.#clock.after(at * 1000, () => this.#reach(orders, at, at === end, scenario)),
    );
    this.#reach(orders, 0, false, scenario);
  }

  /** Told by the second that was meant: a timer may be a little early. */
  #reach(orders: readonly FaultOrder[], second: number, ended: boolean, scenario?: Scenario): void {
    const faults = this.faults.active(second);
    const steps = scenario ? faults.map(fault => orders.indexOf(fault) + 1) : [];
    if (ended) this.close();
    this.#state = { faults, steps, ended, ...(scenario && { scenario }) };
    this.#onChange(this.#state);
  }
}

/** One line for people. */
export function stageText({ faults, scenario, steps, ended }: StageState): Text {
  const words = (language: keyof Text): string =>
    faults
      .map(({ target, fault, service }) => {
        const where = target === 'dicom' ? 'DICOM ' : service === '*' ? '' : `${service} `;
        return where + faultText(target, fault)[language];
      })
      .join(language === 'zh' ? '、' : ', ');
  const now: Text =
    faults.length === 0
      ? { zh: '无故障', en: 'nothing goes wrong' }
      : { zh: `故障：${words('zh')}`, en: `fault: ${words('en')}` };
  if (!scenario) return now;
  if (ended) return { zh: `场景 ${scenario.name} 结束`, en: `scenario ${scenario.name} has ended` };
  const at = steps.length > 0 ? ` ${steps.join(',')}/${scenario.steps.length}` : '';
  return { zh: `${scenario.name}${at} ${now.zh}`, en: `${scenario.name}${at} ${now.en}` };
}
