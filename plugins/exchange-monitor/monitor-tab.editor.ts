/** The tab: which store, which messages; kept up to date while it can be seen, and silent while it cannot. */
import type { Overview } from '../../lib/monitor/overview';
import type { FilterTexts } from '../../lib/monitor/request';
import type { Text } from '../../lib/errors';
import type { MessageSummary } from '../../lib/store/message';
import { inLanguage } from '../../nodes/shared/editor/language';
import { Problem, ask, mayDo } from './api.editor';
import { tell } from './dialogs.editor';
import { button, icon, toggle } from './elements.editor';
import { FilterBar } from './filter-bar.editor';
import { MessageList } from './message-list.editor';
import { MessagePane } from './message-pane.editor';
import { nodeOverview } from './node-overview.editor';
import { Operations } from './operations.editor';
import { durationText, noteNames, words } from './words.editor';

interface StoreInfo {
  readonly id: string;
  readonly name: string;
  /** Other processes work on it, which nobody tells this editor of. */
  readonly shared: boolean;
  readonly failure: Text | null;
}

const PAGE = 50;
/** Messages that are refreshed together; older ones are as they were when they were fetched. */
const MOST_REFRESHED = 500;
/** Shortest time between two refreshes. */
const EVERY_MS = 1000;
/** Time after which a shared store is looked at again, and one that could not be reached. */
const AGAIN_MS = 5000;

export class MonitorTab {
  readonly element = $('<div>', { class: 'exchange-monitor' });
  readonly #store = $('<select>', { class: 'exchange-monitor-store' });
  readonly #filter = new FilterBar(() => this.#restart());
  readonly #nodes = $('<div>', { class: 'exchange-monitor-nodes', hidden: true });
  readonly #age = $('<div>', { class: 'exchange-monitor-quiet exchange-monitor-age' });
  readonly #notice = $('<div>', { class: 'exchange-monitor-notice', role: 'status' });
  readonly #list: MessageList;
  readonly #pane: MessagePane;
  readonly #main = $('<div>', { class: 'exchange-monitor-main' });
  readonly #operations: Operations;
  #stores: readonly StoreInfo[] = [];
  #messages: readonly MessageSummary[] = [];
  #hasMore = false;
  #isVisible = false;
  /** Something has changed that is not shown yet. */
  #isStale = true;
  #running: Promise<void> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #lastAt = 0;
  /** Counts the changes of store and filter: what was asked for before is not shown any more. */
  #question = 0;

