/**
 * Changed rows by a time or number that grows. A round reads all that is younger than the youngest known, less the
 * overlap, so that what was committed late, or by a clock that is slow, is still met; what is known already is passed
 * over. The point from which the next round reads never lies behind rows that could not be seen yet: it is at most the
 * database's clock at the start of the round.
 */
import type { DatabaseDriver, DatabaseRow, RunOptions } from '../driver';
import { Bound } from './bound';
import { Completion, type FoundRow } from './completion';
import type { PollDialect, TypesByName } from './dialect';
import { dialectOf } from './dialects';
import { Ledger } from './ledger';
import type { WatermarkPlan } from './plan';
import { type PolledRecord, VERSION, contentOf, keyOf, keyText, versionOf } from './record';
import { type Key, isOfRow } from './row-reader';
import type { PollSource, Round, SourceContext, Take } from './source';
import { ownConditions, typeOf, withVersion } from './statements';
import { back, beginning, compare, earlier, readWatermark } from './watermark';

/** What is kept of how far the source was read. No keys: they may be a patient's. */
interface Position {
  /** Youngest watermark up to which all was read; null before the first round. */
  readonly high: string | null;
  /** Milliseconds since 1970; null before the first round. */
  readonly rescannedAt: number | null;
  /** Parts that are read again, each up to `to` or what is youngest when it gets there. `from` moves on. */
  readonly backfills: readonly { readonly from: string; readonly to: string | null }[];
}

/** A walk through the rows in the order of watermark and key. */
interface Sweep {
  readonly low: string;
  readonly to: string | null;
  /** The youngest watermark that the next round may begin at. */
  readonly bound: string;
  readonly base: string;
  after: { readonly watermark: string; readonly key: Key } | null;
}

interface Found extends FoundRow {
  readonly watermark: string;
}

/** The rows of one key on a page. */
interface Group {
  readonly key: Key;
  /** Of the rows, by which they are known again. */
  readonly text: string;
  readonly first: Found;
}

interface Prepared {
  readonly types: TypesByName;
  readonly completion: Completion;
}

export class WatermarkSource implements PollSource {
  readonly #driver: DatabaseDriver;
  readonly #dialect: PollDialect;
  readonly #plan: WatermarkPlan;
  readonly #context: SourceContext;
  readonly #ledger = new Ledger();
  #position: Position;
  #keeping: Promise<unknown> = Promise.resolve();
  #prepared: Prepared | undefined;
  #sweep: Sweep | undefined;
  #backfill: Sweep | undefined;

  constructor(driver: DatabaseDriver, plan: WatermarkPlan, context: SourceContext) {
    this.#driver = driver;
    this.#dialect = dialectOf(driver);
    this.#plan = plan;
    this.#context = context;
    // Written by this class.
    this.#position = context.position
      ? (JSON.parse(context.position) as Position)
      : { high: null, rescannedAt: null, backfills: [] };
  }

