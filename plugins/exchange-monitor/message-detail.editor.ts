/** One message: summary, faults, request, reply, history, and what can be done with it. */
import type { Violation } from '../../lib/contract/violation';
import type { HistoryEntry, MessageView, ShownText, TableView } from '../../lib/monitor/message-view';
import { type MessageState, operable } from '../../lib/store/message';
import { inLanguage } from '../../nodes/shared/editor/language';
import { mayDo } from './api.editor';
import { button, choice, icon, section, stateBadge } from './elements.editor';
import { durationText, fullTime, nodeTitle, serviceTitle, stateTitle, timeText, words } from './words.editor';

export interface DetailActions {
  readonly back: () => void;
  readonly open: (id: string) => void;
  readonly reveal: (channel: string) => void;
  /** Shows the same message unmasked, or masked again. */
  readonly look: (unmasked: boolean) => void;
  readonly edit: () => void;
  readonly resend: () => void;
  readonly cancel: () => void;
  readonly sendNow: () => void;
}

const WAITING: readonly MessageState[] = ['pending', 'in-doubt'];

export function messageDetail(view: MessageView, actions: DetailActions): JQuery {
  const { message, violations, whyNot } = view;
  const { service, label, state } = message;
  const isInvalid = violations.some(({ severity }) => severity === 'error');
  const summary = section(words('exchange-monitor.detail.facts'), facts(view, actions));
  const faults =
    violations.length > 0
      ? section(words('exchange-monitor.detail.violations'), violationList(violations))
      : '';
  return $('<div>', { class: 'exchange-monitor-message' }).append(
    $('<div>', { class: 'exchange-monitor-title' }).append(
      button({ icon: 'fa-arrow-left', title: words('exchange-monitor.detail.back') }, actions.back),
      stateBadge(state),
      $('<b>', { title: label }).text(`${serviceTitle(service)} ${label}`),
    ),
    actionBar(view, actions),
    whyNot ? $('<p>', { class: 'exchange-monitor-quiet' }).text(inLanguage(whyNot)) : '',
    ...(isInvalid ? [faults, summary] : [summary, faults]),
    requestSection(view, actions),
    section(
      words('exchange-monitor.detail.reply'),
      view.reply ? textBox(view.reply) : quiet(words('exchange-monitor.detail.no-reply')),
    ),
    section(words('exchange-monitor.detail.history'), historyList(view.history)),
  );
}

function actionBar({ message, canMend }: MessageView, actions: DetailActions): JQuery {
  const { state, channel } = message;
  const bar = $('<div>', { class: 'exchange-monitor-actions' });
  if (mayDo('write')) {
    if (canMend)
      bar.append(button({ icon: 'fa-pencil', text: words('exchange-monitor.action.edit') }, actions.edit));
    if (operable.resend.has(state))
      bar.append(
        button({ icon: 'fa-repeat', text: words('exchange-monitor.action.resend') }, actions.resend),
      );
    if (WAITING.includes(state))
      bar.append(
        button({ icon: 'fa-paper-plane', text: words('exchange-monitor.action.send-now') }, actions.sendNow),
      );
    if (operable.cancel.has(state))
      bar.append(button({ icon: 'fa-ban', text: words('exchange-monitor.action.cancel') }, actions.cancel));
  }
  return bar.append(
    button({ icon: 'fa-crosshairs', title: words('exchange-monitor.action.reveal') }, () =>
      actions.reveal(channel),
    ),
  );
}

function facts({ message }: MessageView, { open }: DetailActions): JQuery {
  const {
    channel,
    label,
    acceptedAt,
    settledAt,
    dueAt,
    state,
    calls,
    tries,
    version,
    text,
    code,
    origin,
    id,
  } = message;
  const list = $('<dl>');
  const add = (key: string, value: string | JQuery): void => {
    const shown = typeof value === 'string' ? $('<dd>').text(value) : $('<dd>').append(value);
    if (value !== '') list.append($('<dt>').text(key), shown);
  };
  const why = inLanguage(text);
  add(words('exchange-monitor.detail.reason'), why && `${why}${code ? ` [${code}]` : ''}`);
  add(words('exchange-monitor.detail.node'), nodeTitle(channel));
  add(words('exchange-monitor.detail.key'), label);
  add(words('exchange-monitor.detail.accepted-at'), fullTime(acceptedAt));
  if (settledAt !== null)
    add(
      words('exchange-monitor.detail.settled-at'),
      `${fullTime(settledAt)} (${durationText(settledAt - acceptedAt)})`,
    );
  if (WAITING.includes(state))
    add(
      words('exchange-monitor.detail.next-at'),
      dueAt < Number.MAX_SAFE_INTEGER ? fullTime(dueAt) : words('exchange-monitor.detail.never'),
    );
  add(
    words('exchange-monitor.detail.attempts'),
    words('exchange-monitor.detail.attempts-value', { calls, tries }),
  );
  if (version > 0) add(words('exchange-monitor.detail.version'), String(version));
  if (origin)
    add(
      words('exchange-monitor.detail.origin'),
      link(origin, () => open(origin)),
    );
  add(words('exchange-monitor.detail.id'), $('<code>').text(id));
  return list;
}

