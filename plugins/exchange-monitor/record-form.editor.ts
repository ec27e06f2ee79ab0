/** The records of a message, to be mended: field by field, or all of them as JSON; checked before anything is sent. */
import type { Violation } from '../../lib/contract/violation';
import type { MendAnswer } from '../../lib/monitor/mend-message';
import type { MessageView, TableView } from '../../lib/monitor/message-view';
import type { FieldChange } from '../../lib/monitor/records';
import { inLanguage } from '../../nodes/shared/editor/language';
import { Problem } from './api.editor';
import { button, choice, icon } from './elements.editor';
import { violationList } from './message-detail.editor';
import { words } from './words.editor';

export interface FormActions {
  readonly back: () => void;
  /** Has the records checked, and sent when they keep the agreement unless `checkOnly`. @throws {Problem} */
  readonly mend: (asked: object, checkOnly: boolean) => Promise<MendAnswer>;
  readonly sent: (answer: MendAnswer) => void;
}

/** Longer values get more lines. */
const ONE_LINE = 40;

interface FieldRow {
  readonly change: Omit<FieldChange, 'value'>;
  /** As violations name it. */
  readonly path: string;
  readonly value: string;
  readonly masked: boolean;
  readonly element: JQuery;
  readonly input: JQuery;
  readonly fault: JQuery;
  readonly words: string;
}

export class RecordForm {
  readonly element = $('<div>', { class: 'exchange-monitor-message exchange-monitor-form' });
  readonly #view: MessageView;
  readonly #actions: FormActions;
  readonly #rows: readonly FieldRow[];
  readonly #fields = $('<div>');
  readonly #search = $('<input>', { type: 'search' });
  readonly #onlyFaults = $('<input>', { type: 'checkbox' });
  readonly #nothing = $('<p>', { class: 'exchange-monitor-quiet' });
  readonly #json = $('<textarea>', { rows: 20, spellcheck: 'false' });
  readonly #result = $('<div>', { class: 'exchange-monitor-result', 'aria-live': 'polite' });
  readonly #body = $('<div>');
  #form: 'fields' | 'json' = 'fields';

  constructor(view: MessageView, actions: FormActions) {
    this.#view = view;
    this.#actions = actions;
    this.#rows = view.tables.flatMap((table, at) => this.#rowsOf(table, at));
    this.#search.on('input', () => this.#filter());
    this.#onlyFaults.prop('checked', view.violations.length > 0).on('change', () => this.#filter());
    this.#json.val(jsonOf(view.tables));
    this.#nothing.text(words('exchange-monitor.edit.no-field'));
    this.element.append(
      $('<div>', { class: 'exchange-monitor-title' }).append(
        button({ icon: 'fa-arrow-left', title: words('exchange-monitor.edit.cancel') }, actions.back),
        $('<b>').text(`${words('exchange-monitor.edit.title')} ${view.message.label}`),
      ),
      this.#body,
      this.#result,
      $('<div>', { class: 'exchange-monitor-actions exchange-monitor-foot' }).append(
        button({ text: words('exchange-monitor.edit.check') }, () => void this.#mend(true)),
        button(
          { icon: 'fa-paper-plane', text: words('exchange-monitor.edit.send') },
          () => void this.#mend(false),
        ).addClass('primary'),
      ),
    );
    this.#show('fields');
    this.#showFaults(view.violations);
  }

  /** Something was typed that is not sent. */
  get isChanged(): boolean {
    return this.#form === 'fields'
      ? this.#changes().length > 0
      : String(this.#json.val()) !== jsonOf(this.#view.tables);
  }

  #show(form: 'fields' | 'json'): void {
    this.#form = form;
    this.#fields.detach();
    this.#json.detach();
    const options = [
      { name: 'fields', text: words('exchange-monitor.edit.fields') },
      { name: 'json', text: words('exchange-monitor.edit.json') },
    ] as const;
    this.#body.empty().append(choice(options, form, name => this.#show(name)));
    if (form === 'fields') this.#body.append(this.#fieldsPart());
    else if (this.#view.masked)
      this.#body.append(
        $('<p>', { class: 'exchange-monitor-quiet' }).text(words('exchange-monitor.edit.json-needs-unmask')),
      );
    else this.#body.append(this.#json.attr('aria-label', words('exchange-monitor.edit.json-label')));
  }

  #fieldsPart(): JQuery {
    const find = words('exchange-monitor.edit.find');
    this.#search.attr({ placeholder: find, 'aria-label': find });
    if (this.#fields.children().length > 0) return this.#fields;
    return this.#fields.append(
      $('<p>', { class: 'exchange-monitor-quiet' }).text(words('exchange-monitor.edit.hint')),
      $('<div>', { class: 'exchange-monitor-line' }).append(
        this.#search,
        $('<label>', { class: 'exchange-monitor-check' }).append(
          this.#onlyFaults,
          $('<span>').text(words('exchange-monitor.edit.only-faults')),
        ),
      ),
      ...this.#rows.map(({ element }) => element),
      this.#nothing,
    );
  }

