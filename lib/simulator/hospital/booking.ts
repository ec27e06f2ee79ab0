/** What the synthetic hospital's booking system decides: who may have which slot. */
import { BOOKED, BOOKING_FORBIDDEN } from '../../contract/booking-status';
import type { SqliteDatabase } from '../../sqlite';
import * as sql from './sql';

/** Outcome of MedicalAppoint and CancelAppoint, in the fields of returnContent. */
export interface BookingAnswer {
  readonly success: 'Yes' | 'No';
  readonly error: string;
}

/** A request that the hospital does not carry out, with the words for the platform. */
export interface Refusal extends BookingAnswer {
  readonly success: 'No';
}

export const refuse = (error: string): Refusal => ({ success: 'No', error });

const DONE: BookingAnswer = { success: 'Yes', error: '' };

/** Ends the running transaction: nothing of the call is kept. */
class Refused extends Error {}

interface Order {
  readonly hiskey: string;
  readonly group: string;
  readonly itemCode: string;
  readonly card: string;
  readonly status: string;
  readonly slot: string;
}

export interface BookingRequest {
  readonly card: string;
  /** Hiskey of each order. */
  readonly itemIds: readonly string[];
  /** Empty: the first free slot (默认预约). */
  readonly sourceId: string;
  /** `yyyy-MM-dd`; earlier slots are not given away. */
  readonly today: string;
}

/**
 * Books every order of the request or none. An order of a composite group books the whole group into one slot.
 * What is booked already in the wanted slot is answered with Yes, so that a repeated call does no harm (A-29i).
 */
export function book(
  database: SqliteDatabase,
  { card, itemIds, sourceId, today }: BookingRequest,
): BookingAnswer {
  if (itemIds.length === 0) return refuse('未提供单据号');
  if (sourceId && itemIds.length > 1) return refuse('指定号源时只能预约一张单据');
  return allOrNothing(database, () => {
    for (const id of itemIds) {
      const order = findOrder(database, id);
      if (order.card !== card) throw new Refused(`单据 ${id} 不属于该卡号`);
      bookGroup(database, membersOf(database, order.group), sourceId, today);
    }
  });
}

function bookGroup(
  database: SqliteDatabase,
  members: readonly Order[],
  sourceId: string,
  today: string,
): void {
  const [main] = members;
  if (!main) throw new Refused('分组内没有单据');
  const forbidden = members.find(({ status }) => BOOKING_FORBIDDEN.has(status));
  if (forbidden) throw new Refused(`单据 ${forbidden.hiskey} ${forbidden.status}，禁止预约`);
  if (BOOKED.has(main.status)) {
    if (sourceId === '' || sourceId === main.slot) return;
    throw new Refused(`单据 ${main.hiskey} 已预约其他号源，请先取消`);
  }
  const slot = sourceId === '' ? firstFreeSlot(database, main, today) : checkSlot(database, main, sourceId);
  if (database.run(sql.TAKE_SLOT, main.group, slot).changes === 0) throw new Refused('号源已被占用');
  setStatus(database, members, '已预约', '自动组合预约', slot);
}

function firstFreeSlot(database: SqliteDatabase, main: Order, today: string): string {
  const free = database.get(sql.FIRST_FREE_SLOT, main.itemCode, today);
  if (!free) throw new Refused(`单据 ${main.hiskey} 没有可用号源`);
  return text(free['HYDM']);
}

function checkSlot(database: SqliteDatabase, main: Order, sourceId: string): string {
  const slot = database.get(sql.FIND_SLOT, sourceId);
  if (!slot) throw new Refused('号源不存在');
  if (slot['XMDM'] !== main.itemCode) throw new Refused('号源与检查项目不符');
  return sourceId;
}

/**
 * Cancels every id or none; an id is a Hiskey, else an OrderID. Of a composite group all members are
 * cancelled. What is cancelled already is answered with Yes.
 */
export function cancel(database: SqliteDatabase, ids: readonly string[]): BookingAnswer {
  if (ids.length === 0) return refuse('未提供单据号');
  return allOrNothing(database, () => {
    for (const id of ids) {
      const { group } = findOrder(database, id);
      const members = membersOf(database, group);
      const forbidden = members.find(({ status }) => BOOKING_FORBIDDEN.has(status));
      if (forbidden) throw new Refused(`单据 ${id} ${forbidden.status}，不能取消`);
      if (members[0]?.status === '未预约') throw new Refused(`单据 ${id} 尚未预约`);
      database.run(sql.FREE_SLOTS_OF_GROUP, group);
      setStatus(database, members, '已取消', '组合预约', null);
    }
  });
}

function allOrNothing(database: SqliteDatabase, work: () => void): BookingAnswer {
  try {
    database.transaction(work);
    return DONE;
  } catch (error) {
    if (error instanceof Refused) return refuse(error.message);
    throw error;
  }
}

function setStatus(
  database: SqliteDatabase,
  members: readonly Order[],
  main: string,
  sub: string,
  slot: string | null,
): void {
  members.forEach(({ hiskey }, at) => database.run(sql.SET_APPOINTMENT, at === 0 ? main : sub, slot, hiskey));
}

function findOrder(database: SqliteDatabase, id: string): Order {
  const row = database.get(sql.FIND_ORDER, id);
  if (!row) throw new Refused(`单据 ${id} 不存在`);
  return toOrder(row);
}

/** Main item first. */
const membersOf = (database: SqliteDatabase, group: string): Order[] =>
  database.all(sql.GROUP_MEMBERS, group).map(toOrder);

const toOrder = (row: Readonly<Record<string, unknown>>): Order => ({
  hiskey: text(row['SQDH']),
  group: text(row['FZID']),
  itemCode: text(row['XMDM']),
  card: text(row['KH']),
  status: text(row['YYZT']),
  slot: text(row['HYDM']),
});

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
