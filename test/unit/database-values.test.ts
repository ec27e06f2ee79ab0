/** Types, values and names of a hospital's database, without one. */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { inVarchar } from '../../lib/database/charset';
import { readName, readType } from '../../lib/database/parameter';
import { changesSession } from '../../lib/database/session-words';
import { readDatabaseSettings } from '../../lib/database/settings';
import { columnNames } from '../../lib/database/columns';
import { checkTable, checkValue } from '../../lib/database/values';
import { readWallClock, wallClockText } from '../../lib/database/wall-clock';
import { ExchangeError } from '../../lib/errors';

const check = (type: string, value: unknown, codePage = 'CP936'): unknown => {
  const read = readType(type);
  assert.ok(read.name !== 'table');
  return checkValue('p', read, value, codePage);
};
const refuses = (work: () => unknown, code: string, words: RegExp): void => {
  assert.throws(work, (error: unknown) => {
    assert.ok(error instanceof ExchangeError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, words);
    return true;
  });
};

describe('parameters of a hospital database', () => {
  it('have types as SQL writes them', () => {
    assert.deepEqual(readType('nvarchar(50)'), { name: 'nvarchar', length: 50 });
    assert.deepEqual(readType(' VarChar ( MAX ) '), { name: 'varchar', length: Number.POSITIVE_INFINITY });
    assert.deepEqual(readType('numeric(18,2)'), { name: 'decimal', precision: 18, scale: 2 });
    assert.deepEqual(readType('decimal'), { name: 'decimal', precision: 18, scale: 0 });
    assert.deepEqual(readType('datetime2(3)'), { name: 'datetime2', scale: 3 });
    assert.deepEqual(readType('text'), { name: 'varchar', length: Number.POSITIVE_INFINITY });
    assert.deepEqual(readType('table dbo.[Report Keys] (ReportNo varchar(64), [Amount] decimal(10, 2))'), {
      name: 'table',
      type: 'dbo.[Report Keys]',
      columns: [
        { name: 'ReportNo', type: { name: 'varchar', length: 64 } },
        { name: 'Amount', type: { name: 'decimal', precision: 10, scale: 2 } },
      ],
    });
    for (const wrong of ['', 'words', 'int(4)', 'varchar(0)', 'varchar(9000)', 'decimal(2,3)', 'bit(max)'])
      refuses(() => readType(wrong), 'CONFIG', /no type/);
    for (const wrong of ['datetime2(8)', 'table x', 'table x (a)', 'varchar(5); drop table t--'])
      refuses(() => readType(wrong), 'CONFIG', /no type/);
  });

  it('have names that are identifiers', () => {
    assert.equal(readName('@报告号'), '报告号');
    for (const wrong of ['', '1a', 'a b', "a'; drop", '@@x'])
      refuses(() => readName(wrong), 'CONFIG', /no name/);
  });

  it('are checked against the code page of varchar, as the driver writes it', () => {
    const iconv = createRequire(require.resolve('tedious/package.json'))('iconv-lite') as {
      encode(text: string, codePage: string): Buffer;
      decode(bytes: Buffer, codePage: string): string;
    };
    for (const codePage of ['CP936', 'CP1252']) {
      const wrong: string[] = [];
      for (let code = 0; code < 0x10000; code++) {
        if (code >= 0xd800 && code < 0xe000) continue;
        const character = String.fromCharCode(code);
        const bytes = iconv.encode(character, codePage);
        const { lost, bytes: size } = inVarchar(character, codePage);
        const kept = iconv.decode(bytes, codePage) === character;
        // Some that the driver can keep are refused: an error is no loss. None the other way.
        if (lost === undefined && (!kept || size !== bytes.length)) wrong.push(code.toString(16));
        if (lost !== undefined && kept && codePage === 'CP936' && code > 0x9f)
          wrong.push(`-${code.toString(16)}`);
      }
      assert.deepEqual(wrong, [], codePage);
    }
    assert.equal(inVarchar('临检𠮷', 'CP936').lost, '𠮷');
    assert.deepEqual(inVarchar('𠮷', 'utf-8'), { lost: undefined, bytes: 4 });
    assert.equal(inVarchar('é', 'CP950').lost, 'é');
  });

  it('that would become "?" or be cut are refused by name, without the value', () => {
    refuses(() => check('varchar(50)', '张䶮'), 'CONTRACT', /parameter p .*CP936.*U\+4DAE/);
    refuses(() => check('varchar(50)', '临检', 'CP1252'), 'CONTRACT', /U\+4E34/);
    assert.equal(check('nvarchar(2)', '𠮷'), '𠮷');
    assert.equal(check('varchar(4)', '临检'), '临检');
    refuses(() => check('varchar(3)', '临检'), 'CONTRACT', /4 bytes/);
    refuses(() => check('nvarchar(1)', '临检'), 'CONTRACT', /2 characters/);
    refuses(() => check('varbinary(1)', Buffer.alloc(2)), 'CONTRACT', /2 bytes/);
    refuses(() => check('varchar', { a: 1 }), 'CONTRACT', /text or a number/);
  });

  it('of numbers keep every digit or are refused', () => {
    assert.equal(check('bigint', '9007199254740993'), 9_007_199_254_740_993n);
    assert.equal(check('int', '-5'), -5);
    for (const wrong of ['', '1.5', 'x', 2 ** 31, 1e21, true])
      refuses(() => check('int', wrong), 'CONTRACT', /./);
    refuses(() => check('bigint', 2 ** 60), 'CONTRACT', /whole number/);
    assert.equal(check('decimal(18,2)', '0012.50'), '12.5');
    assert.equal(check('decimal(5,2)', -1.25), '-1.25');
    assert.equal(check('decimal(18,4)', '.5'), '0.5');
    refuses(() => check('decimal(5,2)', '1.255'), 'CONTRACT', /does not fit/);
    refuses(() => check('decimal(5,2)', '1234'), 'CONTRACT', /does not fit/);
    refuses(() => check('decimal(19,2)', '12345678901234567.89'), 'CONTRACT', /15 digits/);
    refuses(() => check('decimal(38,20)', '1.5'), 'CONTRACT', /15 digits/);
    for (const wrong of ['', '-', '.', '1e3', '0x1', 'NaN'])
      refuses(() => check('decimal(9,2)', wrong), 'CONTRACT', /./);
    assert.deepEqual([check('bit', '1'), check('bit', false), check('bit', null)], [true, false, null]);
    refuses(() => check('bit', 'yes'), 'CONTRACT', /true, false/);
    refuses(() => check('float', ''), 'CONTRACT', /number/);
  });

  it('of dates are wall clocks', () => {
    const wall = (text: string): string | undefined => {
      const read = readWallClock(text);
      return read && wallClockText(read, 'both');
    };
    assert.equal(wall('2030-01-02T03:04:05'), '2030-01-02 03:04:05');
    assert.equal(wall('2030/01/02 03:04'), '2030-01-02 03:04:00');
    assert.equal(wall('20300102030405'), '2030-01-02 03:04:05');
    assert.equal(wall('2030-01-02 03:04:05.1234567'), '2030-01-02 03:04:05.1234567');
    assert.equal(wall('2030-01-02 03:04:05.5'), '2030-01-02 03:04:05.500');
    assert.equal(wall('2030-01-02 03:04:05.000'), '2030-01-02 03:04:05');
    for (const wrong of ['2030-02-30', '2030-01-02T03:04:05Z', '2030-01-02 25:00', '2030-1-2', '', 'now'])
      assert.equal(wall(wrong), undefined, wrong);
    refuses(() => check('datetime', new Date()), 'CONTRACT', /Date/);
    refuses(() => check('datetime', '1752-01-01'), 'CONTRACT', /1753/);
    refuses(() => check('datetime', '2030-01-02 03:04:05.1234'), 'CONTRACT', /3 digits/);
    refuses(() => check('date', '2030-01-02 03:04:05'), 'CONTRACT', /lose the time/);
    refuses(() => check('datetimeoffset', '2030-01-02 03:04:05'), 'CONTRACT', /zone/);
    refuses(() => check('time', '2030-01-02'), 'CONTRACT', /a time/);
  });

  it('of tables are objects with the columns in any case, or arrays', () => {
    const type = readType('table dbo.Keys (No varchar(3), Version int)');
    assert.ok(type.name === 'table');
    assert.deepEqual(checkTable('t', type, [{ NO: 'A', version: 1, more: 2 }, ['B', null]], 'CP936'), [
      ['A', 1],
      ['B', null],
    ]);
    refuses(() => checkTable('t', type, [{ no: 'ABCD' }], 'CP936'), 'CONTRACT', /t\[1\]\.No/);
    refuses(() => checkTable('t', type, 'A', 'CP936'), 'CONTRACT', /array/);
  });
});