  #rowsOf({ name, title, fields, records }: TableView, table: number): FieldRow[] {
    return records.flatMap(({ path, values }, record) =>
      fields.map((field, place) => {
        const value = values[place] ?? '';
        const isMasked = this.#view.masked && field.masked;
        const id = `exchange-monitor-field-${table}-${record}-${place}`;
        const input = inputOf(value).attr({ id, placeholder: value });
        if (!isMasked) input.val(value);
        const label = `${inLanguage(field.title)}${records.length > 1 ? ` (${record + 1})` : ''}`;
        const fault = $('<div>', { class: 'exchange-monitor-bad' });
        const element = $('<div>', { class: 'exchange-monitor-field' }).append(
          $('<label>', { for: id }).append(
            $('<span>').text(label),
            field.required ? $('<b>', { title: words('exchange-monitor.edit.required') }).text('*') : '',
            $('<code>').text(field.name),
          ),
          input,
          fault,
        );
        return {
          change: { table, record, field: field.name },
          path: path + field.name,
          value,
          masked: isMasked,
          element,
          input,
          fault,
          words: `${label} ${field.name} ${name} ${inLanguage(title)}`.toLowerCase(),
        };
      }),
    );
  }

  #changes(): FieldChange[] {
    return this.#rows.flatMap(({ change, value, masked, input }) => {
      const now = String(input.val() ?? '');
      const isChanged = masked ? now !== '' : now !== value;
      return isChanged ? [{ ...change, value: now }] : [];
    });
  }

  async #mend(checkOnly: boolean): Promise<void> {
    const asked = this.#asked();
    if (!asked) return;
    const buttons = this.element.find('.exchange-monitor-foot button').prop('disabled', true);
    try {
      const answer = await this.#actions.mend(asked, checkOnly);
      if (answer.newId !== null || answer.result) return this.#actions.sent(answer);
      this.#showFaults(answer.violations);
      this.#tell(answer.violations);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.#showFaults(error.violations);
      this.#say('bad', error.message);
    } finally {
      buttons.prop('disabled', false);
    }
  }

  /** What is sent to be checked; undefined when there is nothing, which is said. */
  #asked(): object | undefined {
    if (this.#form === 'fields') {
      const changes = this.#changes();
      if (changes.length > 0) return { changes };
      this.#say('doubt', words('exchange-monitor.edit.nothing'));
      return undefined;
    }
    if (this.#view.masked) return undefined;
    try {
      return { records: JSON.parse(String(this.#json.val())) as unknown };
    } catch (error) {
      const why = error instanceof Error ? error.message : '';
      this.#say('bad', words('exchange-monitor.edit.json-wrong', { why }));
      return undefined;
    }
  }

  #tell(violations: readonly Violation[]): void {
    const errors = violations.filter(({ severity }) => severity === 'error').length;
    if (errors > 0) this.#say('bad', words('exchange-monitor.edit.wrong', { count: errors }));
    else this.#say('good', words('exchange-monitor.edit.good'));
    // Faults of fields stand beside them; in JSON there are no fields.
    if (this.#form === 'json') this.#result.append(violationList(violations));
  }

  #say(mood: 'good' | 'bad' | 'doubt', text: string): void {
    const symbol = { good: 'fa-check-circle', bad: 'fa-times-circle', doubt: 'fa-info-circle' }[mood];
    this.#result
      .empty()
      .append($('<div>', { class: `exchange-monitor-${mood}` }).append(icon(symbol), $('<span>').text(text)));
  }

  #showFaults(violations: readonly Violation[]): void {
    for (const { path, fault, element } of this.#rows) {
      const own = violations.filter(violation => violation.path === path);
      const isError = own.some(({ severity }) => severity === 'error');
      element.toggleClass('exchange-monitor-faulty', own.length > 0);
      fault
        .attr('class', isError ? 'exchange-monitor-bad' : 'exchange-monitor-doubt')
        .text(own.map(one => `${inLanguage(one.message)} ${inLanguage(one.remedy)}`).join('\n'));
    }
    this.#filter();
  }

  #filter(): void {
    const wanted = String(this.#search.val() ?? '')
      .trim()
      .toLowerCase();
    const onlyFaults = this.#onlyFaults.prop('checked') === true;
    let found = 0;
    for (const row of this.#rows) {
      const isFaulty = row.element.hasClass('exchange-monitor-faulty');
      const isShown = wanted !== '' ? row.words.includes(wanted) : !onlyFaults || isFaulty;
      row.element.prop('hidden', !isShown);
      if (isShown) found++;
    }
    this.#nothing.prop('hidden', found > 0);
  }
}

const inputOf = (value: string): JQuery =>
  value.length > ONE_LINE || value.includes('\n')
    ? $('<textarea>', { rows: 3 })
    : $('<input>', { type: 'text' });

/** Filled fields alone: an empty one and one that is not there mean the same. */
function jsonOf(tables: readonly TableView[]): string {
  const all = tables.map(({ name, fields, records }) => [
    name,
    records.map(({ values }) =>
      Object.fromEntries(fields.flatMap((field, at) => (values[at] ? [[field.name, values[at] ?? '']] : []))),
    ),
  ]);
  return JSON.stringify(Object.fromEntries(all), null, 2);
}
