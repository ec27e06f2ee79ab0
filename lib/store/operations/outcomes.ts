/** Outcomes are kept until the next node of the flow has taken them over. */
import type { FinalState, Outcome } from '../message';
import type { Input } from '../message-store';
import { bytes, marks, number, text } from '../row';
import type { SqlRow } from '../sql/session';
import type { Transaction } from '../transaction';

export async function handOver(tx: Transaction, { ids }: Input<'handOver'>): Promise<void> {
  if (ids.length === 0) return;
  await tx.run(`update message set repeat_at = null where id in (${marks(ids)})`, ...ids);
}

const COLUMNS = 'seq, id, state, outcome, context, version, accepted_at, calls, emissions';

export async function outcomes(
  tx: Transaction,
  { channel, limit, repeatAt, all }: Input<'outcomes'>,
): Promise<readonly Outcome[]> {
  const rows = await tx.all(
    tx.dialect.claim({
      set: 'repeat_at = ?, emissions = emissions + 1',
      where: 'channel = ? and repeat_at is not null and repeat_at <= ?',
      order: 'repeat_at, seq',
      limit,
      columns: COLUMNS,
    }),
    repeatAt,
    channel,
    all ? Number.MAX_SAFE_INTEGER : tx.now,
  );
  return rows
    .toSorted((one, other) => number(one, 'seq') - number(other, 'seq'))
    .map(row => {
      const id = text(row, 'id');
      return {
        id,
        // Only finished messages have an outcome.
        state: text(row, 'state') as FinalState,
        outcome: opened(tx, row, 'outcome'),
        context: opened(tx, row, 'context'),
        version: number(row, 'version'),
        acceptedAt: number(row, 'accepted_at'),
        calls: number(row, 'calls'),
        emissions: number(row, 'emissions') - 1,
      };
    });
}

/** A sealed column; an empty text when there is none, or its time of keeping is over. */
export function opened(tx: Transaction, row: SqlRow, column: 'content' | 'context' | 'outcome'): string {
  const sealed = bytes(row, column);
  return sealed ? tx.keys.unseal(sealed, `${text(row, 'id')}:${column}`) : '';
}
