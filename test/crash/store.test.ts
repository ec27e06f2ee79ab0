/** The embedded store with its dispatcher, killed again and again while messages come and go. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { openStore } from '../../lib/store/open-store';
import type { ExchangeError } from '../../lib/errors';
import { SqliteDatabase } from '../../lib/sqlite';
import { verifyAudit } from '../../lib/store/verify-audit';
import { ensureBuilt } from '../support/built-editor';
import { Chance } from '../support/chance';
import { FlakyPeer } from '../support/flaky-peer';
import { leftIn } from '../support/left-in-store';
import { Producer } from '../support/producer';
import { until } from '../support/until';
import { Victim } from '../support/victim';

const KILLS = 32;
/** Every fifth kill has an outage of the peer before it. */
const OUTAGE_EVERY = 5;
/** Every fourth strikes while the process starts. */
const START_EVERY = 4;
const KEYS = 40;
/** Messages that are taken over between two kills at least, so that a slow machine tests the same. */
const BETWEEN_KILLS = 15;
const STEP = 'deliver';
const SECRET = 'TEST-SECRET';

describe('kill -9 of a process with an embedded store', function () {
  this.timeout(180_000);
  const chance = new Chance();
  let folder: string;
  let file: string;
  let victim: Victim;
  let peer: FlakyPeer;
  let producer: Producer;

  before(ensureBuilt);
  beforeEach(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'crash-store-'));
    file = path.join(folder, 'store.db');
    peer = new FlakyPeer({
      chance,
      loses: 0.03,
      answersAfterMs: [1, 8],
      read: (_path, body) => {
        const { key, version } = JSON.parse(body) as { key: string; version: number };
        return { items: [{ step: STEP, key, version }], answer: 'ok' };
      },
    });
    await peer.up();
    victim = new Victim('test/crash/store-child.mjs', [file, peer.url]);
    producer = new Producer({
      keys: Array.from({ length: KEYS }, (_, n) => `key-${n}`),
      perSecond: 400,
      address: () => (victim.port === 0 ? undefined : `http://127.0.0.1:${victim.port}/`),
      check: () => victim.check(),
      write: (key, version) =>
        JSON.stringify({ id: randomUUID(), key, label: key, content: JSON.stringify({ key, version }) }),
    });
  });
  afterEach(async () => {
    producer.stop();
    await victim.dispose();
    await peer.close();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  /** One life of the process, from its start to its death. */
  async function live(n: number): Promise<void> {
    const withOutage = n % OUTAGE_EVERY === 0;
    victim.start();
    if (!withOutage && n % START_EVERY === 0) {
      // Dies while it starts: Node, the tables, the keys, what the one before left in flight.
      await pause(chance.between(0, 200));
    } else {
      await victim.ready();
      await producer.acknowledgedMore(BETWEEN_KILLS);
      if (withOutage) {
        await peer.down();
        await producer.acknowledgedMore(BETWEEN_KILLS);
        await peer.up();
      }
      await pause(chance.between(0, 500));
    }
    await victim.kill();
    await peer.callerGone();
  }

  it('loses nothing, keeps the order of each key, repeats only what it could not know', async () => {
    producer.start();
    for (let n = 1; n <= KILLS; n++) await live(n);
    victim.start();
    await producer.finish();
    const { acknowledged } = producer;
    await until('everything is delivered', () => leftIn(file) === 0);
    await victim.stop();

    const lost = acknowledged.filter(({ key, version }) => !peer.has(STEP, key, version));
    const { unexplained, ...repeated } = peer.repetitions();
    const backwards = peer.backwards(STEP);
    console.log(
      `      seed ${chance.seed}: ${victim.kills.all} kills, ${victim.kills.duringStart} of them during the start;` +
        ` ${peer.outages} outages; ${acknowledged.length} acknowledged, ${lost.length} lost,` +
        ` ${backwards.length} out of order; repeated because of a lost answer ${repeated.lost}, an answer cut off` +
        ` ${repeated.cut}, a kill ${repeated.killed}, unexplained ${unexplained.length}`,
    );
    assert.deepEqual(lost, []);
    assert.deepEqual(backwards, []);
    assert.deepEqual(unexplained, []);
    assert.ok(repeated.lost > 0 && repeated.killed + repeated.cut > 0, 'nothing was tested');
    assert.equal(
      new Set(peer.receptions.map(({ key, version }) => `${key} ${version}`)).size,
      acknowledged.length,
    );
    await isInOrder(acknowledged.length);
  });

  it('a second process is refused, and gets the store as soon as the first is gone, however it ended', async () => {
    const settings = { kind: 'embedded', file, secret: SECRET } as const;
    victim.start();
    await victim.ready();
    await assert.rejects(
      openStore(settings, { in: 'caller' }),
      (error: ExchangeError) => error.code === 'STORE' && /正被另一个 Node-RED 使用/.test(error.text.zh),
    );
    await victim.kill();
    const store = await openStore(settings, { in: 'caller' });
    await store.close();
    victim.start();
    await victim.ready();
    await victim.stop();
  });

  /** What the store itself says afterwards. */
  async function isInOrder(count: number): Promise<void> {
    const database = SqliteDatabase.open(file);
    assert.deepEqual(database.all('PRAGMA integrity_check'), [{ integrity_check: 'ok' }]);
    assert.deepEqual(database.all('select state, count(*) as n from message group by state'), [
      { state: 'accepted', n: count },
    ]);
    database.close();
    const store = await openStore({ kind: 'embedded', file, secret: SECRET }, { in: 'caller' });
    try {
      assert.deepEqual(await store.tallies({}), [{ channel: 'node', state: 'accepted', count }]);
      const { outcomes } = await store.outcomes({ channel: 'node', limit: 10, repeatMs: 1000, all: true });
      assert.deepEqual(outcomes, [], 'every outcome is handed over');
      assert.equal((await verifyAudit(store)).brokenAt, null);
    } finally {
      await store.close();
    }
  }
});
