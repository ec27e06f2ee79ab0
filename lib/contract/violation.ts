/** What can be wrong with a value, and how it is said in both languages. */
import type { Text } from '../errors';
import { maskField, maskUrl } from '../privacy/mask';
import { type Field, type Table, recordName } from './field';

export type Rule =
  /** Stated as not empty. */
  | 'required'
  /** Without it the request means nothing. */
  | 'essential'
  /** Part of the primary key and empty. */
  | 'key'
  /** Must be filled in this state of the exam (A-35). */
  | 'state'
  /** More characters (or bytes, by choice) than the column holds. */
  | 'length'
  /** Fits in characters, not in UTF-8 bytes (A-40). */
  | 'bytes'
  /** Not a number of that many digits. */
  | 'number'
  /** No date or time. */
  | 'date'
  /** A time with a zone suffix. */
  | 'zone'
  /** A number that JavaScript has rounded. */
  | 'precision'
  /** An object, list or buffer where text belongs. */
  | 'type'
  /** Not one of the allowed values. */
  | 'value'
  /** Not in the hospital's code table. */
  | 'code'
  /** No DICOM UID (A-41). */
  | 'uid'
  /** No DICOM modality (A-42). */
  | 'modality'
  /** Not shaped like a LOINC code (A-42). */
  | 'loinc'
  /** Longer than DICOM allows for an accession number (A-53). */
  | 'accession'
  /** No address of a PDF or JPG by http, ftp or share (5.1.5, A-36). */
  | 'address'
  /** An address with user and password in it (A-58). */
  | 'address-secret'
  /** The field mapping names a column that the row lacks; limit: the column, a tab, the columns present. */
  | 'column'
  /** The field mapping's expression failed; limit: JSONata's error code. */
  | 'expression'
  /** Differs from the value it must equal: another table, or the profile (A-49g). */
  | 'reference'
  /** ID number: wrong form, date or check digit (GB 11643; A-81). */
  | 'identity'
  /** ID number disagrees with the birth date or the sex. */
  | 'identity-agreement'
  /** Not shaped like a card number of the city (A-82). */
  | 'card';

export type Severity = 'error' | 'warning';

/** One fault as it is found, before it is put into words. */
export interface Finding {
  readonly field: Field;
  readonly rule: Rule;
  /** The value as it is; masked before anybody sees it. */
  readonly value: string;
  /** The limit, list or counterpart of the rule. */
  readonly limit?: string;
}

/** One fault, ready to be shown: it holds no unmasked patient data. */
export interface Violation {
  readonly severity: Severity;
  readonly rule: Rule;
  /** Where it is: `lab_subitem[2].class_code`. */
  readonly path: string;
  readonly field: string;
  readonly zh: string;
  /** Section of the agreement that sets the rule. */
  readonly section: string;
  readonly value: string;
  readonly message: Text;
  readonly remedy: Text;
}

interface Wording {
  readonly message: (limit: string) => Text;
  readonly remedy: Text;
}

const fill: Text = {
  zh: '请在来源数据或字段映射中补上该值',
  en: 'fill it in the source data or in the field mapping',
};
const ask: Text = { zh: '请核对后改正来源数据', en: 'check and correct the source data' };

