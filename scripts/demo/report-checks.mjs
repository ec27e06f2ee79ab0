// 4.1: the flow uploads every new lab report; the platform must then hold exactly the hospital's data.
import { createRequire } from 'node:module';
import { expect, expectSame, until } from './context.mjs';

const require = createRequire(import.meta.url);
const { fieldFinder } = require('../../dist/lib/contract/field.js');
const { labMaster, labSubitem } = require('../../dist/lib/contract/tables/lab.js');
const { readDocument } = require('../../dist/lib/simulator/platform/xml-document.js');

export async function labReports(context) {
  const { hospital } = context;
  await until('all new lab reports are uploaded', () => hospital.counts().newReports === 0);
  const { acceptedReports, otherReports } = hospital.counts();
  expect(`${otherReports} reports were not accepted`, otherReports === 0);
  const expected = hospital.labReports('accepted', acceptedReports);
  const reports = await storedReports(context, new Set(expected.map(row => row.card_no)));
  const found = expected.map(row => storedRow(reports.get(row.report_form_no), row));
  expectSame(
    'report',
    found,
    expected.map(row => wireRow(row)),
  );
  return `${acceptedReports} 份报告 ${expected.length} 条结果，逐字段一致`;
}

/** What the platform gives back for these cards: by report number, the master and its items, as `ELEMENT → text`. */
async function storedReports(context, cards) {
  const reports = new Map();
  for (const card of cards) {
    for (const row of readDocument(await context.query('GetLabInfo', card)).children) {
      const values = Object.fromEntries(row.children.map(({ name, text }) => [name, text]));
      const report = reports.get(values.REPORT_FORM_NO) ?? { items: new Map() };
      reports.set(values.REPORT_FORM_NO, report);
      if (row.name === labMaster.row) report.master = values;
      else report.items.set(values.SERIAL_NO, values);
    }
  }
  return reports;
}

const inMaster = fieldFinder(labMaster);
const inItem = fieldFinder(labSubitem);

/** A column of the hospital's flat row: of which table, and under which element the platform gives it back. */
function placeOf(column) {
  const own = column.replace(/^item_/, '');
  const master = own === column ? inMaster(own) : undefined;
  return { table: master ? 'master' : 'item', element: (master ?? inItem(own)).element };
}

/** apply_form_no has no element: it is not sent unless asked for. */
const columnsOf = row => Object.keys(row).filter(column => placeOf(column).element !== undefined);

const wireRow = row => Object.fromEntries(columnsOf(row).map(column => [column, row[column]]));

const storedRow = (report, row) =>
  Object.fromEntries(
    columnsOf(row).map(column => {
      const { table, element } = placeOf(column);
      const values = table === 'master' ? report?.master : report?.items.get(row.serial_no);
      return [column, values?.[element]];
    }),
  );
