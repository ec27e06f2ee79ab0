/** The hospital's database in a real flow: embedded, and SQL Server by a loopback server. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { MessageStore } from '../../lib/store/message-store';
import { type FlowNode, type Message, TestFlow } from '../support/flow';
import { type TdsAnswer, TdsServer, type TdsStatement } from '../support/tds-server';
import { until } from '../support/until';

describe('hospital database nodes', () => {
  const flow = new TestFlow();
  let folder: string;
  let server: TdsServer | undefined;
  before(() => flow.start());
  after(() => flow.stop());
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'database-'));
  });
  afterEach(async () => {
    await flow.undeploy();
    await server?.close();
    server = undefined;
    fs.rmSync(folder, { recursive: true, force: true });
  });

  const run = (
    id: string,
    statement: string,
    changes: object = {},
    wires: string[][] = [['out']],
  ): FlowNode => ({
    id,
    type: 'database-run',
    database: 'd',
    kind: 'sql',
    statement,
    sqlParameters: [],
    output: 'rows',
    batch: '2',
    pace: 'free',
    repeatable: false,
    wires,
    ...changes,
  });
  const deploy = (nodes: readonly FlowNode[], database: object = {}): Promise<void> =>
    flow.deploy(
      [
        {
          id: 'd',
          type: 'hospital-database',
          kind: 'sqlite',
          file: path.join(folder, 'his.db'),
          ...database,
        },
        { id: 'catch1', type: 'catch', scope: null, wires: [['caught']] },
        { id: 'complete1', type: 'complete', scope: nodes.map(({ id }) => id), wires: [['completed']] },
        ...['out', 'caught', 'completed'].map(id => ({ id, type: 'helper', wires: [] })),
        ...nodes,
      ],
      {},
      { d: { user: 'exchange', password: 'right@test' } },
    );
  const ask = async (id: string, msg: Record<string, unknown> = {}): Promise<Message> => {
    const out = flow.next('out');
    flow.receive(id, msg);
    return out;
  };
  const named = (name: string, type: string, value: string, valueType = 'msg', direction = 'in') => ({
    name,
    type,
    value,
    valueType,
    direction,
  });
  const atServer = async (answer: (statement: TdsStatement) => TdsAnswer): Promise<object> => {
    server = await TdsServer.start({ answer });
    return { kind: 'sqlserver', host: '127.0.0.1', port: String(server.port), database: 'his', tls: 'off' };
  };

  it('writes values by their parameters, and reads rows; the message is kept', async () => {
    await deploy([
      run('create', 'create table report (no text primary key, at text, amount)'),
      run('insert', 'insert into report values (@no, @at, @amount)', {
        sqlParameters: [
          named('no', 'varchar(30)', 'payload.no'),
          named('at', 'datetime', '"2030-01-02T" & payload.time', 'jsonata'),
          named('amount', 'decimal(9,2)', '1.5', 'str'),
        ],
      }),
      run('select', 'select * from report where no = @no', {
        sqlParameters: [named('@no', 'varchar(30)', 'payload')],
      }),
    ]);
    await ask('create');
    const inserted = await ask('insert', {
      payload: { no: "A'; drop table report--", time: '03:04:05' },
      topic: 'kept',
    });
    const { durationMs, ...database } = inserted['database'] as Record<string, unknown>;
    assert.deepEqual([inserted.payload, inserted['topic'], typeof durationMs], [[], 'kept', 'number']);
    assert.deepEqual(database, { rowsAffected: 1, output: {} });
    assert.deepEqual((await ask('select', { payload: "A'; drop table report--" })).payload, [
      { no: "A'; drop table report--", at: '2030-01-02 03:04:05', amount: '1.5' },
    ]);
    const caught = flow.next('caught');
    flow.receive('insert', { payload: { no: 'x'.repeat(31), time: '03:04:05' } });
    assert.equal(((await caught)['error'] as { code: string }).code, 'CONTRACT');
  });

  it('calls a procedure of SQL Server, with output parameters and several sets', async () => {
    const column = (name: string) => ({ name, type: 'int' as const });
    const database = await atServer(() => ({
      sets: [
        { columns: [column('a')], rows: [[1]] },
        { columns: [column('b')], rows: [[2]] },
      ],
      output: [[{ name: 'Count', type: 'int' }, 7]],
      returnValue: 3,
    }));
    await deploy(
      [
        run('call', 'dbo.Fetch', {
          kind: 'procedure',
          sqlParameters: [named('Count', 'int', '', 'str', 'out')],
        }),
      ],
      database,
    );
    const { payload, database: result } = (await ask('call')) as Message & {
      database: Record<string, unknown>;
    };
    assert.deepEqual(payload, [{ a: 1 }]);
    assert.deepEqual(
      [result['output'], result['returnValue'], result['sets']],
      [{ Count: 7 }, 3, [[{ a: 1 }], [{ b: 2 }]]],
    );
  });

  it('gives batches as a sequence; an empty result is one empty batch', async () => {
    const rows = 'select 1 as n union all select 2 union all select 3';
    await deploy([
      run('batches', rows, { output: 'stream' }),
      run('none', `select * from (${rows}) where n > 3`, { output: 'stream' }),
    ]);
    const seen: Message[] = [];
    flow.each('out', msg => seen.push(msg));
    const completed = flow.next('completed');
    flow.receive('batches', {});
    await completed;
    await until('all', () => seen.length === 2);
    const parts = seen.map(msg => msg['parts'] as Record<string, unknown>);
    assert.deepEqual(
      seen.map(({ payload }) => payload),
      [[{ n: 1 }, { n: 2 }], [{ n: 3 }]],
    );
    assert.deepEqual(
      parts.map(({ index, count }) => [index, count]),
      [
        [0, undefined],
        [1, 2],
      ],
    );
    assert.equal(parts[0]?.['id'], parts[1]?.['id']);
    const { payload, parts: only } = await ask('none');
    assert.deepEqual([payload, (only as { count: number }).count], [[], 1]);
  });

  it('waits with the next batch until the flow asks for it, and so does the server', async () => {
    const rows = Array.from({ length: 100_000 }, (_, n) => [n, '检'.repeat(50)]);
    const database = await atServer(() => ({
      columns: [
        { name: 'n', type: 'int' },
        { name: 'text', type: 'nvarchar' },
      ],
      rows,
    }));
    await deploy([run('batches', 'select', { output: 'stream', pace: 'next', batch: '100' })], database);
    const seen: Message[] = [];
    flow.each('out', msg => seen.push(msg));
    flow.receive('batches', {});
    await until('first', () => seen.length === 1);
    await pause(300);
    assert.equal(seen.length, 1);
    assert.ok((server?.rowsSent ?? 0) < 60_000, String(server?.rowsSent));
    flow.receive('batches', { ...seen[0], next: true });
    await until('second', () => seen.length === 2);
    // A deploy in the midst of it ends soon.
    const startedAt = Date.now();
    await flow.undeploy();
    assert.ok(Date.now() - startedAt < 10_000);
  });

  it('says what went wrong, and ends soon when it is taken down at work', async () => {
    const database = await atServer(({ sql }) => (sql === 'wait' ? 'silence' : { error: { number: 2627 } }));
    await deploy(
      [run('bad', 'insert'), run('silent', 'wait'), run('lost', 'x', { database: 'none' })],
      database,
    );
    const errorOf = async (id: string): Promise<{ code: string; message: string }> => {
      const caught = flow.next('caught');
      flow.receive(id, {});
      return (await caught)['error'] as { code: string; message: string };
    };
    assert.equal((await errorOf('bad')).code, 'DATABASE_REFUSED');
    assert.match((await errorOf('lost')).message, /no hospital database/);
    flow.receive('silent', {});
    await pause(100);
    const startedAt = Date.now();
    await flow.undeploy();
    assert.ok(Date.now() - startedAt < 10_000);
  });

  it('the test button tells what the server is, also with the password that the editor does not know', async () => {
    const database = await atServer(({ sql }) => ({
      columns: [{ name: sql.includes('trancount') ? 'transactions' : 'name', type: 'nvarchar' }],
      rows: [[sql.includes('trancount') ? '0' : 'his']],
    }));
    await deploy([run('any', 'select 1')], database);
    const test = async (changes: object) =>
      (
        await flow
          .admin()
          .post('/hospital-database/test')
          .send({ id: 'd', ...database, user: 'exchange', password: '__PWRD__', ...changes })
          .expect(200)
      ).body as { ok: boolean; text: { zh: string; en: string } };
    const good = await test({});
    assert.equal(good.ok, true);
    assert.match(good.text.en, /SQL Server 2008.*database his/);
    assert.equal(server?.logins.at(-1)?.password, 'right@test');
    const { length } = server?.logins ?? [];
    const bad = await test({ tls: 'verify' });
    assert.deepEqual([bad.ok, server?.logins.length], [false, length]);
    assert.match(bad.text.zh, /未发送密码/);
    // The password of a node of another type is nobody's to try.
    await test({ id: 'p' });
    assert.notEqual(server?.logins.at(-1)?.password, 'right@test');
    assert.match((await test({ host: '' })).text.en, /host is not set/);
    assert.match((await test({ kind: 'sqlite', file: path.join(folder, 'x.db') })).text.en, /SQLite 3/);
  });

  it('ends the hand-over of an outcome once it is written, and not before', async () => {
    const ended: unknown[] = [];
    await deploy([
      { id: 's', type: 'exchange-store', kind: 'embedded', file: path.join(folder, 'store.db') },
      run('write', 'create table if not exists outcome (id text)'),
      run('fail', 'insert into missing values (1)'),
      run('query', 'select 1', {}, [['end', 'out']]),
      { id: 'end', type: 'exchange-handover', wires: [] },
    ]);
    const store = flow.storeOf('s') as { handOver: MessageStore['handOver'] };
    store.handOver = (options): Promise<void> => {
      ended.push(options);
      return Promise.resolve();
    };
    const caught = flow.next('caught');
    flow.receive('fail', { exchange: { handover: 's/1' } });
    await caught;
    assert.deepEqual(ended, []);
    await ask('write', { exchange: { handover: 's/1' } });
    assert.deepEqual(ended, [{ ids: ['1'] }]);
    // What goes on to another taker is ended by that one.
    await ask('query', { exchange: { handover: 's/2' } });
    await until('taken', () => ended.length > 1);
    await pause(50);
    assert.deepEqual(ended.slice(1), [{ ids: ['2'] }]);
  });
});
