/** The audit trail is read and checked. */
import { type AuditEntry, type AuditPosition, checkChain } from '../../privacy/audit-chain';
import type { AuditCheck, Input } from '../message-store';
import { number, text } from '../row';
import type { SqlRow } from '../sql/session';
import { AUDIT_BASE, AUDIT_HEAD, type AuditMark, type Transaction, readMark } from '../transaction';

export async function audit(tx: Transaction, record: Input<'audit'>): Promise<void> {
  tx.audit(record);
}

const COLUMNS = 'seq, at, actor, action, message, channel, service, outcome, code, duration, hash';

export async function auditTrail(
  tx: Transaction,
  { afterSeq, limit, message }: Input<'auditTrail'>,
): Promise<readonly AuditEntry[]> {
  const rows = await tx.all(
    tx.dialect.first(
      `select ${COLUMNS} from audit where seq > ?${message === undefined ? '' : ' and message = ?'} order by seq`,
      limit,
    ),
    ...(message === undefined ? [afterSeq] : [afterSeq, message]),
  );
  return rows.map(entry);
}

const entry = (row: SqlRow): AuditEntry => ({
  seq: number(row, 'seq'),
  at: number(row, 'at'),
  actor: text(row, 'actor'),
  action: text(row, 'action'),
  message: text(row, 'message'),
  channel: text(row, 'channel'),
  service: text(row, 'service'),
  outcome: text(row, 'outcome'),
  code: text(row, 'code'),
  durationMs: number(row, 'duration'),
  hash: text(row, 'hash'),
});

export async function auditStart(tx: Transaction): Promise<AuditPosition> {
  const { seq, hash } = await markOf(tx, AUDIT_BASE);
  return { seq, hash };
}

export async function checkAudit(
  tx: Transaction,
  { seq, hash, limit }: Input<'checkAudit'>,
): Promise<AuditCheck> {
  const entries = await auditTrail(tx, { afterSeq: seq, limit });
  const result = checkChain({ seq, hash }, entries, words => tx.keys.hash(words));
  if ('brokenAt' in result) return { seq, hash, done: true, brokenAt: result.brokenAt };
  const last = entries.at(-1)?.seq ?? seq;
  const position = { seq: last, hash: result.hash };
  if (entries.length === limit) return { ...position, done: false, brokenAt: null };
  // Records cut off at the end leave a chain that is right in itself.
  const head = await markOf(tx, AUDIT_HEAD);
  const whole = head.genuine && head.seq === last && head.hash === result.hash;
  // Where the beginning was moved, how many are missing before it is not known.
  const base = await markOf(tx, AUDIT_BASE);
  if (!base.genuine) return { ...position, done: true, brokenAt: base.seq };
  return { ...position, done: true, brokenAt: whole ? null : last + 1 };
}

async function markOf(tx: Transaction, name: AuditMark): Promise<ReturnType<typeof readMark>> {
  const row = await tx.first('select value from meta where name = ?', name);
  return readMark(tx.keys, name, row && text(row, 'value'));
}
