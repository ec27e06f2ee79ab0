/** The order of the messages of one key. */
import type { Transaction } from '../transaction';

/** Makes the oldest message that blocks a lane its head; the lane must be locked. */
export async function promote(tx: Transaction, lane: string): Promise<void> {
  await tx.run(
    'update message set head = 1 where head = 0 and' +
      ' seq = (select min(seq) from message where lane = ? and blocks = 1)',
    lane,
  );
}
