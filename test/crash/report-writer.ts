/**
 * The hospital's own program, which writes reports while they are polled: new ones and new versions, some with equal
 * times, some committed late or dated back. Arguments: the database's file, the seed of its chance. Ends in order when
 * it is told to stop.
 */
import { SqliteDatabase } from '../../lib/sqlite';
import { Chance } from '../support/chance';
import { OVERLAP_SECONDS, STATUS } from '../support/poll-chain';

const [, , file = '', seed = ''] = process.argv;

const REPORTS = 200;
const EVERY_MS = 60;
/** Reports of one transaction at most; all of them have its time. */
const AT_ONCE = 4;
/** Half of what the poll allows, so that a slow machine is no fault of its. */
const LATE_MS = (OVERLAP_SECONDS * 1000) / 2;
const HELD_OPEN_MS = 150;

const chance = new Chance(Number(seed));
const database = SqliteDatabase.open(file);

function write(): void {
  const late = chance.in(0.3) ? chance.between(0, LATE_MS) : 0;
  const open = chance.in(0.1) ? chance.between(0, HELD_OPEN_MS) : 0;
  const keys = new Set(Array.from({ length: chance.between(1, AT_ONCE) }, () => chance.between(1, REPORTS)));
  database.transaction(() => {
    const changed = database.get(
      `select strftime('%Y-%m-%d %H:%M:%f', 'now', 'localtime', ?) as time`,
      `-${late / 1000} seconds`,
    )?.['time'];
    for (const key of keys) writeReport(`TESTR${String(key).padStart(4, '0')}`, changed ?? '');
    if (open > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, open);
  });
}

/** Some hospitals set the status back with every change, others leave a row that is claimed as it is. */
const writeReport = (key: string, changed: string | number | bigint | Uint8Array): void => {
  const unlessClaimed = chance.in(0.5) ? STATUS.claimed : '';
  database.run(
    `insert into report (key, version, changed) values (?, 1, ?)
     on conflict (key) do update set version = version + 1, changed = excluded.changed,
       status = case when status = ? then status else ? end`,
    key,
    changed,
    unlessClaimed,
    STATUS.new,
  );
};

const timer = setInterval(write, EVERY_MS);
process.on('message', () => {
  clearInterval(timer);
  database.close();
  process.disconnect();
});
process.on('disconnect', () => process.exit());