  /** @param showSelected goes from the node that is selected in the flow to its messages */
  constructor(showSelected: () => void) {
    this.#operations = new Operations(
      () => this.#storeId,
      () => this.#changed(),
    );
    this.#list = new MessageList(
      id => void this.#pane.open(this.#storeId, id),
      () => void this.#fetchMore(),
    );
    this.#pane = new MessagePane(this.#operations, {
      onOpen: () => this.#main.prop('hidden', true),
      onClose: () => {
        this.#main.prop('hidden', false);
        this.#list.focus();
      },
      reveal,
    });
    this.#store
      .prop('hidden', true)
      .attr('aria-label', words('exchange-monitor.store'))
      .on('change', () => this.#restart());
    this.#main.append(this.#head(showSelected), this.#notice, this.#list.element);
    this.element.append(this.#main, this.#pane.element);
    this.#watch();
  }

  /** Shows the messages of a node. */
  showNode(id: string): void {
    this.#pane.close();
    this.#filter.chooseNode(id);
  }

  get #storeId(): string {
    return String(this.#store.val() ?? '');
  }

  #head(showSelected: () => void): JQuery {
    const nodes = toggle(
      { icon: 'fa-sitemap', title: words('exchange-monitor.search.nodes') },
      this.#nodes,
      () => this.#changed(),
    );
    const selected = button(
      { icon: 'fa-crosshairs', title: words('exchange-monitor.search.selected') },
      showSelected,
    );
    const more = $('<div>', { class: 'exchange-monitor-actions', hidden: true });
    const run = (icons: string, text: string, work: (filter: FilterTexts) => Promise<void>): JQuery =>
      button({ icon: icons, text }, () => void work(this.#filter.read()));
    if (mayDo('write'))
      more.append(
        run('fa-repeat', words('exchange-monitor.action.resend-failed'), filter =>
          this.#operations.resendFailed(filter),
        ),
      );
    more.append(
      run('fa-table', words('exchange-monitor.action.export-csv'), filter =>
        this.#operations.export(filter, 'csv'),
      ),
      run('fa-file-code-o', words('exchange-monitor.action.export-json'), filter =>
        this.#operations.export(filter, 'json'),
      ),
    );
    const tools = toggle({ icon: 'fa-ellipsis-h', title: words('exchange-monitor.action.more') }, more);
    return $('<div>', { class: 'exchange-monitor-head' }).append(
      this.#store,
      $('<div>', { class: 'exchange-monitor-bar' }).append(...this.#filter.tools, nodes, selected, tools),
      more,
      ...this.#filter.panels,
      this.#nodes,
      this.#age,
    );
  }

  /** Refreshes when Node-RED tells of a change, and when the tab comes into sight. */
  #watch(): void {
    RED.comms.subscribe('exchange-monitor/changed', () => this.#changed());
    const look = (): void => {
      if (this.#isVisible && !document.hidden && this.#isStale) this.#changed();
    };
    new IntersectionObserver(entries => {
      this.#isVisible = entries.at(-1)?.isIntersecting ?? false;
      look();
    }).observe(this.element[0] as HTMLElement);
    document.addEventListener('visibilitychange', look);
  }

  /** Asks again for what is shown, now or as soon as it may. */
  #changed(): void {
    this.#isStale = true;
    if (!this.#isVisible || document.hidden || this.#running) return;
    clearTimeout(this.#timer);
    const wait = this.#lastAt + EVERY_MS - Date.now();
    if (wait > 0) {
      this.#timer = setTimeout(() => this.#changed(), wait);
      return;
    }
    this.#lastAt = Date.now();
    this.#isStale = false;
    this.#running = this.#refresh().finally(() => {
      this.#running = undefined;
      if (this.#isStale) this.#changed();
    });
  }

  /** Another store, or another filter: from the newest message on. */
  #restart(): void {
    this.#question++;
    this.#messages = [];
    this.#lastAt = 0;
    this.#changed();
  }

  async #refresh(): Promise<void> {
    const question = this.#question;
    try {
      await this.#fetchStores();
      const store = this.#stores.find(({ id }) => id === this.#storeId);
      if (!store) return this.#showEmpty('no-store');
      if (store.failure) throw new Problem(0, inLanguage(store.failure));
      const limit = Math.min(MOST_REFRESHED, Math.max(PAGE, this.#messages.length));
      const [found, overview] = await Promise.all([
        this.#fetch({ limit }),
        ask<Overview>('overview', { store: store.id }),
      ]);
      if (question !== this.#question) return;
      this.#showOverview(overview);
      const older = this.#messages.filter(({ seq }) => seq < (found.at(-1)?.seq ?? 0));
      if (found.length < limit) this.#hasMore = false;
      else if (older.length === 0) this.#hasMore = true;
      this.#show(found.length < limit ? found : [...found, ...older]);
      await this.#pane.refresh(found);
      if (store.shared) this.#lookAgain();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (question !== this.#question) return;
      this.#showProblem(error.message);
      // Without the right to read, nothing changes by asking again.
      if (error.status !== 401 && error.status !== 403) this.#lookAgain();
    }
  }

  #lookAgain(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#changed(), AGAIN_MS);
  }

  async #fetchMore(): Promise<void> {
    const question = this.#question;
    const beforeSeq = this.#messages.at(-1)?.seq;
    try {
      const older = await this.#fetch({ limit: PAGE, beforeSeq });
      if (question !== this.#question || beforeSeq !== this.#messages.at(-1)?.seq) return;
      this.#hasMore = older.length === PAGE;
      this.#show([...this.#messages, ...older]);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.#showProblem(error.message);
    }
  }

  async #fetch(page: object): Promise<readonly MessageSummary[]> {
    const asked = { store: this.#storeId, filter: this.#filter.read(), ...page };
    return (await ask<{ messages: readonly MessageSummary[] }>('list', asked)).messages;
  }

  async #fetchStores(): Promise<void> {
    const stores = await ask<readonly StoreInfo[]>('stores', {});
    const chosen = this.#storeId;
    if (JSON.stringify(stores) === JSON.stringify(this.#stores)) return;
    this.#stores = stores;
    this.#store.empty();
    for (const { id, name } of stores)
      $('<option>', { value: id })
        .text(name || words('exchange-monitor.unnamed-store'))
        .appendTo(this.#store);
    this.#store.val(stores.some(({ id }) => id === chosen) ? chosen : (stores[0]?.id ?? ''));
    this.#store.prop('hidden', stores.length < 2);
    if (this.#storeId !== chosen) this.#messages = [];
  }

  #showOverview({ counts, oldest, channels }: Overview): void {
    noteNames(channels);
    this.#filter.showCounts(counts);
    this.#filter.showNodes(channels.map(({ id }) => id));
    this.#age.text(
      oldest === null
        ? words('exchange-monitor.counts.none-waiting')
        : words('exchange-monitor.counts.oldest', { time: durationText(Date.now() - oldest) }),
    );
    if (this.#nodes.prop('hidden') === true) return;
    const focused = this.#nodes.find('button').index(this.#nodes.find(':focus'));
    this.#nodes.empty().append(
      nodeOverview(channels, {
        show: id => this.showNode(id),
        reveal,
        sendNow: id => void this.#operations.sendNow(id),
      }),
    );
    if (focused >= 0) this.#nodes.find('button').eq(focused).trigger('focus');
  }

  #show(messages: readonly MessageSummary[]): void {
    this.#messages = messages;
    this.#list.show(messages, this.#hasMore);
    if (messages.length > 0) this.#notice.empty();
    else this.#showEmpty(this.#filter.isActive ? 'no-match' : 'no-messages');
  }

  #showEmpty(why: 'no-store' | 'no-messages' | 'no-match'): void {
    if (why === 'no-store') this.#showNothing();
    this.#notice
      .empty()
      .append(
        icon('fa-inbox'),
        $('<p>').text(words(`exchange-monitor.empty.${why}`)),
        $('<p>', { class: 'exchange-monitor-quiet' }).text(words(`exchange-monitor.empty.${why}-do`)),
      );
  }

  /** Neither messages nor counters: those that are shown are of another question. */
  #showNothing(): void {
    this.#messages = [];
    this.#list.show([], false);
    this.#filter.showCounts({});
    this.#nodes.empty();
    this.#age.text('');
  }

  /** What is listed stays, unless something else was asked for: it may be all that there is to see for a while. */
  #showProblem(text: string): void {
    if (this.#messages.length === 0) this.#showNothing();
    this.#notice
      .empty()
      .append(icon('fa-exclamation-triangle'), $('<p>', { class: 'exchange-monitor-bad' }).text(text));
  }
}

function reveal(id: string): void {
  if (RED.nodes.node(id)) RED.view.reveal(id);
  else tell('warning', words('exchange-monitor.problem.not-in-flow'));
}
