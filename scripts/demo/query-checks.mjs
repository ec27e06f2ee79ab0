// 4.3, 4.4: the flow's query nodes ask for every patient; they must give back what the hospital registered.
import { createRequire } from 'node:module';
import { expectSameExams, expectSameLab } from './compare-reports.mjs';
import { expect } from './context.mjs';

const require = createRequire(import.meta.url);
const { fieldFinder } = require('../../dist/lib/contract/field.js');
const { examMaster } = require('../../dist/lib/contract/tables/exam.js');

const ALL = 1000;

export async function labReportQuery(context) {
  const rows = context.hospital.labReports('accepted', ALL);
  const reports = await askForAll(context, 'GetLabInfo', rows);
  expectSameLab(reports, rows);
  return `${patientsOf(rows).length} 位患者 ${reports.length} 份报告，逐字段一致`;
}

/** What an answer has no element for (4.4). */
const inExam = fieldFinder(examMaster);
const isGivenBack = column => inExam(column).element !== undefined;

export async function examReportQuery(context) {
  const rows = context.hospital.examReports('accepted', ALL);
  const reports = await askForAll(context, 'GetExamInfo', rows);
  expectSameExams(
    reports,
    rows.map(row => Object.fromEntries(Object.entries(row).filter(([column]) => isGivenBack(column)))),
  );
  return `${patientsOf(rows).length} 位患者 ${reports.length} 份报告，逐字段一致`;
}

const patientsOf = rows => [...new Map(rows.map(row => [row.card_no, row])).values()];

/** Asks for each patient by card number, for one by ID number, for one who has nothing, and by the flow's button. */
async function askForAll(context, service, rows) {
  const node = context.withButton('report-query').find(query => query.service === service);
  const ask = async query => (await context.through(node, query)).payload;
  const reports = [];
  for (const { card_no: cardNo } of patientsOf(rows)) reports.push(...(await ask({ cardNo })));
  const [{ card_no: cardNo, id_no: idNo }] = rows;
  const byId = await ask({ idNo });
  expect(
    'by ID number as many as by card number',
    byId.length > 0 && byId.length === reports.filter(report => report.card_no === cardNo).length,
  );
  expect('nothing of an unknown card', (await ask({ cardNo: 'Z99999999' })).length === 0);
  expect('the button finds reports', (await context.pressBefore(node)).payload.length > 0);
  return reports;
}
