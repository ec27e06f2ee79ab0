/** Records → XML, by tables: tags are computed once for each table, so that writing a row only escapes values. */
import { type Field, type Table, recordName } from '../contract/field';
import { cdata, escapeAttribute, escapeText, stripIllegal } from './xml-text';

type Values = Readonly<Record<string, string>>;
type FlatTable = Table & { readonly children?: never };

interface Cell {
  readonly name: string;
  readonly write: (text: string) => string;
  /** End of this element and start of the next one, as one text: fewer pieces to join. */
  readonly after: string;
}

/** Writes one record as XML. */
export type RecordWriter = (record: Values) => string;

const writers = new WeakMap<Table, RecordWriter>();

/** Child elements in the order of the table; every element is present, empty ones too. */
export function elementWriter(of: FlatTable): RecordWriter {
  let writer = writers.get(of);
  if (!writer) writers.set(of, (writer = buildElementWriter(of)));
  return writer;
}

function buildElementWriter(of: Table): RecordWriter {
  const tags = of.fields.map(tagsOf);
  const first = tags[0]?.open ?? '';
  const cells: readonly Cell[] = of.fields.map((field, at) => ({
    name: recordName(field),
    write: field.cdata ? cdataContent : escapeValue,
    after: (tags[at]?.close ?? '') + (tags[at + 1]?.open ?? ''),
  }));
  return record => {
    let xml = first;
    for (const { name, write, after } of cells) {
      const value = record[name];
      if (value) xml += write(value);
      xml += after;
    }
    return xml;
  };
}

function tagsOf(field: Field): { readonly open: string; readonly close: string } {
  const [start, end] = field.cdata ? ['<![CDATA[', ']]>'] : ['', ''];
  return { open: `<${field.name}>${start}`, close: `${end}</${field.name}>` };
}

/** Escaping leaves illegal characters out by itself, but for half a surrogate pair. */
const escapeValue = (text: string): string =>
  escapeText(text.isWellFormed() ? text : stripIllegal(text).text);

/** What stands between the marks of a CDATA section, which the tags of the cell already hold. */
export const cdataContent = (text: string): string =>
  cdata(stripIllegal(text).text).slice('<![CDATA['.length, -']]>'.length);

/** Writes one record as the attributes of `<item …/>`, every attribute present, in the order given. */
export function attributeWriter(fields: readonly Field[]): RecordWriter {
  const cells = fields.map(field => ({ name: recordName(field), open: ` ${recordName(field)}="` }));
  return record => {
    let xml = '<item';
    for (const { name, open } of cells) {
      const value = record[name];
      xml += `${open}${value ? escapeAttribute(value) : ''}"`;
    }
    return `${xml} />`;
  };
}
