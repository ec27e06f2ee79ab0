/** Runs operations against a database: many in one transaction, so that many messages share one wait for the disk. */
import { ExchangeError } from '../errors';
import {
  KeyRing,
  UnknownKey,
  type WrappedKey,
  newKey,
  newSalt,
  unwrapKeys,
  wrapKeys,
  wrappingKey,
} from '../privacy/key-ring';
import type { Call, Reply, Runner } from './call';
import type { Input, OperationName, Result } from './message-store';
import { operations } from './operations';
import { lanesOf } from './operations/lane';
import { bytes, number, text } from './row';
import { SCHEMA_VERSION, schemaOf } from './schema';
import type { Secrets } from './secrets';
import { DatabaseFailure } from './sql/failure';
import type { SqlConnection, SqlSession } from './sql/session';
import { AUDIT_BASE, AUDIT_HEAD, MOVED, RESEAL_AFTER, Transaction, signedMark } from './transaction';

export class Engine implements Runner {
  readonly #connection: SqlConnection;
  readonly #secrets: Secrets;
  #keys: KeyRing;
  /**
   * What was claimed by a transaction whose commit was not answered. If it did happen, nobody knows of these messages
   * and nobody would send them, while this process goes on renewing their leases: they are given back first.
   */
  #unheard: readonly Input<'release'>[] = [];

  private constructor(connection: SqlConnection, secrets: Secrets, keys: KeyRing) {
    this.#connection = connection;
    this.#secrets = secrets;
    this.#keys = keys;
  }

  /**
   * Makes the tables that are missing, and unwraps the keys.
   * @throws {ExchangeError} STORE when the secret is not that of the store, or the store is of a newer version
   */
  static async open(connection: SqlConnection, secrets: Secrets): Promise<Engine> {
    await connection.transaction(session => prepare(session, connection));
    const keys = await connection.transaction(session => openKeys(session, connection, secrets));
    return new Engine(connection, secrets, keys);
  }

  /**
   * Runs operations in one transaction: all of them are on disk when it resolves. One that fails by itself does not
   * take the others with it; a failure of the database is the failure of all.
   */
  async run(calls: readonly Call[], now: number): Promise<Reply[]> {
    try {
      return await this.#together(calls, now);
    } catch (error) {
      if (error instanceof UnknownKey) return this.#withNewKeys(calls, now);
      if (calls.length === 1) return [{ error }];
      if (error instanceof DatabaseFailure && error.concernsAll) return calls.map(() => ({ error }));
      const replies: Reply[] = [];
      for (const call of calls) replies.push(...(await this.run([call], now)));
      return replies;
    }
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  async #together(calls: readonly Call[], now: number): Promise<Reply[]> {
    let claims: Input<'release'>[] = [];
    try {
      const replies = await this.#connection.transaction(async session => {
        claims = [];
        const { dialect } = this.#connection;
        const tx = new Transaction(session, dialect, this.#keys, now, this.#connection.clockOffset());
        // All at once and in order, so that two processes never wait for each other.
        if (dialect.shared) await tx.lockLanes(await lanesOf(tx, calls));
        for (const claim of this.#unheard) await operations.release(tx, claim);
        const done: Reply[] = [];
        for (const call of calls) done.push({ value: await perform(tx, call) });
        await tx.finish();
        claims = claimsOf(calls, done);
        return done;
      });
      this.#unheard = [];
      return replies;
    } catch (error) {
      this.#unheard = [...this.#unheard, ...claims];
      throw error;
    }
  }

  async #withNewKeys(calls: readonly Call[], now: number): Promise<Reply[]> {
    try {
      this.#keys = await this.#connection.transaction(session =>
        openKeys(session, this.#connection, this.#secrets),
      );
      return await this.#together(calls, now);
    } catch (error) {
      return calls.map(() => ({ error }));
    }
  }
}

/** What calls have claimed, by their replies. */
function claimsOf(calls: readonly Call[], replies: readonly Reply[]): Input<'release'>[] {
  const claims: Input<'release'>[] = [];
  for (const [at, { name, input }] of calls.entries()) {
    const reply = replies[at];
    if (name !== 'claim' || !reply || !('value' in reply)) continue;
    // Input and reply are of the call's kind.
    const { owner } = input as Input<'claim'>;
    const { messages } = reply.value as Result<'claim'>;
    claims.push({ owner, ids: messages.map(({ id }) => id) });
  }
  return claims;
}

