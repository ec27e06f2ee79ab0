/** The platform's four methods as a .NET programmer would have written them, on {@link AsmxService}. */
import { type AsmxArguments, type AsmxMethod, AsmxService } from './asmx-service';
import { type StrictNode, readStrictly } from './strict-xml';

export type Values = Readonly<Record<string, string>>;

/** What CallInterface took. */
export interface SyncedItems {
  readonly service: string;
  readonly operator: string;
  readonly items: readonly Values[];
}

/** One document of ArchiveAutoReport: its rows in their order. */
export type ArchivedDocument = readonly { readonly row: string; readonly values: Values }[];

export const APP_ID = 'PLACEHOLDER-APPID';
export const CREDENTIAL = { strCredential: 'PLACEHOLDER-CREDENTIAL', strKey: 'PLACEHOLDER-STRKEY' };
export const CARD_NO = 'Z00000000';

export type AsmxMethodName = 'CallInterface' | 'ArchiveAutoReport' | 'GetLabInfo' | 'GetExamInfo';

const QUERY = ['strIDNO', 'strSSID', 'strStartTime', 'strEndTime', 'strCredential', 'strKey'];

export class AsmxPlatform {
  readonly service: AsmxService;
  readonly synced: SyncedItems[] = [];
  readonly archived: ArchivedDocument[] = [];
  /** What a method does instead of its work. */
  readonly instead = new Map<AsmxMethodName, () => string | null>();

  constructor(answers: { readonly GetLabInfo: string; readonly GetExamInfo: string }) {
    const method = (name: AsmxMethodName, parameters: string[], run: AsmxMethod['run']): AsmxMethod => ({
      parameters,
      run: given => (this.instead.get(name) ?? (() => run(given)))(),
    });
    this.service = new AsmxService({
      CallInterface: method('CallInterface', ['MsgHeader', 'MsgBody'], given => this.#sync(given)),
      ArchiveAutoReport: method('ArchiveAutoReport', ['strReportInfo'], given => this.#archive(given)),
      GetLabInfo: method('GetLabInfo', QUERY, given => find(given, answers.GetLabInfo)),
      GetExamInfo: method('GetExamInfo', QUERY, given => find(given, answers.GetExamInfo)),
    });
  }

  #sync({ MsgHeader, MsgBody }: AsmxArguments): string {
    if (MsgHeader === null || MsgHeader === undefined) return refusal('MsgHeader 不能为空');
    if (MsgBody === null || MsgBody === undefined) return refusal('MsgBody 不能为空');
    const header = valuesOf(readStrictly(MsgHeader));
    if (header['AppId'] !== APP_ID) return refusal('凭证无效');
    const items = (child(readStrictly(MsgBody), 'Params')?.children ?? []).map(valuesOf);
    this.synced.push({ service: header['ServerName'] ?? '', operator: header['Operator'] ?? '', items });
    return `{"Status":1,"Msg":"","Total":${items.length},"Rows":"1"}`;
  }

  #archive({ strReportInfo }: AsmxArguments): string {
    if (strReportInfo === null || strReportInfo === undefined) return '失败：strReportInfo 不能为空';
    const { children } = readStrictly(strReportInfo);
    this.archived.push(
      children.flatMap(({ name, children: items }) =>
        items.map(({ attributes }) => ({ row: name, values: attributes })),
      ),
    );
    return '1';
  }
}

function find(given: AsmxArguments, answer: string): string {
  const known = Object.entries(CREDENTIAL).every(([name, value]) => given[name] === value);
  if (!known) return '失败：身份标识无效';
  return given['strIDNO'] === CARD_NO ? answer : '<root></root>';
}

const refusal = (words: string): string => JSON.stringify({ Status: 0, Msg: words, Total: 0, Rows: null });

const child = (node: StrictNode, name: string): StrictNode | undefined =>
  node.children.find(candidate => candidate.name === name);

const valuesOf = ({ children }: StrictNode): Values =>
  Object.fromEntries(children.map(({ name, text }) => [name, text]));
