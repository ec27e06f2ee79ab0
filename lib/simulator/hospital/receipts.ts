/** Receipts of booked groups: as rows (3.2.6) and as PDF (3.2.5). */
import { PDFDocument, StandardFonts } from '@cantoo/pdf-lib';
import type { SqliteDatabase, SqlRow } from '../../database/sqlite';
import { type Refusal, refuse } from './booking';
import * as sql from './sql';

/** The parts of a receiptItems record that the hospital looks at. */
export interface ReceiptRequest {
  readonly groupId: string;
  readonly orderid: string;
}

/** One row for each group of the request, whichever of its items are named; or why there is none. */
export function receiptRows(
  database: SqliteDatabase,
  requests: readonly ReceiptRequest[],
): SqlRow[] | Refusal {
  const groups = new Set<string>();
  for (const { groupId, orderid } of requests) {
    const known = database.all(sql.GROUP_MEMBERS, groupId).some(row => row['YYID'] === orderid);
    if (!known) return refuse(`预约 ${orderid} 不存在`);
    groups.add(groupId);
  }
  const rows: SqlRow[] = [];
  for (const group of groups) {
    const row = receiptOf(database, group);
    if (!row) return refuse(`分组 ${group} 尚未预约，没有回执单`);
    rows.push(row);
  }
  return rows;
}

/** The items of a group are numbered and joined by `;` (A-29e). */
function receiptOf(database: SqliteDatabase, group: string): SqlRow | undefined {
  const items = database.all(sql.RECEIPT_OF_GROUP, group);
  const [main] = items;
  if (!main || items.length === 1) return main;
  return { ...main, HisName: items.map((item, at) => `${at + 1}.${String(item['HisName'])}`).join(';') };
}

/** One PDF for each receipt row. */
export const receiptPdfs = (rows: readonly SqlRow[]): Promise<Buffer[]> => Promise.all(rows.map(writePdf));

/** The standard fonts have no Chinese characters, and the demo needs no font file: ASCII only. */
async function writePdf(row: SqlRow): Promise<Buffer> {
  const pdf = await PDFDocument.create();
  const font = await pdf.embedFont(StandardFonts.Helvetica);
  const page = pdf.addPage([420, 298]);
  const lines = [
    'APPOINTMENT RECEIPT',
    `Patient ${asciiOf(row, 'PatientID')}`,
    `Time ${asciiOf(row, 'StartAppointmentTime')} - ${asciiOf(row, 'EndAppointmentTime')}`,
    `Queue ${asciiOf(row, 'EnqueueNum')}`,
  ];
  lines.forEach((line, at) => page.drawText(line, { x: 40, y: 240 - at * 24, size: 14, font }));
  return Buffer.from(await pdf.save());
}

const asciiOf = (row: SqlRow, column: string): string =>
  String(row[column] ?? '').replace(/[^\x20-\x7e]/g, '?');
