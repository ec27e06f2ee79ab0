/** What the simulated platform can be told to do, by a message or by the preset of a node. */
import { type BookingServiceName, bookingServiceName, bookingServiceNames } from '../contract/services';
import { isRow } from '../contract/row';
import { ExchangeError } from '../errors';
import { type FaultOrder, readFaults } from './faults/fault-order';
import { type LoadOrder, readLoad } from './load-calls';
import { type Scenario, faster } from './scenario';
import { scenarioOf } from './scenarios';
import type { Stage } from './stage';

export type SimulatorOrder =
  | {
      readonly kind: 'call';
      readonly service: BookingServiceName;
      readonly record: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'faults'; readonly faults: readonly FaultOrder[] }
  | { readonly kind: 'scenario'; readonly scenario: Scenario }
  | { readonly kind: 'load'; readonly load: LoadOrder };

const MOST_SPEED = 1_000;

/** @throws {ExchangeError} CONTRACT that says what is possible, or what is wrong with what was meant */
export function readOrder(payload: unknown): SimulatorOrder {
  const given = isRow(payload) ? payload : {};
  const kinds = ['service', 'fault', 'faults', 'scenario', 'load'].filter(name => given[name] !== undefined);
  const [kind, ...more] = kinds;
  if (more.length > 0) throw notAnOrder();
  switch (kind) {
    case 'fault':
      return { kind: 'faults', faults: readFaults([given['fault']]) };
    case 'faults':
      return { kind: 'faults', faults: readFaults(given['faults']) };
    case 'scenario':
      return { kind: 'scenario', scenario: faster(scenarioOf(given['scenario']), speedOf(given['speed'])) };
    case 'load':
      return { kind: 'load', load: readLoad(given['load']) };
    default:
      return callOf(given);
  }
}

function callOf({ service: named, record }: Readonly<Record<string, unknown>>): SimulatorOrder {
  const service = bookingServiceName(typeof named === 'string' ? named : '');
  if (!service) throw notAnOrder();
  return { kind: 'call', service, record: (record ?? {}) as Record<string, string> };
}

/** How many times as fast a scenario is played; default 1. @throws {ExchangeError} CONTRACT */
export function speedOf(given: unknown): number {
  const speed = given === undefined || given === '' ? 1 : Number(given);
  if (speed > 0 && speed <= MOST_SPEED) return speed;
  throw refused('speed 应为大于 0、不超过 1000 的数字', 'speed must be a number above 0, and 1000 at most');
}

/**
 * Begins what a preset names: nothing, `soap:slow`, `dicom:abort`, `scenario:eight-faults`.
 * @throws {ExchangeError} CONTRACT
 */
export function beginPreset(stage: Stage, preset: string): void {
  const [target = '', name = ''] = preset.trim().split(':');
  if (target === '') return;
  if (target === 'scenario') stage.play(scenarioOf(name));
  else stage.set(readFaults({ target, fault: name }));
}

const notAnOrder = (): ExchangeError =>
  refused(
    `msg.payload 应为下列之一：{ service: ${bookingServiceNames.join('、')} 七个预约服务之一, record: 请求字段 }；` +
      '{ fault: {…} }；{ faults: [] }；{ scenario: 名称或内容 }；{ load: { service, rate, seconds } }',
    `msg.payload must be one of: { service: one of the seven booking services ${bookingServiceNames.join(', ')}, ` +
      'record: fields of the request }; { fault: {…} }; { faults: [] }; { scenario: name or content }; ' +
      '{ load: { service, rate, seconds } }',
  );

const refused = (zh: string, en: string): ExchangeError =>
  new ExchangeError({ code: 'CONTRACT', retry: 'never', text: { zh, en } });
