/** Polling in a real flow: from the hospital's table to the platform, and back to the row. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { child, childrenNamed, readXml } from '../../lib/wire/xml-read';
import { SqliteDatabase } from '../../lib/sqlite';
import { type FlowNode, type Message, TestFlow } from '../support/flow';
import { fixture } from '../support/fixture';
import { until } from '../support/until';

const lab = readXml(fixture('ArchiveAutoReport.lab.xml'));
const master = child(child(lab, 'labmaster') ?? lab, 'item')?.attributes ?? {};
const items = childrenNamed(lab, 'lab_subitem').map(wrapper => child(wrapper, 'item')?.attributes ?? {});

const SECRET = 'TEST-STORE-KEY';

describe('database-poll', function () {
  this.timeout(40_000);
  const flow = new TestFlow();
  let folder: string;
  let database: SqliteDatabase;
  before(() => flow.start());
  after(() => flow.stop());
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'poll-'));
    database = SqliteDatabase.open(path.join(folder, 'his.db'));
    database.exec('create table report (no text primary key, content text, changed text)');
  });
  afterEach(async () => {
    await flow.undeploy();
    database.close();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  const helpers = (...ids: string[]): FlowNode[] => ids.map(id => ({ id, type: 'helper', wires: [] }));
  const poll = (changes: object = {}, wires: string[][] = [['out']]): FlowNode => ({
    id: 'poll',
    type: 'database-poll',
    database: 'd',
    store: 's',
    mode: 'watermark',
    source: 'report',
    keys: 'no',
    watermark: 'changed',
    watermarkKind: 'datetime',
    start: 'all',
    interval: '0.2',
    inFlight: '50',
    handover: 'auto',
    wires,
    ...changes,
  });
  const deploy = (
    nodes: readonly FlowNode[],
    settings: Record<string, unknown> = {},
    caught: object = { scope: null, wires: [['caught']] },
  ): Promise<void> =>
    flow.deploy(
      [
        {
          id: 's',
          type: 'exchange-store',
          kind: 'embedded',
          file: path.join(folder, 'store.db'),
          firstDelay: '1',
          repeatAfter: '1',
        },
        { id: 'd', type: 'hospital-database', kind: 'sqlite', file: path.join(folder, 'his.db') },
        { id: 'catch1', type: 'catch', ...caught },
        ...helpers('out', 'caught'),
        ...nodes,
      ],
      { store: 's', ...settings },
      { s: { key: SECRET } },
    );
  const write = (no: string, content: string, changed = '2030-01-02 10:00:00.000'): void => {
    database.run('insert or replace into report values (?, ?, ?)', no, content, changed);
  };
  const collect = (id: string): Message[] => {
    const got: Message[] = [];
    flow.each(id, msg => got.push(msg));
    return got;
  };
  const handover: FlowNode = { id: 'end', type: 'exchange-handover', wires: [] };
  const contents = (got: readonly Message[]): unknown[] =>
    got.map(({ payload }) => (payload as { content?: unknown }).content);

  it('sends each row once, changed rows again, and goes on after a restart', async () => {
    write('A', 'first');
    write('B', 'first');
    const nodes = [poll({}, [['out', 'end']]), handover];
    await deploy(nodes);
    let got = collect('out');
    await until('both rows', () => got.length === 2);
    assert.deepEqual(
      got.map(({ payload, poll: mark }) => [payload, (mark as { key: unknown }).key]),
      [
        [{ no: 'A', content: 'first', changed: '2030-01-02 10:00:00.000' }, ['A']],
        [{ no: 'B', content: 'first', changed: '2030-01-02 10:00:00.000' }, ['B']],
      ],
    );
    await flow.undeploy();
    write('A', 'second', '2030-01-02 10:00:01.000');
    await deploy(nodes);
    got = collect('out');
    await until('the changed row', () => got.length > 0);
    write('C', 'first', '2030-01-02 10:00:02.000');
    await until('the new row', () => got.length === 2);
    assert.deepEqual(contents(got), ['second', 'first']);
  });

  it('repeats what the flow has not taken over, and reads no more than may be in flight', async () => {
    for (const no of ['A', 'B', 'C', 'D', 'E']) write(no, no);
    const nodes = [poll({ inFlight: '2', handover: 'taken' })];
    await deploy(nodes);
    let got = collect('out');
    await until('two rows', () => got.length >= 2);
    await until('the pause', async () => (await flow.storeOf('s').backlog({ channel: 'poll' })) === 2);
    assert.deepEqual(new Set(contents(got)), new Set(['A', 'B']));
    await flow.undeploy();
    await deploy([poll({ inFlight: '2', handover: 'taken' }, [['out', 'end']]), handover]);
    got = collect('out');
    await until('all rows', () => new Set(contents(got)).size === 5);
  });

  it('reads a period again when asked', async () => {
    for (let day = 10; day < 20; day++) write(`R${day}`, 'x', `2019-12-${day} 08:00:00.000`);
    await deploy([poll({ start: '2020-01-01' }, [['out', 'end']]), handover]);
    const got = collect('out');
    flow.receive('poll', { topic: 'backfill', payload: { from: '2019-12-12', to: '2019-12-14' } });
    await until('three days', () => got.length === 3);
    assert.deepEqual(
      got.map(({ payload }) => (payload as { no: string }).no),
      ['R12', 'R13', 'R14'],
    );
    const caught = flow.next('caught');
    flow.receive('poll', { topic: 'backfill', payload: { from: 'soon' } });
    assert.match(
      JSON.stringify((await caught)['error']),
      /CONFIG.*起点 soon 无法识别|起点 soon 无法识别.*CONFIG/,
    );
  });

  it('says what is wrong with its table, and a message that is not its own', async () => {
    await deploy([poll({}, [['out', 'end']]), handover]);
    write('A', 'x');
    await flow.next('out');
    const caught = flow.next('caught');
    database.exec('drop table report');
    assert.match(JSON.stringify((await caught)['error']), /表或列不存在/);
    const foreign = flow.next('caught');
    flow.receive('poll', { payload: {}, exchange: { outcome: 'accepted' } });
    assert.match(JSON.stringify((await foreign)['error']), /不是本节点读出的行/);
  });

  it('sends the new version of a claimed row once, also when the outcome of the old one comes after it', async () => {
    database.exec(
      'create table task (no text primary key, content text, changed text, status integer not null default 0,' +
        ' owner text, lease text, attempts integer not null default 0)',
    );
    const set = (no: string, content: string, changed: string): void => {
      database.run(
        'insert into task (no, content, changed) values (?, ?, ?) on conflict (no) do update' +
          ' set content = excluded.content, changed = excluded.changed, status = 0',
        no,
        content,
        changed,
      );
    };
    const rowA = (): Record<string, unknown> =>
      database.get("select status, attempts from task where no = 'A'") ?? {};
    const claim = {
      mode: 'claim',
      source: 'task',
      statusColumn: 'status',
      ownerColumn: 'owner',
      leaseColumn: 'lease',
      attemptsColumn: 'attempts',
      versionColumn: 'changed',
    };
    await deploy([poll(claim, [['out', 'end']]), handover]);
    const got = collect('out');
    const outcomeOf = (msg: Message | undefined): void =>
      flow.receive('poll', { ...msg, exchange: { outcome: 'accepted' } });
    set('A', 'first', '2030-01-02 10:00:00.000');
    await until('the row', () => got.length === 1);
    set('A', 'second', '2030-01-02 10:00:01.000');
    await until('its new version', () => got.length === 2);
    outcomeOf(got[0]);
    await until('it is claimed again', () => rowA()['attempts'] === 3);
    outcomeOf(got[1]);
    await until('it is done', () => rowA()['status'] === 2);
    set('B', 'other', '2030-01-02 10:00:02.000');
    await until('another row', () => contents(got).includes('other'));
    assert.deepEqual(contents(got), ['first', 'second', 'other']);
  });

  describe('with the platform', () => {
    const columns = [...new Set(Object.keys(master))];
    const itemColumns = [...new Set(items.flatMap(item => Object.keys(item)))];
    beforeEach(() => {
      database.exec(
        `create table lab (${columns.map(name => `"${name}" text`).join(', ')}, xfer_status integer not null default 0,` +
          ' xfer_owner text, xfer_lease text, xfer_attempts integer, xfer_message text);' +
          `create table lab_item (${itemColumns.map(name => `"${name}" text`).join(', ')});`,
      );
    });
    const key = 'report_form_no';
    const addReport = (no: string, changes: Record<string, string | null> = {}): void => {
      const insert = (table: string, row: Record<string, string | null>): void => {
        const names = Object.keys(row);
        database.run(
          `insert into ${table} (${names.map(name => `"${name}"`).join(', ')}) values (${names.map(() => '?').join(', ')})`,
          ...Object.values(row),
        );
      };
      insert('lab', { ...master, [key]: no, ...changes });
      for (const item of items) insert('lab_item', { ...item, [key]: no });
    };
    const statusOf = (no: string): Record<string, unknown> =>
      database.get(`select xfer_status as status, xfer_message as message from lab where ${key} = ?`, no) ??
      {};
    const chain = (): FlowNode[] => [
      {
        id: 'sim',
        type: 'platform-simulator',
        profile: 'p',
        path: '/simulator',
        bookingUrl: '',
        wires: [[], []],
      },
      poll(
        {
          mode: 'claim',
          source: 'lab',
          keys: key,
          shape: 'detail',
          detailSource: 'lab_item',
          statusColumn: 'xfer_status',
          ownerColumn: 'xfer_owner',
          leaseColumn: 'xfer_lease',
          attemptsColumn: 'xfer_attempts',
          messageColumn: 'xfer_message',
          versionColumn: 'last_update_dtime',
        },
        [['lab', 'out']],
      ),
      {
        id: 'lab',
        type: 'lab-register',
        profile: 'p',
        property: 'payload',
        propertyType: 'msg',
        delivery: 'durable',
        handover: 'auto',
        wires: [
          ['poll', 'ok'],
          ['poll', 'no'],
        ],
      },
      ...helpers('ok', 'no'),
    ];
    /** A broken report is no outcome but an error, which tells the row as well. */
    const brokenToo = { scope: ['lab'], wires: [['poll']] };
    const platform = (): Record<string, unknown> => ({
      archiveUrl: `${flow.url}/simulator/sehr.service.auto/IAutoReport.asmx`,
    });

    it('registers a report with its items, and marks its row with what the platform said', async () => {
      addReport('TEST0001');
      addReport('TEST0002', { effective_dtime: '2030年某日' });
      await deploy(chain(), platform(), brokenToo);
      await until('the good one', () => statusOf('TEST0001')['status'] === 2);
      await until('the bad one', () => statusOf('TEST0002')['status'] === 3);
      const { message } = statusOf('TEST0002');
      assert.match(String(message), /\p{Script=Han}/u);
      assert.doesNotMatch(String(message), /测试/);
      await until(
        'nothing is left',
        async () => (await flow.storeOf('s').backlog({ channel: 'poll' })) === 0,
      );
    });

    it('sends a row again that somebody has set back, unchanged as it is', async () => {
      addReport('TEST0004');
      await deploy(chain(), platform());
      let outcomes = 0;
      flow.each('ok', () => outcomes++);
      await until('it is registered', () => statusOf('TEST0004')['status'] === 2);
      await until('its outcome', () => outcomes === 1);
      database.run('update lab set xfer_status = 0');
      await until('it is registered again', () => outcomes === 2);
      await until('its row says so', () => statusOf('TEST0004')['status'] === 2);
    });

    it('keeps the row claimed while the platform is down, and marks it afterwards, also by a new start', async () => {
      addReport('TEST0003');
      await deploy(chain(), { archiveUrl: 'http://127.0.0.1:9/closed' });
      await until(
        'it waits for the platform',
        async () => (await flow.storeOf('s').backlog({ channel: 'lab' })) === 1,
      );
      assert.equal(statusOf('TEST0003')['status'], 1);
      await flow.undeploy();
      await deploy(chain(), platform());
      await until('it is registered', () => statusOf('TEST0003')['status'] === 2);
    });
  });
});