const wordings: Record<Rule, Wording> = {
  required: { message: () => ({ zh: '不能为空', en: 'must not be empty' }), remedy: fill },
  essential: { message: () => ({ zh: '不能为空', en: 'must not be empty' }), remedy: fill },
  key: {
    message: () => ({ zh: '是主键，不能为空', en: 'is part of the key and must not be empty' }),
    remedy: fill,
  },
  state: {
    message: n => ({ zh: `在检查状态 ≥ ${n} 时不能为空`, en: `must not be empty from exam state ${n} on` }),
    remedy: { zh: '请补上该值，或核对检查状态(state)', en: 'fill it, or check the state' },
  },
  length: {
    message: n => ({ zh: `超过长度上限 ${n}`, en: `is longer than ${n}` }),
    remedy: { zh: '请缩短内容；本组件不会自动截断', en: 'shorten it; nothing is cut silently' },
  },
  bytes: {
    message: n => ({
      zh: `按 UTF-8 字节计超过 ${n}（一个汉字占 3 字节）`,
      en: `is longer than ${n} bytes in UTF-8 (3 a Chinese character)`,
    }),
    remedy: { zh: '平台可能按字节计长度，请与平台确认', en: 'the platform may count bytes: ask it' },
  },
  number: {
    message: n => ({ zh: `必须是不超过 ${n} 位的整数`, en: `must be a whole number of at most ${n} digits` }),
    remedy: ask,
  },
  date: {
    message: f => ({ zh: `不是有效的日期时间（格式 ${f}）`, en: `is no valid date or time (format ${f})` }),
    remedy: { zh: '请按该格式提供本地时间', en: 'give local time in that format' },
  },
  zone: {
    message: () => ({ zh: '带有时区后缀', en: 'carries a time zone' }),
    remedy: {
      zh: '请在查询中转为本地时间文本，不带 Z 或 +08:00',
      en: 'turn it into local time text without Z or +08:00 in the query',
    },
  },
  precision: {
    message: () => ({
      zh: '是超出精度的数字，末几位可能已被改变',
      en: 'is a number too large for JavaScript: its last digits may have changed',
    }),
    remedy: { zh: '请在查询中转为文本（CAST AS VARCHAR）', en: 'read it as text (CAST AS VARCHAR)' },
  },
  type: { message: () => ({ zh: '必须是文本', en: 'must be text' }), remedy: ask },
  value: {
    message: v => ({ zh: `只允许取值：${v}`, en: `must be one of: ${v}` }),
    remedy: { zh: '请改为允许的取值，或在映射中转换', en: 'use an allowed value, or map it' },
  },
  code: {
    message: t => ({ zh: `未在代码表 ${t} 中对照`, en: `is not mapped in code table ${t}` }),
    remedy: { zh: '请在代码表文件中补充对照', en: 'add it to the code table file' },
  },
  uid: {
    message: () => ({ zh: '不是有效的 DICOM UID', en: 'is no valid DICOM UID' }),
    remedy: {
      zh: '只能含数字和点，每个不超过 64 位，多个用逗号分隔',
      en: 'digits and dots only, 64 at most each, several by comma',
    },
  },
  modality: {
    message: () => ({ zh: '不是 DICOM 的 Modality', en: 'is no DICOM modality' }),
    remedy: { zh: '请对照为 CT、MR、US、DX、ES 等', en: 'map it to CT, MR, US, DX, ES, …' },
  },
  loinc: {
    message: () => ({ zh: '不是 LOINC 编码的形式', en: 'is not shaped like a LOINC code' }),
    remedy: { zh: '如平台接受本地编码可忽略', en: 'ignore it if the platform accepts local codes' },
  },
  accession: {
    message: n => ({
      zh: `超过 DICOM AccessionNumber 的 ${n} 个字符`,
      en: `is longer than the ${n} characters of a DICOM AccessionNumber`,
    }),
    remedy: {
      zh: '影像可能无法与报告关联，请核对检查号',
      en: 'images may not be matched: check the exam number',
    },
  },
  address: {
    message: () => ({
      zh: '不是 PDF 或 JPG 文件的 http、ftp 或共享路径',
      en: 'is no http, ftp or share address of a PDF or JPG file',
    }),
    remedy: { zh: '请用“图文报告”节点生成地址', en: 'let the report-file node make the address' },
  },
  'address-secret': {
    message: () => ({ zh: '地址中带有用户名或密码', en: 'holds a user name or password' }),
    remedy: {
      zh: '请改用匿名可取的地址，并更换该密码',
      en: 'use an address that needs none, and change that password',
    },
  },
  column: {
    message: limit => {
      const [column, present] = limit.split('\t');
      return {
        zh: `对照的列“${column}”不在数据中（现有列：${present}）`,
        en: `is mapped to column "${column}", which the data lacks (it has ${present})`,
      };
    },
    remedy: {
      zh: '请改正字段映射或查询；时有时无的列请用表达式取值',
      en: 'mend the field mapping or the query; take a column that may be absent by an expression',
    },
  },
  expression: {
    message: code => ({
      zh: `的映射表达式出错（${code}）`,
      en: `has a mapping expression that failed (${code})`,
    }),
    remedy: {
      zh: '请在字段映射中改正表达式，注意空值',
      en: 'mend the expression in the field mapping; mind empty values',
    },
  },
  reference: {
    message: what => ({ zh: `与 ${what} 不一致`, en: `differs from ${what}` }),
    remedy: ask,
  },
  identity: {
    message: why => ({ zh: `身份证号${why}`, en: 'is no valid resident ID number (GB 11643)' }),
    remedy: { zh: '请核对证件号码；仅提示，不阻止发送', en: 'check it; this is a hint and stops nothing' },
  },
  'identity-agreement': {
    message: what => ({ zh: `与身份证号中的${what}不一致`, en: 'disagrees with the resident ID number' }),
    remedy: {
      zh: '请核对病人信息；仅提示，不阻止发送',
      en: 'check the patient data; this is a hint and stops nothing',
    },
  },
  card: {
    message: () => ({ zh: '不是本市社保卡号的形式', en: "is not shaped like the city's card numbers" }),
    remedy: { zh: '请核对卡号；仅提示，不阻止发送', en: 'check it; this is a hint and stops nothing' },
  },
};

/** Puts a finding into words. The value is masked by its field's kind and never longer than 33 characters. */
export function describe(of: Table, finding: Finding, severity: Severity, prefix = ''): Violation {
  const { field, rule } = finding;
  const words = wordings[rule];
  const said = words.message(finding.limit ?? '');
  const name = recordName(field);
  const shown = field.fileAddress ? maskUrl(finding.value) : finding.value;
  const value = shown === '' ? '' : maskField(field, shown);
  return {
    severity,
    rule,
    path: `${prefix}${name}`,
    field: name,
    zh: field.zh,
    section: of.section,
    value,
    message: {
      zh: `${field.zh}(${prefix}${name})${said.zh}${value && `，当前值 ${value}`}`,
      en: `${prefix}${name} ${said.en}${value && `, value ${value}`}`,
    },
    remedy: words.remedy,
  };
}
