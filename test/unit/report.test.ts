import assert from 'node:assert/strict';
import { CodeTables } from '../../lib/contract/code-table';
import { errorsOf } from '../../lib/contract/validate';
import { ExchangeError } from '../../lib/errors';
import { readProfile } from '../../lib/profile/profile';
import { type Outcome, classify } from '../../lib/report/acknowledgement';
import { type LabReport, readLabReports } from '../../lib/report/lab-report';
import { type Registration, registerReport, registerReports } from '../../lib/report/register';
import type { SoapCaller } from '../../lib/soap/caller';
import { child, childrenNamed, readXml } from '../../lib/wire/xml-read';
import { fixture } from '../support/fixture';
import { profileSettings } from '../support/profile-settings';

const root = readXml(fixture('ArchiveAutoReport.lab.xml'));
const master = { ...child(child(root, 'labmaster') ?? root, 'item')?.attributes };
const items = childrenNamed(root, 'lab_subitem').map(wrapper => ({ ...child(wrapper, 'item')?.attributes }));

const profile = readProfile(profileSettings(), new CodeTables());
const read = (input: unknown): LabReport[] =>
  readLabReports(input, { check: profile.check, archive: profile.archive, now: new Date(2030, 0, 2) });
/** What matters of a report, without violations. */
const content = (reports: readonly LabReport[]): object[] =>
  reports.map(report => ({ master: report.master, items: report.items }));

const ITEM_NAMES = new Set([
  'last_update_dtime',
  'org_code',
  'event_no',
  'report_form_no',
  'effective_dtime',
  'create_time',
]);
/** Master and item in one row, as a join gives them: the item's own columns prefixed where both tables have the name. */
const flat = (item: Record<string, string>): Record<string, string> => ({
  ...Object.fromEntries(Object.entries(master).map(([name, value]) => [name.toUpperCase(), value])),
  ...Object.fromEntries(
    Object.entries(item).flatMap(([name, value]) =>
      ITEM_NAMES.has(name)
        ? []
        : [[name in master ? `ITEM_${name.toUpperCase()}` : name.toUpperCase(), value]],
    ),
  ),
});

describe('lab reports from a hospital', () => {
  const expected = content(read({ labmaster: master, lab_subitem: items }));

  it('keeps every value of the sample', () => {
    assert.deepEqual(expected, [{ master: { ...master, apply_form_no: '' }, items }]);
  });
  const forms: [string, unknown][] = [
    ['master fields with lab_subitem', { ...master, lab_subitem: items }],
    [
      'upper-case names',
      Object.fromEntries(
        Object.entries({ ...master, lab_subitem: items }).map(([name, value]) => [name.toUpperCase(), value]),
      ),
    ],
    ['an array of one', [{ ...master, lab_subitem: items }]],
    ['two row sets', { labmaster: [master], lab_subitem: items }],
    ['flat rows', items.map(flat)],
    [
      'items without their keys',
      {
        ...master,
        lab_subitem: items.map(item => ({
          ...item,
          org_code: '',
          event_no: null,
          report_form_no: undefined,
        })),
      },
    ],
  ];
  for (const [what, input] of forms)
    it(`reads ${what} alike`, () => assert.deepEqual(content(read(input)), expected));

  it('separates the reports of many flat rows, in any order of rows', () => {
    const other = items.map(item => ({ ...flat(item), REPORT_FORM_NO: 'TESTR0002' }));
    const [a, b] = items.map(flat);
    const reports = read([a, other[0], b, other[1]]);
    assert.deepEqual(
      reports.map(report => [
        report.master.report_form_no,
        report.items.map(item => `${item.report_form_no}/${item.serial_no}`),
      ]),
      [
        ['TESTR0001', ['TESTR0001/1', 'TESTR0001/2']],
        ['TESTR0002', ['TESTR0002/1', 'TESTR0002/2']],
      ],
    );
  });
  it('separates several masters in two row sets by their keys', () => {
    const reports = read({
      labmaster: [master, { ...master, report_form_no: 'R2' }],
      lab_subitem: [...items, { ...items[0], report_form_no: 'R2' }],
    });
    assert.deepEqual(
      reports.map(report => report.items.length),
      [2, 1],
    );
  });
  it('takes a row without an item (outer join) as a report without items', () => {
    const [row] = items.map(flat);
    const empty = Object.fromEntries(
      Object.entries(row ?? {}).map(([name, value]) => [name, name in flat({}) ? value : null]),
    );
    assert.deepEqual(
      read([empty]).map(report => report.items.length),
      [0],
    );
  });
  it("fills an empty org_code from the profile and warns of another hospital's (A-49g)", () => {
    const [own] = read({ ...master, org_code: '', lab_subitem: [] });
    assert.equal(own?.master.org_code, '000000T0001');
    const [other] = read({ ...master, org_code: '000000T0002', lab_subitem: [] });
    assert.deepEqual(
      other?.violations.filter(({ rule }) => rule === 'reference').map(({ field }) => field),
      ['org_code'],
    );
  });
  it('names the item that a violation is in', () => {
    const [report] = read({ ...master, lab_subitem: [items[0], { ...items[1], serial_no: '' }] });
    assert.deepEqual(
      errorsOf(report?.violations ?? []).map(({ path, rule }) => [path, rule]),
      [['lab_subitem[2].serial_no', 'key']],
    );
  });
  for (const input of [null, undefined, 'text', 5, [], [1], { lab_subitem: [1] }, Buffer.from('x')]) {
    it(`refuses ${JSON.stringify(input) ?? 'undefined'}`, () =>
      assert.throws(() => read(input), { code: 'CONTRACT' }));
  }
});

