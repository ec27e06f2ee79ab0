/** How far a source of messages has been read: kept in the store, so that it moves with what was read. */
import type { Input } from '../message-store';
import { text } from '../row';
import type { Transaction } from '../transaction';

const rowOf = (name: string): string => `position/${name}`;

export async function position(tx: Transaction, { name }: Input<'position'>): Promise<string | null> {
  const row = await tx.first('select value from meta where name = ?', rowOf(name));
  return row ? text(row, 'value') : null;
}

export async function writePosition(
  tx: Transaction,
  { name, value }: { readonly name: string; readonly value: string },
): Promise<void> {
  const insert = tx.dialect.insertMissing('meta', ['name', 'value'], 'name');
  await tx.run(insert, rowOf(name), value);
  await tx.run('update meta set value = ? where name = ?', value, rowOf(name));
}