  async round(room: number, take: Take, signal: AbortSignal): Promise<Round> {
    const options = { signal };
    this.#prepared ??= await this.#prepare(options);
    if (!this.#sweep) {
      const now = await this.#now(options);
      if (this.#position.high === null) await this.#begin(now, take, options);
      await this.#rescanWhenDue(now, take, options);
      this.#ledger.nextRound();
      this.#sweep = this.#newSweep(now);
    }
    const forward = await this.#walk(this.#sweep, room, take, options);
    if (forward.more) return forward;
    this.#sweep = undefined;
    const again = await this.#walkBackfill(room - forward.taken, take, options);
    return { taken: forward.taken + again.taken, more: again.more };
  }

  acknowledge(): Promise<void> {
    // A watermark needs no mark in the hospital's table.
    return Promise.resolve();
  }

  async backfill(from: string, to: string | null, take: Take): Promise<void> {
    const { kind } = this.#plan;
    const part = {
      from: readWatermark(kind, from),
      to: to === null ? null : readWatermark(kind, to, 'last'),
    };
    await this.#keep(take, ({ backfills }) => ({ backfills: [...backfills, part] }));
  }

  async #prepare(options: RunOptions): Promise<Prepared> {
    const { table, column, kind } = this.#plan;
    const { shape } = table;
    const types = await this.#dialect.columnTypes(this.#driver, table.source, options);
    for (const name of [...table.keys, column]) typeOf(types, name);
    const detail =
      shape.kind === 'detail' ? await this.#dialect.columnTypes(this.#driver, shape.source, options) : null;
    for (const name of shape.kind === 'detail' ? [...shape.keys, ...shape.order] : [])
      typeOf(detail ?? types, name);
    const version = this.#dialect.watermark(kind, this.#column());
    const completion = new Completion(this.#driver, this.#dialect, table, { own: types, detail }, version);
    return { types, completion };
  }

  /** The very first round. */
  async #begin(now: string, take: Take, options: RunOptions): Promise<void> {
    const { kind, start } = this.#plan;
    const high = start === 'now' ? now : start === 'all' ? beginning(kind) : readWatermark(kind, start);
    await this.#keep(take, () => ({ high, rescannedAt: this.#context.now() }));
    await this.#warnOfBlindRows(options);
  }

