/** Polling by procedures of the hospital, through the real driver. */
import assert from 'node:assert/strict';
import { openSource } from '../../lib/database/poll/open-source';
import type { PolledRecord } from '../../lib/database/poll/record';
import { type PollTexts, readPollPlan } from '../../lib/database/poll/settings';
import type { PollSource } from '../../lib/database/poll/source';
import type { SqlServerDriver } from '../../lib/database/sqlserver-driver';
import type { ExchangeError } from '../../lib/errors';
import { driverTo } from '../support/hospital-database';
import { type TdsAnswer, type TdsRows, TdsServer, type TdsStatement } from '../support/tds-server';
import type { TdsColumn, TdsValue } from '../support/tds-wire';
import { rowsOf } from '../support/tsql-on-sqlite';

const text = (name: string): TdsColumn => ({ name, type: 'nvarchar' });
const set = (columns: readonly TdsColumn[], ...rows: (readonly TdsValue[])[]): TdsRows => ({ columns, rows });

const FETCH: PollTexts = {
  mode: 'procedure',
  fetchProcedure: 'dbo.usp_exchange_fetch',
  ackProcedure: 'dbo.usp_exchange_ack',
  keys: 'report_no',
  shape: 'detail',
  versionColumn: 'changed',
};
/** What the catalogue says of the procedures; `@unknown` is not ours, and is not passed. */
const PARAMETERS: Readonly<Record<string, readonly string[]>> = {
  usp_exchange_fetch: ['@limit', '@owner', '@unknown'],
  usp_exchange_ack: ['@report_no', '@state', '@message', '@version'],
};

describe('polling by procedures', () => {
  let server: TdsServer;
  let driver: SqlServerDriver;
  let called: TdsStatement[];
  let taken: PolledRecord[];
  const sets: TdsRows[] = [];
  const { signal } = new AbortController();

  const answer = (statement: TdsStatement): TdsAnswer => {
    const { kind, sql, parameters } = statement;
    if (kind === 'procedure') {
      called.push(statement);
      return { sets: /fetch/.test(sql) ? sets : [], returnValue: 0 };
    }
    const names = PARAMETERS[String(parameters[0]?.value)] ?? [];
    return rowsOf(
      names.map(name => ({
        name,
        type: /limit|state/.test(name) ? 'int' : 'nvarchar',
        length: 100,
        collation: null,
        digits: null,
        scale: null,
      })),
    );
  };
  const source = (changes: PollTexts = {}): PollSource =>
    openSource(driver, readPollPlan({ ...FETCH, ...changes }, 'n'), {
      position: null,
      now: () => 0,
      warn: () => assert.fail('nothing to warn of'),
    });
  const take = (records: readonly PolledRecord[]): Promise<void> => {
    taken.push(...records);
    return Promise.resolve();
  };
  const passed = (): unknown[] =>
    called.map(({ sql, parameters }) => [
      sql,
      ...parameters.map(({ name, value }) => `${name}=${String(value)}`),
    ]);

  beforeEach(async () => {
    [called, taken] = [[], []];
    sets.length = 0;
    server = await TdsServer.start({ answer });
    driver = driverTo(server.port);
  });
  afterEach(async () => {
    await driver.close();
    await server.close();
  });

  it('reads rows with their details, and tells what became of them', async () => {
    sets.push(
      set([text('report_no'), text('name'), text('changed')], ['R1', '测试甲', 'v1'], ['R2', '测试乙', 'v2']),
      set([text('report_no'), text('result')], ['R1', '1.0'], ['R1', '2.0']),
    );
    const poll = source();
    assert.deepEqual(await poll.round(2, take, signal), { taken: 2, more: true });
    assert.deepEqual(taken, [
      {
        key: ['R1'],
        version: 'v1',
        payload: {
          report_no: 'R1',
          name: '测试甲',
          changed: 'v1',
          lab_subitem: [
            { report_no: 'R1', result: '1.0' },
            { report_no: 'R1', result: '2.0' },
          ],
        },
      },
      {
        key: ['R2'],
        version: 'v2',
        payload: { report_no: 'R2', name: '测试乙', changed: 'v2', lab_subitem: [] },
      },
    ]);
    await poll.acknowledge({ key: ['R1'], version: 'v1', state: 'done', message: '' }, signal);
    await poll.acknowledge({ key: ['R2'], version: 'v2', state: 'rejected', message: '缺少卡号' }, signal);
    assert.deepEqual(passed(), [
      ['[dbo].[usp_exchange_fetch]', '@limit=2', '@owner=n'],
      ['[dbo].[usp_exchange_ack]', '@state=2', '@message=null', '@version=v1', '@report_no=R1'],
      ['[dbo].[usp_exchange_ack]', '@state=3', '@message=缺少卡号', '@version=v2', '@report_no=R2'],
    ]);
  });

  it('tells the hospital at once where that is asked for, and only after the rows are safe', async () => {
    sets.push(set([text('report_no')], ['R1']));
    const poll = source({ shape: 'one', ackMoment: 'stored', versionColumn: '' });
    await assert.rejects(
      poll.round(5, () => Promise.reject(new Error('store')), signal),
      /store/,
    );
    assert.equal(called.length, 1);
    await poll.round(5, take, signal);
    assert.equal(passed().length, 3);
  });

  it('names a procedure that is not there', async () => {
    await assert.rejects(
      source({ fetchProcedure: 'dbo.missing' }).round(1, take, signal),
      (error: ExchangeError) => {
        assert.deepEqual([error.code, error.retry], ['CONFIG', 'never']);
        assert.match(error.text.zh, /存储过程.*dbo\.missing/);
        return true;
      },
    );
  });
});
