/** Polling a hospital's table: nothing is missed, nothing is stale, whatever writers, clocks and crashes do. */
import assert from 'node:assert/strict';
import type { PollTexts } from '../../lib/database/poll/settings';
import type { PollSource } from '../../lib/database/poll/source';
import { DatabaseFailure } from '../../lib/database/failure';
import type { ExchangeError } from '../../lib/errors';
import { assertSql2008 } from '../support/sql-2008';
import { Chance } from '../support/chance';
import { DRIVERS, OWNER, PolledTable } from '../support/polled-table';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const SCHEMA = `
  create table report (no text not null, part text not null, content text, changed text, primary key (no, part));
  create table item (report_no text not null, report_part text not null, seq integer, result text);
`;
const WATERMARK: PollTexts = {
  mode: 'watermark',
  source: 'report',
  keys: 'no, part',
  watermark: 'changed',
  start: 'all',
  overlap: '10',
};
const never = new AbortController().signal;

for (const kind of DRIVERS)
  describe(`polling by ${kind}`, function () {
    this.timeout(120_000);
    let table: PolledTable;
    beforeEach(async () => {
      table = await PolledTable.open(kind, SCHEMA);
    });
    afterEach(() => table.close());
    afterEach(() => {
      for (const sql of table.sent) assertSql2008(sql);
    });

    const write = (no: string, content: string, changed = table.wallClock(), part = '1'): void => {
      table.database.run(
        'insert into report (no, part, content, changed) values (?, ?, ?, ?)' +
          ' on conflict (no, part) do update set content = excluded.content, changed = excluded.changed',
        no,
        part,
        content,
        changed,
      );
    };
    const taken = (): string[] =>
      table.taken.map(
        ({ key, payload }) => `${key.join('/')} ${String((payload as Record<string, unknown>)['content'])}`,
      );

    describe('with writers that nobody can rely on', () => {
      const seeds = kind === 'sqlite' ? [1, 2, 3, 4, 5, 6] : [7, 8];
      for (const seed of [...seeds, new Chance().seed])
        it(`misses nothing, and keeps nothing stale (seed ${seed})`, async () => {
          const seen = await hostileRun(table, new Chance(seed), {
            write,
            open: () => table.source(WATERMARK),
          });
          assert.deepEqual(seen.missed, [], 'rows that never came');
          assert.deepEqual(seen.stale, [], 'rows whose last version did not come last');
          assert.deepEqual(seen.twice, [], 'the same version twice in a row');
          assert.ok(
            seen.late > 20 && seen.equal > 20 && seen.backDated > 5 && seen.crashes > 10,
            JSON.stringify(seen),
          );
        });

      it('a poller that only looks beyond the last time loses rows in the same run', async () => {
        const seen = await hostileRun(table, new Chance(1), {
          write,
          open: () => table.source({ ...WATERMARK, overlap: '0', rescanBack: '0' }),
        });
        assert.ok(seen.missed.length > 0, 'this run would show nothing');
      });
    });

    it('pages through equal times by key, however many there are', async () => {
      const at = table.wallClock();
      for (let no = 0; no < 57; no++) write(`R${no}`, 'x', at);
      await table.drain(await table.source({ ...WATERMARK, page: '10' }), 7);
      assert.equal(new Set(taken()).size, 57);
      assert.deepEqual([table.taken.length, table.repeated], [57, 0]);
    });

    it('parks a row that cannot be read, with the reason, and reads the others', async () => {
      for (const no of ['A', 'BAD', 'C']) write(no, 'x');
      table.whenAnswered((_text, { rows }) => {
        if (rows.some(({ no, content }) => no === 'BAD' && content !== undefined))
          throw new DatabaseFailure('inexact', 'his', 'decimal');
      });
      await table.drain(await table.source(WATERMARK));
      assert.deepEqual(table.taken.map(({ key, failure }) => `${key[0]} ${failure?.code}`).toSorted(), [
        'A undefined',
        'BAD DATABASE_REFUSED',
        'C undefined',
      ]);
    });

    it('begins now, or where it is told, and goes on there after a restart', async () => {
      write('OLD', 'x', '2029-12-01 00:00:00.000');
      write('MIDDLE', 'x', '2030-01-01 00:00:00.000');
      await table.drain(await table.source({ ...WATERMARK, start: '2030-01-01' }));
      assert.deepEqual(taken(), ['MIDDLE/1 x']);
      write('NEW', 'x');
      await table.drain(await table.source({ ...WATERMARK, start: 'all' }));
      assert.deepEqual(taken(), ['MIDDLE/1 x', 'NEW/1 x']);
    });

    it('takes no more than there is room for, and forgets none of the rest', async () => {
      for (let no = 0; no < 25; no++) write(`R${String(no).padStart(2, '0')}`, 'x');
      const source = await table.source({ ...WATERMARK, page: '20' });
      const rounds: [number, boolean][] = [];
      for (let round = 0; round < 4; round++) {
        const { taken: count, more } = await source.round(8, table.take, never);
        rounds.push([count, more]);
      }
      assert.deepEqual(rounds, [
        [8, true],
        [8, true],
        [8, true],
        [1, false],
      ]);
      assert.equal(new Set(taken()).size, 25);
    });

    it('reads a period again when asked, also after a restart in the middle of it; the store knows what is the same', async () => {
      for (let day = 1; day <= 20; day++)
        write(`R${day}`, 'x', `2029-12-${String(day).padStart(2, '0')} 08:00:00.000`);
      const source = await table.source({ ...WATERMARK, start: 'now', page: '3' });
      await table.drain(source);
      assert.deepEqual(taken(), []);
      await source.backfill('2029-12-05', '2029-12-16', table.take);
      await source.round(4, table.take, never);
      assert.equal(table.taken.length, 4);
      await table.drain(await table.source({ ...WATERMARK, start: 'now', page: '3' }));
      assert.deepEqual(
        taken().toSorted(),
        Array.from({ length: 12 }, (_, at) => `R${at + 5}/1 x`).toSorted(),
      );
      await assert.rejects(source.backfill('gestern', null, table.take), (error: ExchangeError) => {
        assert.deepEqual([error.code, error.retry], ['CONFIG', 'never']);
        return true;
      });
    });

    it('says how many rows it cannot see', async () => {
      table.database.run("insert into report (no, part, content, changed) values ('A', '1', 'x', null)");
      await table.drain(await table.source(WATERMARK));
      assert.match(table.warnings.map(({ zh }) => zh).join(), /1 行的更新时间列或主键列为空/);
    });

    it('polls by a number that grows', async () => {
      table.database.exec('create table entry (id integer primary key, no text)');
      for (let id = 1; id <= 30; id++) table.database.run('insert into entry values (?, ?)', id, `R${id}`);
      const texts: PollTexts = {
        ...WATERMARK,
        source: 'entry',
        keys: 'no',
        watermark: 'id',
        watermarkKind: 'number',
        overlap: '5',
      };
      const source = await table.source({ ...texts, page: '7' });
      await table.drain(source);
      // Committed late: its number was given before the others.
      table.database.run('insert into entry values (31, ?)', 'R31');
      table.database.run('update entry set no = ? where id = 28', 'LATE');
      await table.drain(source);
      assert.equal(table.taken.length, 32);
    });

    it('reads times that are written as text', async () => {
      table.database.exec('create table entry (no text, changed text)');
      for (const [no, changed] of [
        ['A', '20300102110000'],
        ['B', '20300102115500'],
      ] as const)
        table.database.run('insert into entry values (?, ?)', no, changed);
      const texts: PollTexts = {
        ...WATERMARK,
        source: 'entry',
        keys: 'no',
        watermarkKind: 'compact',
        start: '2030-01-02 11:30:00',
      };
      await table.drain(await table.source(texts));
      assert.deepEqual(
        table.taken.map(({ key }) => key),
        [['B']],
      );
    });

    describe('rows that belong together', () => {
      it('are one message: all rows of a key, wherever a page ends', async () => {
        for (let no = 0; no < 4; no++)
          for (let part = 0; part < 5; part++) write(`R${no}`, `c${part}`, table.wallClock(), String(part));
        const source = await table.source({ ...WATERMARK, keys: 'no', shape: 'many', page: '7' });
        await table.drain(source);
        assert.deepEqual(
          table.taken.map(({ key, payload }) => [key[0], (payload as unknown[]).length]),
          [
            ['R0', 5],
            ['R1', 5],
            ['R2', 5],
            ['R3', 5],
          ],
        );
        table.databaseTime += MINUTE;
        write('R2', 'changed', table.wallClock(), '3');
        await table.drain(source);
        const last = table.taken.at(-1);
        assert.deepEqual(
          [table.taken.length, last?.key, (last?.payload as unknown[] | undefined)?.length],
          [5, ['R2'], 5],
        );
      });

      const DETAIL: PollTexts = {
        ...WATERMARK,
        shape: 'detail',
        detailSource: 'item',
        detailKeys: 'report_no, report_part',
        detailOrder: 'seq',
      };
      const addItem = (no: string, seq: number, result: string): void => {
        table.database.run("insert into item values (?, '1', ?, ?)", no, seq, result);
      };

      it('come with their details', async () => {
        for (const no of ['A', 'B']) write(no, 'x');
        for (const seq of [2, 1]) addItem('A', seq, `r${seq}`);
        await table.drain(await table.source(DETAIL));
        assert.deepEqual(
          table.taken.map(({ payload }) => {
            const { no, lab_subitem: items } = payload as { no: string; lab_subitem: { result: string }[] };
            return [no, items.map(({ result }) => result)];
          }),
          [
            ['A', ['r1', 'r2']],
            ['B', []],
          ],
        );
      });

      it('fit together: what is changed while it is read is read again', async () => {
        write('A', 'first');
        addItem('A', 1, 'first');
        const source = await table.source(DETAIL);
        const { driver } = table;
        let changes = 0;
        table.whenAnswered(text => {
          // After the master was read, and before its details are.
          if (!/from .report. as t where .*order by/.test(text) || changes++ > 0) return;
          table.databaseTime += 1000;
          write('A', 'second');
          table.database.run("update item set result = 'second'");
        });
        const changing = await table.source(DETAIL);
        await table.drain(changing);
        table.driver = driver;
        await table.drain(source);
        const read = table.taken.map(({ payload }) => {
          const { content, lab_subitem: items } = payload as {
            content: string;
            lab_subitem: { result: string }[];
          };
          return [content, items[0]?.result];
        });
        assert.deepEqual(read, [['second', 'second']]);
      });
    });

    describe('by the status of a row', () => {
      const CLAIM: PollTexts = {
        mode: 'claim',
        source: 'task',
        keys: 'no',
        statusColumn: 'status',
        ownerColumn: 'owner',
        leaseColumn: 'lease',
        attemptsColumn: 'attempts',
        messageColumn: 'message',
        versionColumn: 'changed',
        order: 'changed',
      };
      beforeEach(() => {
        table.database.exec(
          'create table task (no text primary key, content text, changed text, status integer not null default 0,' +
            ' owner text, lease text, attempts integer, message text)',
        );
      });
      const add = (no: string, changed = '2030-01-02 10:00:00.000'): void => {
        table.database.run('insert into task (no, content, changed) values (?, ?, ?)', no, 'x', changed);
      };
      const rows = (): unknown[] =>
        table.database
          .all('select no, status, owner, attempts, message from task order by no')
          .map(row => Object.values(row));
      const acknowledge = (source: PollSource, no: string, state: 'done' | 'rejected', message = '') => {
        const version = table.taken.find(({ key }) => key[0] === no)?.version ?? '';
        return source.acknowledge({ key: [no], version, state, message }, never);
      };

      it('claims, oldest first, and marks what became of it', async () => {
        for (const [no, changed] of [
          ['A', '2030-01-02 10:00:02'],
          ['B', '2030-01-02 10:00:01'],
          ['C', '2030-01-02 10:00:03'],
        ] as const)
          add(no, changed);
        const source = await table.source(CLAIM);
        assert.deepEqual(await source.round(2, table.take, never), { taken: 2, more: true });
        assert.deepEqual(
          table.taken.map(({ key }) => key[0]),
          ['B', 'A'],
        );
        assert.deepEqual(rows(), [
          ['A', 1, OWNER, 1, null],
          ['B', 1, OWNER, 1, null],
          ['C', 0, null, null, null],
        ]);
        await acknowledge(source, 'A', 'done');
        await acknowledge(source, 'B', 'rejected', `缺少患者编号。${'很长的说明'.repeat(100)}`);
        const [a, b] = rows() as [unknown[], unknown[]];
        assert.deepEqual(a, ['A', 2, OWNER, 1, null]);
        assert.equal(b[1], 3);
        assert.match(String(b[4]), /^缺少患者编号。.*…$/);
        await table.drain(source);
        assert.deepEqual(
          table.taken.map(({ key }) => key[0]),
          ['B', 'A', 'C'],
        );
      });

      it('takes over what a poller has left when its lease is over; the store knows it already', async () => {
        add('A');
        await table.drain(await table.source(CLAIM));
        await table.drain(await table.source(CLAIM));
        assert.deepEqual([table.taken.length, table.repeated], [1, 0], 'the lease holds');
        table.database.run("update task set lease = '2020-01-01 00:00:00.000'");
        const source = await table.source(CLAIM);
        await table.drain(source);
        assert.deepEqual([table.taken.length, table.repeated], [1, 1]);
        assert.deepEqual(rows(), [['A', 1, OWNER, 2, null]]);
        await acknowledge(source, 'A', 'done');
        assert.deepEqual(rows(), [['A', 2, OWNER, 2, null]]);
      });

      it('a crash between claim and store loses nothing', async () => {
        add('A');
        const source = await table.source(CLAIM);
        table.crash = 'before';
        await assert.rejects(source.round(10, table.take, never), /crashed/);
        table.crash = null;
        table.database.run("update task set lease = '2020-01-01 00:00:00.000'");
        await table.drain(await table.source(CLAIM));
        assert.equal(table.taken.length, 1);
      });

      it('a row that was changed since is new again, not done', async () => {
        add('A');
        const source = await table.source(CLAIM);
        await table.drain(source);
        table.database.run("update task set content = 'y', changed = '2030-01-02 11:00:00.000'");
        await acknowledge(source, 'A', 'done');
        assert.deepEqual((rows()[0] as unknown[])[1], 0);
        await table.drain(source);
        assert.deepEqual(
          table.taken.map(({ payload }) => (payload as { content: string }).content),
          ['x', 'y'],
        );
      });

      it('the outcome of an earlier version sets the row back; that of the later one marks it all the same', async () => {
        add('A');
        const source = await table.source(CLAIM);
        await table.drain(source);
        table.database.run("update task set content = 'y', changed = '2030-01-02 11:00:00.000', status = 0");
        await table.drain(source);
        const outcomes = table.taken.map(({ key, version }) => ({
          key,
          version,
          state: 'done' as const,
          message: '',
        }));
        const told: [boolean, unknown][] = [];
        for (const outcome of outcomes)
          told.push([await source.acknowledge(outcome, never), (rows()[0] as unknown[])[1]]);
        assert.deepEqual(told, [
          [false, 0],
          [true, 2],
        ]);
        await table.drain(source);
        assert.equal(table.taken.length, 2);
      });

      it('touches no row that another poller owns', async () => {
        add('A');
        const source = await table.source(CLAIM);
        await table.drain(source);
        table.database.run("update task set owner = 'other'");
        await acknowledge(source, 'A', 'done');
        assert.deepEqual(rows(), [['A', 1, 'other', 1, null]]);
      });

      it('marks rows as soon as they are safe, where that is asked for', async () => {
        add('A');
        await table.drain(await table.source({ ...CLAIM, ackMoment: 'stored' }));
        assert.deepEqual(rows(), [['A', 2, OWNER, 1, null]]);
      });

      it('does with the status alone, where nothing else is granted', async () => {
        for (const no of ['A', 'B', 'C', 'D']) add(no);
        const texts: PollTexts = {
          mode: 'claim',
          source: 'task',
          keys: 'no',
          statusColumn: 'status',
          inFlight: '2',
          page: '2',
        };
        const source = await table.source(texts);
        await source.round(2, table.take, never);
        await source.round(2, table.take, never);
        assert.deepEqual([table.taken.map(({ key }) => key[0]), table.repeated], [['A', 'B', 'C', 'D'], 0]);
        await acknowledge(source, 'A', 'rejected', '不要');
        await acknowledge(source, 'B', 'done');
        await table.drain(source);
        assert.deepEqual(
          (rows() as unknown[][]).map(row => row[1]),
          [3, 2, 0, 0],
        );
        assert.equal(table.taken.length, 4);
      });
    });

    it('names what the database does not have', async () => {
      for (const [texts, words] of [
        [{ ...WATERMARK, source: 'missing' }, /missing/],
        [{ ...WATERMARK, watermark: 'missing' }, /missing/],
        [{ ...WATERMARK, shape: 'detail', detailSource: 'item', detailKeys: 'nr, part' }, /nr/],
      ] as const) {
        const source = await table.source(texts);
        await assert.rejects(source.round(1, table.take, never), (error: ExchangeError) => {
          assert.deepEqual([error.code, error.retry], ['CONFIG', 'never']);
          assert.match(error.text.zh, words);
          return true;
        });
      }
    });
  });

