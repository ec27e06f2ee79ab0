/** 3.2: the hospital's own endpoint, called as the platform calls it. */
import { addDays } from '../simulator/hospital/synthetic-values';
import { BOOKABLE, BOOKED } from '../contract/booking-status';
import { type BookingServiceName, bookingServices } from '../contract/services';
import { receiptItem } from '../contract/tables/booking';
import { recordName } from '../contract/field';
import type { AnswerRecord, BookingAnswer } from '../simulator/platform/booking-caller';
import type { Bench } from './bench';
import { type CaseParts, type CheckCase, checkCase } from './check-case';
import { CheckFailure, NotConfigured, expect } from './failure';

type Values = Readonly<Record<string, string>>;
const one = (service: BookingServiceName, ...parts: CaseParts): CheckCase =>
  checkCase(bookingServices[service].section, ...parts);

/** Orders of this time are looked at; days to each side of today. */
const RANGE_DAYS = 365;

const range = ({ marks }: Bench): Values => ({
  startDate: addDays(marks.today, -RANGE_DAYS),
  endDate: addDays(marks.today, RANGE_DAYS),
  area: '',
});

const nobody = { patientNo: 'Z99999999' };
const noOrder = 'SELFCHECK-NONE';

/** Fields that the service's table has; the rest is left out. */
function request(bench: Bench, values: Values): Values {
  return { clientType: '7', patientType: bench.booking.patientType, ...range(bench), ...values };
}

/** Asks, and wants an answer that is right in every element. */
async function ask(bench: Bench, service: BookingServiceName, values: Values): Promise<BookingAnswer> {
  const answer = await bench.caller.call(service, request(bench, values));
  const deviations = answer.deviations.map(zh => ({
    zh,
    en: `the answer differs from the agreement: ${zh}`,
  }));
  if (deviations.length > 0) throw new CheckFailure(...deviations);
  return answer;
}

async function succeed(bench: Bench, service: BookingServiceName, values: Values): Promise<BookingAnswer> {
  const answer = await ask(bench, service, values);
  expect(answer.success, '应答为失败(success=No)', 'the answer is a refusal (success=No)');
  return answer;
}

function testPatient({ booking }: Bench): string {
  if (booking.patientNo !== '') return booking.patientNo;
  throw new NotConfigured({
    zh: '未填写测试患者的社保卡号：请在自查设置中填写一位测试患者',
    en: 'the card number of a test patient is not set: enter one in the settings of the check',
  });
}

/** The test patient's orders, asked for once. */
async function orders(bench: Bench): Promise<readonly AnswerRecord[]> {
  bench.findings.orders ??= await currentOrders(bench);
  return bench.findings.orders;
}

async function currentOrders(bench: Bench): Promise<readonly AnswerRecord[]> {
  const { items } = await succeed(bench, 'GetExamItemList', { patientNo: testPatient(bench) });
  return items;
}

const text = (record: AnswerRecord, name: string): string => {
  const value = record[name];
  return typeof value === 'string' ? value : '';
};

const statusOf = async (bench: Bench, hiskey: string): Promise<string> => {
  const found = (await currentOrders(bench)).find(order => text(order, 'Hiskey') === hiskey);
  return found ? text(found, 'AppointmentStatus') : '';
};

async function bookableOrder(bench: Bench): Promise<AnswerRecord> {
  const found = (await orders(bench)).find(order => BOOKABLE.has(text(order, 'AppointmentStatus')));
  if (found) return found;
  throw new NotConfigured({
    zh: '测试患者没有可预约的开单：请为其开一张检查单后再自查',
    en: 'the test patient has no order that can be booked: order an exam for them first',
  });
}

/** Parameters of a receipt for all that is booked together with an order. */
async function receiptItems(bench: Bench): Promise<string> {
  const booked = (await currentOrders(bench)).filter(order => BOOKED.has(text(order, 'AppointmentStatus')));
  const own = booked.find(order => text(order, 'Hiskey') === bench.findings.booked) ?? booked[0];
  if (!own) {
    throw new NotConfigured({
      zh: '测试患者没有已预约的项目，无法取回执单',
      en: 'the test patient has nothing booked that a receipt could be of',
    });
  }
  const group = text(own, 'GroupId');
  const together = group === '' ? [own] : booked.filter(order => text(order, 'GroupId') === group);
  const records = together.map(order =>
    receiptItem.fields
      .map(field => text(order, 'from' in field ? field.from : recordName(field)) || '0')
      .join(receiptItem.separator),
  );
  return records.join(receiptItem.recordSeparator);
}

