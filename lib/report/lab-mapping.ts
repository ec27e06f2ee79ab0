/** Mapped lab reports: the hospital's columns in any of the forms of a lab report → the same form, contract names. */
import type { CodeTables } from '../contract/code-table';
import { fieldFinder } from '../contract/field';
import { type Row, findKey, isRow } from '../contract/row';
import { labMaster, labSubitem } from '../contract/tables/lab';
import type { Mapping, TableMapping } from '../mapping/mapping';
import { ITEM_PREFIX } from './lab-report';

/** Maps the input of `readLabReports`. What is no row stays, for the reader to refuse. */
export async function mapLabInput(
  input: unknown,
  mapping: Mapping,
  codeTables: CodeTables,
): Promise<unknown> {
  if (Array.isArray(input)) {
    const mapped: unknown[] = [];
    for (const element of input) mapped.push(await mapLabInput(element, mapping, codeTables));
    return mapped;
  }
  if (!isRow(input)) return input;
  const masterKey = findKey(input, 'labmaster');
  const itemKey = findKey(input, 'lab_subitem');
  const tables: Tables = { master: mapping.of(labMaster), items: mapping.of(labSubitem), codeTables };
  if (!masterKey && !itemKey) return mapFlat(input, tables);
  if (!masterKey) return mapNested(input, itemKey ?? '', tables);
  const masters = input[masterKey];
  return {
    ...input,
    [masterKey]: await mapAll(masters, tables.master, { codeTables }),
    ...(itemKey && {
      [itemKey]: await mapAll(input[itemKey], tables.items, { codeTables, ...soleMaster(masters) }),
    }),
  };
}

interface Tables {
  readonly master: TableMapping;
  readonly items: TableMapping;
  readonly codeTables: CodeTables;
}

async function mapNested(report: Row, itemKey: string, { master, items, codeTables }: Tables): Promise<Row> {
  const { [itemKey]: given, ...own } = report;
  return {
    ...(await master.apply(own, { codeTables })),
    [itemKey]: await mapAll(given, items, { codeTables, master: own }),
  };
}

async function mapAll(
  given: unknown,
  part: TableMapping,
  context: Parameters<TableMapping['apply']>[1],
): Promise<unknown> {
  if (!Array.isArray(given)) return isRow(given) ? part.apply(given, context) : given;
  const rows: unknown[] = [];
  for (const row of given) rows.push(isRow(row) ? await part.apply(row, context) : row);
  return rows;
}

/** Items of several masters find theirs only when both are mapped. */
function soleMaster(masters: unknown): { master?: Row } {
  const sole: unknown = Array.isArray(masters) && masters.length === 1 ? masters[0] : masters;
  return isRow(sole) ? { master: sole } : {};
}

const inMaster = fieldFinder(labMaster);
const inItem = fieldFinder(labSubitem);

/**
 * Both tables map from the one row; the item's values get the prefix by which the reader knows them. Constants alone
 * make no item: an outer join has rows of masters without one.
 */
async function mapFlat(row: Row, { master, items, codeTables }: Tables): Promise<Row> {
  const mapped: Record<string, unknown> = {};
  let holdsItem = false;
  for (const [column, value] of Object.entries(row)) {
    const itemField = itemFieldOf(column);
    if (itemField ? items.replaces(itemField) : master.replaces(column)) continue;
    mapped[column] = value;
    if (itemField && isFilled(value)) holdsItem = true;
  }
  Object.assign(mapped, master.constants, await master.values(row, { codeTables }));
  const values = await items.values(row, { codeTables, master: row });
  if (Object.values(values).some(isFilled)) holdsItem = true;
  for (const [name, value] of Object.entries({ ...(holdsItem && items.constants), ...values }))
    mapped[`item_${name}`] = value;
  return mapped;
}

/** The item's field that the reader would take a column of a flat row for. */
function itemFieldOf(column: string): string | undefined {
  const own = column.replace(ITEM_PREFIX, '');
  return (own !== column || !inMaster(column)) && inItem(own) ? own : undefined;
}

const isFilled = (value: unknown): boolean => value !== null && value !== undefined && value !== '';
