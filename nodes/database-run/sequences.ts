/** Sequences of messages whose next one waits until the flow asks for it. */
import { ExchangeError } from '../../lib/errors';
import type { InputMessage } from '../shared/input';

/** A flow that has lost a message must not keep a connection for ever. */
const PATIENCE_MS = 600_000;

export class Sequences {
  readonly #waiting = new Map<string, () => void>();

  /** Whether a message asks for the next one of a sequence, `msg.next` being true; then it is no other input. */
  takes(msg: InputMessage): boolean {
    if (msg['next'] !== true) return false;
    const { id } = (msg['parts'] ?? {}) as { readonly id?: unknown };
    this.#waiting.get(String(id))?.();
    return true;
  }

  /** Resolves when the flow asks for the next message of the sequence `id`. */
  asked(id: string, stop: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        stop.removeEventListener('abort', onStop);
        settle();
      };
      const onStop = (): void => end(() => reject(notAsked('ABORTED')));
      const timer = setTimeout(() => end(() => reject(notAsked('DATABASE'))), PATIENCE_MS);
      stop.addEventListener('abort', onStop, { once: true });
      this.#waiting.set(id, () => end(resolve));
    });
  }
}

const notAsked = (code: 'ABORTED' | 'DATABASE'): ExchangeError =>
  new ExchangeError({
    code,
    retry: 'retry',
    text: {
      zh: '分批输出中断：没有收到要求下一批的消息（msg.next）',
      en: 'the sequence was cut short: no message has asked for the next batch (msg.next)',
    },
  });