/** Harmless whatever the hospital makes of them: they name no patient and no order that there is. */
const harmless: Readonly<Record<BookingServiceName, Values>> = {
  GetExamItemList: nobody,
  GetSignalSourceList: { ...nobody, labCode: 'NONE', departCode: 'NONE', bookDate: '2000-01-01' },
  MedicalAppoint: { ...nobody, itemIDs: noOrder, sourceid: '' },
  CancelAppoint: { itemIDs: noOrder },
  GetAppointReceipt: { receiptItems: Array(receiptItem.fields.length).fill(noOrder).join('|') },
  GetAppointReceiptXml: { receiptItems: Array(receiptItem.fields.length).fill(noOrder).join('|') },
  GetAppointItemInfo: { examItemName: noOrder },
};

const wrongCertificate = (service: BookingServiceName): CheckCase =>
  one(service, 'bad', 'certificate', '错误的凭证号被拒绝', 'a wrong certificate is refused', async bench => {
    const stranger = bench.callerWith('SELFCHECK-WRONG');
    const { success, error } = await stranger.call(service, request(bench, harmless[service]));
    expect(!success, '凭证号错误却未被拒绝', 'a wrong certificate was not refused');
    expect(error !== '', '拒绝时未说明原因', 'the refusal gives no reason');
    return { zh: '已拒绝并说明原因', en: 'refused, with the reason' };
  });

const missingField = (service: BookingServiceName, field: string): CheckCase =>
  one(
    service,
    'bad',
    'missing',
    `缺少 ${field} 被拒绝`,
    `a request without ${field} is refused`,
    async bench => {
      const answer = await ask(bench, service, { ...harmless[service], [field]: '' });
      expect(!answer.success, `缺少 ${field} 却未被拒绝`, `a request without ${field} was not refused`);
      return { zh: '已拒绝并说明原因', en: 'refused, with the reason' };
    },
  );

const unknownOrder = (service: 'MedicalAppoint' | 'CancelAppoint'): CheckCase =>
  one(
    service,
    'edge',
    'unknown',
    '不存在的单据号被拒绝',
    'an order that there is not is refused',
    async bench => {
      const answer = await ask(bench, service, harmless[service]);
      expect(!answer.success, '不存在的单据号却返回成功', 'an order that there is not was a success');
      return { zh: '已拒绝并说明原因', en: 'refused, with the reason' };
    },
  );

/** Reading what there is not: an empty list, or a refusal with a reason; both are well-formed answers. */
const nothingThere = (service: BookingServiceName, zh: string, en: string): CheckCase =>
  one(service, 'edge', 'nothing', zh, en, async bench => {
    const { success, items } = await ask(bench, service, harmless[service]);
    expect(!success || items.length === 0, '查无数据却返回了数据', 'data came for what there is not');
    return success
      ? { zh: '成功，0 项', en: 'a success without items' }
      : { zh: '失败并说明原因', en: 'a refusal with the reason' };
  });

const count = (items: readonly unknown[], zh: string, en: string) => ({
  zh: `${items.length} ${zh}，逐元素符合约定`,
  en: `${items.length} ${en}, each element as agreed`,
});

