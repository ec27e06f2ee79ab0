/** ArchiveAutoReport on the platform's side: the document is read, checked and taken apart into reports (4.1, 4.2). */
import { parseDateTime } from '../../contract/dates';
import { type Table, recordName, uploadFields } from '../../contract/field';
import { reports } from '../../contract/services';
import { type CheckOptions, check } from '../../contract/validate';
import { type Fault, UnreadableError, fault, faultOf } from './fault';
import { type ReportKind, type ReportRow, type StoredReport, joinKey } from './report-store';
import { type XmlNode, childNamed, readDocument } from './xml-document';

export interface ArchiveOptions {
  /** The institution that may register reports here. */
  readonly orgCode: string;
  readonly check: CheckOptions;
}

export interface ReadArchive {
  readonly kind: ReportKind;
  readonly reports: readonly StoredReport[];
  readonly faults: readonly Fault[];
}

/** Reads one document; whatever is wrong with it is in `faults`, all of it. */
export function readArchive(text: string, options: ArchiveOptions): ReadArchive {
  try {
    return readRoot(readDocument(text), options);
  } catch (error) {
    if (error instanceof UnreadableError) return { kind: 'lab', reports: [], faults: [error.fault] };
    throw error;
  }
}

function readRoot(root: XmlNode, options: ArchiveOptions): ReadArchive {
  const faults = checkEnvelope(root, options.orgCode);
  const wrappers = root.children.filter(({ name }) => name !== 'org');
  const kind = wrappers.some(({ name }) => name === reports.exam.master.row) ? 'exam' : 'lab';
  const tables: readonly Table[] =
    kind === 'exam' ? [reports.exam.master] : [reports.lab.master, reports.lab.items];
  const [masters = [], items = []] = tables.map(table => {
    const nodes = wrappers.filter(({ name }) => name === table.row).flatMap(({ children }) => children);
    return nodes.map((node, at) => readRow(table, node, at, options, faults));
  });
  for (const { name } of wrappers) {
    if (!tables.some(({ row }) => row === name))
      faults.push(fault(`未知元素 ${name}`, `unknown element ${name}`));
  }
  if (masters.length === 0) faults.push(fault('没有主表记录', 'there is no master row'));
  faults.push(...checkItems(masters, items));
  const found = masters.map(master => ({
    master,
    items: items.filter(item => joinKey(item) === joinKey(master)),
  }));
  return { kind, reports: found, faults };
}

function checkEnvelope(root: XmlNode, orgCode: string): Fault[] {
  const faults: Fault[] = [];
  const org = childNamed(root, 'org');
  const attributes = (org && childNamed(org, 'item'))?.attributes ?? {};
  if (root.name !== 'root') faults.push(fault('根元素应为 root', 'the root element must be root'));
  if (!parseDateTime(root.attributes['time'] ?? ''))
    faults.push(fault('root 的 time 不是有效时间', 'root/@time is no valid time'));
  if (!parseDateTime(attributes['date_t'] ?? ''))
    faults.push(fault('org 的 date_t 不是有效日期', 'org/item/@date_t is no valid date'));
  if (attributes['orgcode'] !== orgCode)
    faults.push(fault('org 的 orgcode 不是已登记的机构', 'org/item/@orgcode is not registered'));
  if (!attributes['orgname'])
    faults.push(fault('org 的 orgname 不能为空', 'org/item/@orgname must not be empty'));
  return faults;
}

/** The attributes must be those of the agreement's sample: none missing, none unknown, in lower case. */
function readRow(of: Table, node: XmlNode, at: number, options: ArchiveOptions, faults: Fault[]): ReportRow {
  const place = `${of.row ?? of.name}[${at + 1}]`;
  const known = new Set(uploadFields(of, true).map(recordName));
  const row: Record<string, string> = {};
  if (node.name !== 'item') faults.push(fault(`${place} 应为 item 元素`, `${place} must be an item element`));
  for (const [name, value] of Object.entries(node.attributes)) {
    if (known.has(name)) row[name] = value;
    else faults.push(fault(`${place} 有未知属性 ${name}`, `${place} has the unknown attribute ${name}`));
  }
  for (const name of uploadFields(of).map(recordName)) {
    if (row[name] === undefined)
      faults.push(fault(`${place} 缺少属性 ${name}`, `${place} lacks the attribute ${name}`));
  }
  faults.push(...check(of, row, options.check, `${place}.`).map(faultOf));
  if (row['org_code'] !== options.orgCode) {
    faults.push(
      fault(`${place}.org_code 与机构编码不一致`, `${place}.org_code differs from the institution's`),
    );
  }
  return row;
}

function checkItems(masters: readonly ReportRow[], items: readonly ReportRow[]): Fault[] {
  const faults: Fault[] = [];
  const seen = new Set<string>();
  const joins = new Set(masters.map(joinKey));
  items.forEach((item, at) => {
    const place = `lab_subitem[${at + 1}]`;
    const key = `${joinKey(item)}\u0000${item['serial_no'] ?? ''}`;
    if (!joins.has(joinKey(item)))
      faults.push(fault(`${place} 没有对应的主表`, `${place} belongs to no master row`));
    if (seen.has(key)) faults.push(fault(`${place} 的子项序号重复`, `${place} repeats a serial_no`));
    seen.add(key);
  });
  return faults;
}
