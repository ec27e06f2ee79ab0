/** What the list is narrowed down to: search, states with their counters, and further filters. */
import type { FilterTexts } from '../../lib/monitor/request';
import type { Counts } from '../../lib/monitor/overview';
import { type MessageState, messageStates } from '../../lib/store/message';
import { button, stateBadge, toggle } from './elements.editor';
import { SERVICES, nodeTitle, serviceTitle, words } from './words.editor';

/** Milliseconds after the last key until the search is made. */
const PAUSE_MS = 300;

export class FilterBar {
  readonly element = $('<div>', { class: 'exchange-monitor-filter-bar' });
  readonly #search = $('<input>', { type: 'search', class: 'exchange-monitor-search' });
  readonly #states = $('<div>', { class: 'exchange-monitor-states', role: 'group' });
  readonly #panel = $('<div>', { class: 'exchange-monitor-filters', hidden: true });
  readonly #node = $('<select>');
  readonly #service = $('<select>');
  readonly #code = $('<input>', { type: 'text' });
  readonly #from = $('<input>', { type: 'datetime-local', step: 1 });
  readonly #to = $('<input>', { type: 'datetime-local', step: 1 });
  readonly #toggle: JQuery;
  readonly #clear: JQuery;
  readonly #onChange: () => void;
  #chosen: ReadonlySet<MessageState> = new Set();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #counts: Counts = {};

  constructor(onChange: () => void) {
    this.#onChange = () => {
      this.#showActive();
      onChange();
    };
    const placeholder = words('exchange-monitor.search.placeholder');
    this.#search.attr({ placeholder, 'aria-label': placeholder, title: placeholder }).on('input', () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(this.#onChange, PAUSE_MS);
    });
    this.#toggle = toggle({ icon: 'fa-filter', title: words('exchange-monitor.search.filter') }, this.#panel);
    this.#clear = button({ icon: 'fa-times', title: words('exchange-monitor.search.clear') }, () =>
      this.clear(),
    );
    this.#fillPanel();
    this.showNodes([]);
    this.showCounts({});
    this.#showActive();
  }

  /** The search field and its buttons, to be put into a line with others. */
  get tools(): readonly JQuery[] {
    return [this.#search, this.#clear, this.#toggle];
  }

  /** What opens under that line. */
  get panels(): readonly JQuery[] {
    return [this.#panel, this.#states];
  }

  read(): FilterTexts {
    const time = (field: JQuery, name: string): object => {
      const value = new Date(textOf(field)).getTime();
      return Number.isNaN(value) ? {} : { [name]: value };
    };
    return {
      term: textOf(this.#search),
      channel: textOf(this.#node),
      service: textOf(this.#service),
      code: textOf(this.#code).toUpperCase(),
      states: [...this.#chosen],
      ...time(this.#from, 'acceptedFrom'),
      ...time(this.#to, 'acceptedTo'),
    };
  }

  /** Something is filtered. */
  get isActive(): boolean {
    const { states = [], ...others } = this.read();
    return states.length > 0 || Object.values(others).some(value => value !== '');
  }

  clear(): void {
    for (const field of [this.#search, this.#node, this.#service, this.#code, this.#from, this.#to])
      field.val('');
    this.#chosen = new Set();
    this.showCounts(this.#counts);
    this.#onChange();
  }

  /** Shows the messages of one node, in all states. */
  chooseNode(id: string): void {
    this.#addNode(id);
    this.#node.val(id);
    this.#search.val('');
    this.#chosen = new Set();
    this.showCounts(this.#counts);
    this.#onChange();
  }

  chooseStates(states: readonly MessageState[]): void {
    this.#chosen = new Set(states);
    this.showCounts(this.#counts);
    this.#onChange();
  }

  /** Offers the nodes of the store. */
  showNodes(ids: readonly string[]): void {
    const chosen = String(this.#node.val() ?? '');
    this.#node.empty().append($('<option>', { value: '' }).text(words('exchange-monitor.filter.any')));
    const titled = ids.map(id => ({ id, title: nodeTitle(id) }));
    for (const { id } of titled.toSorted((one, other) => one.title.localeCompare(other.title)))
      this.#addNode(id);
    if (chosen) this.#addNode(chosen);
    this.#node.val(chosen);
  }

  /** One button for each state that there is; several may be chosen. */
  showCounts(counts: Counts): void {
    this.#counts = counts;
    const focused = this.#states.find(':focus').attr('data-state');
    this.#states.empty();
    for (const state of messageStates) {
      const count = counts[state] ?? 0;
      if (count === 0 && !this.#chosen.has(state)) continue;
      const isChosen = this.#chosen.has(state);
      button({}, () => this.#toggleState(state))
        .attr({ 'data-state': state, 'aria-pressed': String(isChosen) })
        .toggleClass('selected', isChosen)
        .append(stateBadge(state), $('<b>').text(String(count)))
        .appendTo(this.#states);
    }
    if (focused) this.#states.find(`[data-state="${focused}"]`).trigger('focus');
  }

  #toggleState(state: MessageState): void {
    const chosen = new Set(this.#chosen);
    if (!chosen.delete(state)) chosen.add(state);
    this.chooseStates([...chosen]);
  }

  #addNode(id: string): void {
    const known = this.#node.find<HTMLOptionElement>('option').toArray();
    if (known.some(({ value }) => value === id)) return;
    $('<option>', { value: id }).text(nodeTitle(id)).appendTo(this.#node);
  }

  #fillPanel(): void {
    this.#service.append($('<option>', { value: '' }).text(words('exchange-monitor.filter.any')));
    for (const service of SERVICES)
      $('<option>', { value: service }).text(serviceTitle(service)).appendTo(this.#service);
    this.#code.attr('placeholder', words('exchange-monitor.filter.code-hint'));
    this.#panel.append(
      labelled(words('exchange-monitor.filter.node'), this.#node),
      labelled(words('exchange-monitor.filter.service'), this.#service),
      labelled(words('exchange-monitor.filter.code'), this.#code),
      labelled(words('exchange-monitor.filter.from'), this.#from),
      labelled(words('exchange-monitor.filter.to'), this.#to),
    );
    this.#panel.on('change', this.#onChange);
  }

  /** The funnel shows that it holds something, also when it is closed. */
  #showActive(): void {
    const { channel, service, code, acceptedFrom, acceptedTo } = this.read();
    const isFiltered = Boolean(channel ?? '') || Boolean(service ?? '') || Boolean(code ?? '');
    this.#toggle.toggleClass(
      'exchange-monitor-active',
      isFiltered || acceptedFrom !== undefined || acceptedTo !== undefined,
    );
    this.#clear.prop('disabled', !this.isActive);
  }
}

const textOf = (field: JQuery): string => String(field.val() ?? '').trim();

const labelled = (label: string, field: JQuery): JQuery =>
  // Its own name, for a name made of the label would hold all choices.
  $('<label>').append($('<span>').text(label), field.attr('aria-label', label));
