/**
 * Changed rows by a time or number that grows. A round reads all that is younger than the youngest known, less the
 * overlap, so that what was committed late, or by a clock that is slow, is still met; what is known already is passed
 * over. The point from which the next round reads never lies behind rows that could not be seen yet: it is at most the
 * database's clock at the start of the round.
 */
import type { DatabaseDriver, RunOptions } from '../driver';
import { Completion } from './completion';
import type { PollDialect } from './dialect';
import { dialectOf } from './dialects';
import { Ledger } from './ledger';
import type { WatermarkPlan } from './plan';
import { type Position, PositionKeeper } from './position';
import { type PolledRecord, contentOf, keyText } from './record';
import type { PollSource, Round, SourceContext, Take } from './source';
import { readTableTypes } from './table-types';
import { back, beginning, compare, earlier, readWatermark } from './watermark';
import { type Found, type Group, type Sweep, WatermarkRows, foundByKey } from './watermark-rows';

interface Prepared {
  readonly rows: WatermarkRows;
  readonly completion: Completion;
}

export class WatermarkSource implements PollSource {
  readonly #driver: DatabaseDriver;
  readonly #dialect: PollDialect;
  readonly #plan: WatermarkPlan;
  readonly #context: SourceContext;
  readonly #ledger = new Ledger();
  readonly #position: PositionKeeper;
  #prepared: Prepared | undefined;
  #sweep: Sweep | undefined;
  #backfill: Sweep | undefined;

  constructor(driver: DatabaseDriver, plan: WatermarkPlan, context: SourceContext) {
    this.#driver = driver;
    this.#dialect = dialectOf(driver);
    this.#plan = plan;
    this.#context = context;
    this.#position = new PositionKeeper(context.position);
  }

  async round(room: number, take: Take, signal: AbortSignal): Promise<Round> {
    const options = { signal };
    const prepared = (this.#prepared ??= await this.#prepare(options));
    const { rows } = prepared;
    if (!this.#sweep) {
      const now = await rows.now(options);
      if (this.#position.value.high === null) await this.#begin(rows, now, take, options);
      await this.#rescanWhenDue(rows, now, take, options);
      this.#ledger.nextRound();
      this.#sweep = this.#newSweep(now);
    }
    const forward = await this.#walk(prepared, this.#sweep, room, take, options);
    if (forward.more) return forward;
    this.#sweep = undefined;
    const again = await this.#walkBackfill(prepared, room - forward.taken, take, options);
    return { taken: forward.taken + again.taken, more: again.more };
  }

  acknowledge(): Promise<boolean> {
    // A watermark needs no mark in the hospital's table.
    return Promise.resolve(true);
  }

  async backfill(from: string, to: string | null, take: Take): Promise<void> {
    const { kind } = this.#plan;
    const part = {
      from: readWatermark(kind, from),
      to: to === null ? null : readWatermark(kind, to, 'last'),
    };
    await this.#position.keep(take, ({ backfills }) => ({ backfills: [...backfills, part] }));
  }

  async #prepare(options: RunOptions): Promise<Prepared> {
    const { table, column, kind } = this.#plan;
    const types = await readTableTypes(this.#driver, this.#dialect, table, [column], options);
    const version = this.#dialect.watermark(kind, `t.${this.#dialect.quote(column)}`);
    return {
      rows: new WatermarkRows(this.#driver, this.#dialect, this.#plan, types.own),
      completion: new Completion(this.#driver, this.#dialect, table, types, version),
    };
  }

  /** The very first round. */
  async #begin(rows: WatermarkRows, now: string, take: Take, options: RunOptions): Promise<void> {
    const { kind, start } = this.#plan;
    const high = start === 'now' ? now : start === 'all' ? beginning(kind) : readWatermark(kind, start);
    await this.#position.keep(take, () => ({ high, rescannedAt: this.#context.now() }));
    await this.#warnOfBlindRows(rows, options);
  }

  async #rescanWhenDue(rows: WatermarkRows, now: string, take: Take, options: RunOptions): Promise<void> {
    const { rescan, kind } = this.#plan;
    const { rescannedAt } = this.#position.value;
    if (!rescan || rescannedAt === null || this.#context.now() - rescannedAt < rescan.everyMs) return;
    const part = { from: back(kind, now, rescan.back), to: null };
    await this.#position.keep(take, ({ backfills }) => ({
      rescannedAt: this.#context.now(),
      backfills: [...backfills, part],
    }));
    await this.#warnOfBlindRows(rows, options);
  }

