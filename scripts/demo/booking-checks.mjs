// 3.2: the platform calls the hospital through its real HTTP endpoint; answers must equal the hospital's own data.
import { createRequire } from 'node:module';
import { expect, expectSame } from './context.mjs';

const require = createRequire(import.meta.url);
const { PDFDocument } = require('@cantoo/pdf-lib');
const { receiptItem } = require('../../dist/lib/contract/tables/booking.js');

/** The first synthetic patient: a single item, a group of three, and an item that is checked in. */
const CARD = 'Z00000001';
const SINGLE = 'TEST0000000001';
const GROUP = ['TEST0000000002', 'TEST0000000003', 'TEST0000000004'];
const CHECKED_IN = 'TEST0000000005';
const RANGE = { startDate: '2000-01-01', endDate: '2099-12-31', area: '' };

const ordersOf = ({ hospital }) => hospital.ordersOf(CARD, RANGE.startDate, RANGE.endDate);
const statusOf = (context, hiskey) =>
  ordersOf(context).find(order => order.Hiskey === hiskey).AppointmentStatus;
const book = (context, itemIDs, sourceid = '') =>
  context.ask('MedicalAppoint', { patientNo: CARD, ...RANGE, itemIDs, sourceid });
const cancel = (context, itemIDs) => context.ask('CancelAppoint', { itemIDs });

export async function examItemList(context) {
  const { items } = await context.ask('GetExamItemList', { patientNo: CARD, ...RANGE });
  expectSame('item', items, ordersOf(context));
  const nobody = await context.ask('GetExamItemList', { patientNo: 'Z99999999', ...RANGE });
  expect('a patient without orders is a success without items', nobody.success && nobody.items.length === 0);
  return `${items.length} 项`;
}

export async function signalSourceList(context) {
  const { hospital, today } = context;
  const { items } = await context.ask('GetSignalSourceList', {
    patientNo: CARD,
    labCode: '000101',
    labCodeList: '',
    departCode: 'D0001',
    bookDate: today,
    area: '',
  });
  expectSame('item', items, hospital.slotsOf('000101', today));
  expect('there are slots', items.length > 0);
  return `${items.length} 个号源`;
}

/** Books, repeats, and tries what must be refused. */
export async function medicalAppoint(context) {
  const [slot, other] = context.hospital.slotsOf('000101', context.today).map(row => row.SourceId);
  expect('a booking is a success', (await book(context, SINGLE, slot)).success);
  expect('the order is booked', statusOf(context, SINGLE) === '已预约');
  const before = context.hospital.counts().booked;
  expect('the same booking again is a success', (await book(context, SINGLE, slot)).success);
  expect('the same booking again changes nothing', context.hospital.counts().booked === before);
  expect('a default booking takes the whole group', (await book(context, GROUP[0])).success);
  expect('all of the group is booked', context.hospital.counts().booked === before + GROUP.length);
  const refused = [
    await book(context, CHECKED_IN),
    await book(context, `${SINGLE},${GROUP[0]}`, other),
    await book(context, 'TEST-NONE'),
  ];
  expect(
    'what is forbidden is refused, with a reason',
    refused.every(({ success, error }) => !success && error !== ''),
  );
  return `${before + GROUP.length} 项预约，${refused.length} 项按规则拒绝`;
}

export async function cancelAppoint(context) {
  await book(context, SINGLE);
  await book(context, GROUP[0]);
  const free = context.hospital.counts().freeSlots;
  expect('a cancellation is a success', (await cancel(context, `${SINGLE}|${GROUP[0]}`)).success);
  expect(
    'the orders are cancelled',
    [SINGLE, GROUP[0]].every(hiskey => statusOf(context, hiskey) === '已取消'),
  );
  expect('the slots are free again', context.hospital.counts().freeSlots === free + 2);
  expect('a checked-in order cannot be cancelled', !(await cancel(context, CHECKED_IN)).success);
  expect('a cancelled order can be booked again', (await book(context, SINGLE)).success);
  expect('and is booked', statusOf(context, SINGLE) === '已预约');
  return '2 项取消，1 项按规则拒绝';
}

export async function receiptPdf(context) {
  await book(context, GROUP[0]);
  const { pdf } = await context.ask('GetAppointReceipt', { receiptItems: await bookedReceipts(context) });
  const pages = (await PDFDocument.load(pdf)).getPageCount();
  expect('one page for the group', pages === 1);
  return `PDF ${pdf.length} 字节`;
}

export async function receiptXml(context) {
  await book(context, GROUP[0]);
  const receiptItems = await bookedReceipts(context);
  const { items } = await context.ask('GetAppointReceiptXml', { receiptItems });
  const [first] = receiptItems.split('|');
  expectSame(
    'item',
    items,
    context.hospital.receiptRows([{ groupId: first, orderid: orderIdOf(context, GROUP[0]) }]),
  );
  expect('the group is one receipt', items.length === 1);
  expect('its items are numbered', /^1\..*;2\..*;3\./s.test(items[0].HisName));
  return `${items.length} 张回执单（组合 ${GROUP.length} 项）`;
}

export async function itemInfo(context) {
  const { items } = await context.ask('GetAppointItemInfo', { examItemName: 'CSC' });
  const flat = items.flatMap(({ examItemInfo, ...department }) =>
    examItemInfo.flatMap(({ hisExamItemInfo, ...exam }) =>
      hisExamItemInfo.map(his => ({ ...department, ...exam, ...his })),
    ),
  );
  expectSame('item', flat, context.hospital.itemCatalogue('CSC'));
  return `${items.length} 个科室 ${flat.length} 个项目`;
}

const orderIdOf = (context, hiskey) => ordersOf(context).find(order => order.Hiskey === hiskey).OrderID;

/** The nine parts of each record come from the platform's own answer of GetExamItemList. */
async function bookedReceipts(context) {
  const { items } = await context.ask('GetExamItemList', { patientNo: CARD, ...RANGE });
  const { fields, separator, recordSeparator } = receiptItem;
  const records = items.filter(({ Hiskey }) => GROUP.includes(Hiskey));
  return records.map(item => fields.map(({ from }) => item[from]).join(separator)).join(recordSeparator);
}