describe('rows and statements of a hospital database', () => {
  it('columns of the same name, and without one, get names of their own', () => {
    assert.deepEqual(columnNames(['a', 'b', 'a', 'a', '', 'a_2', '']), [
      'a',
      'b',
      'a_3',
      'a_4',
      'column_5',
      'a_2',
      'column_7',
    ]);
  });

  it('what changes a session is known by its words, outside of texts and comments', () => {
    for (const text of [
      'set transaction isolation level serializable; select 1',
      'SET LOCK_TIMEOUT 5',
      'begin tran; update t set a = 1; commit',
      'select * into #t from x',
      'use other; select 1',
      'rollback',
    ])
      assert.ok(changesSession(text), text);
    for (const text of [
      'update t set language = @l where a = 1',
      "insert into t values ('begin tran #x; use y')",
      'select [commit] from t -- rollback',
      'set nocount on; set @a = 1; select "use it"',
      'begin try select 1 end try begin catch select 2 end catch',
    ])
      assert.ok(!changesSession(text), text);
  });

  it('settings name what is wrong', () => {
    const read = (texts: object, login = { user: 'u' }) =>
      readDatabaseSettings({ host: 'h', database: 'd', ...texts }, login, file => `/data/${file}`);
    const { kind, ...settings } = read({ instance: ' HIS ', caFile: 'ca.pem' });
    assert.equal(kind, 'sqlserver');
    assert.deepEqual(settings, {
      host: 'h',
      instance: 'HIS',
      database: 'd',
      user: 'u',
      password: '',
      tls: 'verify',
      caFile: '/data/ca.pem',
      connectMs: 10_000,
      requestMs: 30_000,
      connections: 5,
      readOnly: false,
      mostRows: 10_000,
    });
    assert.deepEqual(read({ kind: 'sqlite', file: 'x.db' }), {
      kind: 'sqlite',
      file: '/data/x.db',
      mostRows: 10_000,
    });
    refuses(() => read({ host: '' }), 'CONFIG', /host/);
    refuses(() => read({ tls: 'none' }), 'CONFIG', /tls/);
    refuses(() => read({ port: '0' }), 'CONFIG', /port/);
    refuses(() => read({}, { user: '' }), 'CONFIG', /user/);
  });
});
