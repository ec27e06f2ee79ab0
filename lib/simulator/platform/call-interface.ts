/** CallInterface on the platform's side: header, parameters, JSON answer (3.1.2, 3.3). */
import { type Table, recordName } from '../../contract/field';
import { type SyncServiceName, syncServices } from '../../contract/services';
import { platformHeader } from '../../contract/tables/envelope';
import { type CheckOptions, check } from '../../contract/validate';
import { type Fault, UnreadableError, fault, faultOf, isRefused, refusalText } from './fault';
import type { ReportRow } from './report-store';
import { sameSecret } from './text';
import { type XmlNode, childNamed, readDocument } from './xml-document';

export interface CallInterfaceOptions {
  readonly operator: string;
  readonly appId: string;
  readonly organCode: string;
  readonly check: CheckOptions;
}

export interface CallInterfaceResult {
  /** CallInterface where the message names no service. */
  readonly service: SyncServiceName | 'CallInterface';
  /** JSON text. */
  readonly answer: string;
  readonly faults: readonly Fault[];
  /** What the platform keeps of an accepted call. */
  readonly records: readonly ReportRow[];
}

/** Answers one call; every fault is in the answer's Msg. */
export function callInterface(
  header: string,
  body: string,
  options: CallInterfaceOptions,
): CallInterfaceResult {
  try {
    const { service, faults } = readHeader(header, options);
    // A caller that is not known learns nothing about its parameters.
    if (isRefused(faults)) return answered(service, [], faults);
    const items = itemsOf(body, faults);
    items.forEach((item, at) =>
      faults.push(...checkItem(syncServices[service].record, item, `Item[${at + 1}]`, options)),
    );
    return answered(service, items.map(recordOf), faults);
  } catch (error) {
    if (error instanceof UnreadableError) return answered('CallInterface', [], [error.fault]);
    throw error;
  }
}

function answered(
  service: CallInterfaceResult['service'],
  records: readonly ReportRow[],
  faults: readonly Fault[],
): CallInterfaceResult {
  const ok = !isRefused(faults);
  const answer = ok
    ? { Status: 1, Msg: '', Total: records.length, Rows: '1' }
    : { Status: 0, Msg: refusalText(faults), Total: 0, Rows: null };
  return { service, answer: JSON.stringify(answer), faults, records: ok ? records : [] };
}

const isSyncService = (name: string): name is SyncServiceName => Object.hasOwn(syncServices, name);

function readHeader(
  text: string,
  { operator, appId }: CallInterfaceOptions,
): { service: SyncServiceName; faults: Fault[] } {
  const header = readDocument(text);
  const value = (name: string): string => childNamed(header, name)?.text ?? '';
  const [serviceField, operatorField, appIdField] = platformHeader.fields.map(({ name }) => name);
  const service = value(serviceField ?? '');
  if (header.name !== platformHeader.root)
    throw new UnreadableError('消息头的根元素应为 MsgHeader', 'the header element must be MsgHeader');
  if (!isSyncService(service)) throw new UnreadableError('未知的服务名 ServerName', 'unknown ServerName');
  const faults: Fault[] = [];
  // Both are compared in any case, so that the time tells nothing about which one is wrong.
  const known = [
    sameSecret(value(operatorField ?? ''), operator),
    sameSecret(value(appIdField ?? ''), appId),
  ];
  if (known.includes(false)) faults.push(fault('凭证无效', 'wrong credentials'));
  return { service, faults };
}

function itemsOf(text: string, faults: Fault[]): XmlNode[] {
  const body = readDocument(text);
  const parameters = childNamed(body, 'Params');
  if (body.name !== 'MsgBody' || !parameters)
    throw new UnreadableError('消息体应为 MsgBody/Params', 'the body must be MsgBody/Params');
  const items = parameters.children.filter(({ name }) => name === 'Item');
  if (items.length === 0) faults.push(fault('没有 Item', 'there is no Item'));
  return items;
}

/** Elements must be those of the table, in its order and case. */
function checkItem(of: Table, item: XmlNode, place: string, options: CallInterfaceOptions): Fault[] {
  const expected = of.fields.map(recordName);
  const given = item.children.map(({ name }) => name);
  const record = recordOf(item);
  const faults = check(of, record, options.check, `${place}.`).map(faultOf);
  if (given.join() !== expected.join()) {
    faults.push(
      fault(
        `${place} 的元素应依次为 ${expected.join('、')}`,
        `${place} must hold the elements ${expected.join(', ')}, in this order`,
      ),
    );
  }
  if (record['OrganCode'] !== options.organCode) {
    faults.push(fault(`${place}.OrganCode 不是已登记的机构`, `${place}.OrganCode is not registered`));
  }
  return faults;
}

const recordOf = (item: XmlNode): ReportRow =>
  Object.fromEntries(item.children.map(({ name, text }) => [name, text]));
