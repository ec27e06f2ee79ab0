/**
 * The store's SQL for SQL Server, by its real driver over a loopback server. What this shows: the driver, its types,
 * transactions, errors, TLS, and that no statement has words newer than SQL Server 2008. What it cannot show: that SQL
 * Server accepts the statements and locks what they mean to lock; test/interop/store-sqlserver.test.ts does, on one.
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { ExchangeError } from '../../lib/errors';
import { SqliteDatabase } from '../../lib/sqlite';
import { readPrelogin } from '../../lib/sqlserver/prelogin';
import type { MessageStore, OperationName } from '../../lib/store/message-store';
import { openStore } from '../../lib/store/open-store';
import type { SqlServerSettings } from '../../lib/store/settings';
import { SqlServerConnection } from '../../lib/store/sql/sqlserver';
import { selfSigned } from '../support/ftp-server';
import { portOf } from '../support/misbehaving-server';
import { assertSql2008 } from '../support/sql-2008';
import { LEASE_MS, done, newMessage, storeConformance } from '../support/store-conformance';
import { type TdsAnswer, type TdsOptions, TdsServer, type TdsStatement } from '../support/tds-server';
import { packets, preloginAnswer, type TdsError } from '../support/tds-wire';
import { TestClock } from '../support/test-clock';
import { onSqlite } from '../support/tsql-on-sqlite';

const settingsFor = (port: number, changes: Partial<SqlServerSettings> = {}): SqlServerSettings => ({
  kind: 'sqlserver',
  host: '127.0.0.1',
  port,
  database: 'store',
  user: 'exchange',
  password: 'right@test',
  tls: 'off',
  secret: 'TEST-SECRET',
  clock: 'caller',
  ...changes,
});

async function failsWith(work: Promise<unknown>, code: string, retry: string, words: RegExp): Promise<void> {
  await assert.rejects(work, (error: unknown) => {
    assert.ok(error instanceof ExchangeError, String(error));
    assert.match(error.text.en, words);
    assert.deepEqual([error.code, error.retry], [code, retry]);
    assert.doesNotMatch(JSON.stringify(error) + String(error), /right@test|wrong@test/);
    return true;
  });
}

describe('message store in SQL Server, by its real driver', function () {
  this.timeout(30_000);
  let statements: TdsStatement[] = [];
  let folder: string;
  let database: SqliteDatabase;
  let servers: TdsServer[] = [];
  /** What is answered instead, when it is defined. */
  let instead: (statement: TdsStatement) => TdsAnswer | undefined = () => undefined;

  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'tds-'));
    database = SqliteDatabase.open(path.join(folder, 'store.db'));
    instead = () => undefined;
  });
  afterEach(async () => {
    await Promise.all(servers.map(server => server.close()));
    servers = [];
    database.close();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  const start = async (options: Partial<TdsOptions> = {}, port = 0): Promise<TdsServer> => {
    const carryOut = onSqlite(database);
    const answer = (statement: TdsStatement): TdsAnswer => {
      if (statement.kind === 'sql') statements.push(statement);
      return instead(statement) ?? carryOut(statement);
    };
    const server = await TdsServer.start({ answer, ...options }, port);
    servers.push(server);
    return server;
  };
  const withStore = async (
    server: TdsServer,
    work: (store: MessageStore) => Promise<void>,
    changes: Partial<SqlServerSettings> = {},
  ): Promise<void> => {
    const store = await openStore(settingsFor(server.port, changes), { in: 'caller' });
    try {
      await work(store);
    } finally {
      await store.close();
    }
  };
  const accept = (store: MessageStore) => store.accept({ messages: [newMessage()] });

  describe('keeps what a store promises', () => {
    storeConformance(async () => {
      const clock = new TestClock();
      const server = await start();
      const store = await openStore(settingsFor(server.port), { clock, in: 'caller' });
      return { store, now: () => clock.now(), advance: ms => clock.advance(ms) };
    });
  });

  describe('its statements', () => {
    beforeEach(() => {
      statements = [];
    });

    it('of every operation have no words newer than SQL Server 2008, and few enough values', async () => {
      const server = await start();
      await withStore(server, everyOperation);
      assert.ok(new Set(statements.map(({ sql }) => sql)).size > 60);
      for (const { sql, parameters } of statements) {
        assertSql2008(sql);
        assert.ok(parameters.length <= 2100);
      }
    });

    it('declare each value with the type of its column, in few lengths', async () => {
      await withStore(await start(), everyOperation);
      const declared = new Set<string>();
      for (const { parameters } of statements)
        for (const { type, length, value } of parameters)
          declared.add(value === null ? `${type} null` : `${type}(${length})`);
      // A null must fit binary columns too, which a text does not.
      assert.deepEqual([...declared].toSorted(), [
        'bigint(8)',
        'nvarchar(400)',
        'nvarchar(65535)',
        'nvarchar(8000)',
        'varbinary null',
        'varbinary(65535)',
      ]);
    });

    it('run in sessions whose settings filtered indexes need', async () => {
      const server = await start();
      await withStore(server, async () => {});
      const said = server.batches.join(' ').toLowerCase();
      for (const name of [
        'ansi_nulls',
        'ansi_padding',
        'ansi_warnings',
        'arithabort',
        'concat_null_yields_null',
        'quoted_identifier',
      ])
        assert.match(said, new RegExp(`set ${name} on`));
      assert.match(said, /set numeric_roundabort off/);
      assert.match(said, /set implicit_transactions off/);
    });

    it('make indexes of at most 900 bytes', async () => {
      await withStore(await start(), async () => {});
      const columns = /create (?:index \w+ on \w+|table \w+ .*primary key) \(([\w, ]+)\)/;
      const bigints = /^(?:seq|.*_at|.*_until|at)$/;
      const keys = statements
        .map(({ sql }) => columns.exec(sql)?.[1]?.split(', '))
        .filter(key => key !== undefined);
      assert.ok(keys.length > 10);
      for (const key of keys) {
        const bytes = key.reduce((sum, column) => sum + (bigints.test(column) ? 8 : 400), 0);
        assert.ok(bytes <= 900, key.join(', '));
      }
    });
  });

  describe('cut off', () => {
    it('connects again when the connection was lost while it was idle', async () => {
      const server = await start();
      await withStore(server, async store => {
        server.cutAll();
        assert.equal((await accept(store))[0]?.fate, 'queued');
      });
    });

    it('rejects what was under way when the server dies, does not end the process, and works again', async () => {
      const server = await start();
      // What ends a process that has no such listener.
      const fatal: unknown[] = [];
      const note = (reason: unknown): unknown => fatal.push(reason);
      process.on('unhandledRejection', note).on('uncaughtException', note);
      try {
        await withStore(server, async store => {
          for (const kind of ['sql', 'commit'] as const) {
            let cuts = 1;
            instead = statement =>
              (kind === 'commit' || statement.sql.includes('insert into message')) &&
              statement.kind === kind &&
              cuts-- > 0
                ? 'cut'
                : undefined;
            await failsWith(accept(store), 'STORE', 'retry', /cannot be reached/);
            database.exec('ROLLBACK');
            assert.equal((await accept(store))[0]?.fate, 'queued');
          }
        });
      } finally {
        process.off('unhandledRejection', note).off('uncaughtException', note);
      }
      assert.deepEqual(fatal, []);
    });

    it('rejects while the server is down, and works again when it is up', async () => {
      const server = await start();
      const { port } = server;
      await withStore(server, async store => {
        await server.close();
        servers = [];
        await Promise.all(
          [1, 2, 3].map(() => failsWith(accept(store), 'STORE', 'retry', /cannot be reached/)),
        );
        await start({}, port);
        assert.equal((await accept(store))[0]?.fate, 'queued');
      });
    });

    it('can be opened later when the server is down at first', async () => {
      const server = await start();
      const { port } = server;
      await server.close();
      servers = [];
      const connection = new SqlServerConnection(settingsFor(port));
      const ask = (): Promise<unknown> => connection.transaction(session => session.all('select 1 as one'));
      await failsWith(ask(), 'STORE', 'retry', /cannot be reached/);
      await start({}, port);
      assert.deepEqual(await ask(), [{ one: 1 }]);
      await connection.close();
    });

    it('cancels what is under way when it is closed, and closes soon', async () => {
      const server = await start();
      const store = await openStore(settingsFor(server.port), { in: 'caller' });
      let isSilent = (): void => {};
      const silent = new Promise<void>(resolve => (isSilent = resolve));
      instead = ({ sql }) => {
        if (!sql.includes('insert into message')) return undefined;
        isSilent();
        return 'silence';
      };
      const rejected = failsWith(accept(store), 'STORE', 'retry', /being closed/);
      await silent;
      const started = Date.now();
      await store.close();
      assert.ok(Date.now() - started < 10_000);
      assert.equal(server.cancelled, 1);
      await rejected;
      await failsWith(accept(store), 'STORE', 'retry', /closed/);
    });
  });

  describe('says what went wrong', () => {
    const answering = async (
      error: TdsError,
      code: string,
      retry: string,
      words: RegExp,
    ): Promise<number> => {
      let asked = 0;
      await withStore(await start(), async store => {
        instead = ({ sql }) => {
          if (!sql.includes('insert into message')) return undefined;
          asked++;
          return { error: { message: 'TESTP0001', ...error } };
        };
        await failsWith(accept(store), code, retry, words);
        await assert.rejects(accept(store), other => !JSON.stringify(other).includes('TESTP0001'));
        instead = () => undefined;
        assert.equal((await accept(store))[0]?.fate, 'queued');
      });
      return asked;
    };

    it('runs a transaction again that was the victim of a deadlock', async () => {
      const server = await start();
      await withStore(server, async store => {
        let victims = 3;
        instead = ({ sql }) =>
          sql.includes('insert into message') && victims-- > 0 ? { error: { number: 1205 } } : undefined;
        assert.equal((await accept(store))[0]?.fate, 'queued');
        // So does a lock of a key that was given up, and one that was waited for too long does not.
        const lock = (state: number, times: number): void => {
          let left = times;
          instead = ({ sql }) =>
            sql.includes('sp_getapplock') && left-- > 0 ? { error: { number: 50_000, state } } : undefined;
        };
        lock(3, 2);
        assert.equal((await accept(store))[0]?.fate, 'queued');
        lock(1, 1);
        await failsWith(accept(store), 'STORE', 'retry', /did not answer/);
      });
    });
    it('gives up after some deadlocks', async () => {
      assert.equal(await answering({ number: 1205 }, 'STORE', 'retry', /repetitions did not help.*1205/), 12);
    });
    for (const number of [1105, 1101, 9002])
      it(`says that the database is full (${number})`, () =>
        answering({ number }, 'STORE_FULL', 'retry', new RegExp(`no room.*${number}`)));
    it('says which right is missing, and which table is another', async () => {
      await answering({ number: 229 }, 'STORE', 'never', /right is missing/);
      await answering({ number: 207 }, 'STORE', 'never', /are not those of a message store/);
    });
    it('passes the number of an error on, never its words', () =>
      answering({ number: 8152 }, 'STORE', 'retry', /8152/));

    it('says that the login or the database is wrong', async () => {
      const open = async (error: TdsError): Promise<unknown> => {
        const server = await start({ refuse: () => error });
        return openStore(settingsFor(server.port), { in: 'caller' });
      };
      await failsWith(open({ number: 18_456 }), 'STORE', 'never', /refuses the login.*18456/);
      await failsWith(open({ number: 4060 }), 'STORE', 'never', /no such database.*4060/);
    });
    it('refuses a database that loses commits in a power cut', async () => {
      const server = await start();
      instead = ({ sql }) =>
        sql.includes('sys.databases')
          ? { columns: [{ name: 'delayed_durability_desc', type: 'nvarchar' }], rows: [['FORCED']] }
          : undefined;
      const open = () => openStore(settingsFor(server.port), { in: 'caller' });
      await failsWith(open(), 'STORE', 'never', /power cut.*DELAYED_DURABILITY/);
    });
  });

  describe('encryption', () => {
    let certificate: { cert: Buffer; key: Buffer };
    before(() => {
      certificate = selfSigned();
    });
    const opens = (server: TdsServer, changes: Partial<SqlServerSettings>): Promise<void> =>
      withStore(server, async store => void (await accept(store)), changes);

    it('checks the certificate, or trusts it, as it is told', async () => {
      const server = await start({ tls: certificate });
      const caFile = path.join(folder, 'ca.pem');
      fs.writeFileSync(caFile, certificate.cert);
      await opens(server, { tls: 'trust' });
      await opens(server, { tls: 'verify', caFile });
      const { length } = server.logins;
      await failsWith(opens(server, { tls: 'verify' }), 'STORE', 'never', /TLS.*SELF_SIGNED/);
      await failsWith(
        opens(server, { tls: 'verify', caFile: path.join(folder, 'none') }),
        'STORE',
        'never',
        /CA file.*ENOENT/,
      );
      assert.equal(server.logins.length, length, 'no password was sent');
    });

    it('speaks TLS 1.0 with an old server only when told to', async () => {
      const server = await start({
        tls: { ...certificate, minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' },
      });
      await opens(server, { tls: 'legacy' });
      await failsWith(opens(server, { tls: 'trust' }), 'STORE', 'never', /TLS/);
    });

    for (const encryption of ['none', 'off'] as const) {
      it(`sends no password when encryption was asked for and the server says "${encryption}"`, async () => {
        const server = await start({ encryption });
        for (const tls of ['verify', 'trust', 'legacy'] as const)
          await failsWith(opens(server, { tls }), 'STORE', 'never', /before the password was sent/);
        assert.deepEqual(server.logins, []);
      });
    }

    it('nor when a server that had encryption has none after the connection was lost', async () => {
      const server = await start({ tls: certificate });
      const { port } = server;
      await withStore(
        server,
        async store => {
          await accept(store);
          await server.close();
          servers = [];
          const other = await start({ encryption: 'none' }, port);
          await failsWith(accept(store), 'STORE', 'never', /before the password was sent/);
          assert.deepEqual(other.logins, []);
        },
        { tls: 'trust' },
      );
    });

    it('nor when the answer comes byte by byte, or is none', async () => {
      for (const answer of [
        packets(4, preloginAnswer(2)),
        packets(4, Buffer.from('HTTP/1.1 400')),
        Buffer.from('SSH-2.0-x\r\n'),
      ]) {
        const seen: Buffer[] = [];
        const other = net.createServer(socket =>
          socket
            .on('error', () => {})
            .on('data', bytes => {
              seen.push(bytes);
              if (seen.length === 1) trickle(socket, answer);
            }),
        );
        await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve));
        const open = openStore(settingsFor(portOf(other), { tls: 'trust' }), { in: 'caller' });
        await assert.rejects(open, ExchangeError);
        assert.equal(seen.length, 1, 'only the question');
        other.close();
      }
    });

    it('says so when the server insists on encryption', async () => {
      const server = await start({ tls: certificate, encryption: 'required' });
      await failsWith(opens(server, { tls: 'off' }), 'STORE', 'never', /insists on encryption/);
      assert.deepEqual(server.logins, []);
    });
  });
});

