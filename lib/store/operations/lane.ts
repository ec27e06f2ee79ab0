/** The order of the messages of one key. */
import type { Call } from '../call';
import type { NewMessage } from '../message';
import type { Input } from '../message-store';
import { marks, text } from '../row';
import type { Transaction } from '../transaction';

/** What must stay in order: one business key at one service of one destination. */
export const laneOf = (
  tx: Transaction,
  { destination, service, key }: Pick<NewMessage, 'destination' | 'service' | 'key'>,
): string => tx.keys.hash(JSON.stringify([destination, service, key]));

/** Makes the oldest message that blocks a lane its head; the lane must be locked. */
export async function promote(tx: Transaction, lane: string): Promise<void> {
  await tx.run(
    'update message set head = 1 where head = 0 and' +
      ' seq = (select min(seq) from message where lane = ? and blocks = 1)',
    lane,
  );
}

/** The lanes that calls are going to change. */
export async function lanesOf(tx: Transaction, calls: readonly Call[]): Promise<string[]> {
  const { ids, messages } = touchedBy(calls);
  const lanes = messages.map(message => laneOf(tx, message));
  for (let at = 0; at < ids.length; at += LIST) {
    const part = ids.slice(at, at + LIST);
    const rows = await tx.all(`select lane from message where id in (${marks(part)})`, ...part);
    lanes.push(...rows.map(row => text(row, 'lane')));
  }
  return lanes;
}

/** Values of one statement; SQL Server takes 2100. */
const LIST = 1000;

interface Touched {
  readonly ids: string[];
  readonly messages: Pick<NewMessage, 'destination' | 'service' | 'key'>[];
}

function touchedBy(calls: readonly Call[]): Touched {
  const touched: Touched = { ids: [], messages: [] };
  for (const { name, input } of calls) {
    // Inputs are those of the operation that is named.
    if (name === 'accept') touched.messages.push(...(input as Input<'accept'>).messages);
    else if (name === 'settle')
      touched.ids.push(...(input as Input<'settle'>).settlements.map(({ id }) => id));
    else if (name === 'cancel' || name === 'resend') touched.ids.push(...(input as Input<'cancel'>).ids);
    else if (name === 'amend') {
      const { id, by } = input as Input<'amend'>;
      touched.ids.push(id);
      touched.messages.push(by);
    }
  }
  return touched;
}
