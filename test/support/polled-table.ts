/** A table of reports that a poller reads: in a file, or through the SQL Server driver. What it got is in a real store. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { DatabaseDriver, RunResult } from '../../lib/database/driver';
import { openSource } from '../../lib/database/poll/open-source';
import { recordItem } from '../../lib/database/poll/poll-delivery';
import type { PolledRecord } from '../../lib/database/poll/record';
import { type PollTexts, readPollPlan } from '../../lib/database/poll/settings';
import type { PollSource, Take } from '../../lib/database/poll/source';
import { SqliteDriver } from '../../lib/database/sqlite-driver';
import type { Text } from '../../lib/errors';
import type { MessageStore } from '../../lib/store/message-store';
import { openStore } from '../../lib/store/open-store';
import { SqliteDatabase } from '../../lib/sqlite';
import { driverTo } from './hospital-database';
import { pollOnSqlite } from './poll-tsql';
import { TdsServer } from './tds-server';
import { TestClock } from './test-clock';

export const DRIVERS = ['sqlite', 'sqlserver'] as const;
export const OWNER = 'poll-node';

export class PolledTable {
  readonly database: SqliteDatabase;
  readonly clock = new TestClock(Date.UTC(2030, 0, 2, 12, 0, 0));
  /** The database's clock, which may be wrong; milliseconds, its UTC fields are the wall clock. */
  databaseTime = this.clock.now();
  readonly warnings: Text[] = [];
  /** Statements that the poller has sent to SQL Server. */
  readonly sent: ReadonlySet<string>;
  /** Records that the store took for new, in their order. */
  readonly taken: PolledRecord[] = [];
  /** Records that it recognised. */
  repeated = 0;
  /** When set, handing in fails: before the store has it, or after. */
  crash: 'before' | 'after' | null = null;
  readonly #folder: string;
  readonly #store: MessageStore;
  readonly #server: TdsServer | undefined;
  driver: DatabaseDriver;

  private constructor(
    folder: string,
    database: SqliteDatabase,
    store: MessageStore,
    sent: ReadonlySet<string>,
    server?: TdsServer,
  ) {
    this.sent = sent;
    this.#folder = folder;
    this.database = database;
    this.#store = store;
    this.#server = server;
    this.driver = this.#open();
  }

  static async open(kind: (typeof DRIVERS)[number], schema: string): Promise<PolledTable> {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'poll-'));
    const database = SqliteDatabase.open(path.join(folder, 'his.db'));
    database.exec(schema);
    const store = await openStore(
      { kind: 'embedded', file: path.join(folder, 'store.db'), secret: 'TEST-SECRET' },
      { in: 'caller' },
    );
    const sent = new Set<string>();
    const answer = pollOnSqlite(database);
    const server =
      kind === 'sqlserver'
        ? await TdsServer.start({
            answer: statement => {
              sent.add(statement.sql);
              return answer(statement);
            },
          })
        : undefined;
    return new PolledTable(folder, database, store, sent, server);
  }

  /** A poller as after a start: it knows what the store knows. */
  async source(texts: PollTexts): Promise<PollSource> {
    return openSource(this.driver, readPollPlan(texts, OWNER), {
      position: await this.#store.position({ name: 'poll' }),
      now: () => this.clock.now(),
      warn: text => this.warnings.push(text),
    });
  }

  readonly take: Take = async (records, position) => {
    if (this.crash === 'before') throw new Error('crashed');
    const messages = records.map(record => ({
      ...recordItem(record),
      id: randomUUID(),
      channel: 'poll',
      destination: 'poll',
      context: '{}',
    }));
    const accepted = await this.#store.accept({
      messages,
      ...(position !== undefined && { position: { name: 'poll', value: position } }),
    });
    for (const [at, record] of records.entries())
      if (accepted[at]?.fate === 'duplicate') this.repeated++;
      else this.taken.push(record);
    if (this.crash === 'after') throw new Error('crashed');
  };

  /** Rounds until there is nothing more. */
  async drain(source: PollSource, room = 1000): Promise<void> {
    const { signal } = new AbortController();
    for (let rounds = 0; ; rounds++) {
      assert.ok(rounds < 10_000, 'it never ends');
      if (!(await source.round(room, this.take, signal)).more) return;
    }
  }

  wallClock(time = this.databaseTime): string {
    return new Date(time).toISOString().slice(0, 23).replace('T', ' ');
  }

  /** Looks at every answer of the database before the poller gets it; may change the table, or throw. */
  whenAnswered(look: (text: string, result: RunResult) => void): void {
    const { driver } = this;
    this.driver = withRun(driver, async (statement, ...rest) => {
      const result = await driver.run(statement, ...rest);
      look(statement.text, result);
      return result;
    });
  }

  async close(): Promise<void> {
    await this.driver.close();
    await this.#server?.close();
    await this.#store.close();
    this.database.close();
    fs.rmSync(this.#folder, { recursive: true, force: true });
  }

  /** The driver, with the test's clock in place of the database's. */
  #open(): DatabaseDriver {
    const driver = this.#server
      ? driverTo(this.#server.port)
      : new SqliteDriver({ kind: 'sqlite', file: path.join(this.#folder, 'his.db'), mostRows: 10_000 });
    return withRun(driver, (statement, ...rest) =>
      statement.text.endsWith(' as now') && !/max\(/.test(statement.text)
        ? Promise.resolve({
            rows: [{ now: this.wallClock() }],
            sets: [],
            rowsAffected: 1,
            output: {},
            returnValue: undefined,
          })
        : driver.run(statement, ...rest),
    );
  }
}

/** A driver whose statements go through `run`. */
const withRun = (driver: DatabaseDriver, run: DatabaseDriver['run']): DatabaseDriver =>
  new Proxy(driver, {
    get: (target, name): unknown => {
      if (name === 'run') return run;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value as (...given: unknown[]) => unknown).bind(target) : value;
    },
  });