describe('PRELOGIN', () => {
  const answer = (encryption: number): Buffer => packets(4, preloginAnswer(encryption));

  it('gives the version of the server, and whether it encrypts', () => {
    assert.deepEqual(readPrelogin(answer(1)), { version: '10.0.1600', encrypts: true });
    assert.deepEqual(
      [0, 2, 3].map(encryption => readPrelogin(answer(encryption))?.encrypts),
      [false, false, true],
    );
  });
  it('waits for the whole answer', () => {
    const whole = answer(1);
    for (let length = 0; length < whole.length; length++)
      assert.equal(readPrelogin(whole.subarray(0, length)), undefined);
  });
  it('takes what is no such answer for one without encryption', () => {
    for (const body of ['', '\xff', 'HTTP/1.1 400 Bad Request'])
      assert.equal(readPrelogin(packets(4, Buffer.from(body, 'latin1')))?.encrypts, false);
    // The driver takes the last of two answers.
    const two = Buffer.from([1, 0, 11, 0, 1, 1, 0, 12, 0, 1, 0xff, 1, 2]);
    assert.equal(readPrelogin(packets(4, two))?.encrypts, false);
  });
});

/** Sends a text byte by byte, each in a packet of its own. */
function trickle(socket: net.Socket, bytes: Buffer, at = 0): void {
  if (at < bytes.length && !socket.destroyed)
    socket.write(bytes.subarray(at, at + 1), () => setImmediate(() => trickle(socket, bytes, at + 1)));
}

