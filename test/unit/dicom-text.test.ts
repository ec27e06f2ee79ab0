import assert from 'node:assert/strict';
import { decodeText, encodeText } from '../../lib/dicom/character-set';
import {
  decodeDataSet,
  type DicomValues,
  encodeDataSet,
  itemsOf,
  LONGEST_DATA_SET,
  textOf,
} from '../../lib/dicom/data-set';
import { attributeOfKeyword, attributeOfTag, Tag } from '../../lib/dicom/dictionary';
import { element, fragments, openSequence, SYNTAX, writeDataSet, writingOf } from '../support/dicom-files';
import { encodeGbk } from '../support/gbk';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('DICOM character sets', () => {
  const TEXTS = [
    'Ceshi^Jia',
    '测试甲',
    'Ceshi^Jia=测试^甲=ce4shi4^jia3',
    '测试，ＡＢ１２（全角）AB12',
    '测试甲\\测试乙',
    'ﾃｽﾄ 半角',
    '𠮷田^甲',
    '䶮',
    '€ é Ω ￥ ①',
    'ɑ\ue000\uffe5',
    '\u{10ffff}',
  ];
  for (const characterSet of ['GB18030', 'ISO_IR 192'])
    for (const text of TEXTS)
      it(`${characterSet} keeps “${text}”`, () =>
        assert.equal(decodeText(encodeText(text, characterSet), characterSet), text));
  it('GB18030 writes every character of Unicode as Node reads it, but private ones of earlier editions', () => {
    const isPrivate = (code: number): boolean => code >= 0xe000 && code <= 0xf8ff;
    const decoder = new TextDecoder('gb18030');
    for (let code = 0x80; code < 0x110000; code++) {
      if (code >= 0xd800 && code <= 0xdfff) continue;
      const character = String.fromCodePoint(code);
      const read = decoder.decode(encodeText(character, 'GB18030'));
      if (read !== character) assert.ok(isPrivate(code) && read === '\ufffd', code.toString(16));
    }
  }).timeout(60_000);
  it('GB18030 writes a lone surrogate as U+FFFD', () => {
    assert.equal(decodeText(encodeText('\ud842x', 'GB18030'), 'GB18030'), '\ufffdx');
  });

  it('ISO 2022 IR 58 writes and reads the example of the standard (PS3.5 K.2)', () => {
    const name = 'Zhang^XiaoDong=张^小东=';
    const bytes = hex('5a68616e675e5869616f446f6e673d 1b242941d5c5 5e 1b242941d0a1b6ab 3d');
    assert.deepEqual(encodeText(name, '\\ISO 2022 IR 58'), bytes);
    assert.equal(decodeText(bytes, '\\ISO 2022 IR 58'), name);
    assert.equal(decodeText(bytes, 'ISO 2022 IR 6\\ISO 2022 IR 58'), name);
  });
  it('ISO 2022 IR 58 calls up GB 2312 again in each line and value', () => {
    const text = '一\\二\r\n三 a 四';
    assert.equal(encodeText(text, '\\ISO 2022 IR 58').toString('latin1').split('\x1b$)A').length, 4);
    assert.equal(decodeText(encodeText(text, '\\ISO 2022 IR 58'), '\\ISO 2022 IR 58'), text);
  });
  it('reads the Korean and Japanese examples of the standard (PS3.5 H, I)', () => {
    const hong = hex(
      '486f6e675e47696c646f6e673d 1b242943fbf3 5e 1b242943d1ced4d7 3d 1b242943c8ab 5e 1b242943b1e6b5bf',
    );
    assert.equal(decodeText(hong, '\\ISO 2022 IR 149'), 'Hong^Gildong=洪^吉洞=홍^길동');
    assert.equal(
      decodeText(
        hex('59616d6164615e5461726f753d 1b2442 3b33 4544 1b2842 5e 1b2442 4240 4f3a 1b2842'),
        '\\ISO 2022 IR 87',
      ),
      'Yamada^Tarou=山田^太郎',
    );
    assert.equal(
      decodeText(
        hex('d4cfc0de5ec0dbb33d 1b2442 3b33 4544 1b284a 5e 1b2442 4240 4f3a 1b284a'),
        'ISO 2022 IR 13\\ISO 2022 IR 87',
      ),
      'ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎',
    );
  });
  it('takes a pair that holds 5C, 5E or 3D-like bytes for a character, where GBK is sent as GB 2312', () => {
    const text = encodeGbk('昞^誠\\甛');
    assert.ok(text.includes(0x5c) || text.includes(0x5e));
    assert.equal(decodeText(text, '\\ISO 2022 IR 58'), '昞^誠\\甛');
    const escaped = Buffer.concat([hex('1b242941'), encodeGbk('昞')]);
    assert.equal(decodeText(escaped, '\\ISO 2022 IR 58'), '昞');
  });
  it('leaves unknown escape sequences out, and survives one cut off', () => {
    assert.equal(decodeText(Buffer.from('a\x1b%Gb\x1b$'), ''), 'ab');
    assert.equal(decodeText(Buffer.from('a\x1b'), '\\ISO 2022 IR 58'), 'a');
  });

  const LATIN: readonly (readonly [string, string])[] = [
    ['ISO_IR 100', 'Müller^Ève'],
    ['ISO_IR 101', 'Wałęsa'],
    ['ISO_IR 144', 'Люкceмбypг'],
    ['ISO_IR 126', 'Διονυσιος'],
    ['ISO_IR 148', 'Çavuşoğlu'],
    ['ISO_IR 166', 'นามสกุล'],
    ['ISO_IR 13', 'ﾔﾏﾀﾞ'],
  ];
  for (const [characterSet, text] of LATIN)
    it(`${characterSet} keeps “${text}”`, () => {
      assert.equal(decodeText(encodeText(text, characterSet), characterSet), text);
      assert.equal(encodeText(text, characterSet).length, text.length);
    });

  it('refuses what a character set lacks: no wildcard is written in its place', () => {
    for (const [characterSet, text] of [
      ['', 'é'],
      ['ISO_IR 100', '测'],
      ['\\ISO 2022 IR 58', '䶮'],
      ['\\ISO 2022 IR 58', 'ﾃ'],
      ['GBK', '𠮷'],
      ['ISO_IR 999', '测'],
    ] as const)
      assert.throws(() => encodeText(text, characterSet), { code: 'CONTRACT', retry: 'never' });
  });

  describe('that cannot be right', () => {
    const gbk = encodeGbk('测试^甲');
    const utf8 = Buffer.from('测试^甲');
    it('default repertoire: UTF-8 if it is, else the fallback', () => {
      for (const declared of ['', 'ISO_IR 6', 'UNKNOWN TERM']) {
        assert.equal(decodeText(gbk, declared), '测试^甲');
        assert.equal(decodeText(utf8, declared), '测试^甲');
        assert.equal(decodeText(utf8, declared, 'GB18030'), '测试^甲');
      }
      assert.equal(decodeText(Buffer.from('M\xfcller', 'latin1'), '', 'ISO_IR 100'), 'Müller');
    });
    it('UTF-8 that is none', () => assert.equal(decodeText(gbk, 'ISO_IR 192'), '测试^甲'));
    it('Latin-1 over UTF-8; over GB 2312 only where the peer is set so', () => {
      assert.equal(decodeText(utf8, 'ISO_IR 100'), '测试^甲');
      assert.equal(decodeText(gbk, 'ISO_IR 100', 'GB18030'), '测试^甲');
      assert.notEqual(decodeText(gbk, 'ISO_IR 100'), '测试^甲');
      assert.equal(decodeText(Buffer.from('M\xfcller', 'latin1'), 'ISO_IR 100', 'GB18030'), 'Müller');
    });
    it('terms written in other ways', () => {
      for (const declared of ['ISO IR 192', 'iso_ir_192', 'ISO_IR192 ', 'UTF-8'])
        assert.equal(decodeText(utf8, declared), '测试^甲');
      for (const declared of ['GB2312', 'gbk', 'ISO_IR 58', 'ISO 2022 IR 58', 'GB18030\0'])
        assert.equal(decodeText(gbk, declared), '测试^甲');
    });
  });
});

