/**
 * A hospital's mapping: for each field of a contract table, where its value comes from. This file and `faults.ts`,
 * `mapping-csv.ts`, `sheet.ts` also run in the editor: they use nothing of Node.
 */
import { type Field, type Table, recordName } from '../contract/field';

/** A column of the row, a fixed text, a JSONata expression over the row, or a column translated by a code table. */
export const MAPPING_SOURCES = ['column', 'constant', 'jsonata', 'codes'] as const;

export type MappingSource = (typeof MAPPING_SOURCES)[number];

/** One line of a mapping, as it is stored in the flow. */
export interface MappingRow {
  /** {@link mappingName} of the table. */
  table: string;
  /** Name of the field in our records: `recordName`. */
  field: string;
  source: MappingSource;
  /** Column, text or expression. An empty constant leaves the field empty. */
  value: string;
  /** Source `codes`: name of the code table in the profile's file. */
  codeTable?: string;
}

/** A table that a node maps. */
export interface MappedTable {
  readonly table: Table;
  /** Fields that are filled from elsewhere when the hospital gives nothing: profile, master of an item. */
  readonly provided: readonly string[];
}

/** The name of a table in a mapping: its element in a report, else the service. */
export const mappingName = (of: Table): string => of.row ?? of.name;

/** Must come from the hospital: required, without a default, and filled by nobody else. */
export const mustBeMapped = (field: Field, { provided }: MappedTable): boolean =>
  Boolean(field.required ?? field.essential) &&
  field.default === undefined &&
  !provided.includes(recordName(field));
