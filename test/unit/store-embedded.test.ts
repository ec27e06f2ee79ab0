import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { ExchangeError } from '../../lib/errors';
import { SqliteDatabase } from '../../lib/sqlite';
import type { NewMessage } from '../../lib/store/message';
import type { MessageStore } from '../../lib/store/message-store';
import { openStore } from '../../lib/store/open-store';
import type { EmbeddedSettings } from '../../lib/store/settings';
import { verifyAudit } from '../../lib/store/verify-audit';
import { OWNER, done, newMessage, storeConformance } from '../support/store-conformance';
import { TestClock } from '../support/test-clock';

describe('embedded message store', () => {
  let folder: string;
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'store-'));
  });
  afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

  for (const place of ['caller', 'thread'] as const) {
    describe(`in its ${place}`, () => {
      storeConformance(async () => {
        const clock = new TestClock();
        const store = await openStore(
          { kind: 'embedded', file: path.join(folder, 'store.db'), secret: 'TEST-SECRET' },
          { clock, in: place },
        );
        return { store, now: () => clock.now(), advance: ms => clock.advance(ms) };
      });
    });
  }

  const open = (changes: Partial<EmbeddedSettings> = {}): Promise<MessageStore> =>
    openStore(
      { kind: 'embedded', file: path.join(folder, 'store.db'), secret: 'TEST-SECRET', ...changes },
      { in: 'caller' },
    );
  const accept = async (store: MessageStore, changes: Partial<NewMessage> = {}): Promise<NewMessage> => {
    const message = newMessage(changes);
    await store.accept({ messages: [message] });
    return message;
  };
  /** Takes everything that is due, and delivers it. */
  const deliver = async (store: MessageStore): Promise<string[]> => {
    const { messages } = await store.claim({ channel: 'node', limit: 10_000, owner: OWNER, leaseMs: 1000 });
    await store.settle({ owner: OWNER, settlements: messages.map(({ id }) => done(id)) });
    return messages.map(({ id }) => id);
  };

  describe('without room', () => {
    const large = (): Partial<NewMessage> => ({ content: randomBytes(3000).toString('base64') });

    it('refuses new work and says so, keeps what it has, and goes on when there is room again', async () => {
      const limited = await open({ maxMiB: 1 });
      const taken: NewMessage[] = [];
      const fill = async (): Promise<never> => {
        for (;;) taken.push(await accept(limited, large()));
      };
      const isFull = ({ code, retry, text }: ExchangeError): boolean =>
        code === 'STORE_FULL' && retry === 'retry' && /已满.*大小上限.*未接收/.test(text.zh);
      await assert.rejects(fill(), isFull);
      await assert.rejects(accept(limited, large()), isFull);
      // Others of the same transaction are refused for themselves, not for it.
      const [tallies, refused] = await Promise.allSettled([limited.tallies({}), accept(limited, large())]);
      assert.deepEqual([tallies.status, refused.status], ['fulfilled', 'rejected']);
      assert.ok(taken.length > 100, String(taken.length));
      // What is there goes out all the same, and its outcomes find room.
      assert.deepEqual(
        await deliver(limited),
        taken.map(({ id }) => id),
      );
      await assert.rejects(accept(limited, large()), isFull);
      await limited.close();

      const store = await open({ maxMiB: 2 });
      for (const { id, content } of taken)
        assert.equal((await store.read({ id, actor: 'test' }))?.content, content);
      const one = await accept(store, large());
      assert.deepEqual(await deliver(store), [one.id]);
      await store.close();
    });
  });

  describe('secret', () => {
    const wrongSecret = { code: 'STORE', message: /密钥不符/ };

    it('another one is refused, and changes nothing', async () => {
      const store = await open();
      const message = await accept(store);
      await store.close();
      await assert.rejects(open({ secret: 'OTHER' }), wrongSecret);
      await assert.rejects(open({ secret: 'OTHER', previousSecret: 'WRONG-TOO' }), wrongSecret);
      const again = await open();
      assert.deepEqual(await deliver(again), [message.id]);
      await again.close();
    });

    it('is changed while the store is in use: everything stays readable, the old one opens it no more', async () => {
      const old = await open();
      const messages = await Promise.all(Array.from({ length: 25 }, () => accept(old)));
      await deliver(old);
      await old.close();

      const change = { secret: 'NEW-SECRET', previousSecret: 'TEST-SECRET' };
      const readAll = async (store: MessageStore): Promise<void> => {
        for (const { id, content } of messages)
          assert.equal((await store.read({ id, actor: 'test' }))?.content, content);
      };
      let store = await open(change);
      for (let step = 0; await store.reseal({ limit: 10 }); step++) {
        await readAll(store);
        // Work goes on, and so does the change after a restart.
        messages.push(await accept(store));
        if (step === 1) {
          await store.close();
          store = await open(change);
        }
      }
      await readAll(store);
      assert.equal(await store.reseal({ limit: 10 }), false);
      assert.equal((await verifyAudit(store)).brokenAt, null);
      await store.close();

      const database = SqliteDatabase.open(path.join(folder, 'store.db'));
      const keys = database.all('select distinct key_id from message');
      database.close();
      assert.equal(keys.length, 1, 'all contents are sealed by the new key');
      await assert.rejects(open(), wrongSecret);
      const renewed = await open({ secret: 'NEW-SECRET' });
      await readAll(renewed);
      await renewed.close();
    });
  });

  describe('audit chain', () => {
    /** Edits the audit records of a store that has ten, as somebody who can write its file. */
    const brokenBy = async (...statements: string[]): Promise<number | null> => {
      const store = await open();
      for (let n = 0; n < 10; n++) await accept(store);
      assert.equal((await deliver(store)).length, 10);
      assert.deepEqual(await verifyAudit(store), { records: 10, brokenAt: null });
      await store.close();
      const database = SqliteDatabase.open(path.join(folder, 'store.db'));
      for (const statement of statements) database.exec(statement);
      database.close();
      const edited = await open();
      const { brokenAt } = await verifyAudit(edited);
      await edited.close();
      return brokenAt;
    };
    const columns = 'at, actor, action, message, channel, service, outcome, code, duration, hash';

    it('shows a record that was changed', async () => {
      assert.equal(await brokenBy("update audit set actor = 'somebody' where seq = 4"), 4);
    });
    it('shows a record that was removed', async () => {
      assert.equal(await brokenBy('delete from audit where seq = 4'), 4);
    });
    it('shows a record that was removed, the later ones moved up', async () => {
      const statements = ['delete from audit where seq = 4', 'update audit set seq = seq - 1 where seq > 4'];
      assert.equal(await brokenBy(...statements), 4);
    });
    it('shows a record that was put in', async () => {
      const statements = [
        'update audit set seq = -seq where seq >= 4',
        'update audit set seq = 1 - seq where seq < 0',
        `insert into audit (seq, ${columns}) select 4, ${columns} from audit where seq = 3`,
      ];
      assert.equal(await brokenBy(...statements), 4);
    });
    it('shows a record that was put in at the end', async () => {
      const added = `insert into audit (seq, ${columns}) select 11, ${columns} from audit where seq = 10`;
      assert.equal(await brokenBy(added), 11);
    });
    it('shows that the last records were cut off', async () => {
      assert.equal(await brokenBy('delete from audit where seq > 7'), 8);
    });
    it('shows that the first records were cut off', async () => {
      assert.equal(await brokenBy('delete from audit where seq < 4'), 1);
    });
    const movedMark = (mark: string, seq: number): string =>
      `update meta set value = json_object('seq', ${seq}, 'hash', (select hash from audit where seq = ${seq}))` +
      ` where name = '${mark}'`;
    it('shows that the last records were cut off, and where the chain ends changed', async () => {
      assert.equal(await brokenBy(movedMark('audit-head', 7), 'delete from audit where seq > 7'), 8);
    });
    it('shows that the first records were cut off, and where the chain begins changed', async () => {
      assert.equal(await brokenBy(movedMark('audit-base', 3), 'delete from audit where seq <= 3'), 3);
    });
    it('shows a changed end also when the store goes on writing and removing', async () => {
      await brokenBy(movedMark('audit-head', 7), 'delete from audit where seq > 7');
      const store = await open();
      await accept(store);
      await deliver(store);
      const late = Date.now() + 1000;
      await store.prune({ contentBefore: 0, messageBefore: 0, auditBefore: late, limit: 3 });
      const { brokenAt } = await verifyAudit(store);
      await store.close();
      assert.notEqual(brokenAt, null);
    });
    it('keeps the records of a chain that was changed, though their time is over', async () => {
      await brokenBy('delete from audit where seq < 4');
      const store = await open();
      await store.prune({ contentBefore: 0, messageBefore: 0, auditBefore: Date.now() + 1000, limit: 100 });
      const { brokenAt } = await verifyAudit(store);
      await store.close();
      assert.equal(brokenAt, 1);
    });
    it('shows that all were removed', async () => {
      assert.equal(await brokenBy('delete from audit'), 1);
    });
  });
});
