/** The message store on a real PostgreSQL server: alone, shared by several, cut off, and set up wrongly. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ExchangeError } from '../../lib/errors';
import type { MessageStore } from '../../lib/store/message-store';
import { type OpenOptions, openStore } from '../../lib/store/open-store';
import type { PostgresqlSettings } from '../../lib/store/settings';
import { PostgresqlConnection } from '../../lib/store/sql/postgresql';
import { selfSigned } from '../support/ftp-server';
import { portOf } from '../support/misbehaving-server';
import { needsPeer } from '../support/peer';
import { Postgresql, findPostgresql } from '../support/postgresql';
import { LEASE_MS, later, newMessage, storeConformance } from '../support/store-conformance';
import { sharedStoreConformance } from '../support/store-shared';
import { TestClock } from '../support/test-clock';

describe('message store in PostgreSQL', function () {
  this.timeout(60_000);
  const certificate = findPostgresql() === undefined ? undefined : selfSigned();
  let server: Postgresql;
  before(async function () {
    needsPeer(this, 'PostgreSQL', findPostgresql() !== undefined);
    server = await Postgresql.start({
      ...(certificate && { tls: certificate }),
      // Found out at once, so that tests which provoke deadlocks do not wait.
      settings: { deadlock_timeout: '50ms' },
    });
  });
  after(() => server?.close());

  let opened: MessageStore[] = [];
  const open = async (settings: PostgresqlSettings, options: OpenOptions = {}): Promise<MessageStore> => {
    const store = await openStore(settings, { in: 'caller', ...options });
    opened.push(store);
    return store;
  };
  afterEach(async () => {
    await Promise.all(opened.map(store => store.close()));
    opened = [];
  });

  for (const place of ['caller', 'thread'] as const) {
    describe(`in its ${place}`, () => {
      storeConformance(async () => {
        const clock = new TestClock();
        const store = await openStore(server.settings({ clock: 'caller' }), { clock, in: place });
        return { store, now: () => clock.now(), advance: ms => clock.advance(ms) };
      });
    });
  }

  describe('shared by several processes', () => {
    sharedStoreConformance(async clock => {
      const settings = server.settings({ clock: 'caller' });
      return [await openStore(settings, { clock, in: 'caller' }), await openStore(settings, { clock })];
    });

    it('counts leases and times by the clock of the database, however wrong that of a process is', async () => {
      const settings = server.settings();
      const store = await open(settings);
      await store.accept({ messages: [newMessage()] });
      const rightly = Date.now;
      const hour = 3_600_000;
      Date.now = () => rightly() + hour;
      try {
        const wrong = await open(settings);
        const claim = () => wrong.claim({ channel: 'node', limit: 1, owner: 'wrong', leaseMs: LEASE_MS });
        const [message] = (await claim()).messages;
        const stored = async (column: string): Promise<number> => {
          const ms = 'extract(epoch from clock_timestamp()) * 1000';
          const sql = `select (${column} - ${ms})::int as "left" from ${settings.schema}.message`;
          return Number((await server.query(sql))[0]?.['left']);
        };
        near(await stored('lease_until'), LEASE_MS);
        assert.equal(await store.recover({ owner: 'two' }), 0);
        await wrong.settle({ owner: 'wrong', settlements: [later(message?.id ?? '', Date.now() + 60_000)] });
        near(await stored('due_at'), 60_000);
        const { nextDue } = await wrong.claim({
          channel: 'node',
          limit: 1,
          owner: 'wrong',
          leaseMs: LEASE_MS,
        });
        near((nextDue ?? 0) - Date.now(), 60_000);
      } finally {
        Date.now = rightly;
      }
    });

    it('several that open a new store at once have the same keys', async () => {
      for (let round = 0; round < 5; round++) {
        const settings = server.settings();
        const stores = await Promise.all([1, 2, 3].map(() => open(settings, { in: 'thread' })));
        const message = newMessage();
        await stores[0]?.accept({ messages: [message] });
        for (const store of stores)
          assert.equal((await store.read({ id: message.id, actor: 'test' }))?.content, message.content);
        const [again] =
          (await stores[1]?.accept({ messages: [newMessage({ ...message, id: randomUUID() })] })) ?? [];
        assert.equal(again?.fate, 'duplicate');
      }
    });
  });

  describe('cut off', () => {
    const failsWith = async (
      work: Promise<unknown>,
      code: string,
      retry: string,
      words: RegExp = /./,
    ): Promise<void> => {
      await assert.rejects(work, (error: unknown) => {
        assert.ok(error instanceof ExchangeError);
        assert.deepEqual([error.code, error.retry], [code, retry]);
        assert.match(error.text.en, words);
        return true;
      });
    };

    it('goes on unnoticed when the connection was lost while it was idle', async () => {
      const store = await open(server.settings());
      await server.cutAll();
      assert.equal((await store.accept({ messages: [newMessage()] }))[0]?.fate, 'queued');
    });

    it('replaces an idle connection that something in between has forgotten', async () => {
      const between = await goBetween(server.port);
      try {
        const store = await open({ ...server.settings(), port: between.port });
        between.forgetAll();
        assert.equal((await store.accept({ messages: [newMessage()] }))[0]?.fate, 'queued');
      } finally {
        between.close();
      }
    });

    for (const place of ['caller', 'thread'] as const) {
      it(`rejects what was under way, and works again by itself (in its ${place})`, async () => {
        const settings = server.settings();
        const store = await open(settings, { in: place });
        const unlock = await server.lock(settings, 'message');
        const messages = [newMessage(), newMessage()];
        const accepting = Promise.allSettled(messages.map(message => store.accept({ messages: [message] })));
        await server.untilWaiting(settings);
        await server.cutAll();
        await unlock();
        for (const result of await accepting) {
          assert.equal(result.status, 'rejected');
          await failsWith(Promise.reject(result.reason), 'STORE', 'retry', /cannot be reached/);
        }
        const fates = await store.accept({ messages });
        assert.deepEqual(
          fates.map(({ fate }) => fate),
          ['queued', 'queued'],
        );
      });
    }

    it('rejects while the server is down, all that waits at once, and works again when it is up', async () => {
      const store = await open(server.settings());
      const message = newMessage();
      await store.accept({ messages: [message] });
      await server.stop();
      const started = Date.now();
      const tries = Array.from({ length: 50 }, () => store.accept({ messages: [newMessage()] }));
      await Promise.all(tries.map(work => failsWith(work, 'STORE', 'retry', /cannot be reached/)));
      assert.ok(Date.now() - started < 5000);
      await server.restart();
      const { messages } = await store.claim({ channel: 'node', limit: 10, owner: 'one', leaseMs: LEASE_MS });
      assert.deepEqual(
        messages.map(({ id }) => id),
        [message.id],
      );
    });

    it('a claim whose commit was not answered is given back, not kept for ever', async () => {
      const between = await goBetween(server.port);
      try {
        const settings = server.settings();
        const store = await open({ ...settings, port: between.port });
        const message = newMessage();
        await store.accept({ messages: [message] });
        between.cutNext();
        const claim = () => store.claim({ channel: 'node', limit: 1, owner: 'one', leaseMs: LEASE_MS });
        await failsWith(claim(), 'STORE', 'retry');
        const [row] = await server.query(`select state from ${settings.schema}.message`);
        assert.equal(row?.['state'], 'inflight', 'it did happen');
        const { messages } = await claim();
        assert.deepEqual(
          messages.map(({ id, doubtful }) => [id, doubtful]),
          [[message.id, false]],
        );
      } finally {
        between.close();
      }
    });

    it('a hand-in whose commit was not answered is known when it comes again', async () => {
      const between = await goBetween(server.port);
      try {
        const store = await open({ ...server.settings(), port: between.port });
        between.cutNext();
        const message = newMessage();
        await failsWith(store.accept({ messages: [message] }), 'STORE', 'retry');
        assert.equal((await store.accept({ messages: [message] }))[0]?.fate, 'duplicate');
      } finally {
        between.close();
      }
    });

    it('closes soon, whatever it waits for', async () => {
      const settings = server.settings();
      const store = await openStore(settings);
      const unlock = await server.lock(settings, 'message');
      const waiting = failsWith(store.accept({ messages: [newMessage()] }), 'STORE', 'retry');
      await server.untilWaiting(settings);
      const started = Date.now();
      await store.close();
      assert.ok(Date.now() - started < 10_000);
      await waiting;
      await unlock();
    });

    it('runs a transaction again that was given up for another one', async () => {
      const settings = server.settings();
      await open(settings);
      const connections = [new PostgresqlConnection(settings), new PostgresqlConnection(settings)];
      const names = ['salt', 'version'];
      let runs = 0;
      const lockBoth = (connection: PostgresqlConnection, order: readonly string[]): Promise<void> =>
        connection.transaction(async session => {
          runs++;
          for (const name of order) {
            await session.all('select value from meta where name = ? for update', [name]);
            await pause(20);
          }
        });
      await Promise.all(
        connections.map((connection, at) => lockBoth(connection, at ? names.toReversed() : names)),
      );
      assert.ok(runs > 2, 'no deadlock was provoked');
      await Promise.all(connections.map(connection => connection.close()));
    });

    it('says when the disk is full, and when the database refuses for another reason: without any value', async () => {
      const settings = server.settings();
      const store = await open(settings);
      const fail = (code: string) =>
        server.query(`
          create or replace function ${settings.schema}.fail() returns trigger language plpgsql as $$
          begin raise exception using errcode = '${code}', message = 'no ' || new.label, detail = new.label; end $$`);
      await fail('53100');
      await server.query(
        `create trigger fail before insert on ${settings.schema}.message for each row execute function
         ${settings.schema}.fail()`,
      );
      await failsWith(store.accept({ messages: [newMessage()] }), 'STORE_FULL', 'retry', /no room/);
      await fail('22001');
      await assert.rejects(
        store.accept({ messages: [newMessage({ label: 'TESTP0001' })] }),
        (error: unknown) => {
          assert.ok(error instanceof ExchangeError);
          assert.match(error.text.zh, /22001/);
          assert.doesNotMatch(JSON.stringify([error, error.message, String(error.cause)]), /TESTP0001/);
          return true;
        },
      );
    });

    it('keeps a text with a character that PostgreSQL has not', async () => {
      const store = await open(server.settings());
      const message = newMessage({ label: 'A\u0000B' });
      await store.accept({ messages: [message] });
      assert.equal((await store.read({ id: message.id, actor: 'test' }))?.label, 'AB');
    });

    describe('by its settings', () => {
      const refuses = (changes: Partial<PostgresqlSettings>, words: RegExp, retry = 'never'): Promise<void> =>
        failsWith(open(server.settings(changes)), 'STORE', retry, words);

      it('refuses a wrong password, user or database, and never repeats the password', async () => {
        await refuses({ password: 'wrong@test' }, /refuses the login.*28P01/);
        await refuses({ user: 'nobody' }, /refuses the login/);
        await refuses({ database: 'none' }, /no such database.*3D000/);
        await assert.rejects(open(server.settings({ password: 'wrong@test' })), error => {
          assert.doesNotMatch(JSON.stringify(error) + String(error), /wrong@test/);
          return true;
        });
      });
      it('refuses a name of a schema that is none', () =>
        refuses({ schema: 'a"; drop table x; --' }, /schema/));
      it('cannot reach a server that is not there', () => refuses({ port: 1 }, /cannot be reached/, 'retry'));

      it('checks the certificate, or trusts it, as it is told', async () => {
        const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ca-'));
        const caFile = path.join(folder, 'ca.pem');
        fs.writeFileSync(caFile, certificate?.cert ?? '');
        try {
          await refuses({ tls: 'verify' }, /TLS.*SELF_SIGNED/);
          await refuses({ tls: 'verify', caFile: path.join(folder, 'none.pem') }, /CA file.*ENOENT/);
          for (const changes of [{ tls: 'verify', caFile }, { tls: 'trust' }] as const) {
            await open(server.settings(changes));
            const [row] = await server.query(
              'select count(*)::int as encrypted from pg_stat_ssl join pg_stat_activity using (pid) where ssl',
            );
            assert.ok(Number(row?.['encrypted']) > 0);
          }
        } finally {
          fs.rmSync(folder, { recursive: true });
        }
      });
      it('sends no password in clear text when encryption was asked for', async () => {
        const seen: Buffer[] = [];
        const plain = net.createServer(socket =>
          socket.on('data', bytes => {
            seen.push(bytes);
            socket.write('N');
          }),
        );
        await new Promise<void>(resolve => plain.listen(0, '127.0.0.1', resolve));
        try {
          await refuses({ tls: 'trust', port: portOf(plain) }, /TLS/);
          assert.equal(Buffer.concat(seen).length, 8, 'nothing but the question');
        } finally {
          plain.close();
        }
      });

      it('commits to disk and reads what is committed, whatever the server and the user are set to', async () => {
        const weak = { synchronous_commit: 'off', default_transaction_isolation: "'repeatable read'" };
        for (const [name, value] of Object.entries(weak))
          await server.query(`alter role exchange set ${name} = ${value}`);
        const connection = new PostgresqlConnection(server.settings());
        try {
          const shown = await connection.transaction(async session => [
            ...(await session.all('show synchronous_commit')),
            ...(await session.all('show transaction_isolation')),
          ]);
          assert.deepEqual(shown, [
            { synchronous_commit: 'on' },
            { transaction_isolation: 'read committed' },
          ]);
        } finally {
          await connection.close();
          for (const name of Object.keys(weak)) await server.query(`alter role exchange reset ${name}`);
        }
      });
      it('refuses a server that does not write to disk', async () => {
        await server.query('alter system set fsync = off');
        await server.query('select pg_reload_conf()');
        try {
          await refuses({}, /power cut.*fsync = on/);
        } finally {
          await server.query('alter system reset fsync');
          await server.query('select pg_reload_conf()');
        }
      });
    });
  });
});

const near = (given: number, expected: number): void =>
  assert.ok(Math.abs(given - expected) < 5000, `${given} is not about ${expected}`);

interface GoBetween {
  readonly port: number;
  /** Cuts the client off at its next commit, once the server has carried it out. */
  cutNext(): void;
  /** Passes nothing more on, on connections that there are. */
  forgetAll(): void;
  close(): void;
}

async function goBetween(target: number): Promise<GoBetween> {
  const sockets = new Set<net.Socket>();
  let cut = false;
  let forgotten = 0;
  let made = 0;
  const between = net.createServer(client => {
    const behind = net.connect(target, '127.0.0.1');
    let committing = false;
    const number = made++;
    for (const socket of [client, behind]) {
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    }
    client.on('data', (bytes: Buffer) => {
      if (number < forgotten) return;
      committing = cut && bytes.includes('commit\0');
      behind.write(bytes);
    });
    behind.on('data', (bytes: Buffer) => {
      if (committing) {
        cut = false;
        client.destroy();
      } else client.write(bytes);
    });
    client.on('close', () => behind.destroy());
    behind.on('close', () => client.destroy());
  });
  await new Promise<void>(resolve => between.listen(0, '127.0.0.1', resolve));
  return {
    port: portOf(between),
    cutNext: () => (cut = true),
    forgetAll: () => (forgotten = made),
    close() {
      between.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
