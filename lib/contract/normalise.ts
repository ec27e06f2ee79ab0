/** Input of any origin (form objects, database rows, parsed XML) → a record of one table, all values text. */
import { type DateStyle, formatDateTime, hasZone, normaliseDate, wallClockOf } from './dates';
import { type Field, type RecordOf, type Table, fieldFinder, recordName } from './field';
import { toHalfWidth } from './full-width';
import type { Finding } from './violation';

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

const finders = new WeakMap<Table, ReturnType<typeof fieldFinder>>();

function finderOf(of: Table): ReturnType<typeof fieldFinder> {
  let finder = finders.get(of);
  if (!finder) finders.set(of, (finder = fieldFinder(of)));
  return finder;
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
  const find = finderOf(of);
  const record: Record<string, string> = {};
  const received: Record<string, string> = {};
  const extra: Record<string, unknown> = {};
  const findings: Finding[] = [];
  for (const field of of.fields) record[recordName(field)] = '';
  for (const [name, value] of Object.entries(input)) {
    const field = find(name);
    if (!field) {
      extra[name] = value;
      continue;
    }
    const text = toText(field, value, findings);
    const key = recordName(field);
    // Two spellings of one name in one row: the filled one counts.
    if (text === '' && record[key] !== '') continue;
    const written = normaliseValue(field, text, findings, options.dateStyle);
    if (written !== text) received[key] = text;
    record[key] = written;
  }
  if (options.now) fillDefaults(of, record, options.now, options.dateStyle);
  return { record: record as RecordOf<T>, received, extra, findings };
}

function toText(field: Field, value: unknown, findings: Finding[]): string {
  switch (typeof value) {
    case 'string':
      return value.trim();
    case 'undefined':
      return '';
    case 'number':
      // 17-digit report numbers do not fit a JavaScript number: the driver has already changed the digits.
      if (Number.isInteger(value) && !Number.isSafeInteger(value))
        findings.push({ field, rule: 'precision', value: String(value) });
      return String(value);
    case 'bigint':
      return String(value);
    case 'boolean':
      return value ? '1' : '0';
    default:
      if (value === null) return '';
      if (value instanceof Date && !Number.isNaN(value.getTime()))
        return formatDateTime(wallClockOf(value), 'yyyy-MM-dd HH:mm:ss');
      findings.push({ field, rule: 'type', value: Array.isArray(value) ? 'array' : typeof value });
      return '';
  }
}

/** Free text is kept to the letter; what is a code, number, time or id loses full-width forms. */
function normaliseValue(field: Field, text: string, findings: Finding[], style?: DateStyle): string {
  if (text === '' || !isCodeLike(field)) return text;
  const plain = toHalfWidth(text).trim();
  if (!field.format) return plain;
  if (hasZone(plain)) {
    findings.push({ field, rule: 'zone', value: text });
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
