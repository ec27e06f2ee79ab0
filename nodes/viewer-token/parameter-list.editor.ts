/** The list of a page's parameters: a name from the agreement's list of the page (5.1.6), and where its value is. */
import type { Text } from '../../lib/errors';
import { inLanguage } from '../shared/editor/language';
import type { EditorNode } from '../shared/editor/red';
import type { ViewerParameterRow } from './viewer-token.props';

/** One line of the admin route `viewer-token/pages`. */
interface Page {
  readonly page: string;
  readonly zh: string;
  readonly parameters: readonly (Text & { readonly name: string })[];
}

const VALUE_TYPES: readonly ViewerParameterRow['type'][] = ['str', 'msg', 'flow', 'global', 'env', 'jsonata'];

/** Listed parameters that have a field of their own in the form. */
const ELSEWHERE = new Set(['Timestamp', 'UserPwd']);

const list = (): JQuery => $('#viewer-token-parameters');

/** Shows the rows, and offers the names of the chosen page as soon as they are known. */
export function prepareParameters(node: EditorNode, rows: readonly ViewerParameterRow[]): void {
  let pages: readonly Page[] = [];
  const offerIn = (select: JQuery): void => {
    const page = pages.find(({ page: name }) => name === $('#node-input-page').val());
    offerNames(node, select, page);
  };
  const offerEverywhere = (): unknown =>
    list()
      .find('select')
      .each((_index, select) => offerIn($(select)));

  list().editableList<ViewerParameterRow>({
    addItem: (row, _index, data) => addRow(row, data, offerIn),
    removable: true,
    sortable: true,
  });
  for (const row of rows) list().editableList('addItem', { ...row });
  $('#node-input-page').on('change', offerEverywhere);
  $.getJSON('viewer-token/pages', (answer: Page[]) => {
    pages = answer;
    offerEverywhere();
  }).fail(() => $('#viewer-token-parameters-hint').text(node._('viewer-token.hint.no-list')));
}

/** The rows as they stand in the form; a row without a name is dropped. */
export function readParameters(): ViewerParameterRow[] {
  return list()
    .editableList('items')
    .toArray()
    .map(item => {
      const value = $(item).find('.exchange-value > input');
      return {
        name: String($(item).find('select').val() ?? ''),
        value: value.typedInput('value'),
        type: VALUE_TYPES.find(type => type === value.typedInput('type')) ?? 'str',
      };
    })
    .filter(({ name }) => name);
}

function addRow(row: JQuery, data: Partial<ViewerParameterRow>, offerIn: (select: JQuery) => void): void {
  const select = $('<select>').data('name', data.name ?? '');
  const value = $('<input>', { type: 'text', style: 'width: 100%' });
  row.append(
    $('<div>', { class: 'exchange-row' }).append(
      select,
      $('<div>', { class: 'exchange-value' }).append(value),
    ),
  );
  value.typedInput({ default: 'msg', types: VALUE_TYPES });
  value.typedInput('type', data.type ?? 'msg');
  value.typedInput('value', data.value ?? 'payload');
  select.on('change', () => select.data('name', String(select.val() ?? '')));
  offerIn(select);
}

/** Fills one name list. A name that the page does not list stays, marked, so that changing the page loses nothing. */
function offerNames(node: EditorNode, select: JQuery, page: Page | undefined): void {
  const present = String(select.data('name'));
  select.empty().append($('<option>', { value: '' }).text(node._('viewer-token.choose')));
  for (const parameter of page?.parameters ?? []) {
    const { name } = parameter;
    if (ELSEWHERE.has(name)) continue;
    const meaning = inLanguage(parameter);
    // The agreement's texts run on into rules; up to the first mark they are a title.
    const title = meaning.split(/[，,（(；;。]/)[0] ?? '';
    $('<option>', { value: name, title: meaning }).text(`${name} ${title}`).appendTo(select);
  }
  if (present && !page?.parameters.some(({ name }) => name === present)) {
    $('<option>', { value: present })
      .text(page ? node._('viewer-token.unlisted', { name: present }) : present)
      .appendTo(select);
  }
  select.val(present);
}
