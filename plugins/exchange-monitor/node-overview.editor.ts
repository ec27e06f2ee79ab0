/** The sending nodes of a store: what they wait for, how much is open, and since when. */
import type { ChannelOverview } from '../../lib/monitor/overview';
import type { MessageState } from '../../lib/store/message';
import { inLanguage } from '../../nodes/shared/editor/language';
import { mayDo } from './api.editor';
import { button } from './elements.editor';
import { durationText, nodeTitle, words } from './words.editor';

const OPEN: readonly MessageState[] = ['pending', 'inflight', 'in-doubt'];
const FAILED: readonly MessageState[] = ['dead', 'refused', 'unconfirmed', 'invalid'];

const MOODS: Readonly<Record<string, string>> = {
  down: 'bad',
  paused: 'bad',
  'store-down': 'bad',
  waiting: 'doubt',
  sending: 'open',
  'closed-hours': 'doubt',
};

export interface NodeActions {
  readonly show: (id: string) => void;
  readonly reveal: (id: string) => void;
  readonly sendNow: (id: string) => void;
}

/** One block for each node. */
export function nodeOverview(channels: readonly ChannelOverview[], actions: NodeActions): JQuery[] {
  const titled = channels.map(channel => ({ channel, title: nodeTitle(channel.id) }));
  return titled
    .toSorted((one, other) => one.title.localeCompare(other.title))
    .map(({ channel, title }) => block(channel, title, actions));
}

function block(channel: ChannelOverview, title: string, { show, reveal, sendNow }: NodeActions): JQuery {
  const { id, destination, counts, oldest, condition, running } = channel;
  const sum = (states: readonly MessageState[]): number =>
    states.reduce((count, state) => count + (counts[state] ?? 0), 0);
  const open = sum(OPEN);
  const numbers = [
    words('exchange-monitor.nodes.open', { count: open }),
    words('exchange-monitor.nodes.failed', { count: sum(FAILED) }),
    words('exchange-monitor.nodes.done', { count: counts.accepted ?? 0 }),
    ...(oldest === null
      ? []
      : [words('exchange-monitor.nodes.oldest', { time: durationText(Date.now() - oldest) })]),
  ];
  const tools = $('<span>', { class: 'exchange-monitor-tools' }).append(
    button({ icon: 'fa-list', title: words('exchange-monitor.nodes.show') }, () => show(id)),
    button({ icon: 'fa-crosshairs', title: words('exchange-monitor.nodes.reveal') }, () => reveal(id)),
  );
  if (running && mayDo('write'))
    tools.append(
      button({ icon: 'fa-paper-plane', title: words('exchange-monitor.nodes.send-now') }, () =>
        sendNow(id),
      ).prop('disabled', open === 0),
    );
  return $('<div>', { class: 'exchange-monitor-block' }).append(
    $('<div>', { class: 'exchange-monitor-line' }).append(
      $('<b>', { class: 'exchange-monitor-node', title }).text(title),
      tools,
    ),
    $('<div>', { class: 'exchange-monitor-quiet' }).text(destination),
    conditionOf(condition, running),
    $('<div>', { class: 'exchange-monitor-quiet' }).text(numbers.join(' · ')),
  );
}

function conditionOf(condition: ChannelOverview['condition'], running: boolean): JQuery {
  const key = !running ? 'not-running' : (condition?.kind ?? 'starting');
  const reason = condition && 'text' in condition ? inLanguage(condition.text) : '';
  return $('<div>', { class: `exchange-monitor-${running ? (MOODS[key] ?? 'gone') : 'gone'}` }).append(
    $('<span>').text(words(`exchange-monitor.nodes.${key}`)),
    reason ? $('<div>', { class: 'exchange-monitor-quiet' }).text(reason) : '',
  );
}
