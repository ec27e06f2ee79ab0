/** Fills an empty synthetic hospital. The same date and seed give the same rows on every machine. */
import { formatSourceId } from '../../contract/composite';
import type { SqliteDatabase } from '../../sqlite';
import { OrderWriter } from './orders';
import * as data from './seed-data';
import { EXAM_STATES, seedExam } from './seed-exam';
import { type Source, insert, time } from './source';
import { SeededRandom, addDays, patientName, residentId } from './synthetic-values';

const PATIENTS = 36;
const LAB_REPORTS = 24;
const EXAMS = 24;
const SLOT_DAYS = 7;
const SEED = 20180402;

/** Shift and hour at which a range of one hour starts. */
const SHIFTS = [
  ['1', 8],
  ['1', 9],
  ['2', 14],
  ['3', 18],
] as const;

/** Seeds everything but the slots. */
export function seedHospital(database: SqliteDatabase, today: string): void {
  const source: Source = { database, random: new SeededRandom(SEED), today };
  seedCatalogue(database);
  const patients = Array.from({ length: PATIENTS }, (_, at) => seedPatient(source, at));
  seedOrders(source, patients);
  for (let at = 0; at < LAB_REPORTS; at++) seedLabReport(source, source.random.pick(patients), at);
  seedExams(source, patients);
  insert(database, 'XTCS', { CSM: 'today', CSZ: today });
}

function seedCatalogue(database: SqliteDatabase): void {
  for (const [KSDM, KSMC, PYDM, KSDZ, LXDH] of data.DEPARTMENTS)
    insert(database, 'YJ_JCKS', { KSDM, KSMC, PYDM, KSDZ, LXDH });
  for (const item of data.EXAM_ITEMS) {
    const common = { XMDM: item.code, PYDM: item.pinyin, DJ: item.price, ZYSX: item.notes ?? '' };
    insert(database, 'YJ_JCXM', {
      ...common,
      XMBH: item.number,
      XMMC: item.name,
      KSDM: item.department,
      ZYBH: item.resource,
      XMMS: item.description ?? '',
      WXTS: item.reminder ?? '',
    });
    insert(database, 'HIS_SFXM', { ...common, SFDM: `H${item.code}`, SFMC: item.name });
  }
}

/** Opens the slots of a week; those that exist already, taken or free, stay as they are. */
export function openSlots(database: SqliteDatabase, today: string): void {
  for (const item of data.EXAM_ITEMS) {
    for (let day = 0; day < SLOT_DAYS; day++) {
      const date = addDays(today, day);
      SHIFTS.forEach(([shift, hour], at) => {
        for (const [half, minute] of ['00', '30'].entries()) {
          const from = time(hour, '00');
          const to = time(hour + 1, '00');
          const sequence = String(at * 2 + half + 1);
          const code = formatSourceId({
            班次: shift,
            项目: item.number,
            LabCode: item.code,
            资源: item.resource,
            预约顺序Num: sequence,
            预约时间: `${date} ${time(hour, minute)}`,
            预约时间段: `${from}~${to}`,
          });
          insert(database, 'YJ_HY', {
            HYDM: code,
            XMDM: item.code,
            BC: shift,
            XH: sequence,
            HYRQ: date,
            KSSJ: from,
            JSSJ: to,
          });
        }
      });
    }
  }
}

/** Gives back the patient's id. */
function seedPatient({ database, random }: Source, at: number): string {
  const number = String(at + 1).padStart(4, '0');
  const id = `TEST${number}-0`;
  const year = random.integer(1930, 2010);
  const birthDate = `${year}-${String(random.integer(1, 12)).padStart(2, '0')}-${String(random.integer(1, 28)).padStart(2, '0')}`;
  const sequence = random.integer(1, 999);
  insert(database, 'BRXX', {
    BRID: id,
    KH: `Z0000${number}`,
    SFZH: residentId(birthDate, sequence),
    XM: patientName(at),
    XB: sequence % 2 === 1 ? '1' : '2',
    // As of a fixed year, so that the rows do not depend on the day.
    NL: String(2026 - year),
    LXDH: at % 3 === 0 ? '' : `0000000${number}`,
    TZ: at % 4 === 0 ? '' : `${random.integer(40, 90)}.5`,
    FYLB: at % 2 === 0 ? '医保' : '自费',
    BRLY: at % 6 === 5 ? '3' : '1',
    MZH: `000${number}8`,
  });
  return id;
}

/**
 * The first patient has one of everything: a single item, a group of three, and an item that is checked in. The
 * others have one or two single items.
 */
function seedOrders(source: Source, patients: readonly string[]): void {
  const [first, ...others] = patients;
  const orders = new OrderWriter(source, addDays(source.today, -1));
  if (first) {
    orders.add(first, ['000101'], '未预约');
    orders.add(first, ['000201', '000202', '000203'], '未预约');
    orders.add(first, ['000301'], '已签到');
    orders.add(first, ['000103'], '已取消');
  }
  for (const patient of others) {
    for (let count = source.random.integer(1, 2); count > 0; count--) {
      const status = source.random.pick(['未预约', '未预约', '未预约', '已取消', '已检查', '已报告']);
      orders.add(patient, [source.random.pick(data.EXAM_ITEMS).code], status);
    }
  }
}

/** The first patient has an exam in every state. */
function seedExams(source: Source, patients: readonly string[]): void {
  for (let at = 0; at < EXAMS; at++) {
    const patient = at < EXAM_STATES.length ? patients[0] : source.random.pick(patients);
    if (patient) seedExam(source, patient, at);
  }
}

/** Report numbers have 17 digits and more, some with leading zeros: as numbers they would be rounded. */
function seedLabReport({ database, random, today }: Source, patient: string, at: number): void {
  const panel = random.pick(data.LAB_PANELS);
  const [doctor, doctorName] = random.pick(data.DOCTORS);
  const [, department] = random.pick(data.ORDERING_DEPARTMENTS);
  const day = addDays(today, -1);
  const sequence = String(at + 1).padStart(5, '0');
  const number = at % 5 === 4 ? `000000000000000${sequence}` : `${day.replaceAll('-', '')}9007${sequence}`;
  const clock = (hour: number): string => `${day} ${time(hour, String(at % 60).padStart(2, '0'))}:05`;
  insert(database, 'LIS_BGD', {
    BGDH: number,
    BRID: patient,
    SQDH: `A${sequence}`,
    FLDM: panel.code,
    FLMC: panel.name,
    BGBT: panel.title,
    KDKS: department,
    KDYS: doctor,
    YSXM: doctorName,
    KDSJ: clock(7),
    JYSJ: clock(9),
    BGSJ: clock(10),
    SHSJ: clock(11),
    BBBH: String(at).padStart(4, '0'),
    YQMC: panel.device,
  });
  panel.tests.forEach((test, index) => {
    insert(database, 'LIS_BGJG', {
      BGDH: number,
      XH: String(index + 1),
      XMDM: test.code,
      XMMC: test.name,
      BDMC: test.localName,
      JG: random.pick(test.results),
      DW: test.unit,
      XX: test.lower,
      SX: test.upper,
      CKBZ: test.notes ?? '',
      JYFF: test.method,
    });
  });
}
