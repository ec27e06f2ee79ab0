/** The field mapping in a node's dialog: its default's validator, its table, and what is read from it. */
import { rowFaults, unmappedFields } from '../../../lib/mapping/faults';
import type { MappedTable, MappingRow } from '../../../lib/mapping/mapping-row';
import type { MappingProps } from '../mapping.props';
import { isExpression } from './expression';
import { useStyle } from './form';
import { inLanguage } from './language';
import css from './mapping-table.css';
import { MappingTable } from './mapping-table';
import { prepareTransfer } from './mapping-transfer';
import type { EditorNode, Validator } from './red';

/** Faults named in the reason why a node is invalid; the dialog shows all of them. */
const MOST_SHOWN = 5;

/** What a node type with a field mapping uses in its definition. */
export interface MappingEditor {
  readonly validate: Validator;
  /** For `oneditprepare`: builds the table in `#exchange-mapping`. */
  prepare(node: EditorNode & MappingProps): MappingTable;
  /** For `oneditsave`. */
  read(): MappingRow[];
}

/** `tablesOf` gives the tables that a node uses, where its settings choose; the rows of the others are kept. */
export function mappingEditor(
  tables: readonly MappedTable[],
  tablesOf: (node: EditorNode) => readonly MappedTable[] = () => tables,
): MappingEditor {
  useStyle('regional-exchange-mapping-style', css);
  let table: MappingTable | undefined;
  return {
    validate(this: EditorNode, value: unknown, _options: unknown) {
      // Given by the environment, or of a flow that is older than the mapping.
      if (value === undefined || (typeof value === 'string' && /^\$\{\w+\}$/.test(value))) return true;
      if (!Array.isArray(value)) return this._('exchange.mapping.invalid.form');
      const { sameNames } = this as EditorNode & Partial<MappingProps>;
      const rows = value as readonly MappingRow[];
      const faults = [...rowFaults(rows, tables), ...unmappedFields(rows, tablesOf(this), sameNames ?? true)];
      return reasonOf(this, [
        ...faults.map(({ text }) => inLanguage(text)),
        ...brokenExpressions(this, rows),
      ]);
    },
    prepare(node) {
      // The runtime of a flow that is older than the mapping takes names.
      $('#node-input-sameNames').prop('checked', node.sameNames ?? true);
      table = new MappingTable(node, tables, node.mapping ?? []);
      prepareTransfer(node, tables, table);
      return table;
    },
    read: () => table?.rows() ?? [],
  };
}

const brokenExpressions = (node: EditorNode, rows: readonly MappingRow[]): string[] =>
  rows
    .filter(({ source, value }) => source === 'jsonata' && !isExpression(value))
    .map(({ field }) => node._('exchange.mapping.invalid.expression', { field }));

function reasonOf(node: EditorNode, faults: readonly string[]): true | string {
  if (faults.length === 0) return true;
  const shown = faults.slice(0, MOST_SHOWN).join('; ');
  return faults.length > MOST_SHOWN
    ? node._('exchange.mapping.invalid.more', { faults: shown, more: faults.length - MOST_SHOWN })
    : node._('exchange.mapping.invalid.faults', { faults: shown });
}
