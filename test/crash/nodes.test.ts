/** A chain of durable nodes in a real Node-RED that is killed again and again. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ensureBuilt } from '../support/built-editor';
import { Chance } from '../support/chance';
import { REFUSED, STEPS, STORE_FILE, STORE_SECRET, readStep, writeChain } from '../support/crash-chain';
import { FlakyPeer } from '../support/flaky-peer';
import { leftIn } from '../support/left-in-store';
import { Producer } from '../support/producer';
import { request } from '../support/raw-soap';
import { soundTallies } from '../support/sound-store';
import { until } from '../support/until';
import { Victim } from '../support/victim';

const KILLS = 30;
const REPORTS = 60;
/** Reports that are taken over between two kills at least, so that a slow machine tests the same. */
const BETWEEN_KILLS = 15;
/** A real Node-RED needs about that long. */
const START_MS = 1200;

describe('kill -9 of Node-RED', function () {
  this.timeout(300_000);
  const chance = new Chance();
  let userDir: string;
  let victim: Victim;
  let peer: FlakyPeer;
  let producer: Producer;

  before(ensureBuilt);
  beforeEach(async () => {
    userDir = fs.mkdtempSync(path.join(os.tmpdir(), 'crash-nodes-'));
    peer = new FlakyPeer({ chance, loses: 0, answersAfterMs: [1, 8], read: readStep });
    await peer.up();
    writeChain(userDir, peer.url);
    victim = new Victim('test/crash/node-red-child.mjs', [userDir]);
    producer = new Producer({
      keys: Array.from({ length: REPORTS }, (_, n) => `TESTR${String(n).padStart(4, '0')}`),
      perSecond: 100,
      address: () => (victim.port === 0 ? undefined : `http://127.0.0.1:${victim.port}/reports`),
      check: () => victim.check(),
      write: (key, version) => JSON.stringify({ key, version }),
    });
  });
  afterEach(async () => {
    producer.stop();
    await victim.dispose();
    await peer.close();
    fs.rmSync(userDir, { recursive: true, force: true });
  });
  const storeFile = (): string => path.join(userDir, STORE_FILE);

  it('loses nothing at any step of the chain, and no version of a report comes after a later one', async () => {
    peer.loses = 0.03;
    producer.start();
    for (let n = 1; n <= KILLS; n++) {
      victim.start();
      if (n % 4 === 0) await pause(chance.between(0, START_MS));
      else {
        await victim.ready();
        await producer.acknowledgedMore(BETWEEN_KILLS);
        await pause(chance.between(0, 800));
      }
      await victim.kill();
      await peer.callerGone();
    }
    // From now on all goes well: what is left must be done soon.
    peer.loses = 0;
    victim.start();
    await producer.finish();
    await until('every chain has ended', () => leftIn(storeFile()) === 0, 60_000);
    await victim.stop();

    const { acknowledged } = producer;
    const missing = STEPS.map(step =>
      acknowledged.filter(({ key, version }) => !peer.has(step, key, version)),
    );
    const backwards = peer.backwards('/archive');
    const { unexplained: again, ...repeated } = peer.repetitions();
    // A report that was posted twice is answered as a duplicate by the register node, and its chain goes on twice.
    const postedTwice = new Set(
      acknowledged.filter(one => one.repeated).map(one => `${one.key} ${one.version}`),
    );
    const unexplained = again.filter(
      ({ step, key, version }) => !/between|end/.test(step) || !postedTwice.has(`${key} ${version}`),
    );
    console.log(
      `      seed ${chance.seed}: ${victim.kills.all} kills, ${victim.kills.duringStart} of them during the start;` +
        ` ${acknowledged.length} reports acknowledged; lost on the way to` +
        ` ${STEPS.map((step, at) => `${step} ${missing[at]?.length}`).join(', ')}; ${backwards.length} out of order;` +
        ` steps repeated because of a lost answer ${repeated.lost}, an answer cut off ${repeated.cut}, a kill` +
        ` ${repeated.killed}, a report posted twice ${again.length - unexplained.length}, unexplained ${unexplained.length}`,
    );
    assert.deepEqual(missing.flat(), []);
    assert.deepEqual(backwards, []);
    assert.deepEqual(unexplained, []);
    assert.equal(peer.count(REFUSED), 0);
    assert.ok(repeated.lost > 0 && repeated.killed + repeated.cut > 0, 'nothing was tested');
    assert.deepEqual(
      new Set(await soundTallies(storeFile(), STORE_SECRET)),
      new Set(
        ['register', 'sync'].map(channel => ({ channel, state: 'accepted', count: acknowledged.length })),
      ),
    );
  });

  describe('at a chosen moment', () => {
    const REPORT_KEYS = ['TESTR0001', 'TESTR0002', 'TESTR0003'];
    /** How often each report has come to each step. */
    const times = (): number[][] => STEPS.map(step => REPORT_KEYS.map(key => peer.count(step, key)));

    for (const [at, step] of STEPS.entries()) {
      it(`while ${step} waits for its answer: this step is repeated, those before it are not`, async () => {
        peer.holds = step;
        victim.start();
        await victim.ready();
        for (const key of REPORT_KEYS) await postReport(key);
        await until(`all have come to ${step}`, () => REPORT_KEYS.every(key => peer.count(step, key) > 0));
        await victim.kill();
        await peer.callerGone();
        const upTo = (count: number): number[][] =>
          STEPS.map((_step, n) => REPORT_KEYS.map(() => (n <= at ? 1 : count)));
        assert.deepEqual(times(), upTo(0));

        peer.holds = undefined;
        victim.start();
        await victim.ready();
        await until('every chain has ended', () => leftIn(storeFile()) === 0);
        assert.deepEqual(
          times(),
          upTo(1).map((row, n) => (n === at ? row.map(() => 2) : row)),
        );
        await victim.stop();
      });
    }

    async function postReport(key: string): Promise<void> {
      const { status } = await request(`http://127.0.0.1:${victim.port}/reports`, {
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ key, version: 1 }),
      });
      assert.equal(status, 200);
    }
  });
});