/** Runs each operation of a store, so that all of its statements are seen. */
async function everyOperation(store: MessageStore): Promise<void> {
  const owner = 'one';
  const claim = { channel: 'node', limit: 10, owner, leaseMs: LEASE_MS };
  const terms = { report: 'R', patient: 'P', accession: 'A' };
  const why = { code: 'CONTRACT', text: { zh: '缺少', en: 'x'.repeat(5000) } };
  const messages = [
    newMessage({ terms, label: 'L'.repeat(300) }),
    newMessage({ key: 'a' }),
    newMessage({ key: 'a' }),
    newMessage(),
    newMessage({ invalid: why }),
  ];
  const ids = messages.map(({ id }) => id);
  const [first = '', second = '', third = '', fourth = '', invalid = ''] = ids;
  const later = Date.now() + 60_000;
  const audit = { actor: 'a', action: 'b', message: '', channel: '', service: '', outcome: '', code: '' };
  const operations: Readonly<Record<OperationName, (() => Promise<unknown>)[]>> = {
    accept: [() => store.accept({ messages, handedOver: ['none'], position: { name: 'poll', value: '{}' } })],
    claim: [() => store.claim(claim), () => store.claim({ ...claim, holding: [first] })],
    release: [() => store.release({ owner, ids: [fourth] })],
    revise: [() => store.revise({ owner, id: first, content: '{}' })],
    renew: [() => store.renew({ owner, leaseMs: LEASE_MS })],
    settle: [
      () =>
        store.settle({
          owner,
          settlements: [
            done(first, 'accepted', { repeatAt: 0 }),
            done(second, 'dead', { holdsKey: true }),
            {
              id: 'none',
              startedAt: 0,
              durationMs: 0,
              next: { state: 'pending', dueAt: later, counts: false },
            },
          ],
        }),
    ],
    recover: [
      () => store.recover({ owner: 'two', goneOwners: 'all-others' }),
      () => store.recover({ owner }),
    ],
    outcomes: [
      () => store.outcomes({ channel: 'node', limit: 10, repeatMs: 1000, all: true }),
      () => store.outcomes({ channel: 'node', limit: 10, repeatMs: 1000, newestOnly: true }),
    ],
    park: [() => store.park({ ids: [second], failure: why })],
    forget: [() => store.forget({ destination: 'platform', service: 'ROW', key: 'a' })],
    backlog: [() => store.backlog({ channel: 'node' })],
    position: [() => store.position({ name: 'poll' })],
    handOver: [() => store.handOver({ ids: [first] })],
    hurry: [() => store.hurry({ channel: 'node' })],
    search: [
      () =>
        store.search({
          states: ['pending', 'dead'],
          channel: 'node',
          service: 's',
          code: 'c',
          terms,
          acceptedFrom: 0,
          acceptedTo: later,
          beforeSeq: 100,
          limit: 10,
        }),
      () => store.search({ limit: 10 }),
    ],
    read: [() => store.read({ id: first, actor: 'test' })],
    tallies: [() => store.tallies({})],
    oldest: [() => store.oldest({ channel: 'node' })],
    probe: [() => store.probe({})],
    audit: [() => store.audit({ ...audit, durationMs: 0 })],
    auditTrail: [
      () => store.auditTrail({ afterSeq: 0, limit: 10 }),
      () => store.auditTrail({ afterSeq: 0, limit: 10, message: first }),
    ],
    callStatistics: [() => store.callStatistics({ from: 0, to: later })],
    samples: [
      () => store.samples({ service: 's', actor: 'a', acceptedFrom: 0, acceptedTo: later, limit: 10 }),
    ],
    auditStart: [() => store.auditStart({})],
    checkAudit: [() => store.checkAudit({ seq: 0, hash: '', limit: 100 })],
    amend: [() => store.amend({ id: invalid, by: newMessage(), actor: 'test' })],
    cancel: [() => store.cancel({ ids: [third], actor: 'test' })],
    resend: [() => store.resend({ ids: [second], actor: 'test', spacingMs: 10, force: true })],
    reseal: [() => store.reseal({ limit: 10 })],
    prune: [
      () => store.prune({ contentBefore: later, messageBefore: 0, auditBefore: 0, limit: 10 }),
      () => store.prune({ contentBefore: later, messageBefore: later, auditBefore: later, limit: 10 }),
    ],
  };
  for (const runs of Object.values(operations)) for (const run of runs) await run();
}
