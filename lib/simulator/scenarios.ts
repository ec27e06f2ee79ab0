/** The scenarios that come with the package. */
import { ExchangeError } from '../errors';
import { type Scenario, readScenario } from './scenario';
import eightFaults from './scenarios/eight-faults.json';
import everythingABit from './scenarios/everything-a-bit-wrong.json';
import platformDown from './scenarios/platform-down-for-an-hour.json';

export const scenarios: readonly Scenario[] = [eightFaults, platformDown, everythingABit].map(readScenario);

/** A scenario by its name, or written out. @throws {ExchangeError} CONTRACT */
export function scenarioOf(given: unknown): Scenario {
  if (typeof given !== 'string') return readScenario(given);
  const found = scenarios.find(({ name }) => name === given);
  if (found) return found;
  const names = scenarios.map(({ name }) => name);
  throw new ExchangeError({
    code: 'CONTRACT',
    retry: 'never',
    text: {
      zh: `没有场景 ${given.slice(0, 64)}；可用的有 ${names.join('、')}`,
      en: `there is no scenario ${given.slice(0, 64)}; there are ${names.join(', ')}`,
    },
  });
}