  /** Nobody would miss them. */
  async #warnOfBlindRows(rows: WatermarkRows, options: RunOptions): Promise<void> {
    const count = await rows.countBlind(options);
    if (count === 0) return;
    this.#context.warn({
      zh: `轮询：有 ${count} 行的更新时间列或主键列为空，轮询看不到这些行，请在源表中补全`,
      en: `poll: ${count} rows have no watermark or no key, and polling cannot see them: fill these columns`,
    });
  }

  #newSweep(now: string): Sweep {
    const { kind, overlap } = this.#plan;
    // A clock that was put back takes the watermark with it.
    const base = earlier(kind, this.#position.value.high ?? beginning(kind), now);
    const low = base === beginning(kind) ? base : back(kind, base, overlap);
    return { low, to: null, bound: now, base, after: null };
  }

  async #walkBackfill(prepared: Prepared, room: number, take: Take, options: RunOptions): Promise<Round> {
    let taken = 0;
    for (;;) {
      const [part] = this.#position.value.backfills;
      if (!part) return { taken, more: false };
      if (taken >= room) return { taken, more: true };
      this.#backfill ??= { low: part.from, to: part.to, bound: part.from, base: part.from, after: null };
      const round = await this.#walk(prepared, this.#backfill, room - taken, take, options);
      taken += round.taken;
      if (round.more) return { taken, more: true };
      this.#backfill = undefined;
      await this.#position.keep(take, ({ backfills }) => ({ backfills: backfills.slice(1) }));
    }
  }

  /** Goes on with a sweep until its end, or until there is no room. */
  async #walk(
    prepared: Prepared,
    sweep: Sweep,
    room: number,
    take: Take,
    options: RunOptions,
  ): Promise<Round> {
    let taken = 0;
    for (;;) {
      options.signal?.throwIfAborted();
      const page = await prepared.rows.page(sweep, options);
      const step = await this.#takePage(prepared.completion, sweep, page, room - taken, take, options);
      taken += step.taken;
      if (step.more) return { taken, more: true };
      if (page.length < this.#plan.page) return { taken, more: false };
    }
  }

  async #takePage(
    completion: Completion,
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
    const { records, unsettled } = await completion.complete(
      chosen.map(({ first }) => first),
      options,
    );
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

  /** Records and position in one step. */
  async #handIn(
    sweep: Sweep,
    records: readonly PolledRecord[],
    reached: string | undefined,
    take: Take,
  ): Promise<void> {
    const { kind } = this.#plan;
    const { high } = this.#position.value;
    if (reached === undefined) {
      if (records.length > 0) await take(records);
      return;
    }
    if (sweep === this.#backfill) {
      const moved = ({ backfills: [part, ...rest] }: Position): Partial<Position> =>
        part ? { backfills: [{ ...part, from: reached }, ...rest] } : {};
      await this.#position.keep(take, moved, records);
      return;
    }
    const bounded = earlier(kind, reached, sweep.bound);
    const next = compare(kind, bounded, sweep.base) > 0 ? bounded : sweep.base;
    if (records.length > 0 || next !== high) await this.#position.keep(take, () => ({ high: next }), records);
  }

  #learn(chosen: readonly Group[], records: readonly PolledRecord[]): void {
    const texts = new Map(records.map(record => [keyText(record.key), contentOf(record)]));
    for (const { key, text } of chosen) {
      const record = texts.get(keyText(key));
      if (record !== undefined) this.#ledger.learn(keyText(key), text, record);
    }
  }
}
