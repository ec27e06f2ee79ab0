/** A scenario: faults one after the other, as they come on a bad day. */
import type { Text } from '../errors';
import { type FaultOrder, type GivenOrder, orderSchema, ordersOf } from './faults/fault-order';
import { type PlaceOf, complaintsOf, compile, unreadable } from './faults/schema-errors';

/** A fault with its time, in seconds from the start of the scenario. */
export type Step = FaultOrder & { readonly at: number; readonly for: number };

export interface Scenario extends Text {
  /** Lower-case letters, digits and hyphens. */
  readonly name: string;
  /** In any order; they may overlap, and of two that concern one call the first in the list counts. */
  readonly steps: readonly Step[];
}

const MOST_STEPS = 100;
const title = { type: 'string', minLength: 1, maxLength: 200 };

const valid = compile({
  type: 'object',
  additionalProperties: false,
  required: ['name', 'zh', 'en', 'steps'],
  properties: {
    name: { type: 'string', pattern: '^[a-z0-9-]{1,64}$' },
    zh: title,
    en: title,
    steps: {
      type: 'array',
      minItems: 1,
      maxItems: MOST_STEPS,
      items: orderSchema(['at', 'for', 'target', 'fault']),
    },
  },
});

const numbered: PlaceOf = at => ({ zh: `第 ${at + 1} 步`, en: `step ${at + 1}` });

/** @throws {ExchangeError} CONTRACT naming each step and field that is wrong */
export function readScenario(given: unknown): Scenario {
  const complaints = valid(given) ? [] : complaintsOf(valid, numbered, '/steps');
  if (complaints.length > 0) throw unreadable(complaints);
  const scenario = given as Omit<Scenario, 'steps'> & { readonly steps: readonly GivenOrder[] };
  return { ...scenario, steps: ordersOf(scenario.steps, numbered) as Step[] };
}

/** Seconds from the start to the end of the last step. */
export const lengthOf = ({ steps }: Scenario): number =>
  Math.max(...steps.map(({ at, for: lasting }) => at + lasting));

/** The same in less time. @param speed how many times as fast */
export const faster = (scenario: Scenario, speed: number): Scenario => ({
  ...scenario,
  steps: scenario.steps.map(step => ({ ...step, at: step.at / speed, for: step.for / speed })),
});
