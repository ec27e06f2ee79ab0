/**
 * A hospital's database in SQL Server, by the real driver over a loopback server. What this shows: the driver, its
 * types and errors, TLS, losses, and that nothing crosses time zones. What it cannot show: that SQL Server accepts a
 * statement or locks a row; the last part does, on a server named by TEST_MSSQL_URL.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import dgram from 'node:dgram';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { DatabaseRow, DatabaseState } from '../../lib/database/driver';
import type { SqlServerDatabase, SqlServerDriver } from '../../lib/database/sqlserver-driver';
import type { ExchangeError } from '../../lib/errors';
import { NoInstance, portOfInstance } from '../../lib/sqlserver/instance';
import { selfSigned } from '../support/ftp-server';
import { driverTo, parameter, procedure, rejectsSo, sql } from '../support/hospital-database';
import { freePort } from '../support/port';
import {
  type TdsAnswer,
  type TdsOptions,
  type TdsRows,
  TdsServer,
  type TdsStatement,
} from '../support/tds-server';
import type { TdsColumn, TdsValue } from '../support/tds-wire';
import { until } from '../support/until';

const ONE: TdsRows = { columns: [{ name: 'one', type: 'int' }], rows: [[1]] };
const NOTHING_OPEN: TdsAnswer = { columns: [{ name: 'transactions', type: 'int' }], rows: [[0]] };
const ofSession = ({ sql: text }: TdsStatement): boolean => text.includes('@@trancount');

describe('hospital database in SQL Server, by its real driver', function () {
  this.timeout(30_000);
  let servers: TdsServer[] = [];
  let drivers: SqlServerDriver[] = [];
  let asked: TdsStatement[] = [];
  const fatal: unknown[] = [];
  const note = (reason: unknown): unknown => fatal.push(reason);

  before(() => process.on('unhandledRejection', note).on('uncaughtException', note));
  after(() => process.off('unhandledRejection', note).off('uncaughtException', note));
  beforeEach(() => {
    asked = [];
  });
  afterEach(async () => {
    await Promise.all(drivers.map(driver => driver.close()));
    await Promise.all(servers.map(server => server.close()));
    [servers, drivers] = [[], []];
    assert.deepEqual(fatal, []);
  });

  const start = async (
    answer: (statement: TdsStatement) => TdsAnswer = () => ONE,
    options: Partial<TdsOptions> = {},
    port = 0,
  ): Promise<TdsServer> => {
    const server = await TdsServer.start(
      {
        answer: statement => {
          asked.push(statement);
          if (statement.kind !== 'sql' && statement.kind !== 'procedure') return steps(statement);
          return ofSession(statement) ? NOTHING_OPEN : answer(statement);
        },
        ...options,
      },
      port,
    );
    servers.push(server);
    return server;
  };
  let steps: (statement: TdsStatement) => TdsAnswer;
  beforeEach(() => {
    steps = () => ({ affected: 0 });
  });
  const driverOf = (port: number, changes: Partial<SqlServerDatabase> = {}): SqlServerDriver => {
    const driver = driverTo(port, changes);
    drivers.push(driver);
    return driver;
  };
  const statesOf = (driver: SqlServerDriver): DatabaseState[] => {
    const states: DatabaseState[] = [];
    driver.onChange(({ state }) => states.push(state));
    return states;
  };
  const select = sql('select one');

  describe('values', () => {
    const columns: TdsColumn[] = [
      { name: 'i', type: 'int' },
      { name: 'b', type: 'bigint' },
      { name: 'bit', type: 'bit' },
      { name: 'd', type: 'decimal', scale: 2 },
      { name: 'm', type: 'money' },
      { name: 'f', type: 'float' },
      { name: 'day', type: 'date' },
      { name: 'clock', type: 'time', scale: 7 },
      { name: 'dt', type: 'datetime' },
      { name: 'sdt', type: 'smalldatetime' },
      { name: 'dt2', type: 'datetime2', scale: 7 },
      { name: 'dto', type: 'datetimeoffset', scale: 3 },
      { name: 'n', type: 'nvarchar' },
      { name: 'v', type: 'varchar' },
      { name: 'x', type: 'varbinary' },
    ];
    const row: TdsValue[] = [
      -5,
      '9007199254740993',
      1,
      '-1234567890.10',
      '12.5',
      0.25,
      '2013-09-02',
      '00:50:34.1234567',
      '2013-09-02 00:50:34.997',
      '2013-09-02 00:50:00',
      '2013-09-02 00:50:34.1234567',
      '2013-09-01 16:50:34.500',
      '检𠮷䶮',
      '临检报告',
      Buffer.from([0, 255]),
    ];
    const texts: DatabaseRow = {
      i: -5,
      b: '9007199254740993',
      bit: true,
      d: '-1234567890.10',
      m: '12.5000',
      f: 0.25,
      day: '2013-09-02',
      clock: '00:50:34.1234567',
      dt: '2013-09-02 00:50:34.997',
      sdt: '2013-09-02 00:50:00',
      dt2: '2013-09-02 00:50:34.1234567',
      dto: '2013-09-01T16:50:34.500Z',
      n: '检𠮷䶮',
      v: '临检报告',
      x: Buffer.from([0, 255]),
    };

    it('come out as text that no time zone and no double can change', async () => {
      const { port } = await start(() => ({ columns, rows: [row, columns.map(() => null)] }));
      const { rows } = await driverOf(port).run(select);
      assert.deepEqual(rows[0], texts);
      assert.deepEqual(
        Object.values(rows[1] ?? {}),
        columns.map(() => null),
      );
    });

    it('go in as the declared type, digit by digit, and never in the text of the statement', async () => {
      const { port } = await start();
      const given = [
        parameter('v', 'varchar(20)', '临检'),
        parameter('n', 'nvarchar(20)', '检𠮷䶮'),
        parameter('i', 'int', '7'),
        parameter('b', 'bigint', '9007199254740993'),
        parameter('d', 'decimal(18,2)', '12345.67'),
        parameter('day', 'date', '2013-09-02'),
        parameter('clock', 'time', '00:50:34.1234567'),
        parameter('dt', 'datetime', '2013-09-02 00:50:34.997'),
        parameter('dt2', 'datetime2', '2013-09-02 00:50:34.1234567'),
        parameter('sdt', 'smalldatetime', '2013-09-02 00:50'),
        parameter('dto', 'datetimeoffset(3)', '2013-09-02T00:50:34.5+08:00'),
        parameter('bit', 'bit', 'true'),
        parameter('f', 'float', '0.25'),
        parameter('m', 'money', '12.5'),
        parameter('x', 'varbinary(max)', Buffer.from([1, 2])),
        parameter('null', 'varchar(5)', null),
      ];
      const text = 'insert into t values (@v)';
      await driverOf(port).run(sql(text), given);
      const [statement] = asked;
      assert.equal(statement?.sql, text);
      assert.deepEqual(
        statement?.parameters.map(({ name, type, length, value }) => [name, type, length, value]),
        [
          ['@v', 'varchar', 20, '临检'],
          ['@n', 'nvarchar', 40, '检𠮷䶮'],
          ['@i', 'int', 4, 7],
          ['@b', 'bigint', 8, 9_007_199_254_740_993n],
          ['@d', 'decimal', 18, '12345.67'],
          ['@day', 'date', 3, '2013-09-02'],
          ['@clock', 'time', 7, '00:50:34.1234567'],
          ['@dt', 'datetime', 8, '2013-09-02 00:50:34.997'],
          ['@dt2', 'datetime2', 7, '2013-09-02 00:50:34.1234567'],
          ['@sdt', 'smalldatetime', 4, '2013-09-02 00:50:00'],
          ['@dto', 'datetimeoffset', 3, '2013-09-01 16:50:34.500Z'],
          ['@bit', 'bit', 1, 1],
          ['@f', 'float', 8, 0.25],
          ['@m', 'money', 8, 12.5],
          ['@x', 'varbinary', 65_535, Buffer.from([1, 2])],
          ['@null', 'varchar', 5, null],
        ],
      );
    });

    it('that would become "?" are refused before anything is sent', async () => {
      const { port } = await start();
      const driver = driverOf(port);
      await rejectsSo(
        driver.run(sql('insert'), [parameter('Name', 'varchar(20)', '张䶮')]),
        'CONTRACT',
        'never',
        /parameter Name .*CP936/,
      );
      assert.deepEqual(asked, []);
      await driver.run(select);
    });

    it('a decimal that the driver cannot read exactly is an error, not another number', async () => {
      const { port } = await start(() => ({
        columns: [{ name: 'big', type: 'decimal', scale: 2 }],
        rows: [['12345678901234567.89']],
      }));
      await rejectsSo(driverOf(port).run(select), 'DATABASE_REFUSED', 'never', /convert.*big/);
    });

    it('columns of one name stay apart', async () => {
      const { port } = await start(() => ({
        columns: ['a', 'a', '__proto__'].map(name => ({ name, type: 'int' as const })),
        rows: [[1, 2, 3]],
      }));
      const { rows } = await driverOf(port).run(select);
      assert.deepEqual(Object.entries(rows[0] ?? {}), [
        ['a', 1],
        ['a_2', 2],
        ['__proto__', 3],
      ]);
    });

    it('of a procedure: sets, output parameters, return value, and tables', async () => {
      const { port } = await start(() => ({
        sets: [ONE, { columns: [{ name: 'two', type: 'nvarchar' }], rows: [['二'], ['2']] }],
        output: [
          [{ name: 'At', type: 'datetime' }, '2013-09-02 00:50:34'],
          [{ name: 'Count', type: 'bigint' }, '9007199254740993'],
        ],
        returnValue: -3,
      }));
      const result = await driverOf(port).run(procedure('dbo.FetchReports'), [
        parameter('Keys', 'table dbo.ReportKeys (No varchar(8), Version bigint)', [
          { no: 'A', version: '2' },
        ]),
        parameter('At', 'datetime', null, true),
        parameter('Count', 'bigint', 5, true),
      ]);
      assert.deepEqual(result, {
        rows: [{ one: 1 }],
        sets: [[{ one: 1 }], [{ two: '二' }, { two: '2' }]],
        rowsAffected: 3,
        output: { At: '2013-09-02 00:50:34', Count: '9007199254740993' },
        returnValue: -3,
      });
      const [call] = asked;
      assert.deepEqual([call?.kind, call?.sql], ['procedure', 'dbo.FetchReports']);
      const [keys, at] = call?.parameters ?? [];
      assert.deepEqual([keys?.value, keys?.rows], ['dbo.ReportKeys', [['A', 2]]]);
      assert.deepEqual([at?.output, keys?.output], [true, false]);
    });

    it('are the same in every time zone of the process', async () => {
      const { port } = await start(({ parameters }) => ({
        columns: parameters.map((_one, at) => ({ name: `c${at}`, type: 'datetime' as const })),
        rows: [parameters.map(({ value }) => value)],
      }));
      for (const TZ of ['UTC', 'Asia/Shanghai']) {
        asked = [];
        const rows = await child(port, 'clocks', { TZ });
        const clocks = ['1988-04-17 02:30:00', '2013-09-02 00:50:34', '2030-12-31 23:59:59.997'];
        assert.deepEqual(Object.values((rows as DatabaseRow[])[0] ?? {}), clocks, TZ);
        const written = asked[0]?.parameters.map(({ value }) => String(value).replace('.000', ''));
        assert.deepEqual(written, clocks, TZ);
      }
    });
  });

  describe('losses', () => {
    it('of a connection that is used: nobody who listens, and the process lives', async () => {
      const { port } = await start(() => 'cut');
      assert.deepEqual(await child(port, 'die', {}), { failure: 'DATABASE', alive: true });
    });

    it('down at the start, then up: goes on by itself, with one event for each change', async () => {
      const port = await freePort();
      const driver = driverOf(port);
      const states = statesOf(driver);
      await rejectsSo(driver.run(select), 'DATABASE', 'retry', /cannot be reached/);
      // Again within the second: it is not asked again.
      await rejectsSo(driver.run(select), 'DATABASE', 'retry', /cannot be reached/);
      await start(undefined, {}, port);
      await until('up', () => driver.state === 'up');
      assert.deepEqual((await driver.run(select)).rows, [{ one: 1 }]);
      assert.deepEqual(states, ['connecting', 'down', 'up']);
    });

    it('of the server: down, and up again without anybody asking', async () => {
      const server = await start();
      const driver = driverOf(server.port);
      await driver.run(select);
      const states = statesOf(driver);
      const { port } = server;
      await server.close();
      servers = [];
      // Until the driver has seen it; a statement before that would be in doubt.
      await pause(50);
      await rejectsSo(driver.run(select), 'DATABASE', 'retry', /cannot be reached/);
      await until('down', () => driver.state === 'down');
      await start(undefined, {}, port);
      await until('up', () => driver.state === 'up');
      assert.deepEqual(states, ['down', 'up']);
    });

    it('of an idle connection go unnoticed', async () => {
      const server = await start();
      const driver = driverOf(server.port);
      await driver.run(select);
      server.cutAll();
      await pause(50);
      assert.deepEqual((await driver.run(select)).rows, [{ one: 1 }]);
    });

    it('in the midst of a statement leave it in doubt, unless it may be repeated; the next one works', async () => {
      let cuts = 2;
      const { port } = await start(() => (cuts-- > 0 ? 'cut' : ONE));
      const driver = driverOf(port);
      await rejectsSo(driver.run(sql('insert')), 'DATABASE', 'in-doubt', /connection was lost/);
      await rejectsSo(
        driver.run(select, [], { repeatable: true }),
        'DATABASE',
        'retry',
        /connection was lost/,
      );
      assert.deepEqual((await driver.run(select)).rows, [{ one: 1 }]);
      assert.equal(driver.state, 'up');
    });

    it('in the midst of the rows give no rows', async () => {
      const rows = Array.from({ length: 500 }, (_, at) => [at]);
      const { port } = await start(() => ({ columns: [{ name: 'n', type: 'int' }], rows, cutAfter: 300 }));
      await rejectsSo(driverOf(port).run(select), 'DATABASE', 'in-doubt', /connection was lost/);
    });

    it('a silent server is given up in time, and so is one that falls silent at work', async () => {
      const mute = await start(undefined, { mute: true });
      const driver = driverOf(mute.port, { connectMs: 300 });
      await rejectsSo(driver.run(select), 'DATABASE', 'retry', /cannot be reached.*ETIMEOUT/);
      const silent = await start(() => 'silence');
      const other = driverOf(silent.port, { requestMs: 300 });
      const startedAt = Date.now();
      await rejectsSo(other.run(select), 'DATABASE', 'in-doubt', /no answer in time/);
      assert.ok(Date.now() - startedAt < 3000);
      assert.equal(silent.cancelled, 1);
    });

    it('all connections in use: waits, then says so', async () => {
      const { port } = await start(() => 'silence');
      const driver = driverOf(port, { connections: 1, requestMs: 500 });
      const first = driver.run(select, [], { timeoutMs: 3000 });
      assert.deepEqual(driver.connections, { open: 0, busy: 0, waiting: 0, most: 1 });
      const taken = rejectsSo(first, 'DATABASE', 'in-doubt', /no answer/);
      await until('asked', () => asked.length === 1);
      const second = rejectsSo(driver.run(select), 'DATABASE', 'retry', /all connections are in use/);
      await until('it waits', () => driver.connections.waiting === 1);
      assert.deepEqual(driver.connections, { open: 1, busy: 1, waiting: 1, most: 1 });
      await second;
      await taken;
    });

    it('a cancelled statement ends soon, and its connection goes on', async () => {
      const server = await start(({ sql: text }) => (text === 'wait' ? 'silence' : ONE));
      const driver = driverOf(server.port, { connections: 1 });
      const stop = new AbortController();
      const waiting = driver.run(sql('wait'), [], { signal: stop.signal });
      await until('asked', () => asked.length === 1);
      const startedAt = Date.now();
      stop.abort();
      await rejectsSo(waiting, 'ABORTED', 'in-doubt', /cancelled/);
      assert.ok(Date.now() - startedAt < 1000);
      assert.deepEqual((await driver.run(select)).rows, [{ one: 1 }]);
      await rejectsSo(driver.run(select, [], { signal: stop.signal }), 'ABORTED', 'retry', /cancelled/);
    });
  });

  describe('closing', () => {
    it('cancels what is under way, and is over in seconds', async () => {
      const server = await start(() => 'silence');
      const driver = driverOf(server.port, { requestMs: 60_000 });
      const waiting = rejectsSo(driver.run(select), 'DATABASE', 'in-doubt', /being closed/);
      await until('asked', () => asked.length === 1);
      const startedAt = Date.now();
      await driver.close();
      assert.ok(Date.now() - startedAt < 5000);
      await waiting;
      await rejectsSo(driver.run(select), 'DATABASE', 'retry', /being closed/);
      assert.equal(driver.state, 'closed');
    });

    it('while it connects ends the attempt', async () => {
      const server = await start(undefined, { mute: true });
      const driver = driverOf(server.port, { connectMs: 60_000 });
      const waiting = rejectsSo(driver.run(select), 'DATABASE', 'retry', /being closed/);
      const alone = rejectsSo(driver.run(sql('use x')), 'DATABASE', 'retry', /being closed/);
      await until('connections: 2', () => server.connections === 2);
      const startedAt = Date.now();
      await driver.close();
      await Promise.all([waiting, alone]);
      assert.ok(Date.now() - startedAt < 5000);
      await until('connections: 0', () => server.connections === 0);
    });
  });

  describe('streams', () => {
    const columns: TdsColumn[] = [
      { name: 'n', type: 'int' },
      { name: 'text', type: 'nvarchar' },
    ];
    function* rowsTo(count: number): Generator<TdsValue[]> {
      for (let n = 0; n < count; n++) yield [n, '检'.repeat(100)];
    }

    it('give every row once, in batches', async () => {
      const { port } = await start(() => ({ columns, rows: rowsTo(2345) }));
      const seen: unknown[] = [];
      const sizes = new Set<number>();
      for await (const rows of driverOf(port).stream(select, [], { batch: 500 })) {
        sizes.add(rows.length);
        seen.push(...rows.map(({ n }) => n));
      }
      assert.deepEqual(
        seen,
        Array.from({ length: 2345 }, (_, n) => n),
      );
      assert.deepEqual([...sizes], [500, 345]);
    });

    it('let the server wait for a slow reader', async () => {
      const server = await start(() => ({ columns, rows: rowsTo(200_000) }));
      const driver = driverOf(server.port, { requestMs: 500 });
      let batches = 0;
      for await (const rows of driver.stream(select, [], { batch: 100 })) {
        assert.equal(rows.length, 100);
        // Longer than the time-out: a reader that is slow is no silent server.
        if (batches++ === 0) await pause(2000);
        if (batches === 5) break;
      }
      assert.ok(server.rowsSent < 100_000, String(server.rowsSent));
      assert.equal(server.cancelled, 1);
      assert.equal(asked.length, 1);
    });

    it('are no success when an error comes after rows, whatever the driver says then', async () => {
      for (const answer of [
        { columns, rows: rowsTo(250), fails: { number: 1205 } },
        { columns, rows: rowsTo(1000), cutAfter: 250 },
      ]) {
        const { port } = await start(() => answer);
        let seen = 0;
        const read = async (): Promise<void> => {
          const options = { batch: 100, repeatable: true };
          for await (const rows of driverOf(port).stream(select, [], options)) seen += rows.length;
        };
        await rejectsSo(read(), 'DATABASE', 'retry', /deadlock|connection was lost/);
        assert.ok(seen <= 200 && seen % 100 === 0, String(seen));
      }
    });

    it('that nobody reads to the end give their connection back', async () => {
      const { port } = await start(({ sql: text }) =>
        text === 'all' ? { columns, rows: rowsTo(50_000) } : ONE,
      );
      const driver = driverOf(port, { connections: 1 });
      for await (const rows of driver.stream(sql('all'), [], { batch: 10 })) if (rows.length > 0) break;
      assert.deepEqual((await driver.run(select)).rows, [{ one: 1 }]);
    });

    it('more rows than fit into one result are refused, and not read', async () => {
      const server = await start(() => ({ columns, rows: rowsTo(200_000) }));
      await rejectsSo(
        driverOf(server.port, { mostRows: 100 }).run(select),
        'TOO_LARGE',
        'never',
        /more rows/,
      );
      assert.ok(server.rowsSent < 200_000);
    });
  });

  describe('transactions', () => {
    const kinds = (): string[] => asked.map(({ kind, sql: text }) => (kind === 'sql' ? text : kind));

    it('commit what resolves, and roll back what rejects or has failed', async () => {
      const { port } = await start(({ sql: text }) => (text === 'bad' ? { error: { number: 2627 } } : ONE));
      const driver = driverOf(port);
      assert.equal(
        await driver.transaction(async session => (await session.run(select)).rows[0]?.['one']),
        1,
      );
      await assert.rejects(
        driver.transaction(async () => {
          throw new RangeError('mine');
        }),
        RangeError,
      );
      const careless = driver.transaction(async session => {
        await session.run(sql('bad')).catch(() => {});
        await session.run(select).catch(() => {});
      });
      await rejectsSo(careless, 'DATABASE_REFUSED', 'never', /unique key/);
      assert.deepEqual(kinds(), [
        'begin',
        'select one',
        'commit',
        'begin',
        'rollback',
        'begin',
        'bad',
        'rollback',
      ]);
    });

    it('lost before the commit can be repeated, at the commit are in doubt; the first error tells', async () => {
      let [sqlCuts, commitCuts] = [1, 1];
      const { port } = await start(() => (sqlCuts-- > 0 ? 'cut' : ONE));
      steps = ({ kind }) => (kind === 'commit' && commitCuts-- > 0 ? 'cut' : { affected: 0 });
      const driver = driverOf(port, { connections: 1 });
      const work = () => driver.transaction(session => session.run(select));
      await rejectsSo(work(), 'DATABASE', 'retry', /connection was lost/);
      await rejectsSo(work(), 'DATABASE', 'in-doubt', /connection was lost/);
      await work();
    });

    it('of another isolation, and statements with settings, have a session of their own', async () => {
      const server = await start();
      const driver = driverOf(server.port);
      await driver.run(select);
      const shared = server.logins.length;
      await driver.run(sql('set lock_timeout 5; select one'));
      await driver.transaction(session => session.run(select), { isolation: 'serializable' });
      assert.ok(server.logins.length > shared);
      await until('connections: 1', () => server.connections === 1);
      assert.ok(kinds().includes('select @@trancount as transactions'));
      await rejectsSo(
        driver.transaction(session => session.run(sql('select 1 into #t'))),
        'CONFIG',
        'never',
        /temporary tables/,
      );
    });

    it('that a statement leaves open are no success', async () => {
      const server = await start(undefined, {
        answer: statement =>
          ofSession(statement) ? { columns: [{ name: 'transactions', type: 'int' }], rows: [[1]] } : ONE,
      });
      await rejectsSo(
        driverOf(server.port).run(sql('begin tran; select one')),
        'DATABASE_REFUSED',
        'never',
        /not ended properly/,
      );
    });
  });

  describe('says what went wrong', () => {
    const cases: readonly (readonly [number, string, string, RegExp])[] = [
      [1205, 'DATABASE', 'retry', /deadlock/],
      [1222, 'DATABASE', 'retry', /lock/],
      [9002, 'DATABASE', 'retry', /no room/],
      [2627, 'DATABASE_REFUSED', 'never', /unique key/],
      [2601, 'DATABASE_REFUSED', 'never', /unique key/],
      [8152, 'DATABASE_REFUSED', 'never', /longer than its column/],
      [2628, 'DATABASE_REFUSED', 'never', /longer than its column/],
      [547, 'DATABASE_REFUSED', 'never', /foreign key/],
      [245, 'DATABASE_REFUSED', 'never', /converted/],
      [8114, 'DATABASE_REFUSED', 'never', /converted/],
      [515, 'DATABASE_REFUSED', 'never', /no value/],
      [102, 'DATABASE_REFUSED', 'never', /syntax/],
      [208, 'DATABASE_REFUSED', 'never', /does not exist/],
      [229, 'DATABASE_REFUSED', 'never', /right is missing/],
      [50_000, 'DATABASE_REFUSED', 'never', /raised/],
      [4712, 'DATABASE_REFUSED', 'never', /reports an error/],
    ];
    it('by the number of the server, and never by its words', async () => {
      let number = 0;
      const { port } = await start(() => ({
        error: { number, message: "value 'TESTP0001' of insert into t" },
      }));
      const driver = driverOf(port);
      for (const [next, code, retry, words] of cases) {
        number = next;
        const { details } = await rejectsSo(driver.run(sql('insert')), code, retry, words);
        assert.equal(details['number'], next);
      }
      assert.equal(driver.state, 'up');
    });

    it('of the login, which is not tried again soon: that would lock the account', async () => {
      for (const [number, words] of [
        [18_456, /login is refused.*18456/],
        [4060, /no such database.*4060/],
      ] as const) {
        const server = await start(undefined, { refuse: () => ({ number }) });
        const driver = driverOf(server.port, { password: 'wrong@test' });
        const states = statesOf(driver);
        await rejectsSo(driver.run(select), 'CONFIG', 'never', words);
        await pause(1500);
        await rejectsSo(driver.run(select), 'CONFIG', 'never', words);
        assert.equal(server.logins.length, 1);
        assert.deepEqual(states, ['connecting', 'refused']);
      }
    });
  });

  describe('encryption', () => {
    let certificate: { cert: Buffer; key: Buffer };
    let folder: string;
    before(() => {
      certificate = selfSigned();
      folder = fs.mkdtempSync(path.join(os.tmpdir(), 'hospital-tls-'));
    });
    after(() => fs.rmSync(folder, { recursive: true, force: true }));
    const asks = (server: TdsServer, changes: Partial<SqlServerDatabase>): Promise<unknown> =>
      driverOf(server.port, changes).run(select);

    it('is checked, trusted or of the old kind, as it is told', async () => {
      const server = await start(undefined, { tls: certificate });
      const caFile = path.join(folder, 'ca.pem');
      fs.writeFileSync(caFile, certificate.cert);
      await asks(server, { tls: 'trust' });
      await asks(server, { tls: 'verify', caFile });
      const { length } = server.logins;
      await rejectsSo(asks(server, { tls: 'verify' }), 'CONFIG', 'never', /TLS.*SELF_SIGNED/);
      assert.equal(server.logins.length, length, 'no password was sent');
      assert.throws(
        () => driverTo(1, { tls: 'verify', caFile: path.join(folder, 'none') }),
        /CA file.*ENOENT/,
      );
      const old = await start(undefined, {
        tls: { ...certificate, minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' },
      });
      await rejectsSo(asks(old, { tls: 'trust' }), 'CONFIG', 'never', /TLS/);
      await asks(old, { tls: 'legacy' });
    });

    for (const tls of ['verify', 'trust', 'legacy'] as const)
      for (const encryption of ['none', 'off'] as const)
        it(`${tls}: no password goes to a server that says "${encryption}"`, async () => {
          const server = await start(undefined, { encryption });
          const driver = driverOf(server.port, { tls });
          await rejectsSo(driver.run(select), 'CONFIG', 'never', /stopped before the password/);
          await rejectsSo(
            driverOf(server.port, { tls }).test(),
            'CONFIG',
            'never',
            /stopped before the password/,
          );
          assert.deepEqual(server.logins, []);
        });

    it('is asked for by a server that insists on it', async () => {
      const server = await start(undefined, { tls: certificate, encryption: 'required' });
      await rejectsSo(asks(server, { tls: 'off' }), 'CONFIG', 'never', /insists on encryption/);
    });
  });

  describe('its test', () => {
    const facts = (utc: string): TdsAnswer => ({
      columns: [
        { name: 'version', type: 'nvarchar' },
        { name: 'collation', type: 'nvarchar' },
        { name: 'name', type: 'nvarchar' },
        { name: 'here', type: 'datetime' },
        { name: 'utc', type: 'datetime' },
      ],
      rows: [['Microsoft SQL Server 2008\n\tmore', 'Chinese_PRC_CI_AS', 'his', '2030-01-02 03:04:05', utc]],
    });

    it('tells what the server is, and that its clock is wrong', async () => {
      const { port } = await start(() => facts('2001-01-01 00:00:00'));
      const { facts: found } = await driverOf(port).test();
      const words = found.map(({ en }) => en).join('\n');
      assert.match(words, /SQL Server 2008 \(10\.0\.1600\)/);
      assert.match(
        words,
        /not encrypted[\s\S]*database his\nMicrosoft SQL Server 2008\ncollation Chinese_PRC/,
      );
      assert.match(words, /warning: its clock is \d+ s behind/);
    });

    it('says nothing of a clock that is right', async () => {
      const { port } = await start(() => facts(new Date().toISOString().slice(0, 19).replace('T', ' ')));
      const { facts: found } = await driverOf(port).test();
      assert.equal(found.length, 6);
    });

    it('rejects what the work would', async () => {
      await rejectsSo(driverOf(await freePort()).test(), 'DATABASE', 'retry', /cannot be reached/);
      const refusing = await start(undefined, { refuse: () => ({ number: 18_456 }) });
      await rejectsSo(driverOf(refusing.port).test(), 'CONFIG', 'never', /login/);
    });
  });

  it('finds the port of a named instance', async () => {
    const browser = dgram.createSocket('udp4');
    browser.bind(0, '127.0.0.1');
    await once(browser, 'listening');
    let questions = 0;
    browser.on('message', (question, { port, address }) => {
      // The first one is lost.
      if (questions++ === 0) return;
      const text = `ServerName;X;InstanceName;${question.subarray(1, -1).toString()};IsClustered;No;Version;10.50.1600.1;tcp;14330;;`;
      browser.send(Buffer.concat([Buffer.from([5, text.length, 0]), Buffer.from(text)]), port, address);
    });
    const { port } = browser.address();
    assert.equal(await portOfInstance('127.0.0.1', 'HIS', AbortSignal.timeout(5000), port), 14_330);
    browser.close();
    const none = portOfInstance('127.0.0.1', 'HIS', AbortSignal.timeout(200), await freePort());
    await assert.rejects(none, NoInstance);
  });
});

const realServer = process.env['TEST_MSSQL_URL'];

describe('hospital database on a real SQL Server (TEST_MSSQL_URL)', function () {
  this.timeout(60_000);
  let driver: SqlServerDriver;
  before(function () {
    if (realServer === undefined) return this.skip();
    const url = new URL(realServer);
    driver = driverTo(Number(url.port || 1433), {
      host: url.hostname,
      database: url.pathname.slice(1),
      user: decodeURIComponent(url.username),
      password: decodeURIComponent(url.password),
      tls: (url.searchParams.get('tls') ?? 'off') as SqlServerDatabase['tls'],
      requestMs: 10_000,
    });
    return undefined;
  });
  after(() => driver?.close());

  it('gives back what it was given', async () => {
    const given = [
      parameter('n', 'nvarchar(20)', '检𠮷䶮'),
      parameter('v', 'varchar(20)', '临检'),
      parameter('b', 'bigint', '9007199254740993'),
      parameter('d', 'decimal(18,2)', '12345.67'),
      parameter('dt', 'datetime', '2013-09-02 00:50:34.997'),
      parameter('dt2', 'datetime2', '2013-09-02 00:50:34.1234567'),
    ];
    const { rows } = await driver.run(
      sql('select @n as n, @v as v, @b as b, @d as d, @dt as dt, @dt2 as dt2'),
      given,
    );
    assert.deepEqual(rows, [Object.fromEntries(given.map(({ name, value }) => [name, value]))]);
  });

  it('leaves no level of isolation and no setting behind', async () => {
    const level = sql(
      'select transaction_isolation_level as level from sys.dm_exec_sessions where session_id = @@spid',
    );
    await driver.transaction(session => session.run(level), { isolation: 'serializable' });
    await driver.run(sql('set transaction isolation level serializable; select 1 as one'));
    assert.deepEqual((await driver.run(level)).rows, [{ level: 2 }]);
    await rejectsSo(driver.run(sql('begin tran')), 'DATABASE_REFUSED', 'never', /not ended properly/);
  });

  it('tells what it is', async () => {
    assert.ok((await driver.test()).facts.length >= 6);
  });
});

async function child(port: number, what: string, environment: NodeJS.ProcessEnv): Promise<unknown> {
  const script = path.resolve('test/support/database-child.ts');
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', script, String(port), what],
    { env: { ...process.env, ...environment } },
  ).catch((error: ExchangeError) => {
    throw new Error(`the process ended: ${error.message}`);
  });
  return JSON.parse(stdout);
}
