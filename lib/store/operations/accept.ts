/** Messages are taken over: each becomes the newest of its lane, or is found to be a repetition. */
import type { Accepted, MessageState, NewMessage } from '../message';
import type { Acceptance, Input } from '../message-store';
import { marks, number, text } from '../row';
import type { SqlRow, SqlValue } from '../sql/session';
import type { Transaction } from '../transaction';
import { laneOf } from './lane';
import { handOver } from './outcomes';
import { writePosition } from './position';

export async function accept(tx: Transaction, input: Acceptance): Promise<readonly Accepted[]> {
  const lanes = input.messages.map(message => laneOf(tx, message));
  await tx.lockLanes(lanes);
  const accepted: Accepted[] = [];
  for (const [at, message] of input.messages.entries())
    accepted.push(await acceptOne(tx, message, lanes[at] ?? ''));
  if (input.handedOver) await handOver(tx, { ids: input.handedOver });
  if (input.position) await writePosition(tx, input.position);
  return accepted;
}

async function acceptOne(tx: Transaction, message: NewMessage, lane: string): Promise<Accepted> {
  // The same hand-in again, because its answer was lost.
  const known = await tx.first('select id, state, version from message where id = ?', message.id);
  if (known) return repetition(message, known);
  const fingerprint = tx.keys.hash(message.content);
  if (message.invalid) {
    const waiting = message.repeats === 'known' && (await sameInvalid(tx, lane, fingerprint));
    if (waiting) return repetition(message, waiting);
    await insert(tx, message, {
      lane,
      fingerprint,
      version: 0,
      state: 'invalid',
      blocks: 0,
      head: 0,
      origin: '',
    });
    return { id: message.id, fate: 'invalid', version: 0 };
  }
  const newest = await tx.first(
    'select id, state, version, fingerprint from message' +
      " where lane = ? and state not in ('invalid', 'cancelled') order by seq desc",
    lane,
  );
  if (newest && repeats(message, newest, fingerprint)) return repetition(message, newest);
  const version = await append(tx, message, lane, fingerprint, newest);
  return { id: message.id, fate: 'queued', version };
}

/** See {@link Operations.forget}. */
export async function forget(tx: Transaction, input: Input<'forget'>): Promise<void> {
  const lane = laneOf(tx, input);
  await tx.lockLanes([lane]);
  await tx.run(
    "update message set fingerprint = '' where seq = (select max(seq) from message where lane = ? and state not in ('invalid', 'cancelled'))",
    lane,
  );
}

/** The same broken content, which waits to be mended already. */
const sameInvalid = (tx: Transaction, lane: string, fingerprint: string): Promise<SqlRow | undefined> =>
  tx.first(
    "select id, state, version from message where lane = ? and state = 'invalid' and fingerprint = ?",
    lane,
    fingerprint,
  );

/** Puts a message at the end of its lane, which must be locked. Gives its number there. */
export async function append(
  tx: Transaction,
  message: NewMessage,
  lane: string,
  fingerprint: string,
  newest: SqlRow | undefined,
  origin = '',
): Promise<number> {
  const version = newest ? number(newest, 'version') + 1 : 1;
  const blocked = newest && (await tx.first('select seq from message where lane = ? and blocks = 1', lane));
  const head = blocked ? 0 : 1;
  await insert(tx, message, { lane, fingerprint, version, state: 'pending', blocks: 1, head, origin });
  return version;
}

/** States in which the content has reached the peer, or will. */
const KNOWN: ReadonlySet<string> = new Set<MessageState>([
  'pending',
  'inflight',
  'in-doubt',
  'accepted',
  'unconfirmed',
]);

function repeats(message: NewMessage, newest: SqlRow, fingerprint: string): boolean {
  if (message.repeats === 'never' || newest['fingerprint'] !== fingerprint) return false;
  const state = text(newest, 'state');
  return message.repeats === 'known' ? KNOWN.has(state) : state === 'pending';
}

const repetition = (message: NewMessage, of: SqlRow): Accepted => ({
  id: message.id,
  fate: 'duplicate',
  version: number(of, 'version'),
  // Written by this module.
  original: { id: text(of, 'id'), state: text(of, 'state') as MessageState },
});

interface Place {
  readonly lane: string;
  readonly fingerprint: string;
  readonly version: number;
  readonly state: MessageState;
  readonly blocks: 0 | 1;
  readonly head: 0 | 1;
  readonly origin: string;
}

/** Columns of a new message; the others are null until it is finished. */
const row = (tx: Transaction, message: NewMessage, place: Place): Record<string, SqlValue> => {
  const { id, channel, destination, service, label, terms, invalid } = message;
  const hashed = (term: string | undefined): string | null => (term ? tx.keys.hash(term) : null);
  return {
    id,
    channel,
    destination,
    service,
    ...place,
    due_at: tx.now,
    tries: 0,
    calls: 0,
    doubtful: 0,
    owner: '',
    lease_until: 0,
    emissions: 0,
    accepted_at: tx.now,
    label,
    report: hashed(terms.report),
    patient: hashed(terms.patient),
    accession: hashed(terms.accession),
    code: invalid?.code ?? '',
    text_zh: invalid?.text.zh ?? '',
    text_en: invalid?.text.en ?? '',
    key_id: tx.keys.current,
    content: tx.keys.seal(message.content, `${id}:content`),
    context: tx.keys.seal(message.context, `${id}:context`),
  };
};

async function insert(tx: Transaction, message: NewMessage, place: Place): Promise<void> {
  tx.needRoom();
  const columns = row(tx, message, place);
  const names = Object.keys(columns);
  const values = Object.values(columns);
  await tx.run(`insert into message (${names.join(', ')}) values (${marks(values)})`, ...values);
  tx.moved(message.channel, null, place.state);
}
