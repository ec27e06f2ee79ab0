/**
 * Records → XML, by tables: tags are computed once for each table, so that writing a row only escapes values.
 *
 * A record travels as text inside a SOAP string and is escaped twice there. The `escaped` form of a writer does both
 * in one pass; on an answer of 50 items that is a third of the whole cost of a call.
 */
import { type Field, type Table, recordName } from '../contract/field';
import { cdata, escapeAttribute, escapeText, stripIllegal } from './xml-text';

type Values = Readonly<Record<string, unknown>>;
type Form = 'plain' | 'escaped';

interface Cell {
  readonly name: string;
  readonly open: string;
  readonly close: string;
  readonly write: (text: string) => string;
}

/** Writes one record as child elements in the order of the table; every element is present, empty ones too. */
export type RecordWriter = (record: Values) => string;

const writers = { plain: new WeakMap<Table, RecordWriter>(), escaped: new WeakMap<Table, RecordWriter>() };

export function elementWriter(of: Table, form: Form = 'plain'): RecordWriter {
  let writer = writers[form].get(of);
  if (!writer) writers[form].set(of, (writer = buildElementWriter(of, form)));
  return writer;
}

function buildElementWriter(of: Table, form: Form): RecordWriter {
  const cells = of.fields.map(field => cellOf(field, form));
  const nested = (of.children ?? []).map(({ element, table }) => ({
    element,
    writer: elementWriter(table, form),
    open: markup(`<${element}>`, form),
    close: markup(`</${element}>`, form),
  }));
  return record => {
    let xml = '';
    for (const { name, open, close, write } of cells) {
      const value = record[name];
      xml += open + (value ? write(value as string) : '') + close;
    }
    for (const { element, writer, open, close } of nested) {
      for (const row of asRecords(record[element])) xml += open + writer(row) + close;
    }
    return xml;
  };
}

const asRecords = (value: unknown): Values[] => (Array.isArray(value) ? (value as Values[]) : []);

function cellOf(field: Field, form: Form): Cell {
  const open = `<${field.name}>${field.cdata ? '<![CDATA[' : ''}`;
  const close = `${field.cdata ? ']]>' : ''}</${field.name}>`;
  const once = field.cdata ? cdataContent : escapeValue;
  return {
    name: recordName(field),
    open: markup(open, form),
    close: markup(close, form),
    write: form === 'plain' ? once : field.cdata ? text => escapeText(once(text)) : twice(once),
  };
}

/** What the first escape left alone has nothing for the second one. */
const twice =
  (once: (text: string) => string) =>
  (text: string): string => {
    const written = once(text);
    return written === text ? text : escapeText(written);
  };

/** Escaping leaves illegal characters out by itself, but for half a surrogate pair. */
const escapeValue = (text: string): string =>
  escapeText(text.isWellFormed() ? text : stripIllegal(text).text);

/** What stands between the marks of a CDATA section, which the tags of the cell already hold. */
const cdataContent = (text: string): string =>
  cdata(stripIllegal(text).text).slice('<![CDATA['.length, -']]>'.length);

/** Markup itself, or markup as it stands inside another document's text. */
export const markup = (xml: string, form: Form): string => (form === 'plain' ? xml : escapeText(xml));

/** Writes one record as the attributes of `<item …/>`, every attribute present, in the order given. */
export function attributeWriter(fields: readonly Field[]): RecordWriter {
  const cells = fields.map(field => ({ name: recordName(field), open: ` ${recordName(field)}="` }));
  return record => {
    let xml = '<item';
    for (const { name, open } of cells) {
      const value = record[name];
      xml += `${open}${value ? escapeAttribute(value as string) : ''}"`;
    }
    return `${xml} />`;
  };
}
