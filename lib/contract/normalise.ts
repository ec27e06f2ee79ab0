/** Input of any origin (form objects, database rows, parsed XML) → a record of one table, all values text. */
import { type DateStyle, formatDateTime, hasZone, normaliseDate, wallClockOf } from './dates';
import { type Field, type RecordOf, type Table, fieldFinder, recordName } from './field';
import { toHalfWidth } from './full-width';
import type { Finding, Rule } from './violation';

export interface Normalised<T extends Table> {
  readonly record: RecordOf<T>;
  /** Values that were changed, as they were received. */
  readonly received: Readonly<Record<string, string>>;
  /** What the table does not know, under the name it came with. */
  readonly extra: Readonly<Record<string, unknown>>;
  /** Values that could not be turned into text without guessing. */
  readonly findings: readonly Finding[];
}

export interface NormaliseOptions {
  readonly dateStyle?: DateStyle;
  /** Time of writing, for fields whose default is `sysdate`; fields without a value get defaults only when given. */
  readonly now?: Date;
}

/**
 * Stands in a row where a field mapping could not produce the value. Whatever is made of the row (groups, items), the
 * fault ends as a finding of its own field and stops no other report.
 */
export class FailedValue {
  readonly rule: Rule;
  /** What the rule's message says of it; no patient data. */
  readonly limit: string;
  /** The value as it was found, which stays. */
  readonly text: string;

  constructor(rule: Rule, limit: string, text = '') {
    this.rule = rule;
    this.limit = limit;
    this.text = text;
  }
}

/** What normalising needs of a field, looked up once for each name that ever came. */
interface Target {
  readonly field: Field;
  readonly key: string;
  /** A code, number, time or id; anything else is free text and kept to the letter. */
  readonly codeLike: boolean;
}

interface Reader {
  /** Every field with an empty value: a copy of it keeps one hidden class for all records of a table. */
  readonly empty: Readonly<Record<string, string>>;
  /** The field of a name; null for a name that the table does not know. */
  readonly target: (name: string) => Target | null;
}

const readers = new WeakMap<Table, Reader>();

/** Distinct names remembered for a table; a sender of random names must not fill the memory. */
const MOST_NAMES = 1000;

function readerOf(of: Table): Reader {
  const known = readers.get(of);
  if (known) return known;
  const find = fieldFinder(of);
  const targets = new Map<string, Target | null>();
  const lookUp = (name: string): Target | null => {
    const field = find(name);
    const target = field ? { field, key: recordName(field), codeLike: isCodeLike(field) } : null;
    if (targets.size < MOST_NAMES) targets.set(name, target);
    return target;
  };
  const reader: Reader = {
    empty: Object.fromEntries(of.fields.map(field => [recordName(field), ''])),
    target: name => {
      const target = targets.get(name);
      return target === undefined ? lookUp(name) : target;
    },
  };
  readers.set(of, reader);
  return reader;
}

/**
 * Reads names in any case and form, trims, brings codes and times to their written form, and fills
 * the table's defaults when `now` is given. Nothing is coerced: a number that JavaScript has already rounded, a time
 * with a zone or a nested object is a finding, not a guess.
 */
export function normalise<T extends Table>(
  of: T,
  input: Readonly<Record<string, unknown>>,
  options: NormaliseOptions = {},
): Normalised<T> {
  const { empty, target } = readerOf(of);
  const record: Record<string, string> = { ...empty };
  // Most rows have nothing for these three: answers are built from hundreds of rows.
  let received: Record<string, string> | undefined;
  let extra: Record<string, unknown> | undefined;
  let findings: Finding[] | undefined;
  const found = (finding: Finding): void => void (findings ??= []).push(finding);
  for (const name of Object.keys(input)) {
    const value = input[name];
    const to = target(name);
    if (!to) {
      // Names come from outside: an object without prototype has no `__proto__` to set.
      (extra ??= Object.create(null) as Record<string, unknown>)[name] = value;
      continue;
    }
    const text = typeof value === 'string' ? trimmed(value) : toText(to.field, value, found);
    // Two spellings of one name in one row: the filled one counts.
    if (text === '') continue;
    const written = to.codeLike ? normaliseCode(to.field, text, found, options.dateStyle) : text;
    if (written !== text) (received ??= {})[to.key] = text;
    record[to.key] = written;
  }
  if (options.now) fillDefaults(of, record, options.now, options.dateStyle);
  return {
    record: record as RecordOf<T>,
    received: received ?? NOTHING,
    extra: extra ?? NOTHING,
    findings: findings ?? NO_FINDINGS,
  };
}

/** Nearly no value needs trimming, and a look at both ends costs a fifth of the call. */
const trimmed = (text: string): string =>
  isInk(text.charCodeAt(0)) && isInk(text.charCodeAt(text.length - 1)) ? text : text.trim();

/** Certainly no white space; false for the few characters that may be some. */
const isInk = (code: number): boolean => (code > 0x20 && code < 0xa0) || (code > 0x3000 && code < 0xfeff);

const NOTHING: Readonly<Record<string, never>> = Object.freeze({});
const NO_FINDINGS: readonly Finding[] = Object.freeze([]);

function toText(field: Field, value: unknown, found: (finding: Finding) => void): string {
  switch (typeof value) {
    case 'undefined':
      return '';
    case 'number':
      // 17-digit report numbers do not fit a JavaScript number: the driver has already changed the digits.
      if (Number.isInteger(value) && !Number.isSafeInteger(value))
        found({ field, rule: 'precision', value: String(value) });
      return String(value);
    case 'bigint':
      return String(value);
    case 'boolean':
      return value ? '1' : '0';
    default:
      if (value === null) return '';
      if (value instanceof Date && !Number.isNaN(value.getTime()))
        return formatDateTime(wallClockOf(value), 'yyyy-MM-dd HH:mm:ss');
      if (value instanceof FailedValue) {
        found({ field, rule: value.rule, value: value.text, limit: value.limit });
        return value.text;
      }
      found({ field, rule: 'type', value: Array.isArray(value) ? 'array' : typeof value });
      return '';
  }
}

/** Codes, numbers, times and ids lose full-width forms; times come into the form of their field. */
function normaliseCode(
  field: Field,
  text: string,
  found: (finding: Finding) => void,
  style?: DateStyle,
): string {
  const plain = toHalfWidth(text).trim();
  if (!field.format) return plain;
  if (hasZone(plain)) {
    found({ field, rule: 'zone', value: text });
    return plain;
  }
  return normaliseDate(plain, field.format, style) ?? plain;
}

const isCodeLike = (field: Field): boolean =>
  field.type === 'NUMBER' ||
  Boolean(
    field.format ??
    field.allowed ??
    field.known ??
    field.key ??
    field.codeTable ??
    field.dicom ??
    field.separator,
  ) ||
  (field.privacy !== undefined && field.privacy !== 'name' && field.privacy !== 'text');

function fillDefaults(of: Table, record: Record<string, string>, now: Date, style?: DateStyle): void {
  for (const field of of.fields) {
    const key = recordName(field);
    if (field.default === undefined || record[key] !== '') continue;
    record[key] =
      field.default === 'sysdate'
        ? formatDateTime(wallClockOf(now), 'yyyy-MM-dd HH:mm:ss', style)
        : field.default;
  }
}
