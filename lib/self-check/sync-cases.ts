/** 3.3: CallInterface, called as the hospital calls it. */
import { type SyncServiceName, syncServices } from '../contract/services';
import { fieldFinder } from '../contract/field';
import { syncAppointData } from '../contract/tables/sync';
import { errorsOf } from '../contract/validate';
import { type CallInterfaceAnswer, callPlatform } from '../sync/call-interface';
import { type SyncRecord, readSyncRecords } from '../sync/sync-records';
import type { Bench } from './bench';
import { type CaseParts, type CheckCase, checkCase } from './check-case';
import { CheckFailure, expect } from './failure';
import { TEST_MARK } from './test-data';

const one = (service: SyncServiceName, ...parts: CaseParts): CheckCase =>
  checkCase(syncServices[service].section, ...parts);

type Input = Readonly<Record<string, string>>;

const notification = ({ marks }: Bench): Input => ({
  SerialNo: marks.cardNo,
  IdNo: marks.idNo,
  StartDate: marks.today,
  EndDate: marks.today,
  PatientType: '1',
});

const booking = ({ marks }: Bench): Input => ({
  HisKey: marks.orderNo,
  SocialNo: marks.cardNo,
  SerialNo: marks.cardNo,
  PatientId: marks.patientId,
  BillingDate: marks.now,
  InspectionItemId: 'SELFCHECK',
  InspectionItemCode: 'SELFCHECK',
  InspectionItemName: '自查项目',
  AppointmentStatus: '已预约',
  AppointmentTime: `${marks.today} 08:00~08:30`,
  Description: TEST_MARK,
  ClientType: '7',
  PatientType: '1',
});

const ALL_STATUSES: ReadonlySet<string> = new Set(
  Object.keys(fieldFinder(syncAppointData)('AppointmentStatus')?.allowed ?? {}),
);

const inputs = { UpdateBillingInfo: notification, SyncAppointData: booking } as const;
/** The field without which a record names nothing. */
const essential = { UpdateBillingInfo: ['SerialNo', 'IdNo'], SyncAppointData: ['HisKey'] } as const;

/** As billing-sync reads its input. */
function read(bench: Bench, service: SyncServiceName, given: readonly Input[]): readonly SyncRecord[] {
  const { profile } = bench.platform;
  return readSyncRecords(service, given, {
    organCode: profile.settings.organCode,
    check: profile.check,
    statuses: ALL_STATUSES,
    rangeDays: 0,
    now: bench.startedAt,
  }).records;
}

async function call(
  bench: Bench,
  service: SyncServiceName,
  given: readonly Input[],
  appId?: string,
): Promise<CallInterfaceAnswer> {
  const { platform } = bench;
  const records = read(bench, service, given);
  const errors = errorsOf(records.flatMap(({ violations }) => violations));
  if (errors.length > 0) throw new CheckFailure(...errors.map(({ message }) => message));
  const identity = {
    operator: platform.profile.settings.operator,
    appId: appId ?? platform.secrets.appId,
  };
  return callPlatform(
    platform.caller('callInterfaceUrl'),
    service,
    records.map(({ record }) => record),
    identity,
    bench.signal,
  );
}

const cases = (service: SyncServiceName): CheckCase[] => [
  one(service, 'normal', 'call', '推送一条测试数据', 'one test record is told', async bench => {
    await bench.mayWriteTo(bench.addressOf('callInterfaceUrl'));
    const { accepted, durationMs } = await call(bench, service, [inputs[service](bench)]);
    expect(accepted, '平台返回 Status 不为 1', 'the platform answers with a Status other than 1');
    return { zh: `Status 1，${Math.round(durationMs)} ms`, en: `Status 1, ${Math.round(durationMs)} ms` };
  }),
  one(service, 'edge', 'many', '一次推送两条', 'two records in one call', async bench => {
    await bench.mayWriteTo(bench.addressOf('callInterfaceUrl'));
    const record = inputs[service](bench);
    const { accepted } = await call(bench, service, [record, record]);
    expect(accepted, '平台返回 Status 不为 1', 'the platform answers with a Status other than 1');
    return { zh: 'Status 1', en: 'Status 1' };
  }),
  one(
    service,
    'bad',
    'missing',
    '缺少关键字段时不发送',
    'nothing is sent without the essential field',
    bench => {
      const lacking = Object.fromEntries(essential[service].map(name => [name, '']));
      const found = read(bench, service, [{ ...inputs[service](bench), ...lacking }]).flatMap(
        ({ violations }) => errorsOf(violations),
      );
      const [first] = found;
      expect(first !== undefined, '缺少关键字段却未被发现', 'the missing field was not found');
      return Promise.resolve({
        zh: `发送前拦截：${first.message.zh}`,
        en: `stopped before sending: ${first.message.en}`,
      });
    },
  ),
  one(service, 'bad', 'credential', '错误的 AppId 被拒绝', 'a wrong AppId is refused', async bench => {
    await bench.onlySimulator(bench.addressOf('callInterfaceUrl'));
    await bench.mayWriteTo(bench.addressOf('callInterfaceUrl'));
    const { accepted, message } = await call(bench, service, [inputs[service](bench)], 'SELFCHECK-WRONG');
    expect(!accepted && message !== '', '错误凭证未被拒绝', 'wrong credentials were not refused');
    return { zh: '已拒绝并说明原因', en: 'refused, with the reason' };
  }),
];

export const syncCases: readonly CheckCase[] = [...cases('UpdateBillingInfo'), ...cases('SyncAppointData')];
