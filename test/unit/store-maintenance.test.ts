/** Backup, restore, checks and the command around them. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { backUp, restore } from '../../lib/store/backup';
import { runCommand } from '../../lib/store/command';
import type { MessageStore } from '../../lib/store/message-store';
import { keepOpen, openStore } from '../../lib/store/open-store';
import { OWNER, done, newMessage } from '../support/store-conformance';

const SECRET = 'TEST-STORE-KEY';

describe('maintenance of an embedded store', () => {
  let folder: string;
  let store: MessageStore;
  const at = (name: string): string => path.join(folder, name);
  const open = (file = at('store.db'), secret = SECRET): Promise<MessageStore> =>
    openStore({ kind: 'embedded', file, secret }, { in: 'caller' });
  const run = async (...args: string[]): Promise<{ code: number; said: string }> => {
    const lines: string[] = [];
    const code = await runCommand(args, { EXCHANGE_STORE_KEY: SECRET }, line => lines.push(line));
    return { code, said: lines.join('\n') };
  };
  const deliverOne = async (): Promise<void> => {
    const message = newMessage();
    await store.accept({ messages: [message] });
    await store.claim({ channel: 'node', limit: 1, owner: OWNER, leaseMs: 1000 });
    await store.settle({ owner: OWNER, settlements: [done(message.id)] });
  };

  beforeEach(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'store-'));
    store = await open();
  });
  afterEach(async () => {
    await store.close();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  it('a backup that is made while the store works holds everything that was accepted before it', async () => {
    const before = Array.from({ length: 50 }, () => newMessage());
    await store.accept({ messages: before });
    const accepting = new AbortController();
    const busy = (async () => {
      while (!accepting.signal.aborted) {
        await store.accept({ messages: [newMessage()] });
        await pause(1);
      }
    })();
    await backUp(at('store.db'), at('copy.db'));
    accepting.abort();
    await busy;
    const copy = await open(at('copy.db'));
    for (const { id, content } of before)
      assert.equal((await copy.read({ id, actor: 'test' }))?.content, content);
    await copy.close();
  });

  it('a backup never writes over a file', async () => {
    fs.writeFileSync(at('copy.db'), 'mine');
    await assert.rejects(backUp(at('store.db'), at('copy.db')), { code: 'STORE' });
    assert.equal(fs.readFileSync(at('copy.db'), 'utf8'), 'mine');
  });

  it('a restored store goes on where the backup was, and the old file is kept', async () => {
    const message = newMessage();
    await store.accept({ messages: [message] });
    await backUp(at('store.db'), at('copy.db'));
    await store.accept({ messages: [newMessage()] });
    await store.close();
    const kept = await restore(at('copy.db'), at('store.db'));
    store = await open();
    const { messages } = await store.claim({ channel: 'node', limit: 10, owner: OWNER, leaseMs: 1000 });
    assert.deepEqual(
      messages.map(({ id }) => id),
      [message.id],
    );
    const old = await open(kept ?? '');
    assert.equal((await old.tallies({}))[0]?.count, 2);
    await old.close();
  });

  it('a store in use, or a damaged copy, is not restored', async () => {
    await deliverOne();
    await backUp(at('store.db'), at('copy.db'));
    await assert.rejects(restore(at('copy.db'), at('store.db')), /正被另一个/);
    await store.close();
    const size = fs.statSync(at('copy.db')).size;
    const handle = fs.openSync(at('copy.db'), 'r+');
    for (let page = 4096; page < size; page += 8192)
      fs.writeSync(handle, Buffer.alloc(2048, 0x5a), 0, 2048, page);
    fs.closeSync(handle);
    await assert.rejects(restore(at('copy.db'), at('store.db')), /损坏/);
    store = await open();
    assert.equal((await store.tallies({}))[0]?.count, 1);
  }).timeout(30_000);

  it('a damaged store takes nothing over any more, and says how to go on', async () => {
    for (let n = 0; n < 20; n++) await store.accept({ messages: [newMessage()] });
    await store.close();
    const file = at('store.db');
    const handle = fs.openSync(file, 'r+');
    for (let page = 8 * 4096; page < fs.statSync(file).size; page += 4096)
      fs.writeSync(handle, Buffer.alloc(4096, 0x5a), 0, 4096, page);
    fs.closeSync(handle);
    const damaged = keepOpen({ kind: 'embedded', file, secret: SECRET });
    const deadline = Date.now() + 10_000;
    let said = '';
    while (!said.includes('损坏') && Date.now() < deadline) {
      await damaged.tallies({}).catch((error: Error) => (said = error.message));
      await pause(20);
    }
    await damaged.close();
    assert.match(said, /已损坏.*恢复/s);
    for (const part of ['', '-wal', '-shm']) fs.rmSync(file + part, { force: true });
    store = await open();
  });

  describe('the command', () => {
    it('checks file and audit chain of a store in use, and counts', async () => {
      await deliverOne();
      await deliverOne();
      const { code, said } = await run('check', at('store.db'));
      assert.equal(code, 0, said);
      assert.match(said, /审计链完整，2 条记录/);
      assert.match(said, /node accepted 2/);
    });
    it('backs up and restores', async () => {
      await deliverOne();
      assert.equal((await run('backup', at('store.db'), at('copy.db'))).code, 0);
      await store.close();
      const { code, said } = await run('restore', at('copy.db'), at('store.db'));
      assert.equal(code, 0, said);
      store = await open();
    });
    it('says in both languages what is wrong', async () => {
      const { code, said } = await run('check', at('none.db'));
      assert.equal(code, 1);
      assert.match(said, /无法打开|不存在|备份恢复/);
    });
    it('explains itself', async () => {
      for (const args of [[], ['check'], ['other', 'x'], ['backup', 'x']]) {
        const { code, said } = await run(...args);
        assert.equal(code, 2);
        assert.match(said, /exchange-store restore COPY FILE/);
      }
    });
  });
});
