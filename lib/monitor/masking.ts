/**
 * Masks contents of which it is not said what they are: messages of a flow, stored messages, answers of the platform.
 * What a field of the agreement may show is shown; of everything else only the structure. So a column of a hospital
 * that nobody has thought of leaks nothing.
 */
import { type TableRecords, recordName } from '../contract/field';
import { mask, maskField } from '../privacy/mask';
import { type XmlElement, readXml } from '../wire/xml-read';
import { isPrivate, shownOf } from './field-names';
import { printXml } from './print-xml';

/** Deeper parts are not shown. */
const DEEPEST = 20;
/** Elements of a list that are shown: the debug sidebar shows no more either. */
const MOST_ELEMENTS = 100;
/** Longer texts are not looked into. */
const LONGEST_READ = 256 * 1024;
/** Greater numbers may be those of a patient. */
const LARGEST_SHOWN = 99_999;
/** Parts of a message that our nodes and Node-RED write, not the hospital. */
const STORIES: ReadonlySet<string> = new Set(['exchange', 'error']);
/** Words of ours that name nobody, under whatever name they stand. */
const WORDS =
  /^(?:accepted|refused|unconfirmed|dead|invalid|success|warning|failed|unknown|queued|yes|no|ok|true|false)$/i;

/** Where a value stands. */
interface Place {
  readonly name: string;
  readonly story: boolean;
  readonly depth: number;
}

/** A copy of a value in which nothing of a patient can be read. @param name under which it stands */
export const masked = (value: unknown, name = ''): unknown =>
  maskedAt(value, { name, story: STORIES.has(name), depth: 0 });

function maskedAt(value: unknown, place: Place): unknown {
  switch (typeof value) {
    case 'string':
      return maskedText(value, place);
    case 'number':
    case 'bigint':
      return maskedNumber(value, place);
    case 'object':
      return value === null ? null : maskedObject(value, place);
    case 'boolean':
    case 'undefined':
      return value;
    default:
      return `(${typeof value})`;
  }
}

function maskedNumber(value: number | bigint, { name, story }: Place): unknown {
  const shown = shownOf(name, story);
  if (isShownPlain(shown)) return value;
  return shown === undefined && value <= LARGEST_SHOWN && value >= -LARGEST_SHOWN ? value : '***';
}

const isShownPlain = (shown: ReturnType<typeof shownOf>): boolean =>
  shown === 'plain' || (typeof shown === 'object' && !isPrivate(shown));

function maskedObject(value: object, place: Place): unknown {
  const { name, story, depth } = place;
  if (depth >= DEEPEST) return '(…)';
  if (Buffer.isBuffer(value)) return `(${value.length} bytes)`;
  if (value instanceof Date) return isShownPlain(shownOf(name, story)) ? value : '(Date)';
  if (Array.isArray(value)) {
    const below = { ...place, depth: depth + 1 };
    const shown = value.slice(0, MOST_ELEMENTS).map((one: unknown) => maskedAt(one, below));
    return value.length > MOST_ELEMENTS ? [...shown, `(+${value.length - MOST_ELEMENTS})`] : shown;
  }
  // Sockets, requests, errors of libraries.
  if (!isPlain(value)) return `(${value.constructor?.name ?? 'object'})`;
  // Its value and its words are masked from the beginning.
  if (isViolation(value)) return value;
  const entries = Object.entries(value).map(([key, held]: [string, unknown]) => [
    key,
    maskedAt(held, { name: key, story: story || (depth === 0 && STORIES.has(key)), depth: depth + 1 }),
  ]);
  return Object.fromEntries(entries);
}

/** What a database driver or a parser gives has no prototype, or that of a plain object of any realm. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

const isViolation = (value: object): boolean =>
  'severity' in value && 'rule' in value && 'path' in value && 'remedy' in value;

function maskedText(text: string, { name, story }: Place): string {
  const shown = shownOf(name, story);
  if (shown === 'plain') return text.length <= LONGEST_READ ? text : hidden(text);
  if (typeof shown === 'object') return maskField(shown, text);
  if (shown) return mask(text, shown);
  return WORDS.test(text) ? text : (maskedDocument(text) ?? hidden(text));
}

/** A single character names nobody. */
const hidden = (text: string): string => (text.length <= 1 ? text : mask(text, 'text'));

/** XML and JSON keep their structure; null for other texts. */
export function maskedDocument(text: string): string | null {
  const start = text.length <= LONGEST_READ ? text.trimStart().slice(0, 1) : '';
  try {
    if (start === '<') return printXml(maskedElement(readXml(text)));
    if (start === '{' || start === '[') return JSON.stringify(masked(JSON.parse(text)), null, 2);
  } catch {
    // It only looks like a document.
  }
  return null;
}

/** A copy of an element with its texts and attributes masked by their names. */
export const maskedElement = (element: XmlElement, depth = 0): XmlElement => {
  const place = (name: string): Place => ({ name, story: false, depth });
  return {
    name: element.name,
    attributes: Object.fromEntries(
      Object.entries(element.attributes).map(([name, value]) => [name, maskedText(value, place(name))]),
    ),
    children: depth < DEEPEST ? element.children.map(child => maskedElement(child, depth + 1)) : [],
    text: element.text.trim() === '' ? '' : maskedText(element.text.trim(), place(element.name)),
  };
};

/** Records as their own tables mask them; what is not masked stays whole. */
export const maskedRecords = (rows: readonly TableRecords[]): readonly TableRecords[] =>
  rows.map(({ table, records }) => ({
    table,
    records: records.map(record =>
      Object.fromEntries(
        table.fields.map(field => {
          const value = record[recordName(field)] ?? '';
          return [recordName(field), isPrivate(field) ? maskField(field, value) : value];
        }),
      ),
    ),
  }));

/** Whether debug nodes are shown masked messages: unless `exchange: { maskDebug: false }` of settings.js says otherwise. */
export const masksDebug = (settings: unknown): boolean =>
  (settings as { exchange?: { maskDebug?: unknown } }).exchange?.maskDebug !== false;
