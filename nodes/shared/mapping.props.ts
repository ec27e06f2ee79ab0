import type { MappingRow } from '../../lib/mapping/mapping-row';

/** What every node with a field mapping has. */
export interface MappingProps {
  mapping: MappingRow[];
  /** Fields without a mapping take the column of the same name. */
  sameNames: boolean;
}
