/** A hospital's back end with made-up data: booking system, laboratory and RIS in one SQLite file. */
import { type SqlRow, SqliteDatabase } from '../../sqlite';
import { type BookingAnswer, type Refusal, book, cancel } from './booking';
import { examPdf } from './exam-pdf';
import { OrderWriter } from './orders';
import { type ReceiptRequest, receiptPdfs, receiptRows } from './receipts';
import { openSlots, seedHospital } from './seed';
import * as sql from './sql';
import * as exam from './sql-exam';
import * as changes from './sql-sync';
import { SeededRandom } from './synthetic-values';

export interface SyntheticHospitalOptions {
  /** A file, or `:memory:`. An empty database is seeded. */
  readonly path: string;
  /** `yyyy-MM-dd`: the slots of a week start on this day; seeded orders and reports are of the day before. */
  readonly today: string;
}

/** State of what is told to the platform: `new`, or the outcome of telling it. */
const UPLOAD_FLAGS = { new: '0', accepted: '1', refused: '2', unconfirmed: '3', dead: '4' } as const;

export type UploadState = keyof typeof UPLOAD_FLAGS;
type Outcome = Exclude<UploadState, 'new'>;

export interface HospitalCounts {
  readonly patients: number;
  readonly orders: number;
  readonly booked: number;
  readonly freeSlots: number;
  readonly newReports: number;
  readonly acceptedReports: number;
  readonly otherReports: number;
  readonly newExams: number;
  readonly acceptedExams: number;
  readonly otherExams: number;
  /** Orders that the platform has not been told of. */
  readonly newOrders: number;
  /** Bookings whose last change the platform has not been told. */
  readonly newBookings: number;
  /** Orders and bookings that the platform did not accept. */
  readonly otherEvents: number;
}

/**
 * The operations that the flows of a hospital need from its own systems. Rows are flat and their columns are the
 * agreement's names, as the aliases of a hospital's own queries would be.
 */
export class SyntheticHospital {
  readonly #database: SqliteDatabase;
  readonly #today: string;

  /** @throws {ExchangeError} CONFIG when the file cannot be opened. */
  constructor({ path, today }: SyntheticHospitalOptions) {
    this.#database = SqliteDatabase.open(path);
    this.#today = today;
    for (const schema of [sql.SCHEMA, exam.EXAM_SCHEMA, changes.SYNC_SCHEMA]) this.#database.exec(schema);
    // In one transaction, so that an interrupted first start leaves nothing half-filled.
    this.#database.transaction(() => {
      if (!this.#database.get(sql.GET_SETTING, 'today')) seedHospital(this.#database, today);
      openSlots(this.#database, today);
    });
  }

  /** 3.2.1: orders of a card from one day to another, both included. */
  ordersOf(card: string, startDate: string, endDate: string): SqlRow[] {
    return this.#database.all(sql.ORDERS_OF, card, startDate, endDate);
  }

  /** 3.2.2: free slots of one item on one day. The slot of a group is that of its main item. */
  slotsOf(labCode: string, date: string): SqlRow[] {
    return this.#database.all(sql.SLOTS_OF, labCode, date);
  }

