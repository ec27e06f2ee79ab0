/** Values that hold several parts: SourceId (3.2.2), receiptItems (3.2.5), lists of ids. */
import { type RecordOf, type Table, recordName } from './field';
import { receiptItem, sourceId } from './tables/booking';

type Composite = Table & { readonly separator: string };

function split<T extends Composite>(of: T, text: string): RecordOf<T> {
  const parts = text.split(of.separator);
  return Object.fromEntries(
    of.fields.map((field, at) => [recordName(field), parts[at]?.trim() ?? '']),
  ) as RecordOf<T>;
}

/** Takes a slot code apart; null when it has not exactly its seven parts. */
export const parseSourceId = (text: string): RecordOf<typeof sourceId> | null =>
  text.split(sourceId.separator).length === sourceId.fields.length ? split(sourceId, text) : null;

export const formatSourceId = (parts: RecordOf<typeof sourceId>): string =>
  sourceId.fields.map(field => parts[recordName(field) as keyof typeof parts]).join(sourceId.separator);

export interface ReceiptItems {
  readonly records: readonly RecordOf<typeof receiptItem>[];
  /** Places (from 1) of records that do not have nine filled parts. */
  readonly broken: readonly number[];
}

/** Takes receiptItems apart: nine parts joined by `|`, records joined by `;`, each part trimmed, none empty (A-29c). */
export function parseReceiptItems(text: string): ReceiptItems {
  const texts = text.split(receiptItem.recordSeparator).filter(part => part.trim() !== '');
  const broken = texts.flatMap((part, at) => {
    const parts = part.split(receiptItem.separator);
    const complete = parts.length === receiptItem.fields.length && parts.every(value => value.trim() !== '');
    return complete ? [] : [at + 1];
  });
  return { records: texts.map(part => split(receiptItem, part)), broken };
}

/** Splits a list of ids by any separator that callers use: `,` `;` `|` and their full-width forms. */
export const splitIds = (text: string): string[] =>
  text
    .split(/[,;|\uFF0C\uFF1B\uFF5C\u3001]/)
    .map(part => part.trim())
    .filter(part => part !== '');
