/** The embedded database as a hospital's one. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
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
