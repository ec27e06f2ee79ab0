import assert from 'node:assert/strict';
import { ExchangeError } from '../../lib/errors';
import { readXml } from '../../lib/wire/xml-read';
import { type XmlRow, readRows } from '../../lib/wire/xml-rows';

const ROWS = new Set(['labmaster', 'lab_subitem']);
const read = async (pieces: readonly string[]): Promise<XmlRow[]> => {
  const rows: XmlRow[] = [];
  await readRows(pieces, ROWS, row => rows.push(row));
  return rows;
};
const plain = (rows: readonly XmlRow[]): unknown[] =>
  rows.map(({ row, values, within }) => [row, { ...values }, within && { ...within }]);

/** The same numbers in every run. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return below => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
}

type Pick = (below: number) => number;
const oneOf = <T>(pick: Pick, of: readonly T[]): T => of[pick(of.length)] as T;

/** Every way to write a value, with what it means. */
const VALUES = [
  ['', ''],
  ['  ', ''],
  ['5.0', '5.0'],
  [' 测试𠮷 ', '测试𠮷'],
  ['&lt;5 &amp; &#x4e2d;&#65;&gt;', '<5 & 中A>'],
  ['a\r\nb\rc\nd', 'a\nb\nc\nd'],
  ['a&#13;&#10;b', 'a\r\nb'],
  ['a > b ]] >', 'a > b ]] >'],
  ['<![CDATA[<b>&amp;]]>', '<b>&amp;'],
  ['a<!-- c -->b', 'ab'],
] as const;
const NAMES = [
  'ORG_CODE',
  'EVENT_NO',
  'REPORT_FORM_NO',
  'result.value-1',
  '_X',
  '测试',
  '__proto__',
  'constructor',
];
const BLANKS = ['', '', '', ' ', '\n  ', '\r\n\t'] as const;

function randomField(pick: Pick, values: Map<string, string>): string {
  const name = oneOf(pick, NAMES);
  const [written, value] = oneOf(pick, VALUES);
  values.set(name, value);
  if (value === '' && pick(2) === 0) return `<${name}${oneOf(pick, BLANKS)}/>`;
  return `<${name}${pick(20) === 0 ? ' ' : ''}>${written}</${name}>`;
}

/** A document of rows in many forms, and the rows that it holds. */
function randomDocument(pick: Pick): { xml: string; rows: unknown[] } {
  const rows: unknown[] = [];
  const parts = Array.from({ length: 1 + pick(30) }, () => {
    const row = oneOf(pick, ['labmaster', 'lab_subitem', 'LAB_SUBITEM', 'LabMaster']);
    const values = new Map<string, string>();
    const fields = Array.from(
      { length: pick(6) },
      () => randomField(pick, values) + oneOf(pick, BLANKS),
    ).join('');
    const attribute = pick(12) === 0 ? ' state="1"' : '';
    if (attribute) values.set('state', '1');
    if (values.size > 0) rows.push([row.toLowerCase(), record(values, attribute !== ''), undefined]);
    const between = oneOf(pick, [
      ...BLANKS,
      '<!-- <labmaster><A>1</A></labmaster> -->',
      '<note>x</note>',
      '<?p?>',
    ]);
    return `<${row}${attribute}>${oneOf(pick, BLANKS)}${fields}</${row}>${between}`;
  });
  return { xml: `<?xml version="1.0"?>\r\n<root>${parts.join('')}</root>`, rows };
}

/** Attributes are read before elements. */
function record(values: ReadonlyMap<string, string>, withState: boolean): Record<string, string> {
  const ordered = [...values].filter(([name]) => name !== 'state');
  return Object.fromEntries([...(withState ? ([['state', '1']] as const) : []), ...ordered]);
}

/** The text in pieces of random length. */
function cut(pick: Pick, text: string): string[] {
  const pieces: string[] = [];
  for (let at = 0; at < text.length;) {
    const length = 1 + pick(400);
    pieces.push(text.slice(at, at + length));
    at += length;
  }
  return pieces;
}

describe('rows in their plainest form, and in all others', () => {
  it('are read alike, whatever their form and wherever the pieces end', async () => {
    for (let seed = 1; seed <= 400; seed++) {
      const pick = numbers(seed);
      const { xml, rows } = randomDocument(pick);
      assert.deepEqual(plain(await read([xml])), rows, `seed ${seed}: ${xml}`);
      assert.deepEqual(plain(await read(cut(pick, xml))), rows, `seed ${seed}, in pieces: ${xml}`);
    }
  });

  it('keep the row that they stand in', async () => {
    const xml =
      '<root><labmaster><A>1</A><items><lab_subitem><B>2</B></lab_subitem>\n<lab_subitem><B>3</B></lab_subitem></items><C>4</C></labmaster></root>';
    const master = { A: '1', items: '', C: '4' };
    assert.deepEqual(
      plain(await read([xml])).map(row => JSON.stringify(row)),
      [
        ['lab_subitem', { B: '2' }, master],
        ['lab_subitem', { B: '3' }, master],
        ['labmaster', master, undefined],
      ].map(row => JSON.stringify(row)),
    );
  });

  it('take an item for a row of its own, never for a field', async () => {
    assert.deepEqual(plain(await read(['<root><labmaster><item>text</item></labmaster></root>'])), [
      ['labmaster', {}, undefined],
    ]);
  });

  it('set no prototype', async () => {
    const [row] = await read(['<root><labmaster><__proto__>x</__proto__></labmaster></root>']);
    assert.deepEqual(Object.keys(row?.values ?? {}), ['__proto__']);
    assert.equal(({} as Record<string, unknown>)['x'], undefined);
  });

  const row = '<lab_subitem><ORG_CODE>O</ORG_CODE>\n<SERIAL_NO>1</SERIAL_NO></lab_subitem>';
  const broken: readonly (readonly [string, string])[] = [
    ['a field that is closed by another name', row.replace('</ORG_CODE>', '</ORG_COD>')],
    ['a row that is closed by another name', row.replace('</lab_subitem>', '</labmaster>')],
    ['a bare ampersand', row.replace('>O<', '>R&D<')],
    ['an unknown reference', row.replace('>O<', '>&nbsp;<')],
    ['a reference to a forbidden character', row.replace('>O<', '>&#7;<')],
    ['an end of CDATA', row.replace('>O<', '>]]><')],
    ['an attribute that is left open', `<x a="${row}`],
    ['a tag that is left open', `<x ${row}`],
    ['a row after the root', `</root>${row}<root>`],
  ];
  for (const [what, wrong] of broken) {
    it(`are refused for ${what}, with line and column`, async () => {
      const xml = `<root>\n${row.repeat(3)}\n${row}${wrong}${row}</root>`;
      const place = placeOf(() => readXml(xml));
      for (const pieces of [[xml], cut(numbers(7), xml)]) {
        await assert.rejects(read(pieces), (error: unknown) => {
          assert.ok(error instanceof ExchangeError && error.code === 'MALFORMED');
          assert.deepEqual(error.details, place);
          return true;
        });
      }
    });
  }
  it('are refused beyond a depth of 64', async () => {
    const deep = (depth: number): string => `${'<a>'.repeat(depth)}${row}${'</a>'.repeat(depth)}`;
    assert.equal((await read([deep(62)])).length, 1);
    await assert.rejects(read([deep(63)]), { code: 'MALFORMED' });
  });
});

function placeOf(reading: () => unknown): unknown {
  try {
    reading();
  } catch (error) {
    if (error instanceof ExchangeError) return error.details;
  }
  return assert.fail('not refused');
}