interface Seen {
  readonly missed: string[];
  readonly stale: string[];
  readonly twice: string[];
  late: number;
  equal: number;
  backDated: number;
  crashes: number;
}

/**
 * Writers whose transactions commit up to eight minutes late, whose times are equal, or dated back by an hour, while the
 * database's clock is put back twice and the poller is ended at any point. What counts is what the store has at last.
 */
async function hostileRun(
  table: PolledTable,
  chance: Chance,
  {
    write,
    open,
  }: { write: (no: string, content: string, changed: string) => void; open: () => Promise<PollSource> },
): Promise<Seen> {
  const seen: Seen = { missed: [], stale: [], twice: [], late: 0, equal: 0, backDated: 0, crashes: 0 };
  const waiting: { at: number; commit: () => void }[] = [];
  const final = new Map<string, string>();
  const pass = (ms: number): void => {
    table.clock.advance(ms);
    table.databaseTime += ms;
    for (const one of waiting.filter(({ at }) => at <= table.clock.now())) {
      waiting.splice(waiting.indexOf(one), 1);
      one.commit();
    }
  };
  let source = await open();
  let last = table.wallClock();
  for (let step = 0; step < 600; step++) {
    pass(chance.between(1, 90) * 1000);
    if (step === 200 || step === 400) table.databaseTime -= HOUR;
    const no = `R${chance.between(0, 150)}`;
    // One writer at a time for a row, as the hospital's own locks see to.
    if (![...waiting].some(({ commit }) => commit.name === no)) {
      const content = `v${step}`;
      const isEqual = chance.in(0.2);
      const isBackDated = !isEqual && chance.in(0.05);
      const isLate = chance.in(0.3);
      const changed = isEqual ? last : table.wallClock(table.databaseTime - (isBackDated ? HOUR : 0));
      if (isEqual) seen.equal++;
      if (isBackDated) seen.backDated++;
      last = changed;
      const commit = { [no]: () => (write(no, content, changed), final.set(no, content)) }[no];
      if (isLate) {
        seen.late++;
        waiting.push({
          at: table.clock.now() + chance.between(1, 8 * 60) * 1000,
          commit: commit as () => void,
        });
      } else commit?.();
    }
    if (chance.in(0.5)) {
      table.crash = chance.in(0.15) ? (chance.in(0.5) ? 'before' : 'after') : null;
      try {
        await source.round(chance.between(1, 5), table.take, never);
      } catch {
        seen.crashes++;
        source = await open();
      }
      table.crash = null;
    }
  }
  pass(10 * MINUTE);
  await table.drain(source);
  // What was dated back further than the overlap comes by reading the last days again.
  pass(DAY);
  await table.drain(source);
  const got = new Map<string, string>();
  for (const { key, payload } of table.taken) {
    const content = (payload as { content: string }).content;
    const [no = ''] = key;
    if (got.get(no) === content) seen.twice.push(`${no} ${content}`);
    got.set(no, content);
  }
  for (const [no, content] of final) {
    if (!got.has(no)) seen.missed.push(no);
    else if (got.get(no) !== content) seen.stale.push(`${no}: ${got.get(no)} instead of ${content}`);
  }
  return seen;
}
