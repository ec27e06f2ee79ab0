/** Input of any origin (form objects, database rows, parsed XML) → a record of one table, all values text. */
import { type DateStyle, formatDateTime, hasZone, isWritten, normaliseDate, wallClockOf } from './dates';
import { type Field, type RecordOf, type Table, fieldFinder, recordName } from './field';
import { toHalfWidth } from './full-width';
import type { Finding, Rule } from './violation';

export interface Normalised<T extends Table> extends Remainder {
  readonly record: RecordOf<T>;
}

/** A record by place, without an object of names: answers are built from hundreds of rows. */
export interface NormalisedValues extends Remainder {
  /** One for each field, in the order of the table. */
  readonly values: readonly string[];
}

/** What there is to know beside the record. */
interface Remainder {
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

/** What normalising needs of a field. */
interface Target {
  readonly field: Field;
  readonly key: string;
  /** Place in the table. */
  readonly place: number;
  /** A code, number, time or id; anything else is free text and kept to the letter. */
  readonly codeLike: boolean;
}

/** Names of a row in their order, and what each is to the table; null for a name that the table does not know. */
interface Shape {
  readonly names: readonly string[];
  readonly targets: readonly (Target | null)[];
}

/** Shapes remembered for a table: rows of one origin are alike. */
const MOST_SHAPES = 8;
/** Names of a shape that is remembered: a sender of random names must not fill the memory. */
const MOST_NAMES = 200;

/** What is known of a table and of the rows that came for it. */
class Reader {
  /** Every field with an empty value: a copy of it keeps one hidden class for all records of a table. */
  readonly empty: Readonly<Record<string, string>>;
  /** Names of the fields in our records. */
  readonly keys: readonly string[];
  /** The empty values alone. */
  readonly blank: readonly string[];
  readonly #find: (name: string) => Field | undefined;
  readonly #targets: ReadonlyMap<Field, Target>;
  /** The newest first. */
  readonly #shapes: Shape[] = [];

  constructor(of: Table) {
    this.keys = of.fields.map(recordName);
    this.blank = of.fields.map(() => '');
    this.empty = Object.fromEntries(this.keys.map(key => [key, '']));
    this.#find = fieldFinder(of);
    this.#targets = new Map(
      of.fields.map((field, place) => [
        field,
        { field, key: recordName(field), place, codeLike: isCodeLike(field) },
      ]),
    );
  }

  /** What the names of a row are to the table; looked up once for all rows that are alike. */
  targetsOf(names: readonly string[]): readonly (Target | null)[] {
    const known = this.#shapes.find(shape => isSame(shape.names, names));
    if (known) return known.targets;
    const targets = names.map(name => this.#targetOf(name));
    if (names.length <= MOST_NAMES) {
      this.#shapes.unshift({ names, targets });
      this.#shapes.length = Math.min(this.#shapes.length, MOST_SHAPES);
    }
    return targets;
  }

  #targetOf(name: string): Target | null {
    const field = this.#find(name);
    return (field && this.#targets.get(field)) ?? null;
  }
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false;
  return true;
}

const readers = new WeakMap<Table, Reader>();

function readerOf(of: Table): Reader {
  let reader = readers.get(of);
  if (!reader) readers.set(of, (reader = new Reader(of)));
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
  const { empty, keys } = readerOf(of);
  const { values, received, extra, findings } = normaliseValues(of, input, options);
  const record: Record<string, string> = { ...empty };
  for (let at = 0; at < keys.length; at++) record[keys[at]!] = values[at]!;
  return { record: record as RecordOf<T>, received, extra, findings };
}

/** {@link normalise} by place. */
export function normaliseValues(
  of: Table,
  input: Readonly<Record<string, unknown>>,
  options: NormaliseOptions = {},
): NormalisedValues {
  const reader = readerOf(of);
  const values = reader.blank.slice();
  // Most rows have nothing for these three.
  let received: Record<string, string> | undefined;
  let extra: Record<string, unknown> | undefined;
  let findings: Finding[] | undefined;
  const found = (finding: Finding): void => void (findings ??= []).push(finding);
  const names = Object.keys(input);
  const given = Object.values(input);
  const targets = reader.targetsOf(names);
  for (let at = 0; at < names.length; at++) {
    const value = given[at];
    const to = targets[at];
    if (!to) {
      // Names come from outside: an object without prototype has no `__proto__` to set.
      (extra ??= Object.create(null) as Record<string, unknown>)[names[at]!] = value;
      continue;
    }
    const text = typeof value === 'string' ? trimmed(value) : toText(to.field, value, found);
    // Two spellings of one name in one row: the filled one counts.
    if (text === '') continue;
    const written = to.codeLike ? normaliseCode(to.field, text, found, options.dateStyle) : text;
    if (written !== text) (received ??= {})[to.key] = text;
    values[to.place] = written;
  }
  if (options.now) fillDefaults(of, values, options.now, options.dateStyle);
  return {
    values,
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
  if (field.format && isWritten(text, field.format, style)) return text;
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

function fillDefaults(of: Table, values: string[], now: Date, style?: DateStyle): void {
  for (const [place, field] of of.fields.entries()) {
    if (field.default === undefined || values[place] !== '') continue;
    values[place] =
      field.default === 'sysdate'
        ? formatDateTime(wallClockOf(now), 'yyyy-MM-dd HH:mm:ss', style)
        : field.default;
  }
}
