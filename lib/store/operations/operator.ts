/** What operators do with messages. Every action is audited. */
import { type MessageState, operable } from '../message';
import type { Input, OperatorResult } from '../message-store';
import { number, text } from '../row';
import type { SqlRow } from '../sql/session';
import type { Transaction } from '../transaction';
import { append } from './accept';
import { laneOf, promote } from './lane';
import { opened } from './outcomes';

type Refusal = OperatorResult['left'][number]['why'];

const COLUMNS =
  'seq, id, channel, service, lane, state, blocks, case when content is null then 0 else 1 end as kept';

/** Does `act` for every message, with its lane and its row locked. `act` gives why a message is left as it is. */
async function forEach(
  tx: Transaction,
  { ids, actor, action }: { ids: readonly string[]; actor: string; action: string },
  act: (row: SqlRow, at: number) => Promise<Refusal | undefined>,
): Promise<OperatorResult> {
  const done: string[] = [];
  const left: { id: string; why: Refusal }[] = [];
  for (const id of ids) {
    const lane = await tx.first('select lane from message where id = ?', id);
    if (lane) await tx.lockLanes([text(lane, 'lane')]);
    const row = await tx.first(tx.dialect.lock(COLUMNS, 'id = ?'), id);
    const why = row ? await act(row, done.length) : 'unknown';
    if (row) {
      const [channel, service] = [text(row, 'channel'), text(row, 'service')];
      tx.audit({
        actor,
        action,
        message: id,
        channel,
        service,
        outcome: why ?? 'done',
        code: '',
        durationMs: 0,
      });
    }
    if (why) left.push({ id, why });
    else done.push(id);
  }
  return { done, left };
}

// Written by this store.
const stateOf = (row: SqlRow): MessageState => text(row, 'state') as MessageState;

export const cancel = (tx: Transaction, { ids, actor }: Input<'cancel'>): Promise<OperatorResult> =>
  forEach(tx, { ids, actor, action: 'cancel' }, async row => {
    if (!operable.cancel.has(stateOf(row))) return 'state';
    await withdraw(tx, row);
    return undefined;
  });

async function withdraw(tx: Transaction, row: SqlRow): Promise<void> {
  await tx.run(
    "update message set state = 'cancelled', blocks = 0, head = 0, settled_at = ?, repeat_at = null where seq = ?",
    tx.now,
    number(row, 'seq'),
  );
  tx.moved(text(row, 'channel'), stateOf(row), 'cancelled');
  await promote(tx, text(row, 'lane'));
}

export const resend = (tx: Transaction, input: Input<'resend'>): Promise<OperatorResult> =>
  forEach(tx, { ...input, action: 'resend' }, async (row, at) => {
    if (!operable.resend.has(stateOf(row))) return 'state';
    if (number(row, 'kept') === 0) return 'pruned';
    if (!input.force && (await isSuperseded(tx, row))) return 'superseded';
    await tx.run(
      "update message set state = 'pending', blocks = 1, head = 0, due_at = ?, tries = 0, doubtful = 0," +
        ' settled_at = null, repeat_at = null, outcome = null where seq = ?',
      tx.now + (input.delayMs ?? 0) + at * input.spacingMs,
      number(row, 'seq'),
    );
    tx.moved(text(row, 'channel'), stateOf(row), 'pending');
    await reorder(tx, text(row, 'lane'));
    return undefined;
  });

/** A later message of the key was sent, or waits: sending this one after it would put old content over new. */
const isSuperseded = async (tx: Transaction, row: SqlRow): Promise<boolean> =>
  (await tx.first(
    "select seq from message where lane = ? and seq > ? and state not in ('invalid', 'cancelled', 'dead', 'refused')",
    text(row, 'lane'),
    number(row, 'seq'),
  )) !== undefined;

/** Only the oldest of a lane may be its head; one that is being sent stays it. */
async function reorder(tx: Transaction, lane: string): Promise<void> {
  // In this order: once its head is taken away, no other process can claim a message of the lane.
  await tx.run("update message set head = 0 where lane = ? and head = 1 and state <> 'inflight'", lane);
  const sending = await tx.first('select seq from message where lane = ? and head = 1', lane);
  if (!sending) await promote(tx, lane);
}

/** The properties of the first input, which the flow goes on with; none once they are pruned. */
async function contextOf(tx: Transaction, id: string): Promise<string> {
  const row = await tx.first('select id, context from message where id = ?', id);
  return row ? opened(tx, row, 'context') : '';
}

export const amend = (tx: Transaction, { id, by, actor }: Input<'amend'>): Promise<OperatorResult> =>
  forEach(tx, { ids: [id], actor, action: 'amend' }, async row => {
    const state = stateOf(row);
    if (!operable.amend.has(state)) return 'state';
    const lane = laneOf(tx, by);
    await tx.lockLanes([lane]);
    const newest = await tx.first(
      "select id, state, version from message where lane = ? and state not in ('invalid', 'cancelled') order by seq desc",
      lane,
    );
    const context = await contextOf(tx, id);
    await append(tx, { ...by, context }, lane, tx.keys.hash(by.content), newest, id);
    // A refusal stays on record; what was never delivered is replaced.
    if (state !== 'refused') await withdraw(tx, row);
    return undefined;
  });