export const bookingCases: readonly CheckCase[] = [
  one('GetExamItemList', 'normal', 'list', '取测试患者的开单', "the test patient's orders", async bench =>
    count(await orders(bench), '项', 'orders'),
  ),
  nothingThere('GetExamItemList', '没有开单的患者', 'a patient without orders'),
  wrongCertificate('GetExamItemList'),
  missingField('GetExamItemList', 'patientNo'),

  one(
    'GetSignalSourceList',
    'normal',
    'slots',
    '取第一个开单项目的号源',
    'slots for the first order',
    async bench => {
      const [order] = await orders(bench);
      if (!order) await bookableOrder(bench);
      const { items } = await succeed(bench, 'GetSignalSourceList', {
        patientNo: testPatient(bench),
        labCode: order ? text(order, 'LabCode') : '',
        departCode: order ? text(order, 'BillDept') : '',
        bookDate: bench.marks.today,
        labCodeList: '',
      });
      return count(items, '个号源', 'slots');
    },
  ),
  nothingThere('GetSignalSourceList', '没有号源的项目和日期', 'an item and a day without slots'),
  wrongCertificate('GetSignalSourceList'),
  missingField('GetSignalSourceList', 'labCode'),

  one(
    'MedicalAppoint',
    'normal',
    'book',
    '默认预约一项，重复不重约',
    'a booking, and the same again',
    async bench => {
      bench.mayBook();
      const hiskey = text(await bookableOrder(bench), 'Hiskey');
      const values = { patientNo: testPatient(bench), itemIDs: hiskey, sourceid: '' };
      await succeed(bench, 'MedicalAppoint', values);
      bench.findings.booked = hiskey;
      const status = await statusOf(bench, hiskey);
      expect(BOOKED.has(status), '预约成功后状态不是“已预约”', 'the order is not booked after a success');
      await succeed(bench, 'MedicalAppoint', values);
      return {
        zh: '预约成功，状态已更新，重复调用仍为成功',
        en: 'booked, shown as booked, and a repetition is a success',
      };
    },
  ),
  unknownOrder('MedicalAppoint'),
  wrongCertificate('MedicalAppoint'),
  missingField('MedicalAppoint', 'itemIDs'),

  one(
    'GetAppointReceipt',
    'normal',
    'pdf',
    '取已预约项目的 PDF 回执单',
    'the receipt as PDF',
    async bench => {
      const { pdf } = await succeed(bench, 'GetAppointReceipt', { receiptItems: await receiptItems(bench) });
      return { zh: `PDF ${pdf?.length ?? 0} 字节`, en: `a PDF of ${pdf?.length ?? 0} bytes` };
    },
  ),
  wrongCertificate('GetAppointReceipt'),
  missingField('GetAppointReceipt', 'receiptItems'),

  one(
    'GetAppointReceiptXml',
    'normal',
    'xml',
    '取已预约项目的 XML 回执单',
    'the receipt as XML',
    async bench => {
      const { items } = await succeed(bench, 'GetAppointReceiptXml', {
        receiptItems: await receiptItems(bench),
      });
      expect(items.length > 0, '回执单为空', 'there is no receipt');
      return count(items, '张', 'receipts');
    },
  ),
  wrongCertificate('GetAppointReceiptXml'),
  missingField('GetAppointReceiptXml', 'receiptItems'),

  one(
    'CancelAppoint',
    'normal',
    'cancel',
    '取消本次自查的预约',
    'what this check has booked is cancelled',
    async bench => {
      bench.mayBook();
      const { booked } = bench.findings;
      if (booked === undefined) {
        throw new NotConfigured({
          zh: '本次自查没有可取消的预约（不取消他人的预约）',
          en: "this check has booked nothing that could be cancelled, and cancels nobody else's booking",
        });
      }
      await succeed(bench, 'CancelAppoint', { itemIDs: booked });
      const status = await statusOf(bench, booked);
      expect(BOOKABLE.has(status), '取消成功后仍为已预约', 'the order is still booked after a success');
      return { zh: '取消成功，状态已更新', en: 'cancelled, and shown as cancelled' };
    },
  ),
  unknownOrder('CancelAppoint'),
  wrongCertificate('CancelAppoint'),
  missingField('CancelAppoint', 'itemIDs'),

  one(
    'GetAppointItemInfo',
    'normal',
    'catalogue',
    '取全部检查项目',
    'the catalogue of exam items',
    async bench => {
      const { items } = await succeed(bench, 'GetAppointItemInfo', { examItemName: '' });
      return count(items, '个科室', 'departments');
    },
  ),
  nothingThere('GetAppointItemInfo', '不存在的项目名称', 'an item that there is not'),
  wrongCertificate('GetAppointItemInfo'),
];
