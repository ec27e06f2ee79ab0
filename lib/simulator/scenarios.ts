/** The scenarios that come with the package. */
import fs from 'node:fs';
import { ExchangeError } from '../errors';
import { type Scenario, readScenario } from './scenario';
import { scenarioFiles } from './scenario-files';

export const scenarios: readonly Scenario[] = scenarioFiles.map(readScenario);

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

/** A scenario of the package by its name, or one in a file. @throws {ExchangeError} CONTRACT */
export function readScenarioFile(nameOrFile: string): Scenario {
  if (!fs.existsSync(nameOrFile)) return scenarioOf(nameOrFile);
  try {
    return readScenario(JSON.parse(fs.readFileSync(nameOrFile, 'utf8')));
  } catch (error) {
    if (error instanceof ExchangeError) throw error;
    throw new ExchangeError({
      code: 'CONTRACT',
      retry: 'never',
      text: { zh: '场景文件不是 JSON', en: 'the file of the scenario is no JSON' },
    });
  }
}
