/** A call of CallInterface: header and body as XML, answer as JSON (3.1.2). */
import { platformHeader } from '../contract/tables/envelope';
import { type SyncServiceName, soapMethods, syncServices } from '../contract/services';
import { ExchangeError } from '../errors';
import type { SoapCaller } from '../soap/caller';
import type { SoapParameter } from '../wire/soap-types';
import { parseAnswerJson } from '../wire/json-answer';
import { elementWriter } from '../wire/record-xml';
import { readXmlTolerant } from '../wire/xml-read';

export interface CallInterfaceAnswer {
  /** Status 1; the only thing that makes a call a success. */
  readonly accepted: boolean;
  /** The platform's words. */
  readonly message: string;
  readonly total: string;
  /** A data set, or a flag: kept as it came. */
  readonly rows: unknown;
  readonly durationMs: number;
}

export interface CallInterfaceIdentity {
  readonly operator: string;
  readonly appId: string;
}

/** MsgHeader and MsgBody of one call; every field of the service's table is present. */
export function writeCall(
  service: SyncServiceName,
  records: readonly Readonly<Record<string, string>>[],
  { operator, appId }: CallInterfaceIdentity,
): SoapParameter[] {
  const header = elementWriter(platformHeader)({ ServerName: service, Operator: operator, AppId: appId });
  const write = elementWriter(syncServices[service].record);
  const items = records.map(record => `<Item>${write(record)}</Item>`).join('');
  const [headerName, bodyName] = soapMethods.CallInterface;
  return [
    [headerName ?? '', `<${platformHeader.root}>${header}</${platformHeader.root}>`],
    [bodyName ?? '', `<MsgBody><Params>${items}</Params></MsgBody>`],
  ];
}

/**
 * Reads the JSON of an answer in all the forms that the agreement prints it in, also wrapped in an XML string.
 * @throws {ExchangeError} EMPTY_RESULT, MALFORMED: the call may have been carried out.
 */
export function readCallAnswer(result: string | null): Omit<CallInterfaceAnswer, 'durationMs'> {
  const text = result?.trim() ?? '';
  if (text === '') {
    throw unreadable('EMPTY_RESULT', { zh: '平台返回了空结果', en: 'the platform returned nothing' });
  }
  const json = parseAnswerJson(text.startsWith('<') ? wrappedText(text) : text);
  const status = json?.['status'];
  if (!json || (typeof status !== 'string' && typeof status !== 'number' && typeof status !== 'boolean')) {
    throw unreadable('MALFORMED', {
      zh: '平台返回的内容不是带 Status 的 JSON，请核对服务地址',
      en: 'the platform returned no JSON with a Status: check the address',
    });
  }
  return {
    accepted: /^(1|true)$/i.test(String(status).trim()),
    message: textOf(json['msg']),
    total: textOf(json['total']),
    rows: json['rows'],
  };
}

/** Calls a service with records that were checked. */
export async function callPlatform(
  caller: SoapCaller,
  service: SyncServiceName,
  records: readonly Readonly<Record<string, string>>[],
  identity: CallInterfaceIdentity,
  signal?: AbortSignal,
): Promise<CallInterfaceAnswer> {
  const parameters = writeCall(service, records, identity);
  const { result, durationMs } = await caller.call('CallInterface', parameters, {
    ...(signal && { signal }),
  });
  return { ...readCallAnswer(result), durationMs };
}

function wrappedText(xml: string): string {
  try {
    return readXmlTolerant(xml).root.text;
  } catch {
    return '';
  }
}

const textOf = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';

const unreadable = (code: 'EMPTY_RESULT' | 'MALFORMED', text: { zh: string; en: string }): ExchangeError =>
  new ExchangeError({ code, retry: 'in-doubt', text });