  /** 3.2.3: books by Hiskey into a slot, or into the first free one when `sourceId` is empty. */
  book(card: string, itemIds: readonly string[], sourceId = ''): BookingAnswer {
    return book(this.#database, { card, itemIds, sourceId, today: this.#today });
  }

  /** 3.2.4: cancels by Hiskey or OrderID. */
  cancel(ids: readonly string[]): BookingAnswer {
    return cancel(this.#database, ids);
  }

  /** 3.2.6: one row for each group, or why there is none. */
  receiptRows(requests: readonly ReceiptRequest[]): SqlRow[] | Refusal {
    return receiptRows(this.#database, requests);
  }

  /** 3.2.5: one PDF for each group, or why there is none. */
  async receiptPdfs(requests: readonly ReceiptRequest[]): Promise<Buffer[] | Refusal> {
    const rows = this.receiptRows(requests);
    return Array.isArray(rows) ? receiptPdfs(rows) : rows;
  }

  /** 3.2.7: departments, exam items and charge items whose exam name or pinyin contains the text, or its half. */
  itemCatalogue(nameOrPinyin: string): SqlRow[] {
    const [name = '', pinyin = name] = nameOrPinyin
      .split('/')
      .map(half => half.trim())
      .filter(half => half !== '');
    return name === '' ? [] : this.#database.all(sql.ITEM_CATALOGUE, name, pinyin);
  }

  /** A doctor orders one item for a patient. Gives its Hiskey; undefined when there is no such card. */
  placeOrder(card: string, itemCode: string): string | undefined {
    const patient = this.#database.get(sql.FIND_PATIENT, card)?.['BRID'];
    if (typeof patient !== 'string') return undefined;
    const source = { database: this.#database, random: new SeededRandom(0), today: this.#today };
    return this.#database.transaction(() =>
      new OrderWriter(source, this.#today).add(patient, [itemCode], '未预约'),
    );
  }

  /** 3.3.1: one row for each order whose notification is in a state. */
  orderNotices(state: UploadState): SqlRow[] {
    return this.#database.all(changes.ORDER_NOTICES, UPLOAD_FLAGS[state]);
  }

  /** Notes for an order, as it was at a time, what became of telling it. */
  markOrder(hiskey: string, asOf: string, outcome: Outcome): void {
    this.#database.run(changes.MARK_EVENTS, UPLOAD_FLAGS[outcome], 'KD', hiskey, asOf);
  }

  /** 3.3.2: one row for each booking that has a change in a state, as it is now, in the names of GetExamItemList. */
  bookingNotices(state: UploadState): SqlRow[] {
    return this.#database.all(changes.BOOKING_NOTICES, UPLOAD_FLAGS[state]);
  }

  /** Notes for a booking, as it was at a time, what became of telling it. */
  markBooking(hiskey: string, asOf: string, outcome: Outcome): void {
    this.#database.run(changes.MARK_EVENTS, UPLOAD_FLAGS[outcome], 'YY', hiskey, asOf);
  }

  /** 4.1: the oldest `limit` reports in a state, one row for each of their results. */
  labReports(state: UploadState, limit = 50): SqlRow[] {
    return this.#database.all(sql.LAB_REPORTS, UPLOAD_FLAGS[state], limit);
  }

  /** Notes the outcome of a lab report's registration. False when there is no such report. */
  markReported(reportNo: string, outcome: Outcome): boolean {
    return this.#database.run(sql.MARK_REPORT, UPLOAD_FLAGS[outcome], reportNo).changes === 1;
  }

  /** 4.2: the oldest `limit` exams in an upload state, whatever their own state; `state` is the RIS's word for that. */
  examReports(state: UploadState, limit = 50): SqlRow[] {
    return this.#database.all(exam.EXAM_REPORTS, UPLOAD_FLAGS[state], limit);
  }

  /** 5.1.5: the report of a reviewed exam, always the same bytes; undefined for any other exam. */
  examPdf(reportNo: string): Promise<Buffer | undefined> {
    const row = this.#database.get(exam.REVIEWED_EXAM, reportNo);
    return row ? examPdf(row) : Promise.resolve(undefined);
  }

  /** Notes the outcome of an exam's registration. False when there is no such report. */
  markExam(reportNo: string, outcome: Outcome): boolean {
    return this.#database.run(exam.MARK_EXAM, UPLOAD_FLAGS[outcome], reportNo).changes === 1;
  }

  counts(): HospitalCounts {
    const row = this.#database.get(sql.COUNTS) ?? {};
    const count = (column: keyof HospitalCounts): number => Number(row[column] ?? 0);
    return {
      patients: count('patients'),
      orders: count('orders'),
      booked: count('booked'),
      freeSlots: count('freeSlots'),
      newReports: count('newReports'),
      acceptedReports: count('acceptedReports'),
      otherReports: count('otherReports'),
      newExams: count('newExams'),
      acceptedExams: count('acceptedExams'),
      otherExams: count('otherExams'),
      newOrders: count('newOrders'),
      newBookings: count('newBookings'),
      otherEvents: count('otherEvents'),
    };
  }

  close(): void {
    this.#database.close();
  }
}
