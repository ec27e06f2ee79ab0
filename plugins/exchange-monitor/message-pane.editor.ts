/** The place of one message, over the list: its details, or the form that mends it. */
import type { MendAnswer } from '../../lib/monitor/mend-message';
import type { MessageView } from '../../lib/monitor/message-view';
import type { MessageSummary } from '../../lib/store/message';
import { Problem, ask } from './api.editor';
import { askUser, tell } from './dialogs.editor';
import { messageDetail } from './message-detail.editor';
import type { Operations } from './operations.editor';
import { RecordForm } from './record-form.editor';
import { words } from './words.editor';

export interface PaneOptions {
  readonly onOpen: () => void;
  readonly onClose: () => void;
  readonly reveal: (channel: string) => void;
}

export class MessagePane {
  readonly element = $('<div>', { class: 'exchange-monitor-pane', hidden: true });
  readonly #operations: Operations;
  readonly #options: PaneOptions;
  #store = '';
  #view: MessageView | undefined;
  #form: RecordForm | undefined;

  constructor(operations: Operations, options: PaneOptions) {
    this.#operations = operations;
    this.#options = options;
    this.element.attr('aria-label', words('exchange-monitor.detail.label'));
    this.element.on('keydown', event => {
      if (event.key !== 'Escape' || event.isDefaultPrevented()) return;
      event.stopPropagation();
      void this.#back();
    });
  }

  async open(store: string, id: string): Promise<void> {
    this.#store = store;
    await this.#look(id, false);
  }

  close(): void {
    if (!this.#view) return;
    this.#view = undefined;
    this.#form = undefined;
    this.element.prop('hidden', true).empty();
    this.#options.onClose();
  }

  /** Looks at the message again when the list says that it has changed. A form is left alone. */
  async refresh(messages: readonly MessageSummary[]): Promise<void> {
    const shown = this.#view?.message;
    const now = messages.find(({ id }) => id === shown?.id);
    if (!shown || !now || this.#form || JSON.stringify(now) === JSON.stringify(shown)) return;
    // Whoever looks at it unmasked is asked, and written down, once only: what is new comes masked.
    await this.#look(shown.id, false);
  }

  async #look(id: string, unmasked: boolean): Promise<void> {
    try {
      const route = unmasked ? 'message/unmasked' : 'message';
      this.#view = await ask<MessageView>(route, { store: this.#store, id });
      this.#showDetail(this.#view);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      tell('error', error.message);
    }
  }

  async #unmask(id: string): Promise<void> {
    if (await askUser(words('exchange-monitor.confirm.look-unmasked'))) await this.#look(id, true);
  }

  #showDetail(view: MessageView): void {
    const { message } = view;
    const { id, channel } = message;
    const wasOpen = this.element.prop('hidden') === false;
    const scrolled = wasOpen && this.element.data('message') === id ? (this.element.scrollTop() ?? 0) : 0;
    this.#form = undefined;
    this.element.data('message', id).prop('hidden', false).empty();
    this.element.append(
      messageDetail(view, {
        back: () => this.close(),
        open: origin => void this.#look(origin, false),
        reveal: node => this.#options.reveal(node),
        look: unmasked => void (unmasked ? this.#unmask(id) : this.#look(id, false)),
        edit: () => this.#edit(view),
        resend: () => void this.#then(this.#operations.resend(message)),
        cancel: () => void this.#then(this.#operations.cancel(message)),
        sendNow: () => void this.#then(this.#operations.sendNow(channel)),
      }),
    );
    this.element.scrollTop(scrolled);
    this.#options.onOpen();
    if (!wasOpen) this.element.find('button').first().trigger('focus');
  }

  async #then(action: Promise<void>): Promise<void> {
    const id = this.#view?.message.id;
    await action;
    if (id !== undefined && id === this.#view?.message.id && !this.#form) await this.#look(id, false);
  }

  #edit(view: MessageView): void {
    const { id } = view.message;
    this.#form = new RecordForm(view, {
      back: () => void this.#back(),
      mend: (asked, checkOnly) => ask<MendAnswer>('mend', { store: this.#store, id, ...asked, checkOnly }),
      sent: answer => void this.#sent(id, answer),
    });
    this.element.empty().append(this.#form.element).scrollTop(0);
    this.#form.element.find('input:visible, textarea:visible').first().trigger('focus');
  }

  async #sent(id: string, { newId, result }: MendAnswer): Promise<void> {
    this.#form = undefined;
    const why = result?.left[0]?.why;
    if (why) tell('warning', words(`exchange-monitor.result.left.${why}`));
    else tell('success', words('exchange-monitor.result.amended'));
    await this.#look(newId ?? id, false);
  }

  /** From the form to the details, from the details to the list. */
  async #back(): Promise<void> {
    if (!this.#form || !this.#view) return this.close();
    if (this.#form.isChanged && !(await askUser(words('exchange-monitor.confirm.leave-edit')))) return;
    this.#showDetail(this.#view);
  }
}
