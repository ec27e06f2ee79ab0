/** What the synthetic RIS examines and reports. Awkward on purpose, as the other catalogues are. */
import { AWKWARD_TEXT, LONG_TEXT } from './seed-data';

/** 4000 characters with line breaks, as long as a text of a report may be. */
export const LONG_FINDINGS = Array.from(
  { length: 100 },
  (_, at) =>
    `${at + 1}、两侧测试区密度均匀，边界清晰，未见明显异常强化灶；大小约 ${at}.${at % 10}×０.５ｃｍ。`,
)
  .join('\n')
  .slice(0, 4000);

export interface ExamKind {
  readonly item: string;
  /** DICOM Modality. */
  readonly modality: string;
  readonly bodyPart: string;
  readonly device: string;
  readonly purpose: string;
  readonly findings: readonly string[];
  readonly conclusion: string;
  /** DICOM studies of one exam. */
  readonly studies: number;
}

export const EXAM_KINDS = [
  {
    item: '000101',
    modality: 'US',
    bodyPart: '测试部位',
    device: 'TEST-US <01>',
    purpose: '了解胎儿发育情况',
    findings: [AWKWARD_TEXT, '宫内单活胎，胎心率 0145 次/分。\r\n羊水指数 12.0cm。'],
    conclusion: '宫内单活胎（约２８周）',
    studies: 1,
  },
  {
    item: '000201',
    modality: 'CT',
    bodyPart: '胸部',
    device: 'TEST-CT & 02',
    purpose: '',
    findings: [LONG_FINDINGS],
    conclusion: '1. 右肺小结节 <5mm & "随访"\n2. 余未见异常 ]]>',
    studies: 1,
  },
  {
    item: '000202',
    modality: 'CT',
    bodyPart: '腹部、盆腔',
    device: 'TEST-CT & 02',
    purpose: '排除占位？',
    findings: [LONG_TEXT, `平扫\t增强 CT值 040～120HU；${AWKWARD_TEXT}`],
    conclusion: `肝右叶'血管瘤'可能`,
    studies: 2,
  },
  {
    item: '000203',
    modality: 'MR',
    bodyPart: '头颅',
    device: 'TEST-MR',
    purpose: '复查\n对比前片',
    findings: [`T1WI/T2WI 未见异常信号，DWI b=1000；𠮷`, LONG_FINDINGS],
    conclusion: '颅脑平扫未见明显异常',
    studies: 3,
  },
  {
    item: '000301',
    modality: 'ES',
    bodyPart: '食管、胃、十二指肠',
    device: 'TEST-ES',
    purpose: '',
    findings: ['食管：黏膜光滑\n胃窦：散在充血 >3 处\n幽门：圆，开闭好'],
    conclusion: '慢性非萎缩性胃炎',
    studies: 1,
  },
] as const satisfies readonly ExamKind[];
