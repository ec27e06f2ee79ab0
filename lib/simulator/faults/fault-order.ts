/** A fault as it is ordered: by a message to the node, on the command line, or as a step of a scenario. */
import { reportMethods, syncServiceNames, viewerPages } from '../../contract/services';
import {
  type Family,
  type FaultTarget,
  type ImageFaultName,
  SOAP_FAULTS,
  type SoapFaultName,
  imageFaultNames,
  soapFaultNames,
} from './fault-kinds';
import { type Complaint, type PlaceOf, complaintsOf, compile, unreadable } from './schema-errors';

interface Order {
  /** `*`, or the one service or page that goes wrong. */
  readonly service: string;
  /** Only the n-th call since the faults were set, from 1. */
  readonly nth?: number;
  /** The part of the calls that go wrong, from 0 to 1: always the same ones for the same seed. */
  readonly ratio?: number;
  readonly seed?: number;
  /** Seconds from when the faults are set until it begins; default 0. */
  readonly at?: number;
  /** Seconds that it lasts; absent: until other faults are set. */
  readonly for?: number;
  /** Of `slow`: how late the answer is. */
  readonly ms?: number;
  /** Words of a refusal, of a SOAP fault, or of an answer that it was there already. */
  readonly text?: string;
  /** Of `wrong-charset`: what the answer says it is in; it is in the other. */
  readonly declares?: 'utf-8' | 'gbk';
}

export interface SoapFaultOrder extends Order {
  readonly target: 'soap';
  readonly fault: SoapFaultName;
}

export interface ImageFaultOrder extends Order {
  readonly target: 'dicom';
  readonly fault: ImageFaultName;
}

export type FaultOrder = SoapFaultOrder | ImageFaultOrder;

export const FAMILIES: ReadonlyMap<string, Family> = new Map<string, Family>([
  ['ArchiveAutoReport', 'report'],
  ...syncServiceNames.map((name): [string, Family] => [name, 'sync']),
  ...Object.keys(reportMethods)
    .filter(name => name !== 'ArchiveAutoReport')
    .map((name): [string, Family] => [name, 'query']),
  ...Object.values(viewerPages).map(({ name }): [string, Family] => [name, 'page']),
]);

const LONGEST_SECONDS = 7 * 24 * 3600;
const seconds = { type: 'number', minimum: 0, maximum: LONGEST_SECONDS };

/** JSON schema of one order; what is left out has its default. */
export const ORDER_PROPERTIES = {
  target: { type: 'string', enum: ['soap', 'dicom'] satisfies FaultTarget[] },
  fault: { type: 'string' },
  service: { type: 'string', enum: ['*', ...FAMILIES.keys()] },
  nth: { type: 'integer', minimum: 1, maximum: 1_000_000 },
  ratio: { type: 'number', minimum: 0, maximum: 1 },
  seed: { type: 'integer', minimum: 0, maximum: 2 ** 32 - 1 },
  at: seconds,
  for: seconds,
  ms: { type: 'integer', minimum: 0, maximum: 3_600_000 },
  text: { type: 'string', maxLength: 200 },
  declares: { type: 'string', enum: ['utf-8', 'gbk'] },
} as const;

export const orderSchema = (required: readonly string[]): object => ({
  type: 'object',
  additionalProperties: false,
  required,
  properties: ORDER_PROPERTIES,
  if: { properties: { target: { const: 'dicom' } }, required: ['target'] },
  // oxlint-disable-next-line unicorn/no-thenable -- `then` is JSON schema's own keyword
  then: { properties: { fault: { enum: imageFaultNames }, service: { const: '*' } } },
  else: { properties: { fault: { enum: soapFaultNames } } },
});

const valid = compile({ type: 'array', maxItems: 100, items: orderSchema(['fault']) });

const numbered: PlaceOf = at => ({ zh: `第 ${at + 1} 个故障`, en: `fault ${at + 1}` });

/**
 * Reads faults as somebody wrote them: one or a list, each an object or the bare name.
 * @throws {ExchangeError} CONTRACT naming each fault and field that is wrong
 */
export function readFaults(given: unknown): FaultOrder[] {
  const list = (Array.isArray(given) ? given : [given]).map((one: unknown) =>
    typeof one === 'string' ? { fault: one } : one,
  );
  const complaints = valid(list) ? [] : complaintsOf(valid, numbered);
  if (complaints.length > 0) throw unreadable(complaints);
  return ordersOf(list as GivenOrder[], numbered);
}

export type GivenOrder = Partial<Order> & { readonly target?: FaultTarget; readonly fault: string };

/** @throws {ExchangeError} CONTRACT for a fault that its service cannot have */
export function ordersOf(given: readonly GivenOrder[], placeOf: PlaceOf): FaultOrder[] {
  // The schema has seen to it that the name is one of the target's.
  const orders = given.map(one => ({ service: '*', ...one, target: one.target ?? 'soap' }) as FaultOrder);
  const complaints = orders.flatMap((order, at) => misplaced(order, placeOf(at)));
  if (complaints.length > 0) throw unreadable(complaints);
  return orders;
}

function misplaced(order: FaultOrder, place: Complaint): Complaint[] {
  const family = FAMILIES.get(order.service);
  if (order.target === 'dicom' || !family || canHave(order.fault, family)) return [];
  return [
    {
      zh: `${place.zh}：${order.service} 不会出现 ${order.fault}`,
      en: `${place.en}: ${order.service} cannot have ${order.fault}`,
    },
  ];
}

export const canHave = (fault: SoapFaultName, family: Family): boolean => {
  const families: readonly Family[] = SOAP_FAULTS[fault].on;
  return families.includes(family);
};
