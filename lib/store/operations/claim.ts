/** Messages are taken for sending, and given back. */
import type { Claimed } from '../message';
import type { Claim, ClaimResult, Input } from '../message-store';
import { marks, number, text } from '../row';
import type { SqlRow } from '../sql/session';
import type { Transaction } from '../transaction';
import { opened } from './outcomes';

const WAITING = "channel = ? and head = 1 and state in ('pending', 'in-doubt')";

const CLAIMED =
  'seq, id, channel, service, label, version, accepted_at, tries, calls, doubtful, content, context';

export async function claim(
  tx: Transaction,
  { channel, limit, owner, leaseMs, holding }: Claim,
): Promise<ClaimResult> {
  if (holding) await doubtUnknown(tx, channel, owner, new Set(holding));
  const rows = await tx.all(
    tx.dialect.claim({
      set: "state = 'inflight', owner = ?, lease_until = ?",
      where: `${WAITING} and due_at <= ?`,
      order: 'due_at, seq',
      limit,
      columns: CLAIMED,
    }),
    owner,
    tx.now + leaseMs,
    channel,
    tx.now,
  );
  for (const row of rows) tx.moved(channel, waitingStateOf(row), 'inflight');
  const next = await tx.first(
    `select due_at from ${tx.dialect.passing('message')} where ${WAITING} order by due_at`,
    channel,
  );
  return {
    messages: rows
      .toSorted((one, other) => number(one, 'seq') - number(other, 'seq'))
      .map(row => claimed(tx, row)),
    nextDue: next ? tx.atCaller(number(next, 'due_at')) : null,
  };
}

/** What is in flight for this process, and it knows nothing of. */
async function doubtUnknown(
  tx: Transaction,
  channel: string,
  owner: string,
  holding: ReadonlySet<string>,
): Promise<void> {
  const rows = await tx.all(
    "select id, channel, service from message where owner = ? and state = 'inflight' and channel = ?",
    owner,
    channel,
  );
  for (const row of rows) {
    if (holding.has(text(row, 'id'))) continue;
    const changed = await tx.run(
      "update message set state = 'in-doubt', doubtful = 1, owner = '', due_at = ? where id = ? and owner = ? and state = 'inflight'",
      tx.now,
      text(row, 'id'),
      owner,
    );
    if (changed > 0) noteDoubt(tx, row);
  }
}

function noteDoubt(tx: Transaction, row: SqlRow): void {
  const channel = text(row, 'channel');
  tx.moved(channel, 'inflight', 'in-doubt');
  tx.audit({
    actor: 'system',
    action: 'recover',
    message: text(row, 'id'),
    channel,
    service: text(row, 'service'),
    outcome: 'in-doubt',
    code: 'SENDER_GONE',
    durationMs: 0,
  });
}

/** Once in doubt, a message waits as such until it is finished. */
const waitingStateOf = (row: SqlRow): 'pending' | 'in-doubt' =>
  number(row, 'doubtful') === 1 ? 'in-doubt' : 'pending';

function claimed(tx: Transaction, row: SqlRow): Claimed {
  return {
    id: text(row, 'id'),
    channel: text(row, 'channel'),
    service: text(row, 'service'),
    label: text(row, 'label'),
    content: opened(tx, row, 'content'),
    context: opened(tx, row, 'context'),
    version: number(row, 'version'),
    acceptedAt: number(row, 'accepted_at'),
    tries: number(row, 'tries'),
    calls: number(row, 'calls'),
    doubtful: number(row, 'doubtful') === 1,
  };
}

export async function release(tx: Transaction, { owner, ids }: Input<'release'>): Promise<void> {
  if (ids.length === 0) return;
  const rows = await tx.all(
    `select id, channel, doubtful from message where owner = ? and state = 'inflight' and id in (${marks(ids)})`,
    owner,
    ...ids,
  );
  for (const row of rows) {
    const state = waitingStateOf(row);
    const changed = await tx.run(
      "update message set state = ?, owner = '' where id = ? and owner = ? and state = 'inflight'",
      state,
      text(row, 'id'),
      owner,
    );
    if (changed > 0) tx.moved(text(row, 'channel'), 'inflight', state);
  }
}

export async function revise(tx: Transaction, { owner, id, content }: Input<'revise'>): Promise<void> {
  await tx.run(
    "update message set content = ? where id = ? and owner = ? and state = 'inflight'",
    tx.keys.seal(content, `${id}:content`),
    id,
    owner,
  );
}

export async function renew(tx: Transaction, { owner, leaseMs }: Input<'renew'>): Promise<void> {
  await tx.run(
    "update message set lease_until = ? where owner = ? and state = 'inflight'",
    tx.now + leaseMs,
    owner,
  );
}

/** Rows of one step. */
const RECOVER_AT_ONCE = 500;

export async function recover(tx: Transaction, { goneOwners, owner }: Input<'recover'>): Promise<number> {
  const gone =
    goneOwners === 'all-others' ? '(lease_until < ? or owner <> ?)' : '(lease_until < ? and owner <> ?)';
  const rows = await tx.all(
    tx.dialect.claim({
      set: "state = 'in-doubt', doubtful = 1, owner = '', due_at = ?",
      where: `state = 'inflight' and ${gone}`,
      order: 'seq',
      limit: RECOVER_AT_ONCE,
      columns: 'id, channel, service',
    }),
    tx.now,
    tx.now,
    owner,
  );
  for (const row of rows) noteDoubt(tx, row);
  return rows.length;
}

export async function hurry(tx: Transaction, { channel }: Input<'hurry'>): Promise<number> {
  return tx.run(`update message set due_at = ? where ${WAITING} and due_at > ?`, tx.now, channel, tx.now);
}

/** Looks up the first of each state by its index: of a million that wait, their smallest time would take half a second. */
export async function oldest(tx: Transaction, { channel }: Input<'oldest'>): Promise<number | null> {
  const states = await tx.all(
    "select state from tally where channel = ? and amount > 0 and state in ('pending', 'in-doubt', 'inflight')",
    channel,
  );
  let time: number | null = null;
  for (const { state } of states) {
    const row = await tx.first(
      'select accepted_at from message where state = ? and channel = ? order by seq',
      state ?? '',
      channel,
    );
    if (row) time = Math.min(time ?? Infinity, number(row, 'accepted_at'));
  }
  return time;
}
