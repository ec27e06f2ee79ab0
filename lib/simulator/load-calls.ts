/** What a load is made of: the platform's booking calls to a hospital, or registrations of made-up reports. */
import { type BookingServiceName, bookingServiceNames, soapMethods } from '../contract/services';
import { type Clock, systemClock } from '../clock';
import { ExchangeError } from '../errors';
import { SoapClient } from '../soap/client';
import { writeArchiveDocument } from '../wire/archive-document';
import { complaintsOf, compile, unreadable } from './faults/schema-errors';
import { LOAD_LIMITS, runLoad } from './load';
import type { LoadResult } from './load-result';
import { BookingCaller } from './platform/booking-caller';
import { isSimulator } from './probe';
import { type ReportSort, syntheticArchive, syntheticReports } from './synthetic-reports';

export interface LoadOrder {
  /** A booking service of the hospital, or the report that is registered at a platform. */
  readonly service: BookingServiceName | ReportSort;
  readonly rate: number;
  readonly seconds: number;
  readonly mostOutstanding?: number;
  /** Request of a booking service, in place of the made-up one. */
  readonly record?: Readonly<Record<string, string>>;
  /** Register at a platform that is no simulator; the reports say that they are test data. */
  readonly allowReal?: boolean;
}

export interface LoadTarget {
  /** Of the hospital's AppointmentDealInterface, or of the platform's IAutoReport.asmx. */
  readonly url: string;
  /** What the hospital wants to see of the platform. */
  readonly certificate: string;
  readonly orgCode: string;
  readonly orgName: string;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
}

const CONNECTIONS = 256;
const TIMEOUT_MS = 30_000;

export const loadServices: readonly LoadOrder['service'][] = [...bookingServiceNames, 'lab', 'exam'];

const isReport = (service: LoadOrder['service']): service is ReportSort =>
  service === 'lab' || service === 'exam';

const valid = compile({
  type: 'object',
  additionalProperties: false,
  required: ['service', 'rate', 'seconds'],
  properties: {
    service: { type: 'string', enum: loadServices },
    rate: { type: 'number', minimum: 0.01, maximum: LOAD_LIMITS.rate },
    seconds: { type: 'number', minimum: 0.1, maximum: LOAD_LIMITS.seconds },
    mostOutstanding: { type: 'integer', minimum: 1, maximum: LOAD_LIMITS.outstanding },
    record: { type: 'object', additionalProperties: { type: 'string' } },
    allowReal: { type: 'boolean' },
  },
});

/** @throws {ExchangeError} CONTRACT naming each field that is wrong */
export function readLoad(given: unknown): LoadOrder {
  const complaints = valid(given) ? [] : complaintsOf(valid, () => ({ zh: '', en: '' }));
  if (complaints.length > 0) throw unreadable(complaints);
  const order = given as LoadOrder;
  if (!isReport(order.service) && !order.record && !RECORDS[order.service]) {
    throw unreadable([
      { zh: `${order.service} 需要 record（请求字段）`, en: `${order.service} needs record, its request` },
    ]);
  }
  return order;
}

/**
 * Runs one load to its end.
 * @throws {ExchangeError} CONFIG when reports would go to a real platform unasked; the error of the first look at it
 */
export async function playLoad(order: LoadOrder, target: LoadTarget): Promise<LoadResult> {
  const { service } = order;
  return isReport(service) ? registerReports(order, service, target) : callHospital(order, service, target);
}

async function callHospital(
  order: LoadOrder,
  service: BookingServiceName,
  target: LoadTarget,
): Promise<LoadResult> {
  const { url, certificate } = target;
  const caller = new BookingCaller({ url, certificate, timeoutMs: TIMEOUT_MS, connections: CONNECTIONS });
  endWith(target.signal, caller);
  try {
    return await runLoad({
      ...paceOf(order, target),
      call: async number => {
        const record = order.record ?? RECORDS[service]?.(number) ?? {};
        return (await caller.call(service, record)).success ? 'answered' : 'refused';
      },
    });
  } finally {
    await caller.close();
  }
}

async function registerReports(order: LoadOrder, sort: ReportSort, target: LoadTarget): Promise<LoadResult> {
  const { url, orgCode, orgName, clock = systemClock } = target;
  if (!order.allowReal && !(await isSimulator(url))) throw notASimulator();
  const now = new Date(clock.now());
  const archive = syntheticArchive({ orgCode, orgName });
  const report = syntheticReports(sort, archive, now.getTime().toString(36).toUpperCase(), now);
  const client = new SoapClient({ url, timeoutMs: TIMEOUT_MS, connections: CONNECTIONS });
  endWith(target.signal, client);
  const [parameter] = soapMethods.ArchiveAutoReport;
  try {
    return await runLoad({
      ...paceOf(order, target),
      call: async number => {
        const { xml } = writeArchiveDocument(report(number).rows, archive, new Date(clock.now()));
        const { result } = await client.call('ArchiveAutoReport', [[parameter, xml]]);
        return /失败|错误|error|^0$/i.test(result ?? '') ? 'refused' : 'answered';
      },
    });
  } finally {
    await client.close();
  }
}

/** Who ends the run does not wait for the answers that are outstanding: they are counted as ABORTED. */
const endWith = (signal: AbortSignal | undefined, client: { close(): Promise<void> }): void =>
  signal?.addEventListener('abort', () => void client.close(), { once: true });

const paceOf = (
  { rate, seconds, mostOutstanding }: LoadOrder,
  { clock, signal }: LoadTarget,
): Omit<Parameters<typeof runLoad>[0], 'call'> => ({
  rate,
  seconds,
  ...(mostOutstanding !== undefined && { mostOutstanding }),
  ...(clock && { clock }),
  ...(signal && { signal }),
});

const notASimulator = (): ExchangeError =>
  new ExchangeError({
    code: 'CONFIG',
    retry: 'never',
    text: {
      zh: '该地址不是平台模拟器，不会写入测试数据；确要写入真实平台请加 allowReal',
      en: 'that address is no simulator: nothing made up is written there, unless allowReal says so',
    },
  });

const PATIENTS = 9;
const patient = (number: number): string => `Z0000000${(number % PATIENTS) + 1}`;
const EVER = { startDate: '2000-01-01', endDate: '2099-12-31' };
const ASKED = { clientType: '7', patientType: '1' };

/** Requests about the synthetic hospital's people; what a hospital with other data answers to them is a refusal or nothing. */
const RECORDS: Readonly<
  Partial<Record<BookingServiceName, (number: number) => Readonly<Record<string, string>>>>
> = {
  GetExamItemList: number => ({ ...ASKED, patientNo: patient(number), ...EVER }),
  GetSignalSourceList: number => ({
    ...ASKED,
    patientNo: patient(number),
    labCode: '000101',
    departCode: 'D0001',
    bookDate: new Date().toISOString().slice(0, 10),
  }),
  MedicalAppoint: () => ({ ...ASKED, patientNo: 'Z00000001', ...EVER, itemIDs: 'TEST0000000001' }),
  CancelAppoint: () => ({ ...ASKED, itemIDs: 'TEST0000000001' }),
  GetAppointItemInfo: () => ({ clientType: '7', examItemName: 'CT' }),
};
