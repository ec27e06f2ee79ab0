/** Polling in a real Node-RED that is killed again and again, while the hospital goes on writing. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { SqliteDatabase } from '../../lib/sqlite';
import { ensureBuilt } from '../support/built-editor';
import { Chance } from '../support/chance';
import { STORE_FILE, STORE_SECRET, readStep } from '../support/crash-chain';
import { FlakyPeer } from '../support/flaky-peer';
import { leftIn } from '../support/left-in-store';
import {
  HOSPITAL_FILE,
  LEASE_SECONDS,
  POLL_MODES,
  type PollMode,
  STATUS,
  writePollChain,
} from '../support/poll-chain';
import { soundTallies } from '../support/sound-store';
import { until } from '../support/until';
import { Victim } from '../support/victim';

/** Of each way of polling. */
const KILLS = 10;
/** A real Node-RED needs about that long. */
const START_MS = 1200;
const STEP = '/archive';
const WITH_TYPESCRIPT = { NODE_OPTIONS: '--import tsx' };

describe('kill -9 of polling', function () {
  this.timeout(180_000);
  const chance = new Chance();
  let userDir: string;
  let peer: FlakyPeer;
  let hospital: SqliteDatabase;
  let victim: Victim;
  let writer: Victim;

  before(ensureBuilt);
  beforeEach(async () => {
    userDir = fs.mkdtempSync(path.join(os.tmpdir(), 'crash-poll-'));
    peer = new FlakyPeer({ chance, loses: 0, answersAfterMs: [1, 8], read: readStep });
    await peer.up();
    victim = new Victim('test/crash/node-red-child.mjs', [userDir]);
    writer = new Victim(
      'test/crash/report-writer.ts',
      [path.join(userDir, HOSPITAL_FILE), String(chance.between(0, 2 ** 31))],
      WITH_TYPESCRIPT,
    );
  });
  afterEach(async () => {
    await writer.dispose();
    await victim.dispose();
    await peer.close();
    hospital.close();
    fs.rmSync(userDir, { recursive: true, force: true });
  });

  const storeFile = (): string => path.join(userDir, STORE_FILE);
  const prepare = (mode: PollMode): void => {
    hospital = writePollChain(userDir, peer.url, mode);
  };
  /** Reports that are not registered as they are now. */
  const missing = (): unknown[] =>
    hospital
      .all('select key, version from report')
      .filter(({ key, version }) => !peer.has(STEP, String(key), Number(version)));
  const withStatus = (status: string): number =>
    Number(hospital.get('select count(*) as n from report where status = ?', status)?.['n']);

  for (const mode of POLL_MODES)
    it(`by ${mode}: registers the last version of every row, none after a later one`, async () => {
      prepare(mode);
      peer.loses = 0.03;
      writer.start();
      let underWay = 0;
      for (let n = 1; n <= KILLS; n++) {
        victim.start();
        if (n % 4 === 0) await pause(chance.between(0, START_MS));
        else {
          await victim.ready();
          const before = peer.count(STEP);
          await until('something is registered', () => {
            victim.check();
            writer.check();
            return peer.count(STEP) > before;
          });
          await pause(chance.between(0, 800));
        }
        await victim.kill();
        await peer.callerGone();
        if (fs.existsSync(storeFile()) && leftIn(storeFile()) > 0) underWay++;
      }
      // From now on all goes well: what is left must be done soon.
      peer.loses = 0;
      await writer.stop();
      victim.start();
      try {
        await until('every row is registered', () => {
          victim.check();
          return missing().length === 0 && leftIn(storeFile()) === 0 && isMarked(mode);
        });
        await victim.stop();
      } finally {
        say(mode);
      }

      assert.deepEqual(missing(), []);
      assert.deepEqual(peer.backwards(STEP), []);
      assert.deepEqual(peer.repetitions().unexplained, []);
      assert.ok(underWay > 0, 'no kill has struck while a row was under way: nothing was tested');
      const tallies = await soundTallies(storeFile(), STORE_SECRET);
      assert.deepEqual(new Set(tallies.map(({ state }) => state)), new Set(['accepted']));
    });

  /** All rows are marked as done; a watermark marks none. */
  const isMarked = (mode: PollMode): boolean =>
    withStatus(mode === 'claim' ? STATUS.done : STATUS.new) === count();
  const count = (): number => Number(hospital.get('select count(*) as n from report')?.['n']);

  function say(mode: PollMode): void {
    const { unexplained, ...repeated } = peer.repetitions();
    const versions = Number(hospital.get('select sum(version) as n from report')?.['n']);
    console.log(
      `      seed ${chance.seed}: ${victim.kills.all} kills, ${victim.kills.duringStart} of them during the start;` +
        ` ${count()} reports in ${versions} versions, ${peer.count(STEP)} registered; missed ${missing().length},` +
        ` not marked ${isMarked(mode) ? 'none' : 'some'}, out of order ${peer.backwards(STEP).length};` +
        ` repeated because of a lost answer ${repeated.lost}, an answer cut off ${repeated.cut}, a kill` +
        ` ${repeated.killed}, unexplained ${unexplained.length}`,
    );
  }

  describe('at a chosen moment', () => {
    const KEY = 'TESTR0001';
    const write = (): void => {
      hospital.run(
        "insert into report (key, version, changed) values (?, 1, '2030-01-02 03:04:05.000')",
        KEY,
      );
    };
    /** While it lasts nobody can write to the file. */
    async function locked(database: SqliteDatabase, work: () => Promise<void>): Promise<void> {
      database.exec('begin immediate');
      try {
        await work();
      } finally {
        database.exec('rollback');
      }
    }

    it('between the claim and the hand-in: the row is found again when the lease is over', async () => {
      prepare('claim');
      victim.start();
      await victim.ready();
      const store = SqliteDatabase.open(storeFile());
      try {
        await untilClaimed(store);
        await victim.kill();
        store.exec('rollback');
      } finally {
        store.close();
      }
      assert.equal(leftIn(storeFile()), 0);
      victim.start();
      await until('it is marked', () => withStatus(STATUS.done) === 1, (LEASE_SECONDS + 10) * 1000);
      assert.equal(peer.count(STEP), 1);
      await victim.stop();
    });

    /** Locks the store when the poll waits for the hospital's database already, so that it claims and cannot hand in. */
    async function untilClaimed(store: SqliteDatabase): Promise<void> {
      hospital.exec('begin immediate');
      write();
      // Longer than between two rounds of the poll: it waits for the hospital's database by now.
      await pause(1500);
      store.exec('begin immediate');
      hospital.exec('commit');
      await until('the row is claimed', () => withStatus(STATUS.claimed) === 1);
    }

    it('between the outcome and the mark: the row is marked afterwards, and not registered again', async () => {
      prepare('claim');
      victim.start();
      await victim.ready();
      peer.holds = STEP;
      write();
      await until('it has come to the platform', () => peer.count(STEP) === 1);
      await locked(hospital, async () => {
        peer.holds = undefined;
        await peer.down();
        await peer.up();
        await until('its outcome is in the store', () => peer.count(STEP) === 2 && isDelivered());
        await victim.kill();
      });
      assert.equal(withStatus(STATUS.claimed), 1);
      victim.start();
      await until('it is marked', () => withStatus(STATUS.done) === 1 && leftIn(storeFile()) === 0);
      assert.equal(peer.count(STEP), 2);
      await victim.stop();
    });

    function isDelivered(): boolean {
      const store = SqliteDatabase.open(storeFile());
      try {
        const all = "select count(*) as n from message where channel = 'register' and state = 'accepted'";
        return Number(store.get(all)?.['n']) === 1;
      } finally {
        store.close();
      }
    }
  });
});
