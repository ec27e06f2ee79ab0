/** The list of messages: two lines each, kept in place while it is refreshed, and walked through by keys. */
import type { MessageSummary } from '../../lib/store/message';
import { inLanguage } from '../../nodes/shared/editor/language';
import { stateBadge } from './elements.editor';
import { durationText, fullTime, nodeTitle, serviceTitle, timeText, words } from './words.editor';

interface Row {
  readonly element: JQuery;
  /** What the row shows, in order to know whether it must be made anew. */
  readonly shown: string;
}

const STEPS: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 };

export class MessageList {
  readonly element = $('<div>', { class: 'exchange-monitor-list' });
  readonly #list = $('<div>', { role: 'listbox', tabindex: '0' });
  readonly #more = $('<button>', { type: 'button', class: 'red-ui-button exchange-monitor-more' });
  readonly #onOpen: (id: string) => void;
  readonly #rows = new Map<string, Row>();
  #order: readonly string[] = [];
  #current = '';

  constructor(onOpen: (id: string) => void, onMore: () => void) {
    this.#onOpen = onOpen;
    this.#list.attr('aria-label', words('exchange-monitor.list.label'));
    this.#list
      .on('keydown', event => this.#onKey(event))
      .on('focus', () => this.#mark(this.#current || this.#order[0]));
    this.#more.text(words('exchange-monitor.list.more')).on('click', onMore);
    this.element.append(this.#list, this.#more);
  }

  /** @param more there are older messages than these */
  show(messages: readonly MessageSummary[], more: boolean): void {
    const order = messages.map(({ id }) => id);
    const wanted = new Set(order);
    for (const [id, row] of this.#rows) {
      if (wanted.has(id)) continue;
      row.element.remove();
      this.#rows.delete(id);
    }
    let before: JQuery | undefined;
    for (const message of messages) {
      const element = this.#rowOf(message);
      // What is in its place already keeps its focus and its hover.
      const inPlace = before ? before.next().is(element) : this.#list.children().first().is(element);
      if (!inPlace) {
        if (before) before.after(element);
        else this.#list.prepend(element);
      }
      before = element;
    }
    this.#order = order;
    this.#mark(wanted.has(this.#current) ? this.#current : undefined);
    this.#more.prop('hidden', !more);
  }

  focus(): void {
    this.#list.trigger('focus');
  }

  #rowOf(message: MessageSummary): JQuery {
    const shown = JSON.stringify([message, nodeTitle(message.channel), new Date().toDateString()]);
    const known = this.#rows.get(message.id);
    if (known?.shown === shown) return known.element;
    const element = rowElement(message).on('click', () => {
      this.#mark(message.id);
      this.#onOpen(message.id);
    });
    known?.element.replaceWith(element);
    this.#rows.set(message.id, { element, shown });
    return element;
  }

  #mark(id: string | undefined): void {
    this.#rows.get(this.#current)?.element.removeClass('selected').attr('aria-selected', 'false');
    this.#current = id ?? '';
    const row = this.#rows.get(this.#current)?.element;
    this.#list.attr('aria-activedescendant', row?.attr('id') ?? null);
    row?.addClass('selected').attr('aria-selected', 'true');
  }

  #onKey(event: JQuery.KeyDownEvent): void {
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      if (this.#current) this.#onOpen(this.#current);
      return;
    }
    const at = this.#order.indexOf(this.#current);
    const last = this.#order.length - 1;
    const step = STEPS[event.key];
    const to =
      event.key === 'Home' ? 0 : event.key === 'End' ? last : step === undefined ? undefined : at + step;
    if (to === undefined || last < 0) return;
    event.preventDefault();
    this.#mark(this.#order[Math.min(last, Math.max(0, to))]);
    this.#rows.get(this.#current)?.element[0]?.scrollIntoView({ block: 'nearest' });
  }
}

function rowElement(message: MessageSummary): JQuery {
  const { id, state, service, label, acceptedAt, channel, text } = message;
  const why = inLanguage(text);
  return $('<div>', { role: 'option', id: `exchange-monitor-${id}`, class: 'exchange-monitor-row' })
    .attr('aria-selected', 'false')
    .append(
      $('<div>', { class: 'exchange-monitor-line' }).append(
        stateBadge(state),
        $('<span>', { class: 'exchange-monitor-key', title: label }).text(label),
        $('<time>', { title: fullTime(acceptedAt) }).text(timeText(acceptedAt)),
      ),
      $('<div>', { class: 'exchange-monitor-line exchange-monitor-quiet' }).append(
        $('<span>', { class: 'exchange-monitor-service' }).text(serviceTitle(service)),
        $('<span>', { class: 'exchange-monitor-node', title: nodeTitle(channel) }).text(nodeTitle(channel)),
        $('<span>').text(progressOf(message)),
      ),
      why ? $('<div>', { class: 'exchange-monitor-why', title: why }).text(why) : '',
    );
}

/** Tries and duration; of one that waits, since when and until when. */
function progressOf({ state, calls, acceptedAt, settledAt, dueAt, version }: MessageSummary): string {
  const parts: string[] = [];
  if (version > 1) parts.push(words('exchange-monitor.list.version', { version }));
  if (calls > 0) parts.push(words('exchange-monitor.list.tries', { count: calls }));
  else if (state === 'pending') parts.push(words('exchange-monitor.list.not-tried'));
  if (settledAt !== null && state !== 'pending')
    parts.push(words('exchange-monitor.list.duration', { time: durationText(settledAt - acceptedAt) }));
  else if (calls > 0 && (state === 'pending' || state === 'in-doubt') && dueAt < Number.MAX_SAFE_INTEGER)
    parts.push(
      dueAt > Date.now()
        ? words('exchange-monitor.list.next', { time: timeText(dueAt) })
        : words('exchange-monitor.list.now'),
    );
  return parts.join(' · ');
}
