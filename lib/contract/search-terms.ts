/** What operators look a record up by, from the fields that are marked so. */
import { type Field, type Table, recordName } from './field';

export type SearchTermName = NonNullable<Field['searchTerm']>;

/** The terms that the record has; of several fields with one meaning the first that is filled. */
export function searchTerms(
  of: Table,
  record: Readonly<Record<string, string>>,
): Partial<Record<SearchTermName, string>> {
  const terms: Partial<Record<SearchTermName, string>> = {};
  for (const field of of.fields) {
    const value = record[recordName(field)];
    if (field.searchTerm && value) terms[field.searchTerm] ??= value;
  }
  return terms;
}
