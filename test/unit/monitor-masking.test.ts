/** Nothing of a patient can be read in what is masked, whatever form it has; what names nobody stays. */
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { syncServices } from '../../lib/contract/services';
import { masked, maskedRecords } from '../../lib/monitor/masking';

const PATIENT = ['测试甲', '000000197001011234', 'TESTCARD0001', '20000000000', 'Ceshi Jia'];

/** The masked value as text, in which no value of the patient may stand. */
const shown = (value: unknown): string => {
  const text = inspect(masked(value), { depth: 30, maxStringLength: null });
  for (const secret of PATIENT) assert.ok(!text.includes(secret), `${secret} in ${text}`);
  return text;
};

describe('masking of messages', () => {
  it('shows what the agreement lets be shown, in the names of all its tables', () => {
    const row = { name: '测试甲', id_no: '000000197001011234', REPORT_FORM_NO: 'R1', Class_Name: '血常规' };
    assert.deepEqual(masked({ payload: row }), {
      payload: { name: '测**', id_no: '000*************34', REPORT_FORM_NO: 'R1', Class_Name: '血常规' },
    });
  });
  it('shows of columns that nobody has spoken of that they are there', () => {
    const rows = [
      { 姓名: '测试甲', pinyin: 'Ceshi Jia', phone: 20_000_000_000, age: 56, ID: '000000197001011234' },
    ];
    assert.deepEqual(masked({ payload: rows }), {
      payload: [{ 姓名: '(3 字)', pinyin: '(9 字)', phone: '***', age: 56, ID: '(18 字)' }],
    });
  });
  it('masks a card number that a driver gives as a number', () => {
    assert.deepEqual(masked({ card_no: 1_000_197_001_011_234n }), { card_no: '***' });
    assert.deepEqual(masked({ patient_id: 12 }), { patient_id: '***' });
  });
  it('keeps the story of a message, but not what a key holds', () => {
    const exchange = {
      id: '00000000-0000-4000-8000-000000000001',
      service: 'ArchiveAutoReport',
      outcome: 'refused',
      attempts: 2,
      key: '000000T0001|R1|TESTCARD0001',
      error: { code: 'BUSINESS', zh: '平台拒绝', en: 'the platform refused' },
    };
    const text = shown({ _msgid: 'm1', exchange, payload: { id: 'TESTCARD0001', code: '测试甲' } });
    for (const word of ['00000000-0000-4000-8000-000000000001', 'refused', '平台拒绝', "_msgid: 'm1'"])
      assert.ok(text.includes(word), word);
  });
  it('keeps violations, which are masked from the beginning', () => {
    const violation = {
      severity: 'error',
      rule: 'key',
      path: 'event_no',
      remedy: { zh: '请补上', en: 'fill it' },
    };
    assert.deepEqual(masked({ error: { code: 'CONTRACT', cause: [violation] } }), {
      error: { code: 'CONTRACT', cause: [violation] },
    });
  });
  it('looks into XML and JSON that stand as text, also in each other', () => {
    const xml = '<Item name="测试甲" org_code="T1"><note>测试甲 000000197001011234</note></Item>';
    const text = shown({ payload: xml, other: JSON.stringify({ name: '测试甲', xml, list: [xml] }) });
    assert.match(text, /org_code=\\?"T1\\?"/);
    assert.match(text, /测\*\*/);
    shown(`<Envelope><Body><strReportInfo>${xml.replaceAll('<', '&lt;')}</strReportInfo></Body></Envelope>`);
  });
  it('hides text that only looks like a document, and one that is too long to be read', () => {
    assert.match(shown('<not xml 测试甲'), /\(\d+ 字\)/);
    assert.match(shown(`{"name":"测试甲","x":"${'测试甲'.repeat(100_000)}"}`), /\(\d+ 字\)/);
  });
  it('gives no bytes, no sockets and no secrets away', () => {
    class Socket {
      readonly secret = '测试甲';
    }
    const circle: Record<string, unknown> = { name: '测试甲' };
    circle['self'] = circle;
    const text = shown({
      pdf: Buffer.from('测试甲'),
      req: new Socket(),
      circle,
      birth: new Date('1970-01-01'),
      performer_dtime: new Date('2030-01-02T00:00:00Z'),
      AppId: 'TESTCARD0001',
      error: new Error('测试甲'),
    });
    assert.match(text, /\(9 bytes\)/);
    assert.match(text, /\(Socket\)/);
    assert.ok(!text.includes('1970-01-01'), 'a date of unknown meaning may be that of birth');
    assert.ok(text.includes('2030-01-02'));
  });
  it('cuts long lists, and leaves the message itself as it was', () => {
    const msg = { payload: Array.from({ length: 150 }, () => ({ name: '测试甲' })) };
    const copy = structuredClone(msg);
    const { payload } = masked(msg) as { payload: unknown[] };
    assert.deepEqual([payload.length, payload.at(-1)], [101, '(+50)']);
    assert.deepEqual(msg, copy);
  });
  it('masks records by their own table, where one name means two things', () => {
    const { record: table } = syncServices.SyncAppointData;
    const [first] = maskedRecords([
      { table, records: [{ HisKey: 'TESTH0001', SocialNo: 'TESTCARD0001', PartNotes: '空腹'.repeat(50) }] },
    ]);
    const [record] = first?.records ?? [];
    assert.equal(record?.['HisKey'], 'TESTH0001');
    assert.equal(record?.['SocialNo'], '********0001');
    assert.equal(record?.['PartNotes'], '空腹'.repeat(50), 'what may be shown is shown whole');
  });
});
