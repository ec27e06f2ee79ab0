/** The mapping table of a dialog: one line a field of the contract, with search, filters and a count of what is open. */
import { type MappedTable, type MappingRow, mappingName } from '../../../lib/mapping/mapping-row';
import { inLanguage } from './language';
import { MappingLine } from './mapping-line';
import type { EditorNode } from './red';

const FILTERS = ['all', 'required', 'mapped', 'open'] as const;

/** Lines that a key moves on. */
const STEPS: Readonly<Record<string, number>> = { ArrowDown: 1, Enter: 1, ArrowUp: -1 };

type Filter = (typeof FILTERS)[number];

interface Section {
  readonly name: string;
  readonly heading: JQuery;
  readonly lines: readonly MappingLine[];
}

const namesOf = (tables: readonly MappedTable[]): ReadonlySet<string> =>
  new Set(tables.map(({ table }) => mappingName(table)));

/** A line that the user should look at. */
const isOpen = ({ state }: MappingLine): boolean => state === 'missing' || state === 'faulty';

export class MappingTable {
  readonly #node: EditorNode;
  readonly #tables: readonly MappedTable[];
  readonly #sections: readonly Section[];
  readonly #unknown: MappingLine[] = [];
  readonly #list = $('<div>', { class: 'exchange-mapping-list' });
  readonly #search = $('<input>', { type: 'search', class: 'exchange-mapping-search' });
  readonly #filters = $('<div>', { class: 'exchange-mapping-filters', role: 'radiogroup' });
  readonly #summary = $('<div>', { class: 'exchange-hint', 'aria-live': 'polite' });
  readonly #tools = $('<div>', { class: 'exchange-mapping-tools' });
  readonly #nothing = $('<div>', { class: 'exchange-hint exchange-mapping-nothing' });
  #shown: ReadonlySet<string>;

