/** Attempts are written down: the message is finished, or waits for the next one. */
import type { Finished, MessageState, Settlement, Waiting } from '../message';
import type { Input } from '../message-store';
import { marks, number, text } from '../row';
import type { SqlRow, SqlValue } from '../sql/session';
import type { Transaction } from '../transaction';
import { promote } from './lane';

export async function settle(
  tx: Transaction,
  { owner, settlements }: Input<'settle'>,
): Promise<readonly string[]> {
  const ids = settlements.map(({ id }) => id);
  if (ids.length === 0) return [];
  const rows = await tx.all(
    'select id, lane, channel, service, doubtful, calls from message' +
      ` where owner = ? and state = 'inflight' and id in (${marks(ids)})`,
    owner,
    ...ids,
  );
  await tx.lockLanes(rows.map(row => text(row, 'lane')));
  const known = new Map(rows.map(row => [text(row, 'id'), row]));
  const lost: string[] = [];
  for (const settlement of settlements) {
    const row = known.get(settlement.id);
    if (!row || !(await settleOne(tx, owner, settlement, row))) lost.push(settlement.id);
  }
  return lost;
}

/** False when another process has taken the message meanwhile. */
async function settleOne(
  tx: Transaction,
  owner: string,
  settlement: Settlement,
  row: SqlRow,
): Promise<boolean> {
  const { id, failure, next, durationMs } = settlement;
  const state = 'dueAt' in next ? waitingState(next, row) : next.state;
  const change: Record<string, SqlValue> = {
    state,
    calls: number(row, 'calls') + 1,
    owner: '',
    code: failure?.code ?? '',
    text_zh: failure?.text.zh ?? '',
    text_en: failure?.text.en ?? '',
    ...('dueAt' in next
      ? { due_at: tx.inStore(next.dueAt), doubtful: state === 'in-doubt' ? 1 : 0 }
      : finished(tx, id, next)),
  };
  const counts = 'dueAt' in next && !next.counts ? 0 : 1;
  const columns = Object.keys(change).map(name => `, ${name} = ?`);
  const changed = await tx.run(
    `update message set tries = tries + ${counts}${columns.join('')}` +
      " where id = ? and owner = ? and state = 'inflight'",
    ...Object.values(change),
    id,
    owner,
  );
  if (changed === 0) return false;
  const channel = text(row, 'channel');
  tx.moved(channel, 'inflight', state);
  tx.audit({
    actor: 'system',
    action: 'deliver',
    message: id,
    channel,
    service: text(row, 'service'),
    outcome: state,
    code: failure?.code ?? '',
    durationMs: Math.round(durationMs),
  });
  if (!('dueAt' in next) && !next.holdsKey) await promote(tx, text(row, 'lane'));
  return true;
}

/** A message that may have reached the peer once stays in doubt, whatever a later attempt says. */
const waitingState = (next: Waiting, row: SqlRow): MessageState =>
  next.state === 'in-doubt' || number(row, 'doubtful') === 1 ? 'in-doubt' : 'pending';

const finished = (tx: Transaction, id: string, next: Finished): Record<string, SqlValue> => ({
  blocks: next.holdsKey ? 1 : 0,
  head: next.holdsKey ? 1 : 0,
  settled_at: tx.now,
  outcome: tx.keys.seal(next.outcome, `${id}:outcome`),
  repeat_at: tx.inStore(next.repeatAt),
  emissions: 1,
});
