/** What need not be kept is removed, and old contents get the newest key: in small steps, beside the daily work. */
import { checkChain } from '../../privacy/audit-chain';
import type { MessageState } from '../message';
import type { Input } from '../message-store';
import { marks, number, text } from '../row';
import type { SqlRow } from '../sql/session';
import { AUDIT_BASE, RESEAL_AFTER, type Transaction, readMark } from '../transaction';
import { auditTrail } from './audit';
import { opened } from './outcomes';

const STEP = 1000;

/** Dead and invalid messages are kept until an operator has dealt with them. */
const DELIVERED = "state in ('accepted', 'refused', 'unconfirmed', 'cancelled') and repeat_at is null";

export async function prune(tx: Transaction, retention: Input<'prune'>): Promise<number> {
  const limit = Math.min(retention.limit, STEP);
  const removed =
    (await pruneContents(tx, retention.contentBefore, limit)) +
    (await pruneMessages(tx, retention.messageBefore, limit)) +
    (await pruneAudit(tx, retention.auditBefore, limit));
  await tx.shrink();
  return removed;
}

async function pruneContents(tx: Transaction, before: number, limit: number): Promise<number> {
  const rows = await tx.all(
    tx.dialect.first(
      tx.dialect.lock(
        'seq',
        `settled_at < ? and settled_at is not null and key_id > 0 and ${DELIVERED} order by settled_at`,
      ),
      limit,
    ),
    before,
  );
  if (rows.length === 0) return 0;
  const seqs = rows.map(row => number(row, 'seq'));
  return tx.run(
    `update message set key_id = 0, content = null, context = null, outcome = null where seq in (${marks(seqs)})`,
    ...seqs,
  );
}

async function pruneMessages(tx: Transaction, before: number, limit: number): Promise<number> {
  const rows = await tx.all(
    tx.dialect.first(
      tx.dialect.lock('seq, channel, state', `settled_at < ? and ${DELIVERED} order by settled_at`),
      limit,
    ),
    before,
  );
  if (rows.length === 0) return 0;
  const seqs = rows.map(row => number(row, 'seq'));
  for (const row of rows) tx.moved(text(row, 'channel'), text(row, 'state') as MessageState, null);
  return tx.run(`delete from message where seq in (${marks(seqs)})`, ...seqs);
}

/** Only from the start of the chain, whose new beginning is written down; nothing of a chain that was tampered with. */
async function pruneAudit(tx: Transaction, before: number, limit: number): Promise<number> {
  const base = readMark(tx.keys, AUDIT_BASE, await tx.lockMeta(AUDIT_BASE));
  const entries = await auditTrail(tx, { afterSeq: 0, limit });
  const young = entries.findIndex(({ at }) => at >= before);
  const old = young < 0 ? entries : entries.slice(0, young);
  const last = old.at(-1);
  if (!last || !base.genuine || 'brokenAt' in checkChain(base, old, words => tx.keys.hash(words))) return 0;
  await tx.writeMark(AUDIT_BASE, last);
  return tx.run('delete from audit where seq <= ?', last.seq);
}

export async function reseal(tx: Transaction, input: Input<'reseal'>): Promise<boolean> {
  const progress = await tx.first('select value from meta where name = ?', RESEAL_AFTER);
  if (!progress) return false;
  const limit = Math.min(input.limit, STEP);
  const rows = await tx.all(
    tx.dialect.first(
      tx.dialect.lock('seq, id, key_id, content, context, outcome', 'seq > ? order by seq'),
      limit,
    ),
    number(progress, 'value'),
  );
  const { current } = tx.keys;
  for (const row of rows) if (![0, current].includes(number(row, 'key_id'))) await resealOne(tx, row);
  // With fewer the end is reached, though messages keep coming: they are sealed by the new key.
  const last = rows.length === limit ? rows.at(-1) : undefined;
  if (last) {
    const done = String(number(last, 'seq'));
    await tx.run('update meta set value = ? where name = ?', done, RESEAL_AFTER);
  } else await tx.run('delete from meta where name = ?', RESEAL_AFTER);
  return last !== undefined;
}

async function resealOne(tx: Transaction, row: SqlRow): Promise<void> {
  const again = (column: 'content' | 'context' | 'outcome'): Buffer | null =>
    row[column] === null ? null : tx.keys.seal(opened(tx, row, column), `${text(row, 'id')}:${column}`);
  await tx.run(
    'update message set key_id = ?, content = ?, context = ?, outcome = ? where seq = ?',
    tx.keys.current,
    again('content'),
    again('context'),
    again('outcome'),
    number(row, 'seq'),
  );
}
