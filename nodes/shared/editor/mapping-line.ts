/** One line of the mapping table: a field of the contract, where its value comes from, and whether that is complete. */
import { type Field, type Table, recordName } from '../../../lib/contract/field';
import { missingPart } from '../../../lib/mapping/faults';
import {
  MAPPING_SOURCES,
  type MappedTable,
  type MappingRow,
  type MappingSource,
  mappingName,
  mustBeMapped,
} from '../../../lib/mapping/mapping-row';
import { isExpression } from './expression';
import { inLanguage } from './language';
import type { EditorNode } from './red';

/** What the whole table knows and a line needs. */
export interface TableState {
  /** Unmapped fields take the column of the same name. */
  readonly sameNames: boolean;
  /** At least one field is mapped. */
  readonly inUse: boolean;
}

/** How a line without a fault stands. */
type SoundState = 'mapped' | 'by-name' | 'provided' | 'unused' | 'missing';

type LineState = SoundState | 'faulty';

const ICONS: Readonly<Record<LineState, string>> = {
  mapped: 'fa-check-circle exchange-good',
  'by-name': 'fa-circle-o',
  provided: 'fa-circle-o',
  unused: 'fa-minus',
  missing: 'fa-warning exchange-bad',
  faulty: 'fa-exclamation-circle exchange-bad',
};

export class MappingLine {
  readonly element: JQuery;
  readonly table: string;
  readonly field: string;
  /** Must be mapped when names don't count. */
  readonly required: boolean;
  /** What the search looks through, in lower case. */
  readonly #words: string;
  readonly #node: EditorNode;
  readonly #known: boolean;
  readonly #provided: boolean;
  readonly #source = $('<select>');
  readonly #value = $('<input>', { type: 'text', class: 'exchange-mapping-text', spellcheck: 'false' });
  readonly #codeTable = $('<input>', { type: 'text', class: 'exchange-mapping-text', spellcheck: 'false' });
  readonly #edit: JQuery;
  readonly #icon = $('<i>', { role: 'img' });
  #state: LineState = 'unused';