const perform = <Name extends OperationName>(tx: Transaction, call: Call<Name>): Promise<Result<Name>> =>
  operations[call.name](tx, call.input);

/** Makes the tables that are missing. */
export async function prepareTables(session: SqlSession, { dialect }: SqlConnection): Promise<void> {
  // "If not exists" alone does not keep two processes from making the same table.
  await dialect.lockKeys(session, ['schema']);
  for (const statement of schemaOf(dialect)) await session.run(statement);
}

async function prepare(session: SqlSession, connection: SqlConnection): Promise<void> {
  const { dialect } = connection;
  await prepareTables(session, connection);
  const movedTo = await dialect.lockMeta(session, MOVED);
  if (movedTo !== undefined) throw hasMoved(movedTo);
  const insert = dialect.insertMissing('meta', ['name', 'value'], 'name');
  await session.run(insert, ['version', SCHEMA_VERSION]);
  await session.run(insert, ['salt', newSalt().toString('base64')]);
  const version = await dialect.lockMeta(session, 'version');
  if (Number(version) > Number(SCHEMA_VERSION)) {
    throw new ExchangeError({
      code: 'STORE',
      retry: 'never',
      text: {
        zh: '消息库由更新版本的组件建立，请升级本组件',
        en: 'the message store was made by a newer version of this package: upgrade the package',
      },
    });
  }
}

/** Locks the salt's row, so that of several processes that open a new store one alone makes the keys. */
async function openKeys(
  session: SqlSession,
  { dialect }: SqlConnection,
  { secret, previousSecret }: Secrets,
): Promise<KeyRing> {
  const salt = Buffer.from((await dialect.lockMeta(session, 'salt')) ?? '', 'base64');
  const wrapping = wrappingKey(secret, salt);
  const rows = await session.all('select id, purpose, sealed from keyring order by id');
  const wrapped = rows.map(row => ({
    id: number(row, 'id'),
    // Written below.
    purpose: text(row, 'purpose') as WrappedKey['purpose'],
    sealed: bytes(row, 'sealed') ?? new Uint8Array(),
  }));
  if (wrapped.length === 0) {
    const keys = wrapKeys(wrapping, [
      { id: 1, purpose: 'index', key: newKey() },
      { id: 2, purpose: 'data', key: newKey() },
    ]);
    await write(session, keys);
    const ring = opened(KeyRing.open(wrapping, keys));
    for (const name of [AUDIT_HEAD, AUDIT_BASE] as const) {
      await session.run('delete from meta where name = ?', [name]);
      await session.run('insert into meta (name, value) values (?, ?)', [name, signedMark(ring, name)]);
    }
    return ring;
  }
  const ring = KeyRing.open(wrapping, wrapped);
  if (ring || previousSecret === undefined) return opened(ring);
  const bare = unwrapKeys(wrappingKey(previousSecret, salt), wrapped);
  if (!bare) return opened(undefined);
  // Old keys stay, under the new secret: contents that were sealed by them are sealed anew little by little.
  const next = Math.max(...bare.map(({ id }) => id)) + 1;
  const keys = wrapKeys(wrapping, [...bare, { id: next, purpose: 'data', key: newKey() }]);
  await session.run('delete from keyring');
  await write(session, keys);
  await session.run('delete from meta where name = ?', [RESEAL_AFTER]);
  await session.run('insert into meta (name, value) values (?, ?)', [RESEAL_AFTER, '0']);
  return opened(KeyRing.open(wrapping, keys));
}

async function write(session: SqlSession, keys: readonly WrappedKey[]): Promise<void> {
  for (const { id, purpose, sealed } of keys)
    await session.run('insert into keyring (id, purpose, sealed) values (?, ?, ?)', [id, purpose, sealed]);
}

function opened(ring: KeyRing | undefined): KeyRing {
  if (ring) return ring;
  throw new ExchangeError({
    code: 'STORE',
    retry: 'never',
    text: {
      zh: '消息库的密钥不符：请填写建库时的密钥；更换密钥时，请把原密钥填入“原密钥”',
      en: 'the key is not that of the message store: enter the key it was made with; when changing it, enter the old one as the previous key',
    },
  });
}

const hasMoved = (to: string): ExchangeError =>
  new ExchangeError({
    code: 'STORE',
    retry: 'never',
    text: {
      zh: `该消息库的内容已迁移到 ${to}，请在消息库节点中改用该数据库`,
      en: `the content of this message store has moved to ${to}: use that database in the store node`,
    },
  });
