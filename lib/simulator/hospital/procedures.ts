/**
 * The procedures that a hospital offers to its flows, of the synthetic one: names and parameters are those of the
 * scripts for a hospital's own administrator, so that a flow runs on either.
 */
import { splitIds, parseReceiptItems } from '../../contract/composite';
import { fieldFinder } from '../../contract/field';
import { LAB_JOIN } from '../../contract/services';
import { labMaster, labSubitem } from '../../contract/tables/lab';
import type { DatabaseRow, EmbeddedProcedure } from '../../database/driver';
import { ITEM_PREFIX } from '../../report/lab-report';
import type { SqlRow } from '../../sqlite';
import type { SyntheticHospital } from './hospital';
import { Leases } from './leases';

type Values = Readonly<Record<string, unknown>>;
type Sets = readonly (readonly DatabaseRow[])[];

/** What the acknowledging procedures are told. */
const DONE = 2;
/** Rows that are looked through for those that nobody holds. */
const ALL = 100_000;

export function hospitalProcedures(hospital: SyntheticHospital): Readonly<Record<string, EmbeddedProcedure>> {
  return { ...bookingProcedures(hospital), ...uploadProcedures(hospital) };
}

/** 3.2, one for each service of the agreement. */
function bookingProcedures(hospital: SyntheticHospital): Record<string, EmbeddedProcedure> {
  return {
    usp_exchange_exam_items: procedure('patientNo startDate endDate', values => [
      hospital.ordersOf(text(values, 'patientNo'), text(values, 'startDate'), text(values, 'endDate')),
    ]),
    usp_exchange_signal_sources: procedure('labCode bookDate', values => [
      hospital.slotsOf(text(values, 'labCode'), text(values, 'bookDate')),
    ]),
    usp_exchange_medical_appoint: procedure('patientNo itemIDs sourceid', values => [
      [
        {
          ...hospital.book(
            text(values, 'patientNo'),
            splitIds(text(values, 'itemIDs')),
            text(values, 'sourceid'),
          ),
        },
      ],
    ]),
    usp_exchange_cancel_appoint: procedure('itemIDs', values => [
      [{ ...hospital.cancel(splitIds(text(values, 'itemIDs'))) }],
    ]),
    usp_exchange_receipt_pdf: procedure('receiptItems', async values => {
      const pdfs = await hospital.receiptPdfs(receiptsIn(values));
      return [Array.isArray(pdfs) ? pdfs.map(item => ({ item })) : [{ ...pdfs }]];
    }),
    usp_exchange_receipt_rows: procedure('receiptItems', values => {
      const rows = hospital.receiptRows(receiptsIn(values));
      return [Array.isArray(rows) ? rows.map(plain) : [{ ...rows }]];
    }),
    usp_exchange_item_info: procedure('examItemName', values => [
      hospital.itemCatalogue(text(values, 'examItemName')),
    ]),
  };
}

/** 3.3, 4.1, 4.2: what is to be told to the platform, and what became of it. */
function uploadProcedures(hospital: SyntheticHospital): Record<string, EmbeddedProcedure> {
  return {
    ...fetchAndAck(
      'order',
      'Hiskey',
      () => [hospital.orderNotices('new')],
      values => hospital.markOrder(text(values, 'Hiskey'), text(values, 'version'), outcomeIn(values)),
    ),
    ...fetchAndAck(
      'booking',
      'HisKey',
      () => [hospital.bookingNotices('new')],
      values => hospital.markBooking(text(values, 'HisKey'), text(values, 'version'), outcomeIn(values)),
    ),
    ...fetchAndAck(
      'lab',
      'report_form_no',
      () => masterAndItems(hospital.labReports('new', ALL)),
      values => hospital.markReported(text(values, 'report_form_no'), outcomeIn(values)),
    ),
    ...fetchAndAck(
      'exam',
      'report_form_no',
      () => [hospital.examReports('new', ALL)],
      values => hospital.markExam(text(values, 'report_form_no'), outcomeIn(values)),
    ),
    usp_exchange_report_pdf: procedure('report_form_no', async values => {
      const pdf = await hospital.examPdf(text(values, 'report_form_no'));
      return [pdf ? [{ pdf }] : []];
    }),
    usp_exchange_place_order: procedure('card item', values => [
      [{ Hiskey: hospital.placeOrder(text(values, 'card'), text(values, 'item')) ?? null }],
    ]),
  };
}

const outcomeIn = (values: Values): 'accepted' | 'refused' =>
  Number(values['state']) === DONE ? 'accepted' : 'refused';

/** A row that was fetched is not given again before its lease is over, or it is acknowledged. */
function fetchAndAck(
  what: string,
  key: string,
  find: () => readonly (readonly SqlRow[])[],
  mark: (values: Values) => unknown,
): Record<string, EmbeddedProcedure> {
  const leases = new Leases();
  return {
    [`usp_exchange_fetch_${what}`]: procedure('limit owner lease_seconds', values => {
      const [rows = [], ...details] = find();
      const given = leases.take(
        rows.map(row => keyIn(row, key)),
        Number(values['limit']),
        Number(values['lease_seconds']) * 1000,
      );
      const own = (row: SqlRow): boolean => given.has(keyIn(row, key));
      return [rows.filter(own).map(plain), ...details.map(set => set.filter(own).map(plain))];
    }),
    [`usp_exchange_ack_${what}`]: procedure(`${key} owner state message version`, values => {
      mark(values);
      leases.end(text(values, key));
      return [];
    }),
  };
}

const inMaster = fieldFinder(labMaster);
const inItem = fieldFinder(labSubitem);
const JOINS: ReadonlySet<string> = new Set(LAB_JOIN);

/** Flat rows of lab reports (4.1) as two sets: a report has one row in the first, and one for each result in the second. */
function masterAndItems(rows: readonly SqlRow[]): [SqlRow[], SqlRow[]] {
  const masters = new Map<string, SqlRow>();
  const items: SqlRow[] = [];
  for (const row of rows) {
    const [master, item]: [SqlRow, SqlRow] = [{}, {}];
    for (const [column, value] of Object.entries(row)) {
      const own = column.replace(ITEM_PREFIX, '');
      const isItems = inItem(own) !== undefined && (own !== column || !inMaster(column));
      if (isItems) item[own] = value;
      else master[column] = value;
      if (JOINS.has(column)) item[column] = value;
    }
    masters.set(keyIn(row, 'report_form_no'), master);
    items.push(item);
  }
  return [[...masters.values()], items];
}

function procedure(
  names: string,
  run: (values: Values) => readonly (readonly SqlRow[])[] | Sets | Promise<Sets>,
): EmbeddedProcedure {
  const parameters = Object.fromEntries(names.split(' ').map(name => [name, 'nvarchar(max)']));
  return {
    parameters,
    async run(values) {
      const sets = await run(values);
      return sets.map(set => set.map(plain));
    },
  };
}

/** Rows of the driver hold no bigint. */
const plain = (row: SqlRow | DatabaseRow): DatabaseRow =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, typeof value === 'bigint' ? String(value) : value]),
  );

function text(values: Values, name: string): string {
  const value = values[name.toLowerCase()] ?? values[name];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

const keyIn = (row: SqlRow, column: string): string => {
  const name = Object.keys(row).find(one => one.toLowerCase() === column.toLowerCase()) ?? column;
  return String(row[name]);
};

const receiptsIn = (values: Values): ReturnType<typeof parseReceiptItems>['records'] =>
  parseReceiptItems(text(values, 'receiptItems')).records;
