/** Reports of people who do not exist, as many as are wanted, each under a number of its own. */
import type { Report } from '../report/register';
import { readExamReports } from '../report/exam-report';
import { readLabReports } from '../report/lab-report';
import type { ReportOptions } from '../report/report-rows';
import type { ArchiveOptions } from '../wire/archive-document';
import type { SqlRow } from '../sqlite';
import { SyntheticHospital } from './hospital/hospital';

export type ReportSort = 'lab' | 'exam';

export interface SyntheticReports {
  /** The `number`-th report, the same for the same number. */
  (number: number): Report;
}

/** Says to whoever reads it that it is no report of a patient. */
const TEST_MARK = '【测试数据 TEST】';
const MOST = 1_000;

export const syntheticArchive = (org: { orgCode: string; orgName: string }): ArchiveOptions => ({
  ...org,
  dateStyle: 'table',
  subItemLayout: 'repeat',
  sendApplyFormNo: false,
});

/**
 * @param archive institution that they are reports of
 * @param run what their numbers begin with after `TEST`, so that those of two runs differ
 */
export function syntheticReports(
  sort: ReportSort,
  archive: ReportOptions['archive'],
  run: string,
  now: Date,
): SyntheticReports {
  const groups = templates(sort, now);
  const options: ReportOptions = { archive, now, check: { validation: 'lenient', lengthUnit: 'char' } };
  return number => {
    const rows = (groups[number % groups.length] ?? []).map(row => ({
      ...row,
      org_code: archive.orgCode,
      report_form_no: `TEST-${run}-${number}`,
      report_title: TEST_MARK + String(row['report_title'] ?? ''),
    }));
    const [report] = sort === 'lab' ? readLabReports(rows, options) : readExamReports(rows, options);
    if (!report) throw new RangeError('the synthetic hospital has no reports');
    return report;
  };
}

/** The rows of each report of a synthetic hospital. */
function templates(sort: ReportSort, now: Date): readonly (readonly SqlRow[])[] {
  const hospital = new SyntheticHospital({ path: ':memory:', today: now.toISOString().slice(0, 10) });
  try {
    const rows = sort === 'lab' ? hospital.labReports('new', MOST) : hospital.examReports('new', MOST);
    const groups = new Map<unknown, SqlRow[]>();
    for (const row of rows)
      groups.set(row['report_form_no'], [...(groups.get(row['report_form_no']) ?? []), row]);
    return [...groups.values()];
  } finally {
    hospital.close();
  }
}
