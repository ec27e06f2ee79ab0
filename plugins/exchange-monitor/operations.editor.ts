/** What a user can do with messages: each asks where it cannot be undone, and tells what came of it. */
import type { OperatorResult } from '../../lib/store/message-store';
import type { MessageSummary } from '../../lib/store/message';
import type { FilterTexts } from '../../lib/monitor/request';
import { Problem, ask, fetchFile } from './api.editor';
import { Progress, askUser, tell } from './dialogs.editor';
import { words } from './words.editor';

type Left = OperatorResult['left'];

/** Pause between two steps: the store has other work to do. */
const STEP_PAUSE_MS = 50;
const PER_MINUTE = 60;
const MOST_PER_MINUTE = 6000;

export class Operations {
  readonly #storeId: () => string;
  readonly #done: () => void;

  /** @param done called when something has changed */
  constructor(storeId: () => string, done: () => void) {
    this.#storeId = storeId;
    this.#done = done;
  }

  async cancel({ id, state }: MessageSummary): Promise<void> {
    const question =
      state === 'invalid'
        ? words('exchange-monitor.confirm.cancel-invalid')
        : words('exchange-monitor.confirm.cancel');
    if (!(await askUser(question))) return;
    await this.#run(async () => {
      const { left } = await this.#ask<OperatorResult>('cancel', { ids: [id] });
      tellLeft(left, words('exchange-monitor.result.cancelled'));
    });
  }

  async resend({ id }: MessageSummary): Promise<void> {
    if (!(await askUser(words('exchange-monitor.confirm.resend')))) return;
    await this.#run(async () => {
      let { left } = await this.#ask<OperatorResult>('resend', { ids: [id] });
      if (left[0]?.why === 'superseded') {
        if (!(await askUser(words('exchange-monitor.confirm.force')))) return;
        ({ left } = await this.#ask<OperatorResult>('resend', { ids: [id], force: true }));
      }
      tellLeft(left, words('exchange-monitor.result.resent'));
    });
  }

  async sendNow(channel: string): Promise<void> {
    if (!(await askUser(words('exchange-monitor.confirm.send-now')))) return;
    await this.#run(async () => {
      const { due } = await this.#ask<{ due: number }>('send-now', { channel });
      tell(
        'success',
        due > 0
          ? words('exchange-monitor.result.due', { count: due })
          : words('exchange-monitor.result.none-due'),
      );
    });
  }

  /** Step by step, so that the user sees how far it is, and can stop it. */
  async resendFailed(filter: FilterTexts): Promise<void> {
    const answer = await askUser(words('exchange-monitor.confirm.resend-failed'), {
      label: words('exchange-monitor.confirm.per-minute'),
      value: PER_MINUTE,
      most: MOST_PER_MINUTE,
    });
    if (!answer) return;
    await this.#run(async () => {
      const progress = new Progress();
      let done = 0;
      const left: Left[number][] = [];
      try {
        let beforeSeq: number | null | undefined;
        while (beforeSeq !== null && !progress.stopped) {
          const step: OperatorResult & { beforeSeq: number | null } = await this.#ask('resend-failed', {
            filter,
            perMinute: answer.number,
            already: done,
            beforeSeq,
          });
          done += step.done.length;
          left.push(...step.left);
          ({ beforeSeq } = step);
          progress.show(words('exchange-monitor.result.resending', { done, left: left.length }));
          await new Promise(resolve => setTimeout(resolve, STEP_PAUSE_MS));
        }
      } finally {
        progress.close();
      }
      const said =
        done + left.length === 0
          ? words('exchange-monitor.result.resent-none')
          : words('exchange-monitor.result.resent-all', { done });
      const lines = [...(progress.stopped ? [words('exchange-monitor.result.stopped')] : []), said];
      tell(left.length > 0 ? 'warning' : 'success', ...lines, ...leftLines(left));
    });
  }

  async export(filter: FilterTexts, format: 'csv' | 'json'): Promise<void> {
    await this.#run(async () => {
      const language = RED.i18n.lang().startsWith('zh') ? 'zh' : 'en';
      const file = await fetchFile('export', { store: this.#storeId(), filter, format, language });
      const address = URL.createObjectURL(file);
      const link = $('<a>', { href: address, download: `messages.${format}` }).appendTo(document.body);
      (link[0] as HTMLAnchorElement).click();
      link.remove();
      URL.revokeObjectURL(address);
      tell('success', words('exchange-monitor.result.exported'));
    });
  }

  #ask<Answer>(route: string, body: object): Promise<Answer> {
    return ask<Answer>(route, { store: this.#storeId(), ...body });
  }

  async #run(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      tell('error', error.message);
    }
    this.#done();
  }
}

function tellLeft(left: Left, good: string): void {
  if (left.length === 0) tell('success', good);
  else tell('warning', ...left.map(({ why }) => words(`exchange-monitor.result.left.${why}`)));
}

/** How many were left, by the reason. */
function leftLines(left: Left): string[] {
  const counts = new Map<string, number>();
  for (const { why } of left) counts.set(why, (counts.get(why) ?? 0) + 1);
  return [...counts].map(([why, count]) =>
    words('exchange-monitor.result.skipped', {
      left: count,
      why: words(`exchange-monitor.result.left.${why}`),
    }),
  );
}
