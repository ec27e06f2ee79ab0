/**
 * The catalogues of the synthetic hospital. Some texts are awkward on purpose: full-width forms, line breaks, markup,
 * `]]>`, characters of four bytes, 512 characters. Whatever carries them must deliver them unchanged.
 */

/** 512 characters, as long as the longest text in the agreement's samples. */
export const LONG_TEXT = '检查前请仔细阅读：空腹８小时；可饮少量清水。'.repeat(24).slice(0, 512);

export const AWKWARD_TEXT = `第一行：<5mm & "正常" 'ok'\n第二行\t制表；]]> 结束，𠮷`;

/** Code, name, pinyin, place, phone. */
export const DEPARTMENTS = [
  ['E0001', '测试超声科', 'CSCSK', '测试楼二楼', '0000-00000002'],
  ['E0002', '测试放射科', 'CSFSK', '测试楼一楼 <东>&西', '0000-00000003'],
  ['E0003', '测试内镜中心', 'CSNJZX', '测试楼三楼', '0000-00000004'],
] as const;

export interface ExamItem {
  readonly code: string;
  readonly number: string;
  readonly name: string;
  readonly pinyin: string;
  readonly price: string;
  readonly department: string;
  readonly resource: string;
  readonly description?: string;
  readonly notes?: string;
  readonly reminder?: string;
}

export const EXAM_ITEMS: readonly ExamItem[] = [
  {
    code: '000101',
    number: '0099',
    name: '测试彩超（孕＞２８周）',
    pinyin: 'CSCC',
    price: '160.00',
    department: 'E0001',
    resource: '0088',
    reminder: '憋尿',
  },
  {
    code: '000102',
    number: '0099',
    name: '测试心脏彩超',
    pinyin: 'CSXZCC',
    price: '210.00',
    department: 'E0001',
    resource: '0088',
    description: AWKWARD_TEXT,
  },
  {
    code: '000103',
    number: '0099',
    name: '测试腹部彩超',
    pinyin: 'CSFBCC',
    price: '120.50',
    department: 'E0001',
    resource: '0089',
    notes: LONG_TEXT,
    reminder: '空腹８小时',
  },
  {
    code: '000201',
    number: '0100',
    name: '测试CT平扫',
    pinyin: 'CSCTPS',
    price: '300.00',
    department: 'E0002',
    resource: '0001',
  },
  {
    code: '000202',
    number: '0100',
    name: '测试CT增强<含对比剂>&"加急"',
    pinyin: 'CSCTZQ',
    price: '650.00',
    department: 'E0002',
    resource: '0001',
    notes: '碘过敏者禁用\r\n肾功能不全者慎用',
  },
  {
    code: '000203',
    number: '0101',
    name: '测试MR平扫',
    pinyin: 'CSMRPS',
    price: '580.00',
    department: 'E0002',
    resource: '0002',
    reminder: '请取下金属物品]]>',
  },
  {
    code: '000301',
    number: '0102',
    name: '测试胃镜',
    pinyin: 'CSWJ',
    price: '400.00',
    department: 'E0003',
    resource: '0005',
    notes: '空腹',
  },
  {
    code: '000302',
    number: '0102',
    name: '测试肠镜',
    pinyin: 'CSCJ',
    price: '520.00',
    department: 'E0003',
    resource: '0005',
    notes: AWKWARD_TEXT,
  },
];

/** Ordering department: code, name. */
export const ORDERING_DEPARTMENTS = [
  ['D0001', '测试内科'],
  ['D0002', '测试外科'],
  ['D0003', '测试体检中心'],
] as const;

/** Doctor: staff number, name. */
export const DOCTORS = [
  ['00001', '医生甲'],
  ['00002', '医生乙'],
  ['00003', '医生𠮷/0003'],
] as const;

export interface LabTest {
  readonly code: string;
  readonly name: string;
  readonly localName: string;
  readonly results: readonly string[];
  readonly unit: string;
  readonly lower: string;
  readonly upper: string;
  readonly notes?: string;
  readonly method: string;
}

export interface LabPanel {
  readonly code: string;
  readonly name: string;
  readonly title: string;
  readonly device: string;
  readonly tests: readonly LabTest[];
}

export const LAB_PANELS: readonly LabPanel[] = [
  {
    code: '58410-2',
    name: '血常规',
    title: '血常规检验报告单',
    device: 'TEST-HEMA <01>',
    tests: [
      {
        code: '6690-2',
        name: '白细胞计数',
        localName: 'WBC',
        results: ['4.10', '11.3', '＜０.５'],
        unit: '10^9/L',
        lower: '3.5',
        upper: '9.5',
        method: '电阻抗法',
      },
      {
        code: '718-7',
        name: '血红蛋白',
        localName: 'HGB',
        results: ['135', '098'],
        unit: 'g/L',
        lower: '130',
        upper: '175',
        method: '比色法',
      },
      {
        code: '777-3',
        name: '血小板计数',
        localName: 'PLT',
        results: ['210', '45'],
        unit: '10^9/L',
        lower: '125',
        upper: '350',
        notes: '男：１２５～３５０\n女：１２５～３５０',
        method: '',
      },
    ],
  },
  {
    code: '24356-8',
    name: '尿常规',
    title: '尿常规检验报告单',
    device: 'TEST-URIN & 02',
    tests: [
      {
        code: '5804-0',
        name: '尿蛋白',
        localName: 'PRO',
        results: ['阴性(-)', '1+', '>3.0 & "强阳性"'],
        unit: '',
        lower: '',
        upper: '',
        notes: AWKWARD_TEXT,
        method: '干化学法',
      },
      {
        code: '5821-4',
        name: '白细胞镜检',
        localName: '白细胞',
        results: ['2/HP', '0~3/HP'],
        unit: '/HP',
        lower: '0',
        upper: '5',
        method: '镜检',
      },
    ],
  },
  {
    code: '24323-8',
    name: '生化全套',
    title: '生化检验报告单（急诊）',
    device: 'TEST-CHEM',
    tests: [
      {
        code: '2345-7',
        name: '葡萄糖',
        localName: '葡萄糖',
        results: ['5.0', '6.10'],
        unit: 'mmol/L',
        lower: '3.9',
        upper: '6.1',
        notes: LONG_TEXT,
        method: '己糖激酶法',
      },
      {
        code: '2951-2',
        name: '钠',
        localName: 'Na⁺',
        results: ['140.0'],
        unit: 'mmol/L',
        lower: '137',
        upper: '147',
        method: '离子选择电极法',
      },
      {
        code: '2823-3',
        name: '钾',
        localName: 'K⁺',
        results: ['4.20', '0x1F', '12E3'],
        unit: 'mmol/L',
        lower: '3.5',
        upper: '5.3',
        method: '离子选择电极法',
      },
      {
        code: '1742-6',
        name: '丙氨酸氨基转移酶',
        localName: "ALT'谷丙",
        results: ['0023', '23'],
        unit: 'U/L',
        lower: '9',
        upper: '50',
        method: '速率法',
      },
    ],
  },
];
