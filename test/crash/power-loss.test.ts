/** Only what was synced survives: what a store may believe to be on disk must be there after a power cut. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { SqliteDatabase } from '../../lib/sqlite';
import { openStore } from '../../lib/store/open-store';
import { verifyAudit } from '../../lib/store/verify-audit';
import { ensureBuilt, root } from '../support/built-editor';
import { Chance } from '../support/chance';
import { needsPeer } from '../support/peer';
import { canPreload, preload } from '../support/preload';
import { until } from '../support/until';

const ROUNDS = 24;
/** Every sixth cut comes while the store is being opened. */
const START_EVERY = 6;
const CONTROL_ROUNDS = 3;
const FILE = 'store.db';

describe('power cut', function () {
  this.timeout(180_000);
  const chance = new Chance();
  let folder: string;
  let library: { readonly LD_PRELOAD: string };
  let writer: ChildProcess | undefined;

  before(function () {
    needsPeer(this, 'gcc', canPreload());
    ensureBuilt();
  });
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'power-loss-'));
    library = preload('power-loss', folder);
  });
  afterEach(() => {
    if (writer) killGroup(writer);
    writer = undefined;
    fs.rmSync(folder, { recursive: true, force: true });
  });

  interface Round {
    /** Where the child writes, and what its disk holds of that. */
    readonly source: string;
    readonly shadow: string;
    /** What the child writes with: `store`, or `plain` and SQLite's `synchronous`. */
    readonly with: readonly [kind: 'store' | 'plain', synchronous: string];
    /** Lines after which the power is cut, soon; or a time after the start. */
    readonly cut: { readonly afterLines: number } | { readonly afterMs: number };
    /** Part of the unsynced writes that the disk has got all the same, in percent. */
    readonly leaks: number;
  }

  /**
   * Two folders for a round, with what a former one has left. Always new ones: SQLite would take files with the inodes
   * of former ones for those, since a connection of this process may still be waiting for the garbage collector.
   */
  function folders(name: string, left?: string): Pick<Round, 'source' | 'shadow'> {
    const [source, shadow] = ['source', 'shadow'].map(kind => path.join(folder, `${name}-${kind}`));
    assert.ok(source && shadow);
    for (const place of [source, shadow]) {
      if (left === undefined) fs.mkdirSync(place);
      else fs.cpSync(left, place, { recursive: true });
    }
    return { source, shadow };
  }

  /** Lets a child write until the power is cut. Gives the lines that it had told by then. */
  async function write(round: Round): Promise<string[]> {
    const child = spawn(
      process.execPath,
      [path.join(root, 'test/crash/power-child.mjs'), ...round.with, path.join(round.source, FILE)],
      {
        // A group of its own: the power is cut for the processes that it has started, too.
        detached: true,
        stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
        env: {
          ...process.env,
          ...library,
          POWER_SOURCE: fs.realpathSync(round.source),
          POWER_SHADOW: round.shadow,
          POWER_LEAKS: String(round.leaks),
        },
      },
    );
    writer = child;
    let told = '';
    child.stdout?.on('data', (bytes: Buffer) => (told += bytes.toString()));
    const closed = once(child, 'close');
    const { cut } = round;
    const runs = (): void => {
      const end = child.exitCode ?? child.signalCode;
      assert.equal(end, null, `the child has ended by itself with ${end}`);
    };
    if ('afterMs' in cut) await pause(cut.afterMs);
    else {
      await until(`${cut.afterLines} lines are written`, () => {
        runs();
        return told.split('\n').length > cut.afterLines;
      });
      await pause(chance.between(0, 20));
    }
    runs();
    killGroup(child);
    await closed;
    // The last line may have been cut off in the middle.
    return told.split('\n').slice(0, -1);
  }

  /** Ids that the database in a shadow holds, by state. */
  function survivors(shadow: string, columns: string): Map<string, unknown> {
    const database = SqliteDatabase.open(path.join(shadow, FILE));
    try {
      assert.deepEqual(database.all('PRAGMA integrity_check'), [{ integrity_check: 'ok' }]);
      const { n } = database.get("select count(*) as n from sqlite_schema where name = 'message'") ?? {};
      const rows = n === 0 ? [] : database.all(`select ${columns} from message`);
      return new Map(rows.map(({ id, state }) => [String(id), state]));
    } finally {
      database.close();
    }
  }

  it('leaves every message that was accepted, and every settlement, again and again on one store', async () => {
    const [accepted, settled] = [new Set<string>(), new Set<string>()];
    const lost: string[] = [];
    let left: string | undefined;
    for (let n = 1; n <= ROUNDS; n++) {
      const places = folders(`round-${n}`, left);
      const lines = await write({
        ...places,
        with: ['store', ''],
        cut:
          n % START_EVERY === 0
            ? { afterMs: chance.between(50, 250) }
            : { afterLines: chance.between(100, 1000) },
        leaks: n % 2 === 0 ? 30 : 0,
      });
      for (const line of lines) (line.startsWith('A') ? accepted : settled).add(line.slice(2));
      const held = survivors(places.shadow, 'id, state');
      lost.push(...[...accepted].filter(id => !held.has(id)));
      lost.push(...[...settled].filter(id => held.get(id) !== 'accepted'));
      await goesOn(places.shadow, held.size);
      // The machine starts again with what has survived.
      left = places.shadow;
    }
    console.log(
      `      seed ${chance.seed}: ${ROUNDS} power cuts, ${ROUNDS / START_EVERY} of them during the start;` +
        ` ${accepted.size} accepted, ${settled.size} settled, ${lost.length} lost`,
    );
    assert.deepEqual(lost, []);
    assert.ok(accepted.size > 1000 && settled.size > 500, 'nothing was tested');
  });

  /** The store opens on what has survived, counts right, and its audit chain is whole. */
  async function goesOn(shadow: string, count: number): Promise<void> {
    const file = path.join(shadow, FILE);
    const store = await openStore({ kind: 'embedded', file, secret: 'TEST-SECRET' }, { in: 'caller' });
    try {
      const tallies = await store.tallies({});
      assert.equal(
        tallies.reduce((sum, tally) => sum + tally.count, 0),
        count,
      );
      assert.equal((await verifyAudit(store)).brokenAt, null);
      await store.recover({ owner: 'test', goneOwners: 'all-others' });
    } finally {
      await store.close();
    }
  }

  for (const [synchronous, loses] of [
    ['FULL', false],
    ['NORMAL', true],
    ['OFF', true],
  ] as const) {
    it(`control: a file with synchronous = ${synchronous} ${loses ? 'loses' : 'keeps'} rows`, async () => {
      let lost = 0;
      for (let n = 0; n < CONTROL_ROUNDS; n++) {
        const places = folders(`round-${n}`);
        const lines = await write({
          ...places,
          with: ['plain', synchronous],
          cut: { afterLines: chance.between(50, 500) },
          leaks: 0,
        });
        const held = survivors(places.shadow, 'id, null as state');
        lost += lines.filter(line => !held.has(line.slice(2))).length;
      }
      assert.equal(lost > 0, loses, `${lost} lost`);
    });
  }
});

function killGroup({ pid, exitCode, signalCode }: ChildProcess): void {
  if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, 'SIGKILL');
}
