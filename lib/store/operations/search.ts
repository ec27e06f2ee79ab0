/** Messages are found and looked at. */
import type { MessageDetails, MessageState, MessageSummary } from '../message';
import type { Input, Tally } from '../message-store';
import { bytes, number, numberOrNull, text } from '../row';
import type { SqlRow, SqlValue } from '../sql/session';
import type { Transaction } from '../transaction';
import { opened } from './outcomes';

const MOST = 500;
const SUMMARY =
  'seq, id, channel, destination, service, label, state, version, tries, calls, accepted_at, due_at, settled_at,' +
  ' code, text_zh, text_en, origin';

/** The newest first. */
export async function search(tx: Transaction, input: Input<'search'>): Promise<readonly MessageSummary[]> {
  const limit = Math.max(1, Math.min(input.limit, MOST));
  const filter = new Filter();
  for (const [condition, value] of await boundsOf(tx, input)) filter.add(condition, value);
  if (input.channel) filter.add('channel = ?', input.channel);
  if (input.service) filter.add('service = ?', input.service);
  // The second half lets SQLite use the index, which leaves messages without an error out.
  if (input.code) filter.add("code = ? and code <> ''", input.code);
  for (const name of TERMS) {
    const term = input.terms?.[name];
    if (term) filter.add(`seq in (select seq from message where ${name} = ?)`, tx.keys.hash(term));
  }
  if (input.term) addAnyTerm(filter, input.term, tx.keys.hash(input.term));
  const found = await newest(tx, filter, await statesOf(tx, input), limit);
  return found.map(summary);
}

const TERMS = ['report', 'patient', 'accession'] as const;

/** Each part by its own index. */
function addAnyTerm(filter: Filter, id: string, hash: string): void {
  const parts = ['id', ...TERMS].map(name => `select seq from message where ${name} = ?`);
  filter.add(`seq in (${parts.join(' union all ')})`, id, ...TERMS.map(() => hash));
}

class Filter {
  readonly conditions: string[] = [];
  readonly values: SqlValue[] = [];

  add(condition: string, ...values: SqlValue[]): void {
    this.conditions.push(condition);
    this.values.push(...values);
  }
}

/**
 * The indexes end in the number, so that of a million messages of one state the newest are read and no more: that
 * holds for one state at a time. Undefined when the search names nothing that such an index begins with.
 */
async function statesOf(
  tx: Transaction,
  { states, channel, service }: Input<'search'>,
): Promise<readonly string[] | undefined> {
  if (!states && !channel && !service) return undefined;
  const rows = channel
    ? await tx.all('select state from tally where amount > 0 and channel = ?', channel)
    : await tx.all('select distinct state from tally where amount > 0');
  const present = rows.map(row => text(row, 'state'));
  return states ? present.filter(state => states.includes(state as MessageState)) : present;
}

async function newest(
  tx: Transaction,
  { conditions, values }: Filter,
  states: readonly string[] | undefined,
  limit: number,
): Promise<SqlRow[]> {
  const select = (all: readonly string[]): string =>
    tx.dialect.first(
      `select ${SUMMARY} from message${all.length > 0 ? ` where ${all.join(' and ')}` : ''} order by seq desc`,
      limit,
    );
  if (!states) return tx.all(select(conditions), ...values);
  const found: SqlRow[] = [];
  for (const state of states)
    found.push(...(await tx.all(select(['state = ?', ...conditions]), state, ...values)));
  return found.toSorted((one, other) => number(other, 'seq') - number(one, 'seq')).slice(0, limit);
}

/** A clock may have been set back by that much without messages being missed. */
const CLOCK_SLACK_MS = 3_600_000;

/**
 * Times as numbers of messages, which are given in the order of time: so a time far back is found without reading
 * what came since.
 */
async function boundsOf(
  tx: Transaction,
  { acceptedFrom, acceptedTo, beforeSeq }: Input<'search'>,
): Promise<readonly (readonly [string, number])[]> {
  const bounds: [string, number][] = [];
  if (beforeSeq !== undefined) bounds.push(['seq < ?', beforeSeq]);
  if (acceptedFrom !== undefined) {
    const from = tx.inStore(acceptedFrom);
    const older = await tx.first(
      'select seq from message where accepted_at < ? order by accepted_at desc, seq desc',
      from - CLOCK_SLACK_MS,
    );
    bounds.push(['accepted_at >= ?', from]);
    if (older) bounds.push(['seq > ?', number(older, 'seq')]);
  }
  if (acceptedTo !== undefined) {
    const to = tx.inStore(acceptedTo);
    const younger = await tx.first(
      'select seq from message where accepted_at >= ? order by accepted_at, seq',
      to + CLOCK_SLACK_MS,
    );
    bounds.push(['accepted_at < ?', to]);
    if (younger) bounds.push(['seq < ?', number(younger, 'seq')]);
  }
  return bounds;
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

export async function read(
  tx: Transaction,
  { id, actor, action = 'view' }: Input<'read'>,
): Promise<MessageDetails | null> {
  const row = await tx.first(`select ${SUMMARY}, content, outcome from message where id = ?`, id);
  if (!row) return null;
  const [channel, service] = [text(row, 'channel'), text(row, 'service')];
  tx.audit({
    actor,
    action,
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
