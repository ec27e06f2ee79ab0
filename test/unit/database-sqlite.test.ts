/** The embedded database as a hospital's one. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { StreamOptions } from '../../lib/database/driver';
import { SqliteDriver } from '../../lib/database/sqlite-driver';
import { parameter, procedure, rejectsSo, sql } from '../support/hospital-database';

describe('hospital database in a file', () => {
  let folder: string;
  let driver: SqliteDriver;
  beforeEach(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'hospital-'));
    driver = new SqliteDriver({ kind: 'sqlite', file: path.join(folder, 'his.db'), mostRows: 100 });
    await driver.run(sql('create table report (no text primary key, name text not null, at text, amount)'));
  });
  afterEach(async () => {
    await driver.close();
    fs.rmSync(folder, { recursive: true, force: true });
  });
  const insert = (no: string, name: string | null = '张三') =>
    driver.run(sql("insert into report (no, name, at, amount) values (@no, @name, @at, @no || '@name')"), [
      parameter('at', 'datetime', '2030-01-02 03:04:05'),
      parameter('name', 'nvarchar(10)', name),
      parameter('NO', 'varchar(10)', no),
      parameter('unused', 'int', 1),
    ]);

  it('takes parameters by name, and gives rows', async () => {
    assert.equal((await insert('A')).rowsAffected, 1);
    const { rows, rowsAffected } = await driver.run(sql('select * from report where no = @no'), [
      parameter('no', 'varchar(10)', 'A'),
    ]);
    assert.deepEqual(rows, [{ no: 'A', name: '张三', at: '2030-01-02 03:04:05', amount: 'A@name' }]);
    assert.equal(rowsAffected, 1);
    assert.equal(driver.state, 'up');
  });

  it('tells what it has open, what is in use and what waits', async () => {
    assert.equal(driver.connections.most, null);
    await insert('A');
    const { open } = driver.connections;
    const inserted = await driver.transaction(async () => {
      const others = [insert('B'), insert('C')];
      assert.deepEqual(driver.connections, { open, busy: 1, waiting: 2, most: null });
      return others;
    });
    await Promise.all(inserted);
    const streaming = driver.stream(sql('select * from report'), [], { batch: 1 });
    await streaming.next();
    assert.deepEqual(driver.connections, { open: open + 1, busy: 1, waiting: 0, most: null });
    await streaming.return(undefined);
    assert.deepEqual(driver.connections, { open: open + 1, busy: 0, waiting: 0, most: null });
  });

  it('says what is refused, without a value', async () => {
    await insert('TESTP0001');
    const cases: [Promise<unknown>, RegExp][] = [
      [insert('TESTP0001'), /unique key/],
      [insert('B', null), /must not be null/],
      [driver.run(sql('select * from missing')), /does not exist/],
      [driver.run(sql('selec 1')), /syntax/],
      [driver.run(sql('select @a')), /parameters/],
    ];
    for (const [work, words] of cases) await rejectsSo(work, 'DATABASE_REFUSED', 'never', words);
    await rejectsSo(driver.run(procedure('p')), 'CONFIG', 'never', /procedures/);
  });

  it('streams in batches, and refuses more rows than fit', async () => {
    await driver.transaction(async session => {
      for (let no = 0; no < 101; no++)
        await session.run(sql('insert into report (no, name) values (@no, @no)'), [
          parameter('no', 'int', no),
        ]);
    });
    const sizes: number[] = [];
    for await (const rows of driver.stream(sql('select no from report'), [], { batch: 40 }))
      sizes.push(rows.length);
    assert.deepEqual(sizes, [40, 40, 21]);
    await rejectsSo(driver.run(sql('select * from report')), 'TOO_LARGE', 'never', /more rows/);
  });

  describe('streaming', () => {
    const ENDLESS = sql(
      'with recursive n(i) as (select 1 union all select i + 1 from n where i < @most) select i from n',
    );
    const endless = (options: Partial<StreamOptions> = {}, most = Number.MAX_SAFE_INTEGER) =>
      driver.stream(ENDLESS, [parameter('most', 'bigint', most)], { batch: 100, ...options });

    it('reads no further than the batch that is asked for', async () => {
      const first: unknown[] = [];
      for await (const rows of endless()) {
        first.push(rows[0]?.['i']);
        if (first.length === 3) break;
      }
      assert.deepEqual(first, [1, 101, 201]);
    });

    it('shows the file as it was at its first row, and keeps nobody from writing', async () => {
      for (const no of ['A', 'B', 'C']) await insert(no);
      const seen: unknown[] = [];
      for await (const [row] of driver.stream(sql('select no from report order by no'), [], { batch: 1 })) {
        seen.push(row?.['no']);
        await insert(`${String(row?.['no'])}2`);
        await driver.transaction(session => session.run(sql("delete from report where no = 'C'")));
      }
      assert.deepEqual(seen, ['A', 'B', 'C']);
      const { rows } = await driver.run(sql('select no from report order by no'));
      assert.deepEqual(
        rows.map(({ no }) => no),
        ['A', 'A2', 'B', 'B2', 'C2'],
      );
    });

    it('reads several at a time, the same statement too', async () => {
      const sums = await Promise.all(
        [50, 60, 50].map(async most => {
          let sum = 0;
          for await (const rows of endless({ batch: 7 }, most)) for (const { i } of rows) sum += Number(i);
          return sum;
        }),
      );
      assert.deepEqual(sums, [1275, 1830, 1275]);
    });

    it('lets others run, and ends by its signal and its time limit, while a batch is not full', async () => {
      const stop = new AbortController();
      let turns = 0;
      const count = (): void => {
        if (++turns === 3) stop.abort();
        else setImmediate(count);
      };
      setImmediate(count);
      const first = (options: Partial<StreamOptions>) =>
        endless({ batch: Number.MAX_SAFE_INTEGER, ...options }).next();
      await rejectsSo(first({ signal: stop.signal }), 'ABORTED', 'retry', /cancelled/);
      assert.equal(turns, 3);
      await rejectsSo(first({ timeoutMs: 30 }), 'DATABASE', 'retry', /no answer in time/);
      await rejectsSo(first({ signal: stop.signal }), 'ABORTED', 'retry', /cancelled/);
    });

    it('ends with the driver', async () => {
      const stream = endless();
      await stream.next();
      await driver.close();
      await rejectsSo(stream.next(), 'DATABASE', 'retry', /being closed/);
    });

    it('carries a change out at once, whenever its rows are read', async () => {
      await insert('A');
      const text = "insert into report (no, name) values ('B', '李四'), ('C', '王五') returning no";
      const stream = driver.stream(sql(text), [], { batch: 1 });
      assert.deepEqual((await stream.next()).value, [{ no: 'B' }]);
      const count = 'select count(*) as n from report';
      assert.deepEqual((await driver.run(sql(count))).rows, [{ n: 3 }]);
      await insert('D');
      assert.deepEqual((await stream.next()).value, [{ no: 'C' }]);
      assert.equal((await stream.next()).done, true);
      const other = driver.stream(sql('drop table report'), [], { batch: 1 });
      await rejectsSo(other.next(), 'DATABASE_REFUSED', 'never', /right is missing/);
    });
  });

  it('keeps every digit of a number and every column of a row', async () => {
    const text = 'select 9007199254740993 as a, 7 as a, -9007199254740993 as b, 1.5 as c, @n as "__proto__"';
    const { rows } = await driver.run(sql(text), [parameter('n', 'int', 8)]);
    assert.deepEqual(Object.entries(rows[0] ?? {}), [
      ['a', '9007199254740993'],
      ['a_2', 7],
      ['b', '-9007199254740993'],
      ['c', 1.5],
      ['__proto__', 8],
    ]);
  });

  it('rolls a transaction back as a whole, and lets nobody between its statements', async () => {
    const broken = driver.transaction(async session => {
      await session.run(sql("insert into report (no, name) values ('X', 'x')"));
      await session.run(sql("insert into report (no, name) values ('X', 'x')")).catch(() => {});
    });
    const after = driver.run(sql('select count(*) as n from report'));
    await rejectsSo(broken, 'DATABASE_REFUSED', 'never', /unique key/);
    assert.deepEqual((await after).rows, [{ n: 0 }]);
  });

  it('tells what it is, and what it is not when it is closed or broken', async () => {
    const { facts } = await driver.test();
    assert.match(facts[0]?.en ?? '', /SQLite 3\./);
    await driver.close();
    await rejectsSo(driver.run(sql('select 1')), 'DATABASE', 'retry', /being closed/);
    const file = path.join(folder, 'text.db');
    fs.writeFileSync(file, 'no database'.repeat(100));
    const other = new SqliteDriver({ kind: 'sqlite', file, mostRows: 1 });
    const changes: string[] = [];
    other.onChange(({ state }) => changes.push(state));
    await rejectsSo(other.run(sql('select 1')), 'CONFIG', 'never', /embedded database file/);
    assert.deepEqual(changes, ['refused']);
    await other.close();
  });
});