  constructor(node: EditorNode, tables: readonly MappedTable[], rows: readonly MappingRow[]) {
    this.#node = node;
    this.#tables = tables;
    this.#shown = namesOf(tables);
    this.#sections = tables.map(of => ({
      name: mappingName(of.table),
      heading: $('<div>', { class: 'exchange-mapping-section' }).append(
        document.createTextNode(`${inLanguage(of.table)} `),
        $('<code>').text(mappingName(of.table)),
      ),
      lines: of.table.fields.map(field => MappingLine.of(node, of, field)),
    }));
    for (const { heading, lines } of this.#sections)
      this.#list.append(heading, ...lines.map(({ element }) => element));
    this.#nothing.text(node._('exchange.mapping.nothing')).appendTo(this.#list);
    this.#list.on('keydown', event => this.#moveByKey(event));
    this.#search
      .attr({
        placeholder: node._('exchange.mapping.search'),
        'aria-label': node._('exchange.mapping.search'),
      })
      .on('input', () => this.#showMatching());
    this.#fillFilters();
    $('#exchange-mapping')
      .empty()
      .append(
        $('<div>', { class: 'exchange-mapping-bar' }).append(this.#search, this.#filters),
        $('<div>', { class: 'exchange-mapping-bar' }).append(this.#summary, this.#tools),
        this.#list,
        this.#codeTableNames(),
      );
    $('#node-input-sameNames').on('change', () => this.#refresh());
    for (const line of this.#lines()) line.onChange(() => this.#refresh());
    this.setRows(rows);
  }

  /** Puts buttons above the list, and what they open between them and the list. */
  addTools(buttons: readonly JQuery[], panel: JQuery): void {
    this.#tools.append(...buttons);
    this.#list.before(panel);
  }

  /** The mapping as it stands in the table, in the order of the contract. */
  rows(): MappingRow[] {
    return this.#lines().flatMap(line => line.row() ?? []);
  }

  setRows(rows: readonly MappingRow[]): void {
    const byField = new Map(rows.map(row => [`${row.table}.${row.field}`, row]));
    for (const line of this.#lines()) {
      line.set(byField.get(`${line.table}.${line.field}`));
      byField.delete(`${line.table}.${line.field}`);
    }
    for (const row of byField.values()) this.#addUnknown(row);
    this.#refresh();
  }

  /** Shows some of the tables only; the others keep what they hold. */
  showTables(tables: readonly MappedTable[]): void {
    this.#shown = namesOf(tables);
    this.#refresh();
  }

  #lines(): MappingLine[] {
    return [...this.#sections.flatMap(({ lines }) => lines), ...this.#unknown];
  }

  #addUnknown(row: MappingRow): void {
    const line = MappingLine.unknown(this.#node, row);
    this.#unknown.push(line);
    this.#nothing.before(line.element);
    line.onChange(() => this.#refresh());
    line.set(row);
  }

  #refresh(): void {
    const lines = this.#lines();
    const state = {
      sameNames: $('#node-input-sameNames').prop('checked') !== false,
      inUse: lines.some(line => line.isMapped && this.#isShown(line)),
    };
    for (const line of lines) line.refresh(state);
    this.#count();
    this.#showMatching();
  }

  #count(): void {
    const lines = this.#lines().filter(line => this.#isShown(line));
    const counts: Readonly<Record<Filter, number>> = {
      all: lines.length,
      required: lines.filter(({ required }) => required).length,
      mapped: lines.filter(({ isMapped }) => isMapped).length,
      open: lines.filter(isOpen).length,
    };
    for (const filter of FILTERS) this.#filters.find(`[data-count="${filter}"]`).text(String(counts[filter]));
    const open = counts.open > 0;
    this.#summary
      .text(
        open
          ? this.#node._('exchange.mapping.summary.open', { count: counts.open })
          : this.#node._('exchange.mapping.summary.mapped', { mapped: counts.mapped, all: counts.all }),
      )
      .toggleClass('exchange-bad', open);
  }

  #fillFilters(): void {
    const titles: Readonly<Record<Filter, string>> = {
      all: this.#node._('exchange.mapping.filters.all'),
      required: this.#node._('exchange.mapping.filters.required'),
      mapped: this.#node._('exchange.mapping.filters.mapped'),
      open: this.#node._('exchange.mapping.filters.open'),
    };
    for (const filter of FILTERS) {
      const input = $('<input>', { type: 'radio', name: 'exchange-mapping-filter', value: filter });
      input.prop('checked', filter === 'all').on('change', () => this.#showMatching());
      $('<label>')
        .append(
          input,
          $('<span>').append(
            document.createTextNode(`${titles[filter]} `),
            $('<small>').attr('data-count', filter),
          ),
        )
        .appendTo(this.#filters);
    }
  }

  #isShown(line: MappingLine): boolean {
    return this.#shown.has(line.table) || this.#unknown.includes(line);
  }

  /** Hides what search and filter leave out. */
  #showMatching(): void {
    const search = String(this.#search.val() ?? '')
      .trim()
      .toLowerCase();
    const filter = this.#filters.find('input:checked').val();
    const wanted = (line: MappingLine): boolean =>
      this.#isShown(line) &&
      line.matches(search) &&
      (filter !== 'required' || line.required) &&
      (filter !== 'mapped' || line.isMapped) &&
      (filter !== 'open' || isOpen(line));
    let found = 0;
    for (const line of this.#lines()) {
      const shown = wanted(line);
      line.element.prop('hidden', !shown);
      if (shown) found++;
    }
    for (const { heading, lines } of this.#sections)
      heading.prop(
        'hidden',
        lines.every(({ element }) => element.prop('hidden') === true),
      );
    this.#nothing.prop('hidden', found > 0);
  }

  /** Up, Down and Enter go to the same field of the next visible line. */
  #moveByKey(event: JQuery.KeyDownEvent): void {
    const step = STEPS[event.key];
    const input = $(event.target as HTMLElement);
    // With Ctrl, Enter closes the dialog; in a select and in a list of suggestions, the arrows choose.
    if (!step || event.ctrlKey || event.metaKey || !input.is('.exchange-mapping-value > input')) return;
    const inputs = this.#list.find('.exchange-mapping-value > input:visible:not([list])');
    const next = inputs.eq(inputs.index(input) + step);
    event.preventDefault();
    if (inputs.index(input) + step >= 0) next.trigger('focus');
  }

  #codeTableNames(): JQuery {
    const names = this.#tables.flatMap(({ table }) =>
      table.fields.flatMap(({ codeTable }) => codeTable ?? []),
    );
    const list = $('<datalist>', { id: 'exchange-mapping-code-tables' });
    for (const name of [...new Set(names)].toSorted()) $('<option>', { value: name }).appendTo(list);
    return list;
  }
}
