/** Whether the store takes over now: found out by doing so, with a mark in place of a message. */
import type { Transaction } from '../transaction';

/** Row of `meta` that holds when the store was last tried, in milliseconds since 1970. */
const PROBED = 'probed-at';

/** @throws {ExchangeError} STORE_FULL as a new message would be refused */
export async function probe(tx: Transaction): Promise<void> {
  tx.needRoom();
  const insert = tx.dialect.insertMissing('meta', ['name', 'value'], 'name');
  await tx.run(insert, PROBED, '');
  await tx.run('update meta set value = ? where name = ?', String(tx.now), PROBED);
}
