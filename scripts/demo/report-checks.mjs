// 4.1, 4.2: the flow uploads every new report; the platform must then hold exactly the hospital's data.
import { expectSameExams, expectSameLab } from './compare-reports.mjs';
import { expect, until } from './context.mjs';
import { environmentOf } from './settings.mjs';

export async function labReports(context) {
  const { hospital } = context;
  await until('all new lab reports are uploaded', () => hospital.counts().newReports === 0);
  const { acceptedReports, otherReports } = hospital.counts();
  expect(`${otherReports} reports were not accepted`, otherReports === 0);
  const rows = hospital.labReports('accepted', acceptedReports);
  expectSameLab(await context.held('lab'), rows);
  return `${acceptedReports} 份报告 ${rows.length} 条结果，逐字段一致`;
}

/** The RIS's words, and the numbers of the agreement. */
const STATES = { 已登记: '0', 已检查: '1', 已书写: '2', 已审核: '3', 已修订: '4' };

export async function examReports(context) {
  const { hospital, url } = context;
  await until('all new exams are uploaded', () => hospital.counts().newExams === 0);
  const { acceptedExams, otherExams } = hospital.counts();
  expect(`${otherExams} exams were not accepted`, otherExams === 0);
  const { EXCHANGE_ORG_CODE: org_code } = environmentOf(url);
  const rows = hospital.examReports('accepted', acceptedExams);
  const held = await context.held('exam');
  expectSameExams(
    held,
    rows.map(row => ({ ...row, org_code, state: STATES[row.state] })),
  );
  const states = new Set(held.map(({ state }) => state));
  expect('there are exams in every state', states.size === Object.keys(STATES).length);
  expect(
    'those with a reviewed report, and no others, have the address of its file',
    held.every(({ state, reportfilepath }) => Number(state) >= 3 === (reportfilepath !== '')),
  );
  return `${acceptedExams} 份检查，${states.size} 种状态，逐字段一致`;
}
