/** The columns of what is polled, looked up once: their types, and that they are there. */
import type { DatabaseDriver, RunOptions } from '../driver';
import type { PollDialect, TypesByName } from './dialect';
import type { TableSource } from './plan';
import { typeOf } from './statements';

export interface TableTypes {
  readonly own: TypesByName;
  /** Of the detail table; null without one. */
  readonly detail: TypesByName | null;
}

/**
 * @param columns that the plan names beside the keys
 * @throws {ExchangeError} CONFIG when a table or column is missing, or the user may not see it; as the driver's `run`
 */
export async function readTableTypes(
  driver: DatabaseDriver,
  dialect: PollDialect,
  { source, keys, shape }: TableSource,
  columns: readonly string[],
  options: RunOptions,
): Promise<TableTypes> {
  const own = await dialect.columnTypes(driver, source, options);
  for (const name of [...keys, ...columns]) typeOf(own, name);
  if (shape.kind !== 'detail') return { own, detail: null };
  const detail = await dialect.columnTypes(driver, shape.source, options);
  for (const name of [...shape.keys, ...shape.order]) typeOf(detail, name);
  return { own, detail };
}