  async #rescanWhenDue(now: string, take: Take, options: RunOptions): Promise<void> {
    const { rescan, kind } = this.#plan;
    const { rescannedAt } = this.#position;
    if (!rescan || rescannedAt === null || this.#context.now() - rescannedAt < rescan.everyMs) return;
    const part = { from: back(kind, now, rescan.back), to: null };
    await this.#keep(take, ({ backfills }) => ({
      rescannedAt: this.#context.now(),
      backfills: [...backfills, part],
    }));
    await this.#warnOfBlindRows(options);
  }

  /** Rows that polling cannot see: they are said, for nobody would miss them. */
  async #warnOfBlindRows(options: RunOptions): Promise<void> {
    const { table, column } = this.#plan;
    const none = [column, ...table.keys].map(name => `t.${this.#dialect.quote(name)} is null`);
    const text = this.#dialect.select({
      columns: 'count(*) as n',
      from: this.#from(),
      where: [`(${none.join(' or ')})`, ...(table.condition ? [`(${table.condition})`] : [])],
    });
    const { rows } = await this.#run(text, new Bound(), options);
    const count = Number(rows[0]?.['n'] ?? 0);
    if (count === 0) return;
    this.#context.warn({
      zh: `轮询：有 ${count} 行的更新时间列或主键列为空，轮询看不到这些行，请在源表中补全`,
      en: `poll: ${count} rows have no watermark or no key, and polling cannot see them: fill these columns`,
    });
  }

  /** Clock of the database; for numbers, the greatest there is. */
  async #now(options: RunOptions): Promise<string> {
    const { kind } = this.#plan;
    if (kind === 'number') {
      const text = this.#dialect.select({
        columns: `max(t.${this.#dialect.quote(this.#plan.column)}) as now`,
        from: this.#from(),
        where: [],
      });
      const { rows } = await this.#run(text, new Bound(), options);
      return String(rows[0]?.['now'] ?? 0);
    }
    const { rows } = await this.#run(`select ${this.#dialect.now(kind)} as now`, new Bound(), options);
    return String(rows[0]?.['now']);
  }

  #newSweep(now: string): Sweep {
    const { kind, overlap } = this.#plan;
    // A clock that was put back takes the watermark with it.
    const base = earlier(kind, this.#position.high ?? beginning(kind), now);
    const low = base === beginning(kind) ? base : back(kind, base, overlap);
    return { low, to: null, bound: now, base, after: null };
  }

  async #walkBackfill(room: number, take: Take, options: RunOptions): Promise<Round> {
    let taken = 0;
    for (;;) {
      const [part] = this.#position.backfills;
      if (!part) return { taken, more: false };
      if (taken >= room) return { taken, more: true };
      this.#backfill ??= { low: part.from, to: part.to, bound: part.from, base: part.from, after: null };
      const round = await this.#walk(this.#backfill, room - taken, take, options);
      taken += round.taken;
      if (round.more) return { taken, more: true };
      this.#backfill = undefined;
      await this.#keep(take, ({ backfills }) => ({ backfills: backfills.slice(1) }));
    }
  }

  /** Goes on with a sweep until its end, or until there is no room. */
  async #walk(sweep: Sweep, room: number, take: Take, options: RunOptions): Promise<Round> {
    let taken = 0;
    for (;;) {
      options.signal?.throwIfAborted();
      const page = await this.#page(sweep, options);
      const step = await this.#takePage(sweep, page, room - taken, take, options);
      taken += step.taken;
      if (step.more) return { taken, more: true };
      if (page.length < this.#plan.page) return { taken, more: false };
    }
  }

  async #takePage(
    sweep: Sweep,
    page: readonly Found[],
    room: number,
    take: Take,
    options: RunOptions,
  ): Promise<Round> {
    const isBackfill = sweep === this.#backfill;
    const groups = foundByKey(page);
    const fresh = groups.filter(
      ({ key, text }) => isBackfill || !this.#ledger.knowsFound(keyText(key), text),
    );
    const chosen = fresh.slice(0, room);
    const left = fresh[chosen.length];
    const { records, unsettled } = await this.#completion(chosen, options);
    const changed = records.filter(
      record => isBackfill || !this.#ledger.knowsRecord(keyText(record.key), contentOf(record)),
    );
    // Not beyond what was left behind, for want of room or because it was just being changed.
    const held = new Set([...(left ? [left.key] : []), ...unsettled].map(keyText));
    const end = page.findIndex(({ key }) => held.has(keyText(key)));
    const done = end < 0 ? page : page.slice(0, end);
    const last = done.at(-1);
    const waits = unsettled.length > 0 ? page[end] : undefined;
    await this.#handIn(sweep, changed, (waits ?? last)?.watermark, take);
    if (!isBackfill) this.#learn(chosen, records);
    // One that goes on changing comes again with its new watermark, in this sweep or the next one.
    const passed = left ? last : page.at(-1);
    if (passed) sweep.after = passed;
    return { taken: changed.length, more: left !== undefined };
  }

  #completion(chosen: readonly Group[], options: RunOptions): ReturnType<Completion['complete']> {
    const prepared = this.#prepared;
    if (!prepared || chosen.length === 0) return Promise.resolve({ records: [], unsettled: [] });
    return prepared.completion.complete(
      chosen.map(({ first }) => first),
      options,
    );
  }

  /** Records and position in one step. */
  async #handIn(
    sweep: Sweep,
    records: readonly PolledRecord[],
    reached: string | undefined,
    take: Take,
  ): Promise<void> {
    const { kind } = this.#plan;
    const { high } = this.#position;
    if (reached === undefined) {
      if (records.length > 0) await take(records);
      return;
    }
    if (sweep === this.#backfill) {
      const moved = ({ backfills: [part, ...rest] }: Position): Partial<Position> =>
        part ? { backfills: [{ ...part, from: reached }, ...rest] } : {};
      await this.#keep(take, moved, records);
      return;
    }
    const bounded = earlier(kind, reached, sweep.bound);
    const next = compare(kind, bounded, sweep.base) > 0 ? bounded : sweep.base;
    if (records.length > 0 || next !== high) await this.#keep(take, () => ({ high: next }), records);
  }

  #learn(chosen: readonly Group[], records: readonly PolledRecord[]): void {
    const texts = new Map(records.map(record => [keyText(record.key), contentOf(record)]));
    for (const { key, text } of chosen) {
      const record = texts.get(keyText(key));
      if (record !== undefined) this.#ledger.learn(keyText(key), text, record);
    }
  }

  /** Keeps a change of the position with records; one after the other, since a backfill may be asked for at any time. */
  #keep(
    take: Take,
    change: (position: Position) => Partial<Position>,
    records: readonly PolledRecord[] = [],
  ): Promise<void> {
    const kept = this.#keeping.then(async () => {
      const position = { ...this.#position, ...change(this.#position) };
      await take(records, JSON.stringify(position));
      this.#position = position;
    });
    this.#keeping = kept.catch(() => undefined);
    return kept;
  }

  /** The next rows of a sweep. Where one of them cannot be read, only their keys: each row is read by itself then. */
  async #page(sweep: Sweep, options: RunOptions): Promise<readonly Found[]> {
    const version = this.#dialect.watermark(this.#plan.kind, this.#column());
    try {
      const rows = await this.#select(sweep, withVersion(version), options);
      return this.#found(rows, row => row);
    } catch (error) {
      if (!isOfRow(error)) throw error;
      const keys = this.#plan.table.keys.map(key => `t.${this.#dialect.quote(key)}`).join(', ');
      const rows = await this.#select(sweep, `${keys}, ${version} as ${VERSION}`, options);
      return this.#found(rows, () => null);
    }
  }

  #found(rows: readonly DatabaseRow[], own: (row: DatabaseRow) => DatabaseRow | null): readonly Found[] {
    return rows.flatMap(row => {
      const key = keyOf(row, this.#plan.table.keys);
      return key ? [{ key, row: own(row), watermark: versionOf(row) }] : [];
    });
  }

  async #select(
    { low, to, after }: Sweep,
    columns: string,
    options: RunOptions,
  ): Promise<readonly DatabaseRow[]> {
    const { table, kind, page } = this.#plan;
    const bound = new Bound();
    const types = this.#prepared?.types ?? new Map();
    const column = this.#column();
    const watermark = (value: string): string =>
      this.#dialect.watermarkValue(kind, bound.add(value, kind === 'number' ? 'bigint' : 'varchar(30)'));
    const from = watermark(after?.watermark ?? low);
    const where = [`${column} >= ${from}`, ...ownConditions(this.#dialect, table)];
    if (to !== null) where.push(`${column} <= ${watermark(to)}`);
    if (after) {
      const keys = table.keys.map((key, at) => ({
        column: `t.${this.#dialect.quote(key)}`,
        value: bound.add(after.key[at] ?? '', typeOf(types, key)),
      }));
      where.push(`(${column} > ${from} or ${laterKeys(keys)})`);
    }
    const order = [column, ...table.keys.map(key => `t.${this.#dialect.quote(key)}`)];
    const text = this.#dialect.select({ limit: page, columns, from: this.#from(), where, order });
    return (await this.#run(text, bound, options)).rows;
  }

  #run(text: string, { parameters }: Bound, options: RunOptions): ReturnType<DatabaseDriver['run']> {
    return this.#driver.run({ kind: 'sql', text }, parameters, { ...options, repeatable: true });
  }

  #column(): string {
    return `t.${this.#dialect.quote(this.#plan.column)}`;
  }

  #from(): string {
    return `${this.#dialect.quote(this.#plan.table.source)} as t`;
  }
}

function foundByKey(page: readonly Found[]): Group[] {
  const groups = new Map<string, { key: Key; first: Found; texts: string[] }>();
  for (const one of page) {
    const text = JSON.stringify(one.row ?? one.watermark);
    const group = groups.get(keyText(one.key));
    if (group) group.texts.push(text);
    else groups.set(keyText(one.key), { key: one.key, first: one, texts: [text] });
  }
  return [...groups.values()].map(({ key, first, texts }) => ({ key, first, text: texts.join('\n') }));
}

/** Condition that a row comes after another one with the same watermark. */
function laterKeys([first, ...rest]: readonly { readonly column: string; readonly value: string }[]): string {
  if (!first) return '1 = 0';
  const later = `${first.column} > ${first.value}`;
  return rest.length === 0
    ? later
    : `(${later} or (${first.column} = ${first.value} and ${laterKeys(rest)}))`;
}
