/** Outcomes are kept until the next node of the flow has taken them over. */
import type { FinalState, Outcome } from '../message';
import type { Input, OutcomesResult } from '../message-store';
import { bytes, marks, number, text } from '../row';
import type { SqlRow } from '../sql/session';
import type { Transaction } from '../transaction';

export async function handOver(tx: Transaction, { ids }: Input<'handOver'>): Promise<void> {
  if (ids.length === 0) return;
  await tx.run(`update message set repeat_at = null where id in (${marks(ids)})`, ...ids);
}

export async function park(tx: Transaction, { ids, failure }: Input<'park'>): Promise<readonly string[]> {
  const parked: string[] = [];
  for (const id of ids) {
    const row = await tx.first(
      tx.dialect.lock('id, channel, service, state', 'id = ? and repeat_at is not null'),
      id,
    );
    if (!row) continue;
    await tx.run(
      "update message set state = 'dead', repeat_at = null, code = ?, text_zh = ?, text_en = ? where id = ?",
      failure.code,
      failure.text.zh,
      failure.text.en,
      id,
    );
    const [channel, service] = [text(row, 'channel'), text(row, 'service')];
    // Only finished messages have an outcome.
    tx.moved(channel, text(row, 'state') as FinalState, 'dead');
    tx.audit({
      actor: 'system',
      action: 'park',
      message: id,
      channel,
      service,
      outcome: 'dead',
      code: failure.code,
      durationMs: 0,
    });
    parked.push(id);
  }
  return parked;
}

export async function backlog(tx: Transaction, { channel }: Input<'backlog'>): Promise<number> {
  const unfinished = await tx.first(
    "select coalesce(sum(amount), 0) as n from tally where channel = ? and state in ('pending', 'inflight', 'in-doubt')",
    channel,
  );
  const kept = await tx.first(
    'select count(*) as n from message where channel = ? and repeat_at is not null',
    channel,
  );
  return number(unfinished ?? {}, 'n') + number(kept ?? {}, 'n');
}

const COLUMNS = 'seq, id, state, outcome, context, version, accepted_at, calls, emissions';

export async function outcomes(
  tx: Transaction,
  { channel, limit, repeatMs, all, newestOnly }: Input<'outcomes'>,
): Promise<OutcomesResult> {
  if (newestOnly)
    await tx.run(
      'update message set repeat_at = null where channel = ? and repeat_at is not null and exists' +
        ' (select 1 from message newer where newer.lane = message.lane and newer.seq > message.seq' +
        " and newer.state not in ('invalid', 'cancelled'))",
      channel,
    );
  if (all)
    await tx.run(
      'update message set repeat_at = ? where channel = ? and repeat_at > ?',
      tx.now,
      channel,
      tx.now,
    );
  const rows = await tx.all(
    tx.dialect.claim({
      set: 'repeat_at = ? + ? * emissions * emissions, emissions = emissions + 1',
      where: 'channel = ? and repeat_at is not null and repeat_at <= ?',
      order: 'repeat_at, seq',
      limit,
      columns: COLUMNS,
    }),
    tx.now,
    repeatMs,
    channel,
    tx.now,
  );
  const next = await tx.first(
    `select repeat_at from ${tx.dialect.passing('message')}` +
      ' where channel = ? and repeat_at is not null order by repeat_at',
    channel,
  );
  return {
    outcomes: rows
      .toSorted((one, other) => number(one, 'seq') - number(other, 'seq'))
      .map(row => outcomeOf(tx, row)),
    nextDue: next ? tx.atCaller(number(next, 'repeat_at')) : null,
  };
}

const outcomeOf = (tx: Transaction, row: SqlRow): Outcome => ({
  id: text(row, 'id'),
  // Only finished messages have an outcome.
  state: text(row, 'state') as FinalState,
  outcome: opened(tx, row, 'outcome'),
  context: opened(tx, row, 'context'),
  version: number(row, 'version'),
  acceptedAt: number(row, 'accepted_at'),
  calls: number(row, 'calls'),
  emissions: number(row, 'emissions') - 1,
});

/** A sealed column; an empty text when there is none, or its time of keeping is over. */
export function opened(tx: Transaction, row: SqlRow, column: 'content' | 'context' | 'outcome'): string {
  const sealed = bytes(row, column);
  return sealed ? tx.keys.unseal(sealed, `${text(row, 'id')}:${column}`) : '';
}
