import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { SqliteDatabase } from '../../lib/sqlite';
import { ExchangeError } from '../../lib/errors';

describe('embedded SQLite', () => {
  let folder: string;
  const file = (): string => path.join(folder, 'test.db');

  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sqlite-'));
  });
  afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

  it('keeps text to the letter, and gives rows as plain objects', () => {
    const database = SqliteDatabase.open(':memory:');
    database.exec('CREATE TABLE T (id TEXT PRIMARY KEY, note TEXT, size INTEGER)');
    const note = '第一行\r\n"𠮷" ]]>\t';
    assert.equal(database.run('INSERT INTO T VALUES (?, ?, ?)', '00000000000000000123', note, 7).changes, 1);
    assert.deepEqual(database.get('SELECT * FROM T'), { id: '00000000000000000123', note, size: 7 });
    assert.deepEqual(database.all('SELECT id AS Hiskey FROM T WHERE size > ?', 7), []);
    assert.equal(database.get('SELECT 1 FROM T WHERE id = ?', '123'), undefined);
    database.close();
    database.close();
  });

  it('writes to a log that survives reopening', () => {
    const first = SqliteDatabase.open(file());
    first.exec('CREATE TABLE T (v TEXT)');
    first.run('INSERT INTO T VALUES (?)', 'kept');
    const second = SqliteDatabase.open(file());
    assert.deepEqual(
      second.all('SELECT v FROM T'),
      [{ v: 'kept' }],
      'a second connection reads while the first is open',
    );
    assert.equal(second.get('PRAGMA journal_mode')?.['journal_mode'], 'wal');
    first.close();
    second.close();
  });

  it('commits all of a transaction or nothing', () => {
    const database = SqliteDatabase.open(':memory:');
    database.exec('CREATE TABLE T (v TEXT UNIQUE)');
    assert.equal(
      database.transaction(() => database.run('INSERT INTO T VALUES (?)', 'a').changes),
      1,
    );
    assert.throws(() =>
      database.transaction(() => {
        database.run('INSERT INTO T VALUES (?)', 'b');
        database.run('INSERT INTO T VALUES (?)', 'a');
      }),
    );
    assert.deepEqual(database.all('SELECT v FROM T'), [{ v: 'a' }]);
    database.transaction(() => database.run('INSERT INTO T VALUES (?)', 'c'));
    assert.equal(
      database.all('SELECT v FROM T').length,
      2,
      'a failed transaction leaves the connection usable',
    );
    database.close();
  });

  it('enforces foreign keys', () => {
    const database = SqliteDatabase.open(':memory:');
    database.exec('CREATE TABLE A (id TEXT PRIMARY KEY); CREATE TABLE B (a TEXT REFERENCES A)');
    assert.throws(() => database.run('INSERT INTO B VALUES (?)', 'nobody'), /FOREIGN KEY/);
    database.close();
  });

  it('waits for another writer instead of failing at once', () => {
    const database = SqliteDatabase.open(':memory:');
    assert.deepEqual(Object.values(database.get('PRAGMA busy_timeout') ?? {}), [5000]);
    database.close();
  });

  it('says in both languages that a file is no database', () => {
    fs.writeFileSync(file(), 'this is no database, but a text of some length'.repeat(100));
    assert.throws(
      () => SqliteDatabase.open(file()),
      (error: unknown) =>
        error instanceof ExchangeError &&
        error.code === 'CONFIG' &&
        /嵌入式数据库/.test(error.message) &&
        !error.message.includes(folder),
    );
    assert.throws(() => SqliteDatabase.open(path.join(folder, 'no', 'such', 'folder.db')), ExchangeError);
  });

  it('prints no warning about an experiment, whichever engine this Node has', () => {
    const script = `
      const { SqliteDatabase } = require('./lib/sqlite');
      const database = SqliteDatabase.open(':memory:');
      console.log(Object.values(database.get("SELECT 'works'")).join());
      process.emitWarning('still heard', 'TestWarning');`;
    const child = spawnSync(process.execPath, ['--import', 'tsx', '--eval', script], { encoding: 'utf8' });
    assert.equal(child.stdout.trim(), 'works', child.stderr);
    assert.doesNotMatch(child.stderr, /ExperimentalWarning/);
    assert.match(child.stderr, /still heard/);
  });
});
