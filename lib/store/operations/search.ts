/** Messages are found and looked at. */
import type { MessageDetails, MessageState, MessageSummary } from '../message';
import type { Input, Tally } from '../message-store';
import { bytes, marks, number, numberOrNull, text } from '../row';
import type { SqlRow, SqlValue } from '../sql/session';
import type { Transaction } from '../transaction';
import { opened } from './outcomes';

const MOST = 500;
const SUMMARY =
  'seq, id, channel, destination, service, label, state, version, tries, calls, accepted_at, due_at, settled_at,' +
  ' code, text_zh, text_en, origin';

export async function search(tx: Transaction, input: Input<'search'>): Promise<readonly MessageSummary[]> {
  const conditions: string[] = [];
  const values: SqlValue[] = [];
  const add = (condition: string, ...given: SqlValue[]): void => {
    conditions.push(condition);
    values.push(...given);
  };
  const { states, channel, service, code, terms, acceptedFrom, acceptedTo, beforeSeq } = input;
  if (states) add(`state in (${marks(states)})`, ...states);
  if (channel) add('channel = ?', channel);
  if (service) add('service = ?', service);
  if (code) add('code = ?', code);
  for (const name of ['report', 'patient', 'accession'] as const) {
    const term = terms?.[name];
    if (term) add(`${name} = ?`, tx.keys.hash(term));
  }
  if (acceptedFrom !== undefined) add('accepted_at >= ?', acceptedFrom);
  if (acceptedTo !== undefined) add('accepted_at < ?', acceptedTo);
  if (beforeSeq !== undefined) add('seq < ?', beforeSeq);
  const where = conditions.length > 0 ? ` where ${conditions.join(' and ')}` : '';
  const limit = Math.max(1, Math.min(input.limit, MOST));
  const rows = await tx.all(
    tx.dialect.first(`select ${SUMMARY} from message${where} order by seq desc`, limit),
    ...values,
  );
  return rows.map(summary);
}

const summary = (row: SqlRow): MessageSummary => ({
  seq: number(row, 'seq'),
  id: text(row, 'id'),
  channel: text(row, 'channel'),
  destination: text(row, 'destination'),
  service: text(row, 'service'),
  label: text(row, 'label'),
  // Written by this store.
  state: text(row, 'state') as MessageState,
  version: number(row, 'version'),
  tries: number(row, 'tries'),
  calls: number(row, 'calls'),
  acceptedAt: number(row, 'accepted_at'),
  dueAt: number(row, 'due_at'),
  settledAt: numberOrNull(row, 'settled_at'),
  code: text(row, 'code'),
  text: { zh: text(row, 'text_zh'), en: text(row, 'text_en') },
  origin: text(row, 'origin'),
});

export async function read(tx: Transaction, { id, actor }: Input<'read'>): Promise<MessageDetails | null> {
  const row = await tx.first(`select ${SUMMARY}, content, outcome from message where id = ?`, id);
  if (!row) return null;
  const [channel, service] = [text(row, 'channel'), text(row, 'service')];
  tx.audit({
    actor,
    action: 'view',
    message: id,
    channel,
    service,
    outcome: 'done',
    code: '',
    durationMs: 0,
  });
  const kept = (column: 'content' | 'outcome'): string | null =>
    bytes(row, column) ? opened(tx, row, column) : null;
  return { ...summary(row), content: kept('content'), outcome: kept('outcome') };
}

export async function tallies(tx: Transaction): Promise<readonly Tally[]> {
  const rows = await tx.all('select channel, state, amount from tally where amount <> 0');
  return rows.map(row => ({
    channel: text(row, 'channel'),
    // Written by this store.
    state: text(row, 'state') as MessageState,
    count: number(row, 'amount'),
  }));
}
