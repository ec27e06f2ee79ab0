/** A call of AppointmentDealInterface → a checked request, or the reason to refuse it (3.1.1, 3.2). */
import { hash, timingSafeEqual } from 'node:crypto';
import { parseReceiptItems, parseSourceId, splitIds } from '../contract/composite';
import type { RecordOf } from '../contract/field';
import { normalise } from '../contract/normalise';
import { type BookingServiceName, bookingServiceName, bookingServices } from '../contract/services';
import type { receiptItem, sourceId } from '../contract/tables/booking';
import { hospitalHeader } from '../contract/tables/envelope';
import { type CheckOptions, check, errorsOf } from '../contract/validate';
import type { Violation } from '../contract/violation';
import type { Text } from '../errors';
import { readXmlTolerant, valuesOf } from '../wire/xml-read';

export interface BookingRequest {
  readonly service: BookingServiceName;
  readonly section: string;
  /** Every field of the service's request table; empty text where the caller sent none. */
  readonly record: Readonly<Record<string, string>>;
  readonly operator: string;
  /** MedicalAppoint, CancelAppoint: itemIDs taken apart. */
  readonly itemIds?: readonly string[];
  /** MedicalAppoint: sourceid taken apart; absent for a default booking. */
  readonly sourceId?: RecordOf<typeof sourceId>;
  /** GetAppointReceipt, GetAppointReceiptXml: receiptItems taken apart. */
  readonly receiptItems?: readonly RecordOf<typeof receiptItem>[];
  readonly warnings: readonly Violation[];
}

/** Why a call is answered with success=No before any flow sees it. Holds no patient data. */
export class BookingRefusal extends Error {
  override readonly name = 'BookingRefusal';
  /** Chinese: it goes to the platform in `error`. */
  readonly reason: string;

  constructor(reason: string) {
    super(reason);
    this.reason = reason;
  }
}

export interface BookingAccess {
  readonly certificate: string;
  /** Lower case; empty: any operator. */
  readonly allowedOperators: ReadonlySet<string>;
  readonly check: CheckOptions;
}

/**
 * Reads header and body, in that order: an unknown caller learns nothing about bodies.
 * @throws {BookingRefusal} wrong credential, unknown service, unreadable XML, missing or contradictory values.
 */
export function readBookingRequest(
  header: string | null,
  body: string | null,
  access: BookingAccess,
): BookingRequest {
  const { service, operator } = readHeader(header, access);
  const { request, section } = bookingServices[service];
  const { record, findings } = normalise(request, readBody('msgBody', body));
  const violations = check(request, record, access.check, '', findings);
  const errors = errorsOf(violations);
  if (errors.length > 0) throw new BookingRefusal(errors.map(({ message }) => message.zh).join('；'));
  return { service, section, record, operator, ...takeApart(record), warnings: violations };
}

function readHeader(
  header: string | null,
  access: BookingAccess,
): { service: BookingServiceName; operator: string } {
  const { record } = normalise(hospitalHeader, readBody('msgHeader', header));
  if (!sameSecret(record.certificate, access.certificate))
    throw new BookingRefusal('凭证号(certificate)无效');
  if (access.allowedOperators.size > 0 && !access.allowedOperators.has(record.callOperator.toLowerCase())) {
    throw new BookingRefusal('操作者(callOperator)未被允许');
  }
  const service = bookingServiceName(record.serverName);
  if (!service) throw new BookingRefusal('服务名(serverName)未知');
  return { service, operator: record.callOperator };
}

function readBody(part: string, text: string | null): Record<string, string> {
  if (text === null || text.trim() === '') throw new BookingRefusal(`${part} 为空`);
  try {
    return valuesOf(readXmlTolerant(text).root);
  } catch (error) {
    throw new BookingRefusal(`${part}：${(error as { text?: Text }).text?.zh ?? 'XML 格式错误'}`);
  }
}

/** The composite values of a request (A-23, A-24, A-29c). */
function takeApart(
  record: Readonly<Record<string, string>>,
): Pick<BookingRequest, 'itemIds' | 'sourceId' | 'receiptItems'> {
  const itemIds = record['itemIDs'] === undefined ? undefined : splitIds(record['itemIDs']);
  if (itemIds?.length === 0) throw new BookingRefusal('单据号(itemIDs)为空');
  const slot = record['sourceid'] ? parseSourceId(record['sourceid']) : undefined;
  if (slot === null) throw new BookingRefusal('号源代码(sourceid)应为以“|”分隔的 7 段');
  if (slot && itemIds && itemIds.length > 1) {
    throw new BookingRefusal('指定号源(sourceid)时只能传一个单据号(itemIDs)，本次未预约');
  }
  const receipts =
    record['receiptItems'] === undefined ? undefined : parseReceiptItems(record['receiptItems']);
  if (receipts && (receipts.broken.length > 0 || receipts.records.length === 0)) {
    throw new BookingRefusal(
      `参数(receiptItems)第 ${receipts.broken.join('、') || 1} 条应为 9 段且均不能为空`,
    );
  }
  return {
    ...(itemIds && { itemIds }),
    ...(slot && { sourceId: slot }),
    ...(receipts && { receiptItems: receipts.records }),
  };
}

const digest = (text: string): Buffer => hash('sha256', text, 'buffer');

/** Compares two secrets in constant time; digests make them equally long. An unset secret lets nobody in. */
export function sameSecret(given: string, expected: string): boolean {
  return timingSafeEqual(digest(given), digest(expected)) && expected !== '';
}
