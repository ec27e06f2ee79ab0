/**
 * What a self-check writes: records and images of a patient who does not exist, which say in a text field that they are
 * test data. The numbers are the same at every run, so that a platform holds one of each and no more.
 */
import { createHash } from 'node:crypto';
import { type WallClock, formatDateTime, wallClockOf } from '../contract/dates';
import type { ImagedStudy } from '../simulator/hospital/images';
import type { Profile } from '../profile/profile';

/** Stands in the texts of every record. */
export const TEST_MARK = '【互联互通自查测试数据，请忽略】';

export interface TestMarks {
  readonly runId: string;
  readonly now: string;
  readonly today: string;
  /** Of area 000000, which does not exist (GB 11643). */
  readonly idNo: string;
  readonly cardNo: string;
  readonly patientId: string;
  readonly name: string;
  readonly labNo: string;
  readonly examNo: string;
  readonly orderNo: string;
  readonly accessionNumber: string;
  readonly studyInstanceUid: string;
}

export function testMarks(runId: string, startedAt: Date): TestMarks {
  const clock: WallClock = wallClockOf(startedAt);
  return {
    runId,
    now: formatDateTime(clock, 'yyyy-MM-dd HH:mm:ss'),
    today: formatDateTime(clock, 'yyyy-MM-dd'),
    idNo: '000000190001010017',
    cardNo: 'Z99999990',
    patientId: 'SELFCHECK-P',
    name: '测试甲',
    labNo: 'SELFCHECK-L',
    examNo: 'SELFCHECK-E',
    orderNo: 'SELFCHECK-O',
    accessionNumber: 'SELFCHECK-A',
    studyInstanceUid: '2.25.263402817364512009837465102938475610293',
  };
}

type Values = Readonly<Record<string, string>>;

/** What lab and exam have in common. */
const master = (marks: TestMarks, { archive, codes }: Of): Values => ({
  last_update_dtime: marks.now,
  org_code: archive.orgCode,
  patient_id: marks.patientId,
  event_type: codes('STD_EVENT_TYPE', '1'),
  event_no: 'SELFCHECK-V',
  id_no: marks.idNo,
  card_no: marks.cardNo,
  name: marks.name,
  sex_code: '1',
  sex_name: '男',
  birth_date: '1900-01-01',
  retrieve_date: marks.today,
  effective_dtime: marks.now,
  create_time: marks.now,
});

/** The profile as test data needs it. */
interface Of {
  readonly archive: Profile['archive'];
  /** A value of a code table: the platform's own where the hospital has loaded it, else the one given. */
  readonly codes: (table: string, otherwise: string) => string;
}

const of = ({ archive, check }: Profile): Of => ({
  archive,
  codes: (table, otherwise) => check.codeTables?.anyCode(table) ?? otherwise,
});

/** @param text goes into the items, beside the mark */
export function testLabReport(marks: TestMarks, profile: Profile, text = ''): object {
  const from = of(profile);
  return {
    ...master(marks, from),
    report_form_no: marks.labNo,
    class_code: from.codes('STD_LAB_EXAM_TYPE', '24323-8'),
    class_name: '生化（自查）',
    report_title: `${TEST_MARK}${marks.runId}`,
    participant_dtime: marks.now,
    author_id: 'SELFCHECK',
    author_name: '测试',
    author_dtime: marks.now,
    authenticator_id: 'SELFCHECK',
    authenticator_name: '测试',
    authenticator_dtime: marks.now,
    lab_subitem: [
      {
        serial_no: '1',
        class_code: '2345-7',
        class_name: '葡萄糖',
        result_value: '5.1',
        result_unit: 'mmol/L',
        norm_value_notes: `${TEST_MARK}${text}`,
      },
      { serial_no: '2', class_code: '2160-0', class_name: '肌酐', result_value: '70', result_unit: 'umol/L' },
    ],
  };
}

export const testExamReport = (marks: TestMarks, profile: Profile, text = ''): object => ({
  ...master(marks, of(profile)),
  report_form_no: marks.examNo,
  state: '3',
  checked_status: '1',
  pacs_id: marks.accessionNumber,
  study_instance_uid: marks.studyInstanceUid,
  class_code: 'CT',
  class_name: 'CT',
  body_part_name: '胸部',
  exam_item_name: '胸部CT平扫（自查）',
  performer_dtime: marks.now,
  participant_dtime: marks.now,
  author_id: 'SELFCHECK',
  author_name: '测试',
  author_dtime: marks.now,
  authenticator_id: 'SELFCHECK',
  authenticator_name: '测试',
  authenticator_dtime: marks.now,
  image_descr: `${TEST_MARK}${marks.runId}`,
  conclusion: `${TEST_MARK}${text}`,
});

export const testStudy = (marks: TestMarks): ImagedStudy => ({
  studyInstanceUid: marks.studyInstanceUid,
  patientId: marks.patientId,
  accessionNumber: marks.accessionNumber,
  name: marks.name,
  sexCode: '1',
  birthDate: '1900-01-01',
  performedAt: '2000-01-01 00:00:00',
  modality: 'CT',
  description: 'SELF-CHECK TEST DATA',
});

/** Texts that are right and awkward: markup, the end of a CDATA section, line breaks, a character of four bytes. */
export const AWKWARD = `<5 & "正常" ]]> 第二行\n𠮷 ＡＢＣ`;

export const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
