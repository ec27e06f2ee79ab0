/** What a delivering node wants to be delivered → messages of the store. */
import { randomUUID } from 'node:crypto';
import type { Violation } from '../contract/violation';
import type { Failure, NewMessage } from '../store/message';

/** One thing to be delivered, in the words of the one who delivers it. */
export type Item = Pick<
  NewMessage,
  'service' | 'key' | 'label' | 'terms' | 'content' | 'repeats' | 'invalid'
>;

/** The node that hands it in. */
export type Sender = Pick<NewMessage, 'channel' | 'destination'>;

/** @param context the other properties of the input message, which the outcome carries on */
export function handIn(
  items: readonly Item[],
  sender: Sender,
  context: Readonly<Record<string, unknown>>,
): NewMessage[] {
  const text = contextText(context);
  return items.map(item => ({ ...item, ...sender, id: randomUUID(), context: text }));
}

/** What breaks the contract, for lists: the first violation, and how many there are. */
export function brokenContract(errors: readonly Violation[]): Failure | undefined {
  const [first] = errors;
  if (!first) return undefined;
  const more = errors.length - 1;
  return {
    code: 'CONTRACT',
    text: {
      zh: first.message.zh + (more > 0 ? ` 等 ${errors.length} 处` : ''),
      en: first.message.en + (more > 0 ? ` and ${more} more` : ''),
    },
  };
}

/** Properties that belong to this run of the process, or are the node's own. */
const NOT_CARRIED: ReadonlySet<string> = new Set(['payload', 'exchange', 'req', 'res', 'error']);

/** What cannot be written as JSON, such as a socket or a circle, is left out. */
function contextText(context: Readonly<Record<string, unknown>>): string {
  const kept: string[] = [];
  for (const [name, value] of Object.entries(context)) {
    if (NOT_CARRIED.has(name)) continue;
    const text = jsonOf(value);
    if (text !== undefined) kept.push(`${JSON.stringify(name)}:${text}`);
  }
  return `{${kept.join(',')}}`;
}

function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}
