/** Receipts of booked groups: as rows (3.2.6) and as PDF (3.2.5). */
import type { SqliteDatabase, SqlRow } from '../../sqlite';
import { type Refusal, refuse } from './booking';
import { textPage } from './pdf';
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

const writePdf = (row: SqlRow): Promise<Buffer> =>
  textPage(
    [
      'APPOINTMENT RECEIPT',
      `Patient ${textOf(row, 'PatientID')}`,
      `Time ${textOf(row, 'StartAppointmentTime')} - ${textOf(row, 'EndAppointmentTime')}`,
      `Queue ${textOf(row, 'EnqueueNum')}`,
    ],
    { size: [420, 298] },
  );

const textOf = (row: SqlRow, column: string): string => String(row[column] ?? '');