  private constructor(
    node: EditorNode,
    names: { readonly table: string; readonly field: string },
    title: JQuery,
    facts: { words: string; required: boolean; known: boolean; provided: boolean; codeTable: string },
  ) {
    this.table = names.table;
    this.field = names.field;
    this.required = facts.required;
    this.#words = facts.words.toLowerCase();
    this.#node = node;
    this.#known = facts.known;
    this.#provided = facts.provided;
    this.#codeTable
      .attr({ placeholder: node._('exchange.mapping.code-table'), list: 'exchange-mapping-code-tables' })
      .val(facts.codeTable);
    this.#edit = $('<button>', { type: 'button', class: 'red-ui-button red-ui-button-small' })
      .attr({
        title: node._('exchange.mapping.edit-expression'),
        'aria-label': node._('exchange.mapping.edit-expression'),
      })
      .append($('<i>', { class: 'fa fa-ellipsis-h' }))
      .on('click', () => this.#editExpression());
    this.#fillSources();
    this.#source.attr('aria-label', `${names.field} ${node._('exchange.mapping.source')}`);
    this.#value.attr('aria-label', `${names.field} ${node._('exchange.mapping.value')}`);
    this.#codeTable.attr('aria-label', `${names.field} ${node._('exchange.mapping.code-table')}`);
    this.element = $('<div>', { class: 'exchange-mapping-line' })
      .attr('data-field', `${names.table}.${names.field}`)
      .append(
        title,
        this.#source,
        $('<div>', { class: 'exchange-mapping-value' }).append(this.#value, this.#edit, this.#codeTable),
        this.#icon,
      );
  }

  /** The line of a field of the contract. */
  static of(node: EditorNode, of: MappedTable, field: Field): MappingLine {
    const name = recordName(field);
    const required = mustBeMapped(field, of);
    const provided = of.provided.includes(name) || field.default !== undefined;
    return new MappingLine(
      node,
      { table: mappingName(of.table), field: name },
      titleOf(node, of.table, field, required),
      {
        words: [name, field.name, field.zh, field.en].join(' '),
        required,
        known: true,
        provided,
        codeTable: field.codeTable ?? '',
      },
    );
  }

  /** The line of a row whose field no table has; it is shown so that it can be taken away. */
  static unknown(node: EditorNode, row: MappingRow): MappingLine {
    const title = $('<div>', { class: 'exchange-mapping-field' }).append(
      $('<code>').text(`${row.table}.${row.field}`),
    );
    const facts = { words: row.field, required: false, known: false, provided: false, codeTable: '' };
    return new MappingLine(node, row, title, facts);
  }

  /** Calls back after every change, when the line itself has followed it. */
  onChange(changed: () => void): void {
    this.#source.on('change', () => {
      this.#showSource();
      changed();
    });
    this.#codeTable.on('input', changed);
    this.#value
      .on('input', () => {
        // Typing a column is the usual case: no need to choose it first.
        if (this.#source.val() === '' && this.#text() !== '') this.#choose('column');
        changed();
      })
      .on('blur', () => {
        if (this.#source.val() === 'column' && this.#text() === '') this.#choose('');
        changed();
      });
  }

  get state(): LineState {
    return this.#state;
  }

  get isMapped(): boolean {
    return this.#source.val() !== '';
  }

  row(): MappingRow | undefined {
    const source = this.#chosen();
    if (!source) return undefined;
    const codeTable = String(this.#codeTable.val() ?? '').trim();
    return {
      table: this.table,
      field: this.field,
      source,
      value: this.#text(),
      ...(source === 'codes' && { codeTable }),
    };
  }

  set(row: MappingRow | undefined): void {
    this.#value.val(row?.value ?? '');
    if (row?.codeTable) this.#codeTable.val(row.codeTable);
    this.#choose(row?.source ?? '');
  }

  matches(search: string): boolean {
    return this.#words.includes(search) || this.#text().toLowerCase().includes(search);
  }

  /** Shows how the line stands. */
  refresh(table: TableState): void {
    const fault = this.#fault();
    this.#state = fault ? 'faulty' : this.#soundState(table);
    const none = table.sameNames
      ? this.#node._('exchange.mapping.source-none.by-name')
      : this.#node._('exchange.mapping.source-none.unused');
    this.#source.children().first().text(none);
    if (!this.isMapped) this.#value.attr('placeholder', table.sameNames ? this.field : '');
    const meaning = fault ?? this.#meanings()[this.#soundState(table)];
    this.#icon.attr({ class: `fa ${ICONS[this.#state]}`, title: meaning, 'aria-label': meaning });
    this.element.toggleClass('exchange-mapping-unmapped', !this.isMapped);
  }

  #soundState({ sameNames, inUse }: TableState): SoundState {
    if (this.isMapped) return 'mapped';
    if (sameNames) return 'by-name';
    if (this.#provided) return 'provided';
    return this.required && inUse ? 'missing' : 'unused';
  }

  #fault(): string | undefined {
    const row = this.row();
    if (!row) return undefined;
    if (!this.#known) return this.#node._('exchange.mapping.state.unknown');
    const missing = missingPart(row);
    if (missing) return inLanguage(missing);
    if (row.source === 'jsonata' && !isExpression(row.value))
      return this.#node._('exchange.mapping.state.no-expression');
    return this.required && row.source === 'constant' && row.value === ''
      ? this.#node._('exchange.mapping.state.empty')
      : undefined;
  }

  #meanings(): Readonly<Record<SoundState, string>> {
    return {
      mapped: this.#node._('exchange.mapping.state.mapped'),
      'by-name': this.#node._('exchange.mapping.state.by-name'),
      provided: this.#node._('exchange.mapping.state.provided'),
      missing: this.#node._('exchange.mapping.state.missing'),
      unused: this.#node._('exchange.mapping.state.unused'),
    };
  }

  #text(): string {
    return String(this.#value.val() ?? '').trim();
  }

  #chosen(): MappingSource | undefined {
    return MAPPING_SOURCES.find(source => source === this.#source.val());
  }

  #choose(source: MappingSource | ''): void {
    this.#source.val(source);
    this.#showSource();
  }

  #fillSources(): void {
    const titles: Readonly<Record<MappingSource, string>> = {
      column: this.#node._('exchange.mapping.sources.column'),
      constant: this.#node._('exchange.mapping.sources.constant'),
      jsonata: this.#node._('exchange.mapping.sources.jsonata'),
      codes: this.#node._('exchange.mapping.sources.codes'),
    };
    $('<option>', { value: '' }).appendTo(this.#source);
    for (const source of MAPPING_SOURCES)
      $('<option>', { value: source }).text(titles[source]).appendTo(this.#source);
  }

  #showSource(): void {
    const source = this.#chosen();
    const hints: Readonly<Record<MappingSource, string>> = {
      column: this.#node._('exchange.mapping.hints.column'),
      constant: this.#node._('exchange.mapping.hints.constant'),
      jsonata: this.#node._('exchange.mapping.hints.jsonata'),
      codes: this.#node._('exchange.mapping.hints.column'),
    };
    if (source) this.#value.attr('placeholder', hints[source]);
    else this.#value.val('');
    this.#edit.prop('hidden', source !== 'jsonata');
    this.#codeTable.prop('hidden', source !== 'codes');
  }

  /** As Node-RED's own expression fields: line breaks stand as tabs in the one-line field. */
  #editExpression(): void {
    RED.editor.editExpression({
      value: this.#text().replaceAll('\t', '\n'),
      focus: true,
      complete: text => this.#value.val(text.replaceAll('\n', '\t')).trigger('input'),
    });
  }
}

function titleOf(node: EditorNode, of: Table, field: Field, required: boolean): JQuery {
  const name = $('<span>', { class: 'exchange-mapping-name' }).append($('<span>').text(inLanguage(field)));
  if (required) name.append($('<b>', { class: 'exchange-bad' }).text('*'));
  return $('<div>', { class: 'exchange-mapping-field', title: describe(node, of, field) }).append(
    name,
    $('<code>').text(recordName(field)),
  );
}

/** All that the contract says of a field. */
function describe(node: EditorNode, of: Table, field: Field): string {
  const values = field.allowed ?? field.known;
  return [
    `${field.name}  ${field.zh}  ${field.en}`,
    field.type === 'text' ? '' : `${field.type}${field.length ? `(${field.length})` : ''}`,
    field.required ? node._('exchange.mapping.tooltip.required') : '',
    field.format ?? '',
    field.codeTable ? node._('exchange.mapping.tooltip.code-table', { name: field.codeTable }) : '',
    values
      ? Object.entries(values)
          .map(([value, meaning]) => `${value}=${meaning}`)
          .join(', ')
      : '',
    field.default === undefined ? '' : node._('exchange.mapping.tooltip.default', { value: field.default }),
    node._('exchange.mapping.tooltip.section', { section: of.section }),
  ]
    .filter(text => text !== '')
    .join('\n');
}
