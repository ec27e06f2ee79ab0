/** The four pages of the imaging cloud, as far as the hospital's side can tell them apart: token and parameters (5.1.6). */
import { createHash } from 'node:crypto';
import { type ViewerPageName, viewerPages } from '../../contract/services';
import { type Fault, fault, isRefused, refusalText } from './fault';
import type { ReportStore, StoredReport } from './report-store';
import { page, row } from './html';
import { escapeMarkup, sameSecret } from './text';

export interface ViewerPageOptions {
  readonly viewerKey: string;
  /** Seconds by which a Timestamp may differ from now; absent: not looked at. */
  readonly timestampTolerance?: number;
  readonly now: () => Date;
}

export interface ViewerPage {
  readonly status: 200 | 403;
  readonly html: string;
  readonly faults: readonly Fault[];
}

type Parameter = readonly [name: string, value: string];

export const viewerPageName = (text: string): ViewerPageName | undefined =>
  Object.values(viewerPages).find(({ name }) => name.toLowerCase() === text.toLowerCase())?.name;

/** `query` is that of the address, as it was sent. */
export function viewerPage(
  name: ViewerPageName,
  query: string,
  store: ReportStore,
  options: ViewerPageOptions,
): ViewerPage {
  const parameters = [...new URLSearchParams(query)];
  const faults = [...checkToken(parameters, options), ...checkNames(name, parameters)];
  if (isRefused(faults))
    return { status: 403, html: page('拒绝访问', `<p>${escapeMarkup(refusalText(faults))}</p>`), faults };
  const { zh } = viewerPages[name];
  return {
    status: 200,
    html: page(zh, conditions(name, parameters) + examList(matching(store, parameters))),
    faults,
  };
}

/** Values in the order of the address, the token itself left out, and the key. */
function checkToken(
  parameters: readonly Parameter[],
  { viewerKey, timestampTolerance, now }: ViewerPageOptions,
): Fault[] {
  const given = parameters
    .filter(([name]) => name.toLowerCase() === 'token')
    .map(([, value]) => value.toUpperCase());
  const values = parameters.filter(([name]) => name.toLowerCase() !== 'token').map(([, value]) => value);
  const expected = createHash('md5')
    .update(values.join('') + viewerKey, 'utf16le')
    .digest('hex')
    .toUpperCase();
  const faults: Fault[] = [];
  if (viewerKey === '' || !sameSecret(given.join(), expected))
    faults.push(fault('token 校验不通过', 'wrong token'));
  const seconds = Number(parameters.find(([name]) => name === 'Timestamp')?.[1] ?? Number.NaN);
  const fresh = Math.abs(seconds - now().getTime() / 1000) <= (timestampTolerance ?? Infinity);
  if (timestampTolerance !== undefined && !fresh)
    faults.push(fault('Timestamp 已过期', 'the Timestamp is too old'));
  return faults;
}

/** Other names, or another order than the list's, work here, but may not on the real pages. */
function checkNames(name: ViewerPageName, parameters: readonly Parameter[]): Fault[] {
  const listed: string[] = viewerPages[name].fields.map(field => field.name);
  const faults: Fault[] = [];
  const hint = (zh: string, en: string): number => faults.push({ severity: 'warning', zh, en });
  const sent = parameters
    .map(([parameter]) => parameter)
    .filter(parameter => parameter !== 'Timestamp' && parameter !== 'token');
  for (const parameter of sent)
    if (!listed.includes(parameter))
      hint(`未列出的参数 ${parameter}`, `parameter ${parameter} is not listed`);
  const places = sent.map(parameter => listed.indexOf(parameter)).filter(place => place >= 0);
  if (places.some((place, at) => place < (places[at - 1] ?? 0)))
    hint('参数顺序与协议不同', 'the parameters are not in the order of the list');
  return faults;
}

/** Parameters that name a patient or an exam, and the column of the exam report that holds the same. */
const CONDITIONS: Readonly<Record<string, string>> = {
  IDCardNO: 'id_no',
  HealthCardNO: 'card_no',
  InsuranceID: 'card_no',
  CardNO: 'card_no',
  MedRecNO: 'event_no',
  OutPatientNO: 'event_no',
  AccessionNumber: 'pacs_id',
  PatientID: 'patient_local_id',
};

const matching = (store: ReportStore, parameters: readonly Parameter[]): StoredReport[] =>
  store
    .all('exam')
    .filter(({ master }) =>
      parameters.some(([name, value]) => value !== '' && master[CONDITIONS[name] ?? ''] === value),
    );

function conditions(name: ViewerPageName, parameters: readonly Parameter[]): string {
  const chinese = new Map<string, string>(viewerPages[name].fields.map(field => [field.name, field.zh]));
  const rows = parameters
    .filter(([parameter]) => parameter !== 'token')
    .map(([parameter, value]) =>
      row([parameter, (chinese.get(parameter) ?? '').split('，')[0] ?? '', value]),
    );
  return `<h2>收到的参数</h2><table>${row(['参数', '含义', '值'], 'th')}${rows.join('')}</table>`;
}

function examList(exams: readonly StoredReport[]): string {
  const rows = exams.map(({ master }) =>
    row([master['report_title'] ?? '', master['performer_dtime'] ?? '', master['pacs_id'] ?? '']),
  );
  return `<h2>检查 ${exams.length} 份</h2><table>${row(['报告', '检查时间', '检查号'], 'th')}${rows.join('')}</table>`;
}
