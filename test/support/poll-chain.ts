/**
 * A chain that begins in the hospital's database: new and changed rows are polled, registered, and the outcome is brought
 * back to the row. And the table that it polls.
 */
import path from 'node:path';
import { SqliteDatabase } from '../../lib/sqlite';
import { configuration, delivering, node, reportMaker, writeUserFolder } from './crash-chain';

export const HOSPITAL_FILE = 'hospital.db';
export const POLL_MODES = ['watermark', 'claim'] as const;
export type PollMode = (typeof POLL_MODES)[number];

/** Status of a row that only claims change. */
export const STATUS = { new: '0', claimed: '1', done: '2' } as const;

/** Seconds; the shortest there is. A claim whose rows did not come into the store is found again after that. */
export const LEASE_SECONDS = 10;

/** Seconds that a row is read again. Nobody commits later than that. */
export const OVERLAP_SECONDS = 6;

const SCHEMA = `
  create table report (key text primary key, version integer not null, changed text not null,
    status text not null default '${STATUS.new}', owner text, lease text, attempts integer);
  create index report_changed on report (changed);`;

/** Makes a user folder of Node-RED, and the hospital's database in it, which must be closed. */
export function writePollChain(userDir: string, peer: string, mode: PollMode): SqliteDatabase {
  const hospital = SqliteDatabase.open(path.join(userDir, HOSPITAL_FILE));
  hospital.exec(SCHEMA);
  writeUserFolder(userDir, [...configuration(peer), ...chain(mode)]);
  return hospital;
}

const chain = (mode: PollMode): object[] => [
  { id: 'hospital', type: 'hospital-database', kind: 'sqlite', file: HOSPITAL_FILE },
  node('poll', 'database-poll', [['row'], []], {
    database: 'hospital',
    store: 'store',
    mode,
    source: 'report',
    keys: 'key',
    interval: '0.2',
    page: '20',
    inFlight: '30',
    parkAfter: '0',
    watermark: 'changed',
    watermarkKind: 'datetime',
    start: 'all',
    overlap: String(OVERLAP_SECONDS / 60),
    statusColumn: 'status',
    ownerColumn: 'owner',
    leaseColumn: 'lease',
    attemptsColumn: 'attempts',
    versionColumn: 'version',
    valueNew: STATUS.new,
    valueClaimed: STATUS.claimed,
    valueDone: STATUS.done,
    lease: String(LEASE_SECONDS),
    handover: 'auto',
  }),
  reportMaker('row', 'register'),
  delivering('register', 'lab-register', [['poll'], ['poll']]),
  node('failed', 'catch', [['poll']], { scope: ['row', 'register'] }),
];
