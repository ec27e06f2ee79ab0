// 3.3: the flow tells the platform of every new order and every changed booking, which it then holds as they are.
import { expect, expectSame, until } from './context.mjs';
import { environmentOf } from './settings.mjs';

/** The first synthetic patient, and an order that is booked by then. */
const CARD = 'Z00000001';
const ORDER = 'TEST0000000001';

/** A notification names patient and days; whoever asks for those days then finds the new order. */
export async function orderNotifications(context) {
  const { hospital, today, url } = context;
  await until('all new orders are told', () => hospital.counts().newOrders === 0);
  expect('the platform accepts them', hospital.counts().otherEvents === 0);
  const { EXCHANGE_ORGAN_CODE: OrganCode } = environmentOf(url);
  const told = await context.held('UpdateBillingInfo');
  const expected = new Map(
    hospital.orderNotices('accepted').map(row => [daysOf(row), { OrganCode, ...withoutVersion(row) }]),
  );
  // Several orders of one patient and day are one and the same notification.
  const once = [...new Map(told.map(record => [daysOf(record), record])).values()];
  expectSame('notification', sortedBy('SerialNo', once), sortedBy('SerialNo', [...expected.values()]));

  const hiskey = hospital.placeOrder(CARD, '000102');
  const ofToday = async () =>
    (await context.held('UpdateBillingInfo')).find(({ EndDate }) => EndDate === today);
  await until('the new order is told', async () => (await ofToday()) !== undefined);
  const { SerialNo: patientNo, StartDate: startDate, EndDate: endDate, AreaCode: area } = await ofToday();
  const { items } = await context.ask('GetExamItemList', { patientNo, startDate, endDate, area });
  expect(
    'asked for the days of the notification, the hospital gives the new order',
    items[0]?.Hiskey === hiskey,
  );
  return `${expected.size} 位患者的开单，逐字段一致，新开单 1 项可查`;
}

/** Fields of SyncAppointData, and what the hospital's rows (3.2.1) call them. */
const COLUMNS = {
  HisKey: 'Hiskey',
  SocialNo: 'SerialNo',
  SerialNo: 'SerialNo',
  PatientId: 'Patientid',
  BillingDeptCode: 'BillDept',
  BillingDeptName: 'BillDeptName',
  BillingDocCode: 'BillDoctorCode',
  BillingDocName: 'BillDoctorName',
  BillingDate: 'Date',
  InspectionItemId: 'InspectionItemID',
  InspectionItemCode: 'LabCode',
  InspectionItemName: 'LabName',
  SubitemGroupId: 'GroupId',
  SubitemGroupSort: 'GroupSort',
  OrderId: 'OrderID',
  AppointmentId: 'PrintAppointmentID',
  AppointmentFlag: 'AppointmentFlag',
  AppointmentTime: 'AppointmentTime',
  Description: 'Description',
  PartNotes: 'PartNotes',
  PatientType: 'PatientType',
};

const STATUS_NUMBERS = {
  已预约: '1',
  已取消: '2',
  自动组合预约: '3',
  组合预约: '4',
  已签到: '5',
  已检查: '6',
  已报告: '7',
};

export async function bookingChanges(context) {
  const count = await compareBookings(context);
  for (const [service, status] of [
    ['CancelAppoint', '2'],
    ['MedicalAppoint', '1'],
  ]) {
    const { success } = await context.ask(service, { patientNo: CARD, itemIDs: ORDER });
    expect(`${service} is a success`, success);
    await compareBookings(context);
    const told = (await context.held('SyncAppointData')).find(({ HisKey }) => HisKey === ORDER);
    expect(`after ${service} the platform holds status ${status}`, told?.AppointmentStatus === status);
  }
  return `${count} 条预约，逐字段一致，取消、再预约均已同步`;
}

async function compareBookings(context) {
  const { hospital, url } = context;
  await until('all changed bookings are told', () => hospital.counts().newBookings === 0);
  expect('the platform accepts them', hospital.counts().otherEvents === 0);
  const { EXCHANGE_ORGAN_CODE: OrganCode } = environmentOf(url);
  const expected = hospital.bookingNotices('accepted').map(row => ({
    OrganCode,
    ...Object.fromEntries(Object.entries(COLUMNS).map(([field, column]) => [field, row[column]])),
    AppointmentStatus: STATUS_NUMBERS[row.AppointmentStatus],
    ClientType: '7',
  }));
  expectSame(
    'booking',
    sortedBy('HisKey', await context.held('SyncAppointData')),
    sortedBy('HisKey', expected),
  );
  return expected.length;
}

const daysOf = ({ SerialNo, StartDate, EndDate }) => `${SerialNo} ${StartDate} ${EndDate}`;

const withoutVersion = ({ Hiskey: _hiskey, last_update_dtime: _version, ...row }) => row;

const sortedBy = (name, records) => records.toSorted((one, other) => (one[name] < other[name] ? -1 : 1));
