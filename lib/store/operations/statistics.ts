/** Figures about calls and contents, for the evidence that a hospital shows. */
import type { CallCount, Input, Sample } from '../message-store';
import { number, text } from '../row';
import type { SqlRow } from '../sql/session';
import type { Transaction } from '../transaction';
import { opened } from './outcomes';

const MOST_SAMPLES = 500;
/** What the audit trail calls a call of the agreement; the rest is what operators did. */
const CALLS = "action in ('deliver', 'call')";

export async function callStatistics(
  tx: Transaction,
  { from, to }: Input<'callStatistics'>,
): Promise<readonly CallCount[]> {
  const calls = await tx.all(
    'select channel, service, outcome, code, duration, count(*) as amount from audit' +
      ` where at >= ? and at < ? and ${CALLS} group by channel, service, outcome, code, duration`,
    tx.inStore(from),
    tx.inStore(to),
  );
  return calls.map(callCount);
}

const callCount = (row: SqlRow): CallCount => ({
  channel: text(row, 'channel'),
  service: text(row, 'service'),
  outcome: text(row, 'outcome'),
  code: text(row, 'code'),
  durationMs: number(row, 'duration'),
  count: number(row, 'amount'),
});

export async function samples(tx: Transaction, input: Input<'samples'>): Promise<readonly Sample[]> {
  const { service, actor, acceptedFrom, acceptedTo, beforeSeq = Number.MAX_SAFE_INTEGER, limit } = input;
  const rows = await tx.all(
    tx.dialect.first(
      'select seq, id, content from message' +
        " where service = ? and state = 'accepted' and seq < ? and accepted_at >= ? and accepted_at < ?" +
        ' and key_id > 0 order by seq desc',
      Math.max(1, Math.min(limit, MOST_SAMPLES)),
    ),
    service,
    beforeSeq,
    tx.inStore(acceptedFrom),
    tx.inStore(acceptedTo),
  );
  tx.audit({
    actor,
    action: 'evidence',
    message: '',
    channel: '',
    service,
    outcome: 'done',
    code: '',
    durationMs: 0,
  });
  return rows.map(row => ({ seq: number(row, 'seq'), content: opened(tx, row, 'content') }));
}
