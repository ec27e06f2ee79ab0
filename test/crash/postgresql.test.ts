/** Several processes on one store in PostgreSQL; they and the server are killed again and again. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { openStore } from '../../lib/store/open-store';
import type { PostgresqlSettings } from '../../lib/store/settings';
import { verifyAudit } from '../../lib/store/verify-audit';
import { Chance } from '../support/chance';
import { DeliveryRecord } from '../support/delivery-record';
import { needsPeer } from '../support/peer';
import { Postgresql, findPostgresql } from '../support/postgresql';
import { Producer } from '../support/producer';
import { until } from '../support/until';
import { Victim } from '../support/victim';

const WORKERS = 2;
const WORKER_KILLS = 24;
/** Every fourth time the server is killed too. */
const SERVER_KILL_EVERY = 4;
/** Every fifth worker is killed while it starts. */
const START_EVERY = 5;
const KEYS = 30;
/** Messages that are taken over between two kills at least, so that a slow machine tests the same. */
const BETWEEN_KILLS = 8;

describe('kill -9 of processes that share a store in PostgreSQL, and of the server', function () {
  this.timeout(240_000);
  const chance = new Chance();
  let server: Postgresql;
  let settings: PostgresqlSettings;
  let record: DeliveryRecord;
  let workers: Victim[] = [];
  let producer: Producer;

  before(async function () {
    needsPeer(this, 'PostgreSQL', findPostgresql() !== undefined);
    server = await Postgresql.start();
    settings = server.settings();
    record = await DeliveryRecord.start(chance, 0.02);
    const env = { NODE_OPTIONS: '--require ./test/support/typescript-workers.cjs --import tsx' };
    workers = Array.from(
      { length: WORKERS },
      (_, n) =>
        new Victim('test/crash/postgresql-child.ts', [JSON.stringify(settings), record.url, `w${n}`], env),
    );
    producer = new Producer({
      keys: Array.from({ length: KEYS }, (_, n) => `key-${n}`),
      perSecond: 150,
      address: () => anyOf(workers.filter(({ port }) => port !== 0)),
      check: () => workers.forEach(worker => worker.check()),
      write: (key, version) =>
        JSON.stringify({ id: randomUUID(), key, content: JSON.stringify({ key, version }) }),
    });
  });
  after(async () => {
    producer?.stop();
    await Promise.all(workers.map(worker => worker.dispose()));
    await record?.close();
    await server?.close();
  });

  const anyOf = (ready: readonly Victim[]): string | undefined => {
    const worker = ready[chance.between(0, ready.length - 1)];
    return worker && `http://127.0.0.1:${worker.port}/`;
  };

  async function killWorker(n: number): Promise<void> {
    const worker = workers[n % WORKERS];
    assert.ok(worker);
    if (n % START_EVERY !== 0) await worker.ready();
    else {
      await strike(worker);
      await pause(chance.between(300, 1200));
    }
    await strike(worker);
  }

  async function strike(worker: Victim): Promise<void> {
    record.killed(`w${workers.indexOf(worker)}-${worker.pid}`);
    await worker.kill();
    worker.start();
  }

  async function killServer(): Promise<void> {
    record.killed('database');
    await server.kill();
    await server.restart();
    // What was under way fails only now.
    record.killed('database');
  }

  it('loses nothing, keeps the order of each key, repeats only what nobody could know', async () => {
    const started = Date.now();
    for (const worker of workers) worker.start();
    await Promise.all(workers.map(worker => worker.ready()));
    producer.start();
    let serverKills = 0;
    for (let n = 1; n <= WORKER_KILLS; n++) {
      await producer.acknowledgedMore(BETWEEN_KILLS);
      await pause(chance.between(0, 300));
      if (n % SERVER_KILL_EVERY === 0) {
        serverKills++;
        await killServer();
      }
      await killWorker(n);
    }
    await producer.finish();
    const { acknowledged } = producer;
    await until('everything is delivered', async () => {
      for (const worker of workers) worker.check();
      const [row] = await server.query(
        `select count(*)::int as waiting from ${settings.schema}.message where state <> 'accepted'`,
      );
      return row?.['waiting'] === 0;
    });
    const kills = workers.reduce((sum, worker) => sum + worker.kills.all, 0);
    const lost = acknowledged.filter(({ key, version }) => !record.has(key, version));
    const backwards = record.backwards();
    const { unexplained, ...repeated } = record.repetitions();
    console.log(
      `      seed ${chance.seed}: ${kills} kills of ${WORKERS} workers, ${serverKills} of the server, in` +
        ` ${Math.round((Date.now() - started) / 1000)} s; ${acknowledged.length} acknowledged, ${lost.length} lost,` +
        ` ${backwards.length} out of order; repeated because of a lost answer ${repeated.lost}, a killed worker` +
        ` ${repeated.killed}, the killed server ${repeated.database}, unexplained ${unexplained.length}`,
    );
    assert.deepEqual(lost, []);
    assert.deepEqual(backwards, []);
    assert.deepEqual(unexplained, []);
    assert.equal(record.count, acknowledged.length);
    assert.ok(kills >= 20 && serverKills >= 5);
    assert.ok(repeated.lost > 0 && repeated.killed > 0, 'nothing was tested');
    await Promise.all(workers.map(worker => worker.stop()));
    await isInOrder(acknowledged.length);
  });

  /** What the store itself says afterwards. */
  async function isInOrder(count: number): Promise<void> {
    const store = await openStore(settings, { in: 'caller' });
    try {
      assert.deepEqual(await store.tallies({}), [{ channel: 'node', state: 'accepted', count }]);
      assert.equal((await verifyAudit(store)).brokenAt, null);
    } finally {
      await store.close();
    }
  }
});
