// Compares reports, as the platform holds or gives them back, with the hospital's own rows.
import { createRequire } from 'node:module';
import { expect, expectSame } from './context.mjs';

const require = createRequire(import.meta.url);
const { fieldFinder } = require('../../dist/lib/contract/field.js');
const { labMaster, labSubitem } = require('../../dist/lib/contract/tables/lab.js');

const inMaster = fieldFinder(labMaster);
const inItem = fieldFinder(labSubitem);

/** `reports` are masters with their items in `lab_subitem`; `rows` are flat, one for each result. */
export function expectSameLab(reports, rows) {
  const byNumber = numbered(reports);
  expect(`${reports.length} reports, each once`, byNumber.size === reports.length);
  const found = rows.map(row => foundRow(byNumber.get(row.report_form_no), row));
  const expected = rows.map(row => Object.fromEntries(columnsOf(row).map(column => [column, row[column]])));
  expectSame('report', found, expected);
  const items = reports.reduce((sum, report) => sum + report.lab_subitem.length, 0);
  expect(`${items} results instead of ${rows.length}`, items === rows.length);
}

/** `rows` are as `reports` must be; fields that a row does not have are not looked at. */
export function expectSameExams(reports, rows) {
  const byNumber = numbered(reports);
  expect(`${reports.length} reports, each once`, byNumber.size === reports.length);
  const found = rows.flatMap(row => byNumber.get(row.report_form_no) ?? []);
  expectSame('report', found, rows);
  expect(`${reports.length} reports instead of ${rows.length}`, reports.length === rows.length);
}

const numbered = reports => new Map(reports.map(report => [report.report_form_no, report]));

/** A column of the hospital's flat row: of which table, and under which name. */
function placeOf(column) {
  const own = column.replace(/^item_/, '');
  const master = own === column ? inMaster(own) : undefined;
  const field = master ?? inItem(own);
  return { inMaster: master !== undefined, name: field.attribute, isSent: field.element !== undefined };
}

/** apply_form_no has no element: it is not sent unless asked for. */
const columnsOf = row => Object.keys(row).filter(column => placeOf(column).isSent);

function foundRow(report, row) {
  const item = report?.lab_subitem.find(({ serial_no: number }) => number === row.serial_no);
  return Object.fromEntries(
    columnsOf(row).map(column => {
      const place = placeOf(column);
      return [column, (place.inMaster ? report : item)?.[place.name]];
    }),
  );
}
