/** Exam reports in the forms that hospitals have them → reports of the agreement, checked (4.2). */
import { examState } from '../contract/exam-state';
import { type RecordOf, fieldFinder } from '../contract/field';
import { FailedValue, normalise } from '../contract/normalise';
import { type Row, findKey, textAt } from '../contract/row';
import { examMaster } from '../contract/tables/exam';
import { check, mismatch } from '../contract/validate';
import type { Report } from './register';
import { type ReportOptions, asRows, keyOf, notAReport, sameOrg } from './report-rows';

export type ExamMaster = RecordOf<typeof examMaster>;

export interface ExamReport extends Report {
  readonly master: ExamMaster;
}

/** Columns of the primary key: rows that agree in them are one report. */
const KEY = ['org_code', 'report_form_no', 'patient_id', 'event_type', 'event_no'] as const;

const field = fieldFinder(examMaster);

/**
 * Takes one report or many: objects with the fields of the exam master (also as `{ exammaster: { … } }`), or rows of
 * a query. `state` may be a usual word of the RIS. `study_instance_uid` may be an array or a list; rows of one report
 * that differ in it alone, as a join with the studies gives them, become one report with all of its UIDs.
 * @throws {ExchangeError} CONTRACT when the input is none of these.
 */
export function readExamReports(input: unknown, options: ReportOptions): ExamReport[] {
  const rows = asRows(input).flatMap(row => {
    const wrapper = findKey(row, 'exammaster');
    return wrapper ? asRows(row[wrapper]) : [row];
  });
  if (rows.length === 0) throw notAReport();
  const groups = new Map<string, { row: Row; uids: Set<string> }>();
  for (const row of rows) {
    const key = KEY.map(name => textAt(row, name)).join('\u0000');
    const group = groups.get(key) ?? { row, uids: new Set<string>() };
    groups.set(key, group);
    for (const uid of studyUids(row)) group.uids.add(uid);
  }
  return [...groups.values()].map(({ row, uids }) => toReport(row, [...uids], options));
}

/** Several UIDs in one value are parted by a comma (4.2); blanks around one are no part of it. */
function studyUids(row: Row): string[] {
  const key = findKey(row, 'study_instance_uid');
  const value = key === undefined ? undefined : row[key];
  const texts = Array.isArray(value) ? value : [value];
  return texts
    .flatMap(text => (typeof text === 'string' ? text.split(/[,，;；]/) : []))
    .map(uid => uid.trim())
    .filter(uid => uid !== '');
}

function toReport(row: Row, uids: readonly string[], options: ReportOptions): ExamReport {
  const { now, archive } = options;
  const uidKey = findKey(row, 'study_instance_uid') ?? 'study_instance_uid';
  const given = row[uidKey];
  const read = normalise(
    examMaster,
    { ...row, [uidKey]: given instanceof FailedValue ? given : uids.join(',') },
    { now, dateStyle: archive.dateStyle },
  );
  const master: ExamMaster = {
    ...read.record,
    org_code: read.record.org_code || archive.orgCode,
    state: examState(read.record.state) ?? read.record.state,
  };
  return {
    master,
    reportNo: master.report_form_no,
    key: keyOf(examMaster, master),
    rows: [{ table: examMaster, records: [master] }],
    violations: [
      ...check(examMaster, master, options.check, '', read.findings),
      ...sameOrg(examMaster, master.org_code, options),
      ...reviewed(master, options),
    ],
  };
}

/** A reviewed report says so in checked_status. */
function reviewed(master: ExamMaster, options: ReportOptions): ExamReport['violations'] {
  const status = field('checked_status');
  const claimed = master.checked_status;
  if (!status || Number(master.state) < 3 || claimed === '' || claimed === '1') return [];
  return [mismatch(examMaster, status, claimed, '检查状态 ≥ 3 时的值 1', options.check)];
}
