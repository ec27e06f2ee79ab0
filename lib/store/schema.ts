/** The tables of a message store, written once for all databases. */
import type { SqlDialect } from './sql/session';

export const SCHEMA_VERSION = '1';

/** Statements that make what is missing; on a complete store they change nothing. */
export function schemaOf(dialect: SqlDialect): string[] {
  const { sequence, integer, bigint, short, text, blob } = dialect.types;
  const table = (name: string, columns: readonly string[]): string =>
    dialect.create('table', name, `(${columns.join(', ')})`);
  const index = (name: string, rest: string): string => dialect.create('index', name, `on ${rest}`);
  return [
    table('meta', [`name ${short} primary key`, `value ${text} not null`]),
    table('keyring', [`id ${integer} primary key`, `purpose ${short} not null`, `sealed ${blob} not null`]),
    table('tally', [
      `channel ${short} not null`,
      `state ${short} not null`,
      `amount ${bigint} not null`,
      'primary key (channel, state)',
    ]),
    table('audit', [
      `seq ${bigint} primary key`,
      `at ${bigint} not null`,
      `actor ${short} not null`,
      `action ${short} not null`,
      `message ${short} not null`,
      `channel ${short} not null`,
      `service ${short} not null`,
      `outcome ${short} not null`,
      `code ${short} not null`,
      `duration ${bigint} not null`,
      `hash ${short} not null`,
    ]),
    index('audit_message', 'audit (message, seq)'),
    index('audit_age', 'audit (at)'),
    table('message', [
      `seq ${sequence}`,
      `id ${short} not null unique`,
      `channel ${short} not null`,
      `destination ${short} not null`,
      `service ${short} not null`,
      // Keyed hash of destination, service and business key: what must stay in order.
      `lane ${short} not null`,
      `version ${integer} not null`,
      // Keyed hash of the content: the same again is no new message.
      `fingerprint ${short} not null`,
      `state ${short} not null`,
      // 1 while it keeps later messages of its lane waiting; the first of these is the lane's head.
      `blocks ${integer} not null`,
      `head ${integer} not null`,
      `due_at ${bigint} not null`,
      `tries ${integer} not null`,
      `calls ${integer} not null`,
      // 1 once an attempt may have reached the peer without an answer.
      `doubtful ${integer} not null`,
      `owner ${short} not null`,
      `lease_until ${bigint} not null`,
      // When the outcome is sent on again; null when there is none, or it was handed over.
      `repeat_at ${bigint}`,
      `emissions ${integer} not null`,
      `accepted_at ${bigint} not null`,
      `settled_at ${bigint}`,
      `label ${text} not null`,
      `report ${short}`,
      `patient ${short}`,
      `accession ${short}`,
      `code ${short} not null`,
      `text_zh ${text} not null`,
      `text_en ${text} not null`,
      `origin ${short} not null`,
      // Data key of the contents; 0 when they are removed.
      `key_id ${integer} not null`,
      `content ${blob}`,
      `context ${blob}`,
      `outcome ${blob}`,
    ]),
    index(
      'message_due',
      "message (channel, due_at, seq) where head = 1 and state in ('pending', 'in-doubt')",
    ),
    index('message_lane', 'message (lane, seq)'),
    index('message_blocks', 'message (lane, seq, state) where blocks = 1'),
    index('message_lease', "message (owner, lease_until) where state = 'inflight'"),
    index('message_outcome', 'message (channel, repeat_at) where repeat_at is not null'),
    index('message_state', 'message (state, seq)'),
    index('message_channel', 'message (channel, state, seq)'),
    index('message_service', 'message (service, state, seq)'),
    index('message_code', "message (code, seq) where code <> ''"),
    index('message_accepted', 'message (accepted_at, seq)'),
    index('message_settled', 'message (settled_at) where settled_at is not null'),
    index('message_contents', 'message (settled_at) where settled_at is not null and key_id > 0'),
    index('message_report', 'message (report) where report is not null'),
    index('message_patient', 'message (patient) where patient is not null'),
    index('message_accession', 'message (accession) where accession is not null'),
  ];
}
