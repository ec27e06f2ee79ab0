/** Lab and exam reports → the document of ArchiveAutoReport (4.1, 4.2). */
import { type DateStyle, formatDateTime, wallClockOf } from '../contract/dates';
import { type Table, type TableRecords, uploadFields } from '../contract/field';
import { type RecordWriter, attributeWriter } from './record-xml';
import { XML_DECLARATION, escapeAttribute, stripIllegal } from './xml-text';

export interface ArchiveOptions {
  readonly orgCode: string;
  readonly orgName: string;
  readonly dateStyle: DateStyle;
  /** One wrapper for each item as in the sample, or one wrapper around all. */
  readonly subItemLayout: 'repeat' | 'group';
  /** Write apply_form_no of a lab report, which the sample leaves out. */
  readonly sendApplyFormNo: boolean;
}

type Values = Readonly<Record<string, string>>;

export interface ArchiveDocument {
  readonly xml: string;
  /** Characters that XML 1.0 cannot hold and that were left out. */
  readonly removedCharacters: number;
}

const writers = new Map<string, RecordWriter>();

function writerOf(table: Table, withUnsent: boolean): RecordWriter {
  const key = `${table.name}:${withUnsent}`;
  let writer = writers.get(key);
  if (!writer) writers.set(key, (writer = attributeWriter(uploadFields(table, withUnsent))));
  return writer;
}

/** One report a document: root/@time, root/org/item, then the rows, each an `<item>` in its wrapper. */
export function writeArchiveDocument(
  rows: readonly TableRecords[],
  options: ArchiveOptions,
  now: Date,
): ArchiveDocument {
  const clock = wallClockOf(now);
  const org =
    `<org><item date_t="${formatDateTime(clock, 'yyyy-MM-dd')}" orgcode="${escapeAttribute(options.orgCode)}"` +
    ` orgname="${escapeAttribute(options.orgName)}" /></org>`;
  let removedCharacters = 0;
  const clean = (record: Values): Values =>
    Object.fromEntries(
      Object.entries(record).map(([name, value]) => {
        const { text, removed } = stripIllegal(value);
        removedCharacters += removed;
        return [name, text];
      }),
    );
  const body = rows.map(({ table, records }) => {
    const row = table.row ?? table.name;
    const write = writerOf(table, options.sendApplyFormNo);
    const items = records.map(record => write(clean(record)));
    return options.subItemLayout === 'group' && items.length > 0
      ? wrap(row, items.join(''))
      : items.map(item => wrap(row, item)).join('');
  });
  const time = formatDateTime(clock, 'yyyy-MM-dd HH:mm:ss');
  return { xml: `${XML_DECLARATION}<root time="${time}">${org}${body.join('')}</root>`, removedCharacters };
}

const wrap = (name: string, xml: string): string => `<${name}>${xml}</${name}>`;
