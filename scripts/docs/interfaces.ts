/** The conformance table of the 17 interfaces, from lib/contract. */
import type { Field, Table } from '../../lib/contract/field';
import { queryFields, uploadFields } from '../../lib/contract/field';
import {
  bookingServices,
  interfaces,
  reportMethods,
  reports,
  syncServices,
  viewerPages,
} from '../../lib/contract/services';
import * as booking from '../../lib/contract/tables/booking';
import * as envelope from '../../lib/contract/tables/envelope';
import { GENERATED, code, page, table } from './markdown';

interface Way {
  readonly direction: string;
  readonly nodes: string;
  readonly transport: string;
}

const TO_HOSPITAL = '平台 → 医院 platform → hospital';
const TO_PLATFORM = '医院 → 平台 hospital → platform';
const SOAP = 'SOAP 1.1 / 1.2, HTTP(S)';

/** How an interface of a section is reached. */
function wayOf(section: string): Way {
  if (section.startsWith('3.2'))
    return {
      direction: TO_HOSPITAL,
      nodes: 'booking-request, booking-response',
      transport: `${SOAP}: AppointmentDealInterface`,
    };
  if (section.startsWith('3.3'))
    return { direction: TO_PLATFORM, nodes: 'billing-sync', transport: `${SOAP}: CallInterface` };
  const way = WAYS[section];
  if (!way) throw new Error(`no way is told for interface ${section}`);
  return way;
}

const WAYS: Readonly<Record<string, Way>> = {
  '4.1': { direction: TO_PLATFORM, nodes: 'lab-register', transport: `${SOAP}: ArchiveAutoReport` },
  '4.2': { direction: TO_PLATFORM, nodes: 'exam-register', transport: `${SOAP}: ArchiveAutoReport` },
  '4.3': { direction: TO_PLATFORM, nodes: 'report-query', transport: `${SOAP}: GetLabInfo` },
  '4.4': { direction: TO_PLATFORM, nodes: 'report-query', transport: `${SOAP}: GetExamInfo` },
  '5.1.3': {
    direction: TO_PLATFORM,
    nodes: 'dicom-send, dicom-retrieve, dicom-receive',
    transport: 'DICOM: C-STORE, C-FIND, C-MOVE, C-GET',
  },
  '5.1.4': { direction: TO_PLATFORM, nodes: 'dicom-send', transport: 'DICOM: C-STORE, Modality EFILM' },
  '5.1.5': { direction: TO_PLATFORM, nodes: 'report-file', transport: 'HTTP(S), FTP(S), SMB' },
  '5.1.6': { direction: TO_PLATFORM, nodes: 'viewer-token', transport: 'HTTP(S), token' },
};

/** What an interface carries, part by part. */
function partsOf(section: string): readonly Table[] {
  const bookingService = Object.values(bookingServices).find(service => service.section === section);
  if (bookingService) {
    const items = 'items' in bookingService ? withChildren(bookingService.items) : [];
    const pdf = 'pdf' in bookingService ? [booking.receiptPdf] : [];
    return [bookingService.request, ...items, ...pdf];
  }
  const sync = Object.values(syncServices).find(service => service.section === section);
  if (sync) return [sync.record];
  if (section === '5.1.6') return Object.values(viewerPages);
  return REPORTS[section] ?? [];
}

const withChildren = (of: Table): readonly Table[] => [
  of,
  ...(of.children ?? []).flatMap(({ table: inner }) => withChildren(inner)),
];

const ordered = (of: Table, fields: readonly Field[]): Table => ({ ...of, fields });

const REPORTS: Readonly<Record<string, readonly Table[]>> = {
  '4.1': [reports.lab.master, reports.lab.items].map(of => ordered(of, uploadFields(of, true))),
  '4.2': [ordered(reports.exam.master, uploadFields(reports.exam.master, true))],
  '4.3': [
    envelope.reportQuery,
    ...[reportMethods.GetLabInfo.master, reportMethods.GetLabInfo.items].map(of =>
      ordered(of, queryFields(of)),
    ),
  ],
  '4.4': [
    envelope.reportQuery,
    ordered(reportMethods.GetExamInfo.master, queryFields(reportMethods.GetExamInfo.master)),
  ],
};

const TITLES = ['#', '字段 field', '中文名', 'English', '类型 type', '必填 needed', '键 key', '规则 rules'];

const fieldTable = ({ fields }: Table, isAnswer: boolean): string =>
  table(
    TITLES,
    fields.map((field, at) => [
      String(at + 1),
      code((isAnswer ? field.element : field.attribute) ?? field.name),
      field.zh,
      field.en,
      field.length === undefined ? field.type : `${field.type}(${field.length})`,
      field.required === undefined ? '' : field.required ? '是 yes' : '否 no',
      field.key ? '是 yes' : '',
      rulesOf(field).join('; '),
    ]),
  );

const values = (of: Readonly<Record<string, string>>): string =>
  Object.entries(of)
    .map(([value, meaning]) => (value === meaning ? code(value) : `${code(value)} ${meaning}`))
    .join(', ');

