/** Mapped input of the nodes that take rows of one table. */
import type { CodeTables } from '../contract/code-table';
import type { Table } from '../contract/field';
import { findKey, isRow } from '../contract/row';
import { type Mapping, type TableMapping } from './mapping';
import { mappingName } from './mapping-row';

/** Maps one row or many, also inside `{ <row element>: … }`. What is no row stays, for the reader to refuse. */
export const mapRows =
  (table: Table) =>
  (input: unknown, mapping: Mapping, codeTables: CodeTables): Promise<unknown> =>
    mapEach(input, mapping.of(table), mappingName(table).toLowerCase(), codeTables);

async function mapEach(
  input: unknown,
  part: TableMapping,
  wrapper: string,
  codeTables: CodeTables,
): Promise<unknown> {
  if (Array.isArray(input)) {
    const rows: unknown[] = [];
    for (const row of input) rows.push(await mapEach(row, part, wrapper, codeTables));
    return rows;
  }
  if (!isRow(input)) return input;
  const wrapped = findKey(input, wrapper);
  if (!wrapped) return part.apply(input, { codeTables });
  return { ...input, [wrapped]: await mapEach(input[wrapped], part, wrapper, codeTables) };
}
