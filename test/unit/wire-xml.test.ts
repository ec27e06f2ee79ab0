import assert from 'node:assert/strict';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { type Table, queryFields, recordName } from '../../lib/contract/field';
import { getAppointReceiptXmlItem, getExamItemListItem } from '../../lib/contract/tables/booking';
import { examMaster } from '../../lib/contract/tables/exam';
import { labMaster, labSubitem } from '../../lib/contract/tables/lab';
import { ExchangeError } from '../../lib/errors';
import { writeArchiveDocument } from '../../lib/wire/archive-document';
import { parseAnswerJson } from '../../lib/wire/json-answer';
import { escapedRecordWriter } from '../../lib/wire/escaped-records';
import { elementWriter } from '../../lib/wire/record-xml';
import { XmlByteWriter } from '../../lib/wire/xml-bytes';
import { child, readXml, readXmlTolerant, valuesOf } from '../../lib/wire/xml-read';
import { repairXml } from '../../lib/wire/xml-repair';
import { type XmlRow, readRows } from '../../lib/wire/xml-rows';
import { fixture } from '../support/fixture';

/** Values that break careless XML code. */
const AWKWARD = [
  `<"&'> ]]> &amp; &#10;`,
  '第一行\r\n第二行\n\t第三行\r',
  '\u0007响铃\u0000和\uFFFE',
  '𠮷野家 👩‍⚕️',
  '半个\uD842字',
  ' 前后空格 ',
  '0001',
  '所见'.repeat(256),
  '__proto__',
];

const fxp = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  htmlEntities: true,
});

/** What XML 1.0 can carry of a text. */
const carried = (text: string): string =>
  // oxlint-disable-next-line no-control-regex -- these are the characters meant
  text.replace(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]|\p{Cs}/gu, '');

/** The record of a table as it stands in an envelope. */
function escapedRecord(of: Table, record: Readonly<Record<string, string>>): string {
  const out = new XmlByteWriter(16);
  const values = of.fields.map(field => record[recordName(field)] ?? '');
  escapedRecordWriter(of).write({ values }, out);
  return out.bytes().toString();
}