function rulesOf(field: Field): string[] {
  return [
    field.allowed ? `只允许 only: ${values(field.allowed)}` : '',
    field.known ? `已知值 known: ${values(field.known)}` : '',
    field.format ? `格式 format: ${code(field.format)}` : '',
    field.codeTable ? `代码表 code table: ${code(field.codeTable)}` : '',
    field.default ? `缺省 default: ${code(field.default)}` : '',
    field.separator ? `多值分隔 separator: ${code(field.separator)}` : '',
    field.essential ? '缺少则拒绝 refused without it' : '',
    field.requiredFromState === undefined ? '' : `State ≥ ${field.requiredFromState} 时必填 needed (A-35)`,
    field.references ? `对应 refers to: ${code(field.references)}` : '',
    field.dicom ? `与 DICOM 一致 equals DICOM: ${field.dicom}` : '',
    field.fileAddress ? 'PDF/JPG 地址 address (A-36)' : '',
    field.wireOnly ? '仅见于样例 in the samples only (A-39)' : '',
    field.attribute !== undefined && field.uploadOrder === undefined
      ? '缺省不上传 not sent by default (A-39)'
      : '',
    field.combine === 'or' ? '或条件 joined by OR' : '',
    field.partners ? `须同时有 needs: ${field.partners.map(code).join(', ')}` : '',
    field.cdata ? 'CDATA' : '',
    field.from ? `取自 from: ${code(field.from)}` : '',
    field.secret ? '机密 secret' : '',
    field.privacy ? `脱敏 masked as: ${field.privacy}` : '',
  ].filter(rule => rule !== '');
}

const anchor = (section: string): string => `i-${section.replaceAll('.', '-')}`;

const part = (of: Table, isAnswer: boolean): string =>
  page(
    `**${of.zh}** (${code(of.name)}, ${of.en})` +
      (of.separator ? `, 分隔 separator ${code(of.separator)}` : '') +
      (of.row ? `, 行元素 row element ${code(of.row)}` : ''),
    fieldTable(of, isAnswer),
  ).trim();

const isQuery = (section: string): boolean => section === '4.3' || section === '4.4';

/** docs/interfaces.md */
export function interfacesDocument(): string {
  return page(
    GENERATED,
    '# 接口符合性说明 Interface conformance',
    '规范的 17 个接口，以及本组件按什么填写、校验和读取每个字段。字段、类型、长度、必填与代码表全部取自组件校验数据时所用的同一份表，因此本页与程序的行为不会不一致。编号如 A-39 指规范中有歧义之处的取法，在接入配置中可以更改。',
    'The 17 interfaces of the agreement, and by what this package fills, checks and reads every field. All of it stands in the tables that the program itself works by, so that this page cannot say anything else than what it does. Numbers such as A-39 name readings of what the agreement leaves open; the profile can change them.',
    'DICOM: [dicom-conformance.md](dicom-conformance.md). 安全 security: [security.zh-CN.md](security.zh-CN.md), [security.md](security.md).',
    '## 总览 Overview',
    table(
      [
        '节 section',
        '接口 interface',
        '服务 service',
        '方向 direction',
        '节点 nodes',
        '传输 transport',
        '基本 basic',
        '期限 due',
      ],
      interfaces.map(({ section, zh, service, basic, due }) => {
        const { direction, nodes, transport } = wayOf(section);
        const link = `[${section}](#${anchor(section)})`;
        return [link, zh, service, direction, nodes, transport, basic ? '是 yes' : '否 no', due];
      }),
    ),
    '校验等级：「严格」时违反规则的值拒绝发送；「宽松」时仅拒绝没有它就没有意义的值，其余为警告。In the strict profile a value that breaks a rule is refused; in the lenient one only what a message means nothing without, all else is a warning.',
    '## 信封 Envelopes',
    ...[
      envelope.hospitalCall,
      envelope.hospitalHeader,
      booking.returnContent,
      envelope.platformCall,
      envelope.platformHeader,
      envelope.platformAnswer,
      envelope.archiveEnvelope,
    ].map(of => part(of, false)),
    '## 组合值 Composite values',
    ...[booking.sourceId, booking.receiptItem].map(of => part(of, false)),
    ...interfaces.flatMap(({ section, zh, service }) => {
      const { direction, nodes, transport } = wayOf(section);
      return [
        `<a id="${anchor(section)}"></a>`,
        `## ${section} ${zh} (${service})`,
        `${direction}. 节点 nodes: ${nodes.split(', ').map(code).join(', ')}. ${transport}.`,
        ...partsOf(section).map((of, at) => part(of, isQuery(section) && at > 0)),
        NOTES[section] ?? '',
      ];
    }),
  );
}

const NOTES: Readonly<Record<string, string>> = {
  '5.1.3':
    '服务、SOP 类、传输语法和状态码见 [DICOM 符合性声明](dicom-conformance.md)。Services, SOP classes, transfer syntaxes and status codes: [DICOM conformance statement](dicom-conformance.md).',
  '5.1.4':
    '(0008,0060) 改为 `EFILM`，其余元素逐字节不变；可选换用由原 UID 推导的新序列和实例 UID (A-51)。(0008,0060) becomes `EFILM`, all else stays byte for byte; new series and instance UIDs, derived from the old ones, are an option.',
  '5.1.5':
    'PDF 须完整且未加密，JPG 须完整；地址写入 `ReportFilePath`，最长 256 字符。A PDF must be complete and not encrypted, a JPG complete; the address goes into `ReportFilePath`, 256 characters at most.',
};
