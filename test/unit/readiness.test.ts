import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Dispatcher } from '../../lib/delivery/dispatcher';
import { OpenStores } from '../../lib/monitor/open-stores';
import { SqliteDatabase } from '../../lib/sqlite';
import type { MessageStore } from '../../lib/store/message-store';
import { keepOpen } from '../../lib/store/open-store';
import type { EmbeddedSettings } from '../../lib/store/settings';
import { ReadyCheck, type Readiness } from '../../lib/telemetry/readiness';
import { newMessage } from '../support/store-conformance';
import { TestClock } from '../support/test-clock';

const HOUR = 3_600_000;

describe('readiness', () => {
  let folder: string;
  let clock: TestClock;
  let stores: OpenStores;
  let started: boolean;
  let check: ReadyCheck;
  let opened: { readonly store: MessageStore; readonly dispatcher: Dispatcher }[];

  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'readiness-'));
    clock = new TestClock();
    stores = new OpenStores();
    [started, opened] = [true, []];
    check = new ReadyCheck({ stores, clock, flowsStarted: () => started, oldestMs: 24 * HOUR });
  });
  afterEach(async () => {
    for (const { store, dispatcher } of opened) {
      await dispatcher.stop(0);
      await store.close();
    }
    fs.rmSync(folder, { recursive: true, force: true });
  });

  const enter = (store: MessageStore, id = 'db'): MessageStore => {
    const dispatcher = new Dispatcher(store, { clock });
    opened.push({ store, dispatcher });
    stores.add({ id, name: '本机消息库', opened: { store, dispatcher } });
    return store;
  };
  const open = (changes: Partial<EmbeddedSettings> = {}): MessageStore =>
    enter(
      keepOpen(
        { kind: 'embedded', file: path.join(folder, 'store.db'), secret: 'TEST-SECRET', ...changes },
        { clock, in: 'caller' },
      ),
    );
  /** After the pause between two writes. */
  const look = (): Promise<Readiness> => {
    clock.advance(1000);
    return check.look();
  };
  const codes = async (): Promise<string[]> => (await look()).reasons.map(({ code }) => code);

  it('needs flows that run', async () => {
    started = false;
    const { ready, reasons } = await look();
    assert.deepEqual([ready, reasons.map(({ code }) => code)], [false, ['FLOWS']]);
    started = true;
    assert.deepEqual(await look(), { ready: true, reasons: [] });
  });

  it('is found out by a write that stands in the file', async () => {
    open();
    const marks: unknown[] = [];
    for (let turn = 0; turn < 2; turn++) {
      assert.deepEqual(await codes(), []);
      const file = SqliteDatabase.open(path.join(folder, 'store.db'), { readOnly: true });
      marks.push(file.get("select value from meta where name = 'probed-at'")?.['value']);
      file.close();
    }
    assert.deepEqual(marks, [clock.now() - 1000, clock.now()].map(String));
  });

  it('ends when a store is full, and comes back when there is room', async () => {
    const store = open({ maxMiB: 1 });
    assert.deepEqual(await codes(), []);
    const ids: string[] = [];
    await assert.rejects(
      (async () => {
        for (;;) {
          const message = newMessage({ content: randomBytes(3000).toString('base64') });
          await store.accept({ messages: [message] });
          ids.push(message.id);
        }
      })(),
      { code: 'STORE_FULL' },
    );
    const { ready, reasons } = await look();
    assert.equal(ready, false);
    assert.deepEqual(
      reasons.map(({ code, store: name }) => [code, name]),
      [['STORE_FULL', '本机消息库']],
    );
    assert.match(reasons[0]?.text.zh ?? '', /已满/);
    assert.match(reasons[0]?.text.en ?? '', /full/);
    await store.cancel({ ids, actor: 'test' });
    clock.advance(HOUR);
    const now = clock.now();
    const keep = { contentBefore: now, messageBefore: now, auditBefore: 0, limit: 1000 };
    while ((await store.prune(keep)) > 0);
    assert.deepEqual(await codes(), []);
  });

  it('ends when a store is closed, and comes back with the next deploy', async () => {
    const store = open();
    await look();
    await store.close();
    assert.deepEqual(await codes(), ['STORE']);
    open();
    assert.deepEqual(await codes(), []);
  });

  it('ends where the settings of a store cannot be used', async () => {
    stores.add({ id: 'db', name: '', opened: { zh: '设置有误', en: 'wrong' } });
    assert.deepEqual(await look(), {
      ready: false,
      reasons: [{ code: 'CONFIG', store: 'db', text: { zh: '设置有误', en: 'wrong' } }],
    });
  });

  it('ends when a message has waited for too long', async () => {
    const store = open();
    await store.accept({ messages: [newMessage()] });
    clock.advance(24 * HOUR - 10_000);
    assert.deepEqual(await codes(), []);
    clock.advance(10_000);
    const { reasons } = await look();
    assert.deepEqual(
      reasons.map(({ code }) => code),
      ['OLDEST'],
    );
    assert.match(reasons[0]?.text.zh ?? '', /超过 24 小时/);
  });

  describe('of a store that somebody else asks too', () => {
    let writes: number;
    let write: () => Promise<void>;
    beforeEach(() => {
      writes = 0;
      write = () => Promise.resolve();
      const store = keepOpen(
        { kind: 'embedded', file: path.join(folder, 'store.db'), secret: 'TEST-SECRET' },
        { clock, in: 'caller' },
      );
      enter({ ...store, probe: () => (writes++, write()) });
    });

    it('writes once a second, however many ask', async () => {
      const all = await Promise.all(Array.from({ length: 200 }, () => check.look()));
      assert.ok(all.every(({ ready }) => ready));
      clock.advance(999);
      await check.look();
      assert.equal(writes, 1);
      clock.advance(1);
      await check.look();
      assert.equal(writes, 2);
    });

    it('waits three seconds for a disk that hangs, and does not write to it again meanwhile', async () => {
      let answer: () => void = () => undefined;
      write = () => new Promise(resolve => (answer = resolve));
      for (let turn = 0; turn < 3; turn++) {
        const looking = look();
        clock.advance(3000);
        const { ready, reasons } = await looking;
        assert.deepEqual([ready, reasons[0]?.code], [false, 'STORE']);
        assert.match(reasons[0]?.text.en ?? '', /within 3 s/);
      }
      assert.equal(writes, 1);
      answer();
      await new Promise(resolve => setImmediate(resolve));
      write = () => Promise.resolve();
      assert.deepEqual(await codes(), []);
    });

    it('says nothing of an error that is not our own', async () => {
      write = () => Promise.reject(new Error('测试甲'));
      assert.doesNotMatch(JSON.stringify(await look()), /测试甲/);
    });
  });

  describe('on a real disk', () => {
    const mount = (...args: string[]): void => {
      execFileSync('mount', args, { stdio: 'ignore' });
    };
    before(function () {
      const tried = fs.mkdtempSync(path.join(os.tmpdir(), 'mount-'));
      try {
        mount('-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', tried);
        execFileSync('umount', [tried]);
      } catch {
        // Only root of a whole machine may.
        this.skip();
      } finally {
        fs.rmdirSync(tried);
      }
    });
    beforeEach(() => mount('-t', 'tmpfs', '-o', 'size=100m', 'tmpfs', folder));
    afterEach(async () => {
      for (const { store, dispatcher } of opened.splice(0)) {
        await dispatcher.stop(0);
        await store.close();
      }
      // The engine closes a file when its statements are collected.
      execFileSync('umount', ['--lazy', folder]);
    });

    it('ends when others have filled it, and comes back', async () => {
      open();
      assert.deepEqual(await codes(), []);
      const filling = path.join(folder, 'other');
      fs.writeFileSync(filling, Buffer.alloc(60 * 1024 * 1024, 1));
      assert.deepEqual(await codes(), ['STORE_FULL']);
      fs.rmSync(filling);
      assert.deepEqual(await codes(), []);
    });

    it('ends while it is read-only, and comes back', async () => {
      mount('-o', 'remount,ro', folder);
      open();
      assert.deepEqual(await codes(), ['STORE']);
      mount('-o', 'remount,rw', folder);
      // The store opens itself again after a pause.
      clock.advance(5000);
      assert.deepEqual(await codes(), []);
    });
  });
});