describe('writing records', () => {
  for (const form of ['plain', 'escaped'] as const) {
    it(`elements, ${form}: every value survives an independent parser`, () => {
      for (const value of AWKWARD) {
        const record = { Hiskey: value, LabName: value };
        const inner =
          form === 'plain'
            ? elementWriter(getExamItemListItem)(record)
            : unescapeOnce(escapedRecord(getExamItemListItem, record));
        const xml = `<item>${inner}</item>`;
        assert.equal(XMLValidator.validate(xml), true);
        const read = readXml(xml);
        assert.equal(child(read, 'Hiskey')?.text, carried(value));
        assert.equal(
          ((fxp.parse(xml) as { item: Record<string, string> }).item['LabName'] ?? '').replace(
            /\r\n?/g,
            '\n',
          ),
          carried(value).replace(/\r\n?/g, '\n'),
        );
      }
    });
  }
  it('CDATA fields hold any text', () => {
    const xml = `<item>${elementWriter(getAppointReceiptXmlItem)({ Diagnosis: 'a]]>b<&"' })}</item>`;
    assert.match(xml, /<Diagnosis><!\[CDATA\[/);
    assert.equal(child(readXml(xml), 'Diagnosis')?.text, 'a]]>b<&"');
  });
  it('writes escaped what it writes plain, CDATA and empty values too', () => {
    for (const table of [getExamItemListItem, getAppointReceiptXmlItem]) {
      for (const value of [...AWKWARD, 'ÄöЖ', '\uE000\uFFFD']) {
        const record = Object.fromEntries(
          table.fields.map((field, at) => [recordName(field), at % 3 ? value : '']),
        );
        assert.equal(unescapeOnce(escapedRecord(table, record)), elementWriter(table)(record));
      }
    }
  });
  it('writes every element, empty ones too, in order', () => {
    const read = readXml(`<item>${elementWriter(getExamItemListItem)({})}</item>`);
    assert.deepEqual(
      read.children.map(({ name }) => name),
      getExamItemListItem.fields.map(({ name }) => name),
    );
  });
});

describe('archive document (4.1)', () => {
  const options = {
    orgCode: '000000T0001',
    orgName: '测试<医院>',
    dateStyle: 'table',
    subItemLayout: 'repeat',
    sendApplyFormNo: false,
  } as const;
  const now = new Date(2030, 0, 2, 3, 5, 0);

  it('writes the sample, byte for byte but for white space between tags', () => {
    const sample = fixture('ArchiveAutoReport.lab.xml');
    const rows = (wrapper: string) =>
      readXml(sample)
        .children.filter(({ name }) => name === wrapper)
        .map(one => ({ ...child(one, 'item')?.attributes }));
    const { xml } = writeArchiveDocument(
      [
        { table: labMaster, records: rows('labmaster') },
        { table: labSubitem, records: rows('lab_subitem') },
      ],
      { ...options, orgName: '测试医院' },
      now,
    );
    assert.equal(xml, sample.replace(/>\s+</g, '><').trim());
  });
  it('line breaks of a finding survive as an attribute (A-19)', () => {
    const { xml, removedCharacters } = writeArchiveDocument(
      [{ table: examMaster, records: [{ image_descr: '第一行\r\n第二行\t完\u0007\uD800' }] }],
      options,
      now,
    );
    assert.match(xml, /image_descr="第一行&#13;&#10;第二行&#9;完"/);
    assert.equal(removedCharacters, 2);
    const row = child(child(readXml(xml), 'exammaster') ?? readXml(xml), 'item');
    assert.equal(row?.attributes['image_descr'], '第一行\r\n第二行\t完');
  });
  it('groups items in one wrapper when asked (A-31), and sends apply_form_no when asked (A-39)', () => {
    const rows = [
      { table: labMaster, records: [{ apply_form_no: 'A1' }] },
      { table: labSubitem, records: [{ serial_no: '1' }, { serial_no: '2' }] },
    ];
    const grouped = readXml(
      writeArchiveDocument(rows, { ...options, subItemLayout: 'group', sendApplyFormNo: true }, now).xml,
    );
    assert.deepEqual(
      grouped.children.map(({ name }) => name),
      ['org', 'labmaster', 'lab_subitem'],
    );
    assert.equal(child(grouped, 'lab_subitem')?.children.length, 2);
    const names = Object.keys(child(child(grouped, 'labmaster') ?? grouped, 'item')?.attributes ?? {});
    assert.equal(names.indexOf('apply_form_no'), 2);
    assert.equal(names.length, 51);
    assert.doesNotMatch(writeArchiveDocument(rows, options, now).xml, /apply_form_no/);
  });
});

describe('reading small documents', () => {
  it('allows a byte-order mark and blanks in front, ignores a declared encoding, drops prefixes (A-10)', () => {
    const root = readXml(
      '\uFEFF \n<?xml version="1.0" encoding="gb2312"?><a:root xmlns:a="x"><a:Name>测</a:Name></a:root>',
    );
    assert.equal(root.name, 'root');
    assert.equal(valuesOf(root)['Name'], '测');
  });
  const refused: [string, string][] = [
    ['DOCTYPE', '<!DOCTYPE r [<!ENTITY a "b">]><r>&a;</r>'],
    ['external entity', '<!DOCTYPE r SYSTEM "file:///etc/passwd"><r/>'],
    ['depth', '<a>'.repeat(65) + '</a>'.repeat(65)],
    ['two roots', '<a/><b/>'],
    ['unclosed', '<a><b></a>'],
    ['bare ampersand', '<a>R&D</a>'],
    ['illegal character', '<a>\u0007</a>'],
    ['nothing', '   '],
    ['text', 'Server Error'],
    ['half', '<root><patientNo>Z0000'],
  ];
  for (const [what, xml] of refused) {
    it(`refuses ${what} with its place, without quoting the document`, () => {
      assert.throws(
        () => readXmlTolerant(xml),
        (error: unknown) =>
          error instanceof ExchangeError &&
          error.code === 'MALFORMED' &&
          /第 \d+ 行第 \d+ 列/.test(error.message) &&
          !/Z0000|passwd|R&D/.test(JSON.stringify(error) + error.stack),
      );
    });
  }
  it('reads depth 64', () => assert.equal(readXml('<a>'.repeat(64) + '</a>'.repeat(64)).name, 'a'));
  it('is not confused by names of object members', () => {
    const values = valuesOf(readXml('<r><__proto__>x</__proto__><constructor>y</constructor></r>'));
    assert.deepEqual(Object.entries(values), [
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
    assert.equal(({} as Record<string, unknown>)['x'], undefined);
  });
  it('keeps ids as they are', () => {
    const values = valuesOf(readXml('<r><a>000000650</a><b>0x1F</b><c>12E3</c><d>12345678901234567</d></r>'));
    assert.deepEqual(Object.values(values), ['000000650', '0x1F', '12E3', '12345678901234567']);
  });
});

describe('repair', () => {
  it('touches nothing but the two misprints', () => {
    for (const text of [
      '<error>x</error>',
      '<error/>',
      '<a b="1" c="2"/>',
      '<a>b="1" b="2"</a>',
      'a < b',
      '<error><error/></error>',
    ]) {
      assert.deepEqual(repairXml(text), { text, repairs: [] }, text);
    }
  });
  it('never repairs a document with a DOCTYPE', () => {
    const text = '<!DOCTYPE r><r><error><error/></r>';
    assert.deepEqual(repairXml(text), { text, repairs: [] });
  });
  it('stays linear on hostile input', () => {
    const hostile = [
      `<a ${'b="1" '.repeat(40_000)}`,
      '<'.repeat(200_000),
      '<error>'.repeat(50_000),
      `<a b="${'x'.repeat(300_000)}`,
    ];
    for (const text of hostile) {
      const started = process.cpuUsage();
      repairXml(text);
      const { user } = process.cpuUsage(started);
      assert.ok(user < 2_000_000, `${text.slice(0, 8)} took ${user} µs`);
    }
  });
});

describe('reading rows of large answers (A-49e)', () => {
  const read = async (xml: string): Promise<XmlRow[]> => {
    const rows: XmlRow[] = [];
    await readRows([xml], new Set(['labmaster', 'lab_subitem', 'exammaster']), row => rows.push(row));
    return rows;
  };
  it('elements, as the agreement prints them', async () => {
    const rows = await read(fixture('GetLabInfo.response.xml'));
    assert.deepEqual(
      rows.map(({ row }) => row),
      ['labmaster', 'lab_subitem'],
    );
    assert.deepEqual(
      Object.keys(rows[0]?.values ?? {}),
      queryFields(labMaster).map(({ element }) => element),
    );
  });
  it('attributes under item, with repeated and shared wrappers', async () => {
    const rows = await read(fixture('ArchiveAutoReport.lab.xml'));
    assert.deepEqual(
      rows.map(({ row, values }) => `${row} ${values['serial_no'] ?? ''}`),
      ['labmaster ', 'lab_subitem 1', 'lab_subitem 2'],
    );
    const shared = await read('<root><lab_subitem><item a="1"/><item a="2"/></lab_subitem></root>');
    assert.deepEqual(
      shared.map(({ values }) => values['a']),
      ['1', '2'],
    );
  });
  it('elements under item, attributes on the row, any case, nested rows apart', async () => {
    const rows = await read(
      '<r><LabMaster X="1"><Item><A>a</A><B><![CDATA[<b>]]></B></Item></LabMaster><EXAMMASTER A="2"/></r>',
    );
    assert.deepEqual(
      rows.map(({ row, values }) => [row, { ...values }]),
      [
        ['labmaster', { X: '1', A: 'a', B: '<b>' }],
        ['exammaster', { A: '2' }],
      ],
    );
  });
  it('gives other work its turn', async () => {
    const xml = `<root>${'<lab_subitem><CLASS_CODE>T</CLASS_CODE><RESULT_VALUE>5.0</RESULT_VALUE></lab_subitem>'.repeat(20_000)}</root>`;
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    const rows = await read(xml);
    clearInterval(timer);
    assert.equal(rows.length, 20_000);
    assert.ok(turns >= 5, `${turns} turns`);
  });
  it('refuses a broken answer with its place', async () => {
    await assert.rejects(read('<root><labmaster><A>1</B></labmaster></root>'), { code: 'MALFORMED' });
    await assert.rejects(read('<!DOCTYPE a><root/>'), { code: 'MALFORMED' });
  });
});

describe('JSON answers (A-15)', () => {
  const cases: [string, Record<string, unknown> | null][] = [
    ['{"Status":1,"Msg":"","Total":1,"Rows":"1"}', { status: 1, msg: '', total: 1, rows: '1' }],
    ['\uFEFF {"Status":"0","Msg":"凭证无效"}', { status: '0', msg: '凭证无效' }],
    ['{“Status”：1，“Msg”：“时间 10：00，已"到"”}', { status: 1, msg: '时间 10：00，已"到"' }],
    ['{"Status"：1,"Msg":"a：b，“c”",}', { status: 1, msg: 'a：b，“c”' }],
    ['"{\\"Status\\":1}"', { status: 1 }],
    ['{"Status":1,"Rows":[{"id":12345678901234567}]}', { status: 1, rows: [{ id: '12345678901234567' }] }],
    ['{"Status":1,"Msg":"a: 12345678901234567, b"}', { status: 1, msg: 'a: 12345678901234567, b' }],
    ['Status=1', null],
    ['[1]', null],
    ['', null],
    ['<root/>', null],
  ];
  for (const [text, expected] of cases) {
    it(text || '(empty)', () => {
      const read = parseAnswerJson(text);
      assert.deepEqual(read && { ...read }, expected);
    });
  }
});

function unescapeOnce(text: string): string {
  const named: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
  return text.replace(/&(#\d+|\w+);/g, (_whole, name: string) =>
    name.startsWith('#') ? String.fromCodePoint(Number(name.slice(1))) : (named[name] ?? ''),
  );
}
