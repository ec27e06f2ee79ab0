/** The list of a statement's parameters: name, type, direction, and where the value is. */
import { SCALAR_TYPES } from '../../lib/database/parameter';
import type { EditorNode } from '../shared/editor/red';
import type { ParameterRow } from './database-run.props';

const VALUE_TYPES: readonly ParameterRow['valueType'][] = [
  'msg',
  'jsonata',
  'str',
  'num',
  'bool',
  'env',
  'flow',
  'global',
];
const TYPES_ID = 'database-run-types';
/** Types that need more than their name, as they are mostly written. */
const USUAL = ['varchar(50)', 'nvarchar(50)', 'nvarchar(max)', 'decimal(18,2)', 'datetime2(3)'];

const list = (): JQuery => $('#database-run-parameters');

export function prepareParameters(node: EditorNode, rows: readonly ParameterRow[]): void {
  const types = $('<datalist>', { id: TYPES_ID }).insertAfter(list());
  for (const type of [...USUAL, ...SCALAR_TYPES]) types.append($('<option>', { value: type }));
  list().editableList<ParameterRow>({
    addItem: (row, _index, data) => addRow(node, row, data),
    removable: true,
    sortable: true,
  });
  for (const row of rows) list().editableList('addItem', { ...row });
}

/** The rows as they stand in the form; a row without a name is dropped. */
export function readParameters(): ParameterRow[] {
  return list()
    .editableList('items')
    .toArray()
    .map(item => {
      const text = (part: string): string => String($(item).find(part).val() ?? '').trim();
      const value = $(item).find('.exchange-value > input').first();
      return {
        name: text('.database-run-name'),
        type: text('.database-run-type'),
        direction: text('select') === 'out' ? ('out' as const) : ('in' as const),
        value: value.typedInput('value'),
        valueType: VALUE_TYPES.find(type => type === value.typedInput('type')) ?? 'msg',
      };
    })
    .filter(({ name }) => name);
}

const field = (name: string, placeholder: string): JQuery =>
  $('<input>', { type: 'text', class: name, style: 'width: 40%; min-width: 0; margin: 0', placeholder });

function addRow(node: EditorNode, row: JQuery, data: Partial<ParameterRow>): void {
  const name = field('database-run-name', node._('database-run.parameter.name')).val(data.name ?? '');
  const type = field('database-run-type', 'nvarchar(50)')
    .attr('list', TYPES_ID)
    .val(data.type ?? '');
  const direction = $('<select>', { style: 'width: 20%; margin: 0; flex: none' }).append(
    $('<option>', { value: 'in' }).text(node._('database-run.parameter.in')),
    $('<option>', { value: 'out' }).text(node._('database-run.parameter.out')),
  );
  const value = $('<input>', { type: 'text', style: 'width: 100%' });
  row.append(
    $('<div>', { class: 'exchange-row' }).append(name, type, direction),
    $('<div>', { class: 'exchange-value', style: 'margin-top: 4px' }).append(value),
  );
  direction.val(data.direction ?? 'in');
  value.typedInput({ default: 'msg', types: VALUE_TYPES });
  value.typedInput('type', data.valueType ?? 'msg');
  value.typedInput('value', data.value ?? 'payload');
}