describe("the platform's words (A-30)", () => {
  const cases: [string | null, Outcome][] = [
    ['1', 'accepted'],
    ['true', 'accepted'],
    ['成功', 'accepted'],
    ['OK', 'accepted'],
    [' success ', 'accepted'],
    ['<root><returnContent><success>Yes</success><error/></returnContent></root>', 'accepted'],
    ['<root><success>yes</success></root>', 'accepted'],
    ['<boolean>true</boolean>', 'accepted'],
    ['{"Status":1,"Msg":""}', 'accepted'],
    ['{“Status”：“1”}', 'accepted'],
    ['失败：病人不存在', 'refused'],
    ['成功 0 条，失败 1 条', 'refused'],
    ['-1', 'refused'],
    ['0', 'refused'],
    ['false', 'refused'],
    ['System.Exception: x', 'refused'],
    ['<root><returnContent><success>No</success><error>x</error></returnContent></root>', 'refused'],
    ['<root><returnContent><success>No</success><error><error/></returnContent></root>', 'refused'],
    ['{"Status":0,"Msg":"成功"}', 'refused'],
    ['', 'unconfirmed'],
    ['  ', 'unconfirmed'],
    [null, 'unconfirmed'],
    ['已接收', 'unconfirmed'],
    ['<html>登录</html>', 'unconfirmed'],
    ['10', 'accepted'],
  ];
  for (const [text, outcome] of cases)
    it(`${JSON.stringify(text)} → ${outcome}`, () =>
      assert.equal(classify(text, profile.acknowledgement), outcome));
  it('follows the rules of the profile', () => {
    const own = readProfile(
      profileSettings({ acceptedPattern: '^已接收$', emptyMeans: 'accepted' }),
      new CodeTables(),
    ).acknowledgement;
    assert.equal(classify('已接收', own), 'accepted');
    assert.equal(classify('', own), 'accepted');
  });
});

describe('registration', () => {
  const sent: string[] = [];
  const answering = (result: string | null | Error): SoapCaller => ({
    call: (operation, parameters) => {
      if (result instanceof Error) return Promise.reject(result);
      sent.push(`${operation} ${parameters[0]?.[0]} ${parameters[0]?.[1]}`);
      return Promise.resolve({ result, httpStatus: 200, durationMs: 1, bytes: 1 });
    },
    callInPieces: () => Promise.reject(new Error('not asked')),
    close: () => Promise.resolve(),
  });
  const report = (changes: object = {}): LabReport =>
    read({ ...master, lab_subitem: items, ...changes })[0] ?? assert.fail();
  beforeEach(() => sent.splice(0));

  it('sends one document and tells the story', async () => {
    const done = await registerReport(report(), answering('1'), profile);
    assert.deepEqual(
      [done.outcome, done.answer, done.reportNo, done.attempts],
      ['accepted', '1', 'TESTR0001', 1],
    );
    assert.equal(done.key, '000000T0001|TESTR0001|TESTP0001|1|TESTE0001');
    assert.equal(sent.length, 1);
    assert.match(
      sent[0] ?? '',
      /^ArchiveAutoReport strReportInfo <\?xml version="1\.0" encoding="utf-8"\?><root time="/,
    );
  });
  it('sends nothing that breaks the contract', async () => {
    await assert.rejects(
      registerReport(report({ patient_id: '' }), answering('1'), profile),
      (error: unknown) =>
        error instanceof ExchangeError &&
        error.code === 'CONTRACT' &&
        /病人ID\(patient_id\)/.test(error.message),
    );
    assert.equal(sent.length, 0);
  });
  it('one bad report does not hold up the others, and is named', async () => {
    const done: Registration[] = [];
    const reports = [
      report(),
      report({ patient_id: '', report_form_no: 'BAD' }),
      report({ report_form_no: 'R3', lab_subitem: [] }),
    ];
    const run = registerReports(
      reports,
      one => registerReport(one, answering('1'), profile),
      one => done.push(one),
    );
    await assert.rejects(run, (error: unknown) => {
      assert.ok(error instanceof ExchangeError);
      assert.match(error.text.zh, /3 份报告中有 1 份未能注册/);
      assert.deepEqual(
        (error.cause as { reportNo: string }[]).map(({ reportNo }) => reportNo),
        ['BAD'],
      );
      return true;
    });
    assert.deepEqual(
      done.map(({ reportNo }) => reportNo),
      ['TESTR0001', 'R3'],
    );
  });
});

describe('profile', () => {
  it('has defaults for everything that may stay empty', () => {
    assert.deepEqual(
      [profile.timeoutMs, profile.connections, profile.check.validation, profile.allowedOperators.size],
      [30_000, 4, 'lenient', 0],
    );
  });
  for (const [setting, value] of [
    ['timeout', 'x'],
    ['timeout', '0'],
    ['connections', '1000'],
    ['acceptedPattern', '('],
  ] as const) {
    it(`names ${setting} = ${value}`, () => {
      assert.throws(
        () => readProfile(profileSettings({ [setting]: value }), new CodeTables()),
        (error: unknown) =>
          error instanceof ExchangeError && error.code === 'CONFIG' && error.message.includes(setting),
      );
    });
  }
});