const ENCODINGS = [SYNTAX.explicit, SYNTAX.implicit, SYNTAX.bigEndian].map(
  syntax => [syntax, writingOf(syntax)] as const,
);

describe('small DICOM data sets', () => {
  const VALUES: DicomValues = {
    SpecificCharacterSet: 'GB18030',
    QueryRetrieveLevel: 'STUDY',
    ModalitiesInStudy: 'CT\\EFILM',
    PatientName: 'Ceshi^Jia=测试^甲',
    PatientID: '0000012',
    StudyInstanceUID: '1.2.3',
    PatientBirthDate: '',
    Rows: '512',
    FailureReason: '272',
    ReferencedSOPSequence: [
      { ReferencedSOPClassUID: '1.2.840.10008.5.1.4.1.1.2', ReferencedSOPInstanceUID: '2.25.1' },
      {
        ReferencedSOPInstanceUID: '2.25.2',
        IssuerOfPatientIDQualifiersSequence: [{ UniversalEntityID: '测' }],
      },
    ],
    FailedSOPSequence: [],
    ScheduledProcedureStepSequence: [{}],
    '00090010': 'SYNTHETIC',
    '00091001': Buffer.from([1, 2]),
  };
  for (const [syntax, encoding] of ENCODINGS) {
    it(`come back as they were in ${syntax}`, () => {
      assert.deepEqual(decodeDataSet(encodeDataSet(VALUES, encoding, ''), encoding), sorted(VALUES));
    });
  }
  it('are written as the builder of the tests writes them', () => {
    for (const [, encoding] of ENCODINGS) {
      const expected = writeDataSet(
        [
          element(0x00080052, 'CS', 'STUDY'),
          element(0x00080061, 'CS'),
          element(0x00100010, 'PN', 'A^B'),
          element(0x0020000d, 'UI', '1.2.3'),
          element(0x00280010, 'US', encoding.littleEndian ? hex('0002') : hex('0200')),
          element(0x00400100, 'SQ', [
            [element(0x00080060, 'CS', 'CT'), element(0x00400001, 'AE', 'ABC')],
            [],
          ]),
          element(0x00404025, 'SQ'),
        ],
        encoding,
      );
      const values = {
        '00404025': [],
        Rows: '512',
        PatientName: 'A^B',
        ScheduledProcedureStepSequence: [{ ScheduledStationAETitle: 'ABC', Modality: 'CT' }, {}],
        StudyInstanceUID: '1.2.3',
        ModalitiesInStudy: '',
        QueryRetrieveLevel: 'STUDY',
      };
      assert.deepEqual(encodeDataSet(values, encoding, 'GB18030'), expected);
    }
  });
  it('declare a character set when a value needs it, and that of the values first', () => {
    const [, encoding] = ENCODINGS[0]!;
    const declared = (values: DicomValues): string =>
      textOf(decodeDataSet(encodeDataSet(values, encoding, 'ISO_IR 192'), encoding), 'SpecificCharacterSet');
    assert.equal(declared({ PatientName: 'A' }), '');
    assert.equal(declared({ PatientName: '测' }), 'ISO_IR 192');
    assert.equal(
      declared({ ScheduledProcedureStepSequence: [{ ScheduledPerformingPhysicianName: '测' }] }),
      'ISO_IR 192',
    );
    assert.equal(declared({ SpecificCharacterSet: 'GB18030', PatientName: '测' }), 'GB18030');
    assert.equal(declared({ SpecificCharacterSet: '', PatientName: '测' }), 'ISO_IR 192');
    assert.equal(declared({ SpecificCharacterSet: 'GB18030', PatientName: 'A' }), 'GB18030');
  });
  it('are read whatever their lengths: undefined ones, UN, group lengths, fragments, padding', () => {
    for (const [, encoding] of ENCODINGS) {
      const bytes = writeDataSet(
        [
          element(0x00080000, 'UL', Buffer.alloc(4)),
          element(0x00080005, 'CS', 'ISO_IR 192'),
          element(0x00080050, 'SH', '  ACC1  '),
          element(0x00080061, 'CS', 'CT \\MR '),
          openSequence(0x00081199, [[element(0x00081155, 'UI', '2.25.1')], []]),
          element(0x00100010, 'UN', Buffer.from('测试')),
          element(0x00104000, 'LT', '  two\\lines  '),
          openSequence(0x00091010, [[element(0x00100020, 'LO', 'P')]], 'UN'),
          ...(encoding.littleEndian && encoding.explicitVr ? [fragments(Buffer.alloc(4))] : []),
        ],
        encoding,
      );
      assert.deepEqual(decodeDataSet(bytes, encoding), {
        SpecificCharacterSet: 'ISO_IR 192',
        AccessionNumber: 'ACC1',
        ModalitiesInStudy: 'CT\\MR',
        ReferencedSOPSequence: [{ ReferencedSOPInstanceUID: '2.25.1' }, {}],
        PatientName: '测试',
        PatientComments: '  two\\lines',
        '00091010': [{ PatientID: 'P' }],
      });
    }
  });
  it('give numbers as text, and take them so', () => {
    for (const [, encoding] of ENCODINGS) {
      const values = { Rows: '65535', '00189073': '', '00080040': '7', '00280009': '00181063' };
      const numbers = { Rows: '65535', Columns: '1\\2' };
      assert.deepEqual(decodeDataSet(encodeDataSet(numbers, encoding, ''), encoding), numbers);
      assert.ok(
        Object.keys(decodeDataSet(encodeDataSet({ Rows: values.Rows }, encoding, ''), encoding)).length === 1,
      );
    }
  });
  it('refuse what no element can hold', () => {
    const [, encoding] = ENCODINGS[0]!;
    const wrong: readonly DicomValues[] = [
      { NoSuchAttribute: 'x' },
      { '0010001': 'x' },
      { Rows: '65536' },
      { Rows: '-1' },
      { Rows: '1.5' },
      { Rows: 'many' },
      { Rows: Buffer.alloc(2) },
      { PatientName: [{}] },
      { ReferencedSOPSequence: 'x' },
      { Modality: '测' },
      { PatientComments: 'x'.repeat(70_000) },
    ];
    for (const values of wrong)
      assert.throws(
        () => encodeDataSet(values, encoding, 'GB18030'),
        { name: 'ExchangeError', code: 'CONTRACT' },
        JSON.stringify(values),
      );
    assert.throws(() => encodeDataSet({ '00420011': Buffer.alloc(LONGEST_DATA_SET) }, encoding, ''), {
      code: 'TOO_LARGE',
    });
    assert.throws(() => decodeDataSet(Buffer.alloc(LONGEST_DATA_SET + 2), encoding), { code: 'TOO_LARGE' });
  });
  it('give texts and items by keyword', () => {
    assert.equal(textOf(VALUES, 'PatientID'), '0000012');
    assert.equal(textOf(VALUES, 'AccessionNumber'), '');
    assert.equal(textOf(VALUES, 'ReferencedSOPSequence'), '');
    assert.equal(itemsOf(VALUES, 'ReferencedSOPSequence').length, 2);
    assert.deepEqual(itemsOf(VALUES, 'PatientID'), []);
  });
  it('know their attributes both ways', () => {
    assert.deepEqual(attributeOfTag(0x00100020), { keyword: 'PatientID', tag: 0x00100020, vr: 'LO' });
    assert.equal(attributeOfKeyword('PatientID')?.tag, Tag.PatientID);
    assert.equal(attributeOfKeyword('constructor'), undefined);
  });
});

const sorted = (values: DicomValues): DicomValues => ({ ...values });