const link = (text: string, run: () => void): JQuery =>
  $('<button>', { type: 'button', class: 'exchange-monitor-link' }).text(text).on('click', run);

export const violationList = (violations: readonly Violation[]): JQuery =>
  $('<ul>', { class: 'exchange-monitor-violations' }).append(violations.map(violationItem));

const violationItem = ({ severity, message, remedy, section: place }: Violation): JQuery =>
  $('<li>', { class: severity === 'error' ? 'exchange-monitor-bad' : 'exchange-monitor-doubt' }).append(
    icon(severity === 'error' ? 'fa-times-circle' : 'fa-info-circle'),
    $('<div>').append(
      $('<div>').text(
        (severity === 'warning' ? `${words('exchange-monitor.detail.warning')}: ` : '') + inLanguage(message),
      ),
      $('<div>', { class: 'exchange-monitor-quiet' }).text(
        `${words('exchange-monitor.detail.remedy')}${inLanguage(remedy)} · ` +
          words('exchange-monitor.detail.section', { section: place }),
      ),
    ),
  );

/** The fields with their names, or the document as it is sent. */
function requestSection(view: MessageView, actions: DetailActions): JQuery {
  const { request, tables, pruned } = view;
  const title = words('exchange-monitor.detail.request');
  if (pruned || !request) return section(title, quiet(words('exchange-monitor.detail.pruned')));
  const content = $('<div>');
  const show = (form: 'records' | 'document'): void => {
    content.empty();
    if (tables.length > 0) {
      const options = [
        { name: 'records', text: words('exchange-monitor.detail.request-records') },
        { name: 'document', text: words('exchange-monitor.detail.request-document') },
      ] as const;
      content.append(choice(options, form, show));
    }
    content.append(form === 'records' ? recordTables(tables) : [textBox(request)]);
  };
  show(tables.length > 0 ? 'records' : 'document');
  return section(title, privacyLine(view, actions), content);
}

/** Says whether personal data is masked, and lets those who may see it. */
function privacyLine({ masked }: MessageView, { look }: DetailActions): JQuery {
  const line = $('<div>', { class: 'exchange-monitor-privacy' }).append(
    icon(masked ? 'fa-lock' : 'fa-unlock-alt'),
    $('<span>').text(
      masked ? words('exchange-monitor.detail.masked') : words('exchange-monitor.detail.unmasked'),
    ),
  );
  if (!masked) line.append(button({ text: words('exchange-monitor.detail.mask') }, () => look(false)));
  else if (mayDo('unmask'))
    line.append(button({ text: words('exchange-monitor.detail.look-unmasked') }, () => look(true)));
  return line.toggleClass('exchange-monitor-doubt', !masked);
}

const recordTables = (tables: readonly TableView[]): JQuery[] =>
  tables.flatMap(({ title, fields, records }) =>
    records.map(({ values }, at) => {
      const list = $('<dl>', { class: 'exchange-monitor-fields' });
      for (const [place, field] of fields.entries()) {
        const value = values[place] ?? '';
        if (value === '') continue;
        list.append($('<dt>', { title: field.name }).text(inLanguage(field.title)), $('<dd>').text(value));
      }
      const name = inLanguage(title);
      const number = words('exchange-monitor.detail.record', { number: at + 1 });
      return $('<details>', { open: at === 0 }).append(
        $('<summary>').text(records.length > 1 ? `${name} · ${number}` : name),
        list,
      );
    }),
  );

const textBox = ({ text }: ShownText): JQuery =>
  $('<pre>', { class: 'exchange-monitor-text', tabindex: '0' }).text(text);

const quiet = (text: string): JQuery => $('<p>', { class: 'exchange-monitor-quiet' }).text(text);

function historyList(history: readonly HistoryEntry[]): JQuery {
  if (history.length === 0) return quiet(words('exchange-monitor.detail.no-history'));
  const list = $('<ol>', { class: 'exchange-monitor-history' });
  for (const { at, actor, action, outcome, code, durationMs } of history.toReversed()) {
    const result = outcomeTitle(outcome);
    const what = [
      words(`exchange-monitor.history.${action}`),
      ...(result ? [`→ ${result}`] : []),
      ...(code ? [`[${code}]`] : []),
      ...(action === 'deliver' ? [durationText(durationMs)] : []),
    ];
    $('<li>')
      .append(
        $('<time>', { title: fullTime(at) }).text(timeText(at)),
        $('<span>').text(what.join(' ')),
        $('<span>', { class: 'exchange-monitor-quiet' }).text(actorTitle(actor)),
      )
      .appendTo(list);
  }
  return list;
}

const actorTitle = (actor: string): string =>
  actor === 'system' || actor === 'editor' ? words(`exchange-monitor.history.${actor}`) : actor;

const LEFT = ['unknown', 'state', 'superseded', 'pruned'];

/** A state, why an action was left, or nothing for one that was simply done. */
function outcomeTitle(outcome: string): string {
  if (outcome === 'done') return '';
  if (LEFT.includes(outcome)) return words(`exchange-monitor.result.left.${outcome}`);
  // Other outcomes are states.
  return stateTitle(outcome as MessageState);
}
