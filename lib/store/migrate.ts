/** An embedded store moves into a shared database: everything, in order, counted on both sides. */
import { ExchangeError, type Text } from '../errors';
import { prepareTables } from './engine';
import { number, text } from './row';
import { connect } from './connect';
import type { EmbeddedSettings, PostgresqlSettings, SqlServerSettings } from './settings';
import type { SqlConnection, SqlRow, SqlSession } from './sql/session';
import { MOVED } from './transaction';

export interface Migrated {
  readonly messages: number;
  readonly auditRecords: number;
}

/** Rows of one transaction. */
const STEP = 200;
/** Row of `meta` while a migration into the store is not finished. */
const UNFINISHED = 'migration-unfinished';

/**
 * Copies a store that is not in use into an empty shared one, and closes the old one for ever. Both use the same key.
 * Called again after it broke off, it begins anew.
 * @throws {ExchangeError} STORE when the old store is in use, or the new one is not empty, or the counts differ
 */
export async function migrate(
  from: EmbeddedSettings,
  to: PostgresqlSettings | SqlServerSettings,
): Promise<Migrated> {
  const source = await connect(from);
  try {
    const target = await connect(to);
    try {
      return await move(source, target, `${to.kind} ${to.host}/${to.database}`);
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

async function move(source: SqlConnection, target: SqlConnection, name: string): Promise<Migrated> {
  await source.transaction(session => prepareTables(session, source));
  await target.transaction(session => prepareTables(session, target));
  await target.transaction(empty);
  for (const table of ['meta', 'keyring', 'tally']) await copySmall(source, target, table);
  await copyBySeq(source, target, 'message', { withoutSeq: true });
  await copyBySeq(source, target, 'audit', { withoutSeq: false });
  const [before, after] = [await countsOf(source), await countsOf(target)];
  if (JSON.stringify(before) !== JSON.stringify(after)) throw refused(COUNTS_DIFFER);
  await target.transaction(session => session.run('delete from meta where name = ?', [UNFINISHED]));
  await source.transaction(session =>
    session.run('insert into meta (name, value) values (?, ?)', [MOVED, name]),
  );
  return { messages: after.messages, auditRecords: after.auditRecords };
}

/** Empties what an earlier try has left; refuses a store that somebody uses. */
async function empty(session: SqlSession): Promise<void> {
  const [left] = await session.all('select value from meta where name = ?', [UNFINISHED]);
  const used = await countOf(session, 'message');
  if (used > 0 && !left) throw refused(NOT_EMPTY);
  for (const table of ['message', 'audit', 'tally', 'keyring', 'meta'])
    await session.run(`delete from ${table}`);
  await session.run('insert into meta (name, value) values (?, ?)', [UNFINISHED, 'yes']);
}

async function copySmall(source: SqlConnection, target: SqlConnection, table: string): Promise<void> {
  const rows = await source.transaction(session => session.all(`select * from ${table}`));
  await target.transaction(session => insertAll(session, table, rows));
}

/** Rows keep their order; messages get new numbers, in the same order. */
async function copyBySeq(
  source: SqlConnection,
  target: SqlConnection,
  table: string,
  { withoutSeq }: { withoutSeq: boolean },
): Promise<void> {
  for (let after = -1; ;) {
    const query = source.dialect.first(`select * from ${table} where seq > ? order by seq`, STEP);
    const rows = await source.transaction(session => session.all(query, [after]));
    const last = rows.at(-1);
    if (!last) return;
    after = number(last, 'seq');
    const copies = withoutSeq ? rows.map(({ seq: _seq, ...row }) => row) : rows;
    await target.transaction(session => insertAll(session, table, copies));
  }
}

async function insertAll(session: SqlSession, table: string, rows: readonly SqlRow[]): Promise<void> {
  for (const row of rows) {
    const names = Object.keys(row);
    const marks = names.map(() => '?').join(', ');
    await session.run(`insert into ${table} (${names.join(', ')}) values (${marks})`, Object.values(row));
  }
}

interface Counts {
  readonly messages: number;
  readonly auditRecords: number;
  readonly byState: readonly string[];
}

const countsOf = (connection: SqlConnection): Promise<Counts> =>
  connection.transaction(async session => ({
    messages: await countOf(session, 'message'),
    auditRecords: await countOf(session, 'audit'),
    byState: (await session.all('select channel, state, count(*) as n from message group by channel, state'))
      .map(row => `${text(row, 'channel')} ${text(row, 'state')} ${number(row, 'n')}`)
      .toSorted(),
  }));

async function countOf(session: SqlSession, table: string): Promise<number> {
  const [row] = await session.all(`select count(*) as n from ${table}`);
  return row ? number(row, 'n') : 0;
}

const NOT_EMPTY: Text = {
  zh: '目标数据库中已有消息：只能迁入空的消息库',
  en: 'the database holds messages already: a store can only move into an empty one',
};
const COUNTS_DIFFER: Text = {
  zh: '迁移后的数量不一致，原消息库未改动，请重试',
  en: 'the counts differ after moving; the old store is as it was: try again',
};

const refused = (why: Text): ExchangeError => new ExchangeError({ code: 'STORE', retry: 'never', text: why });
