import assert from 'node:assert/strict';
import { ExchangeError } from '../../lib/errors';
import { IdChoice } from '../../lib/report/id-choice';
import {
  type IdArguments,
  type QueryAnswer,
  type QueryService,
  queryParameters,
  queryReports,
  readQuery,
} from '../../lib/report/report-query';
import type { SoapCaller } from '../../lib/soap/caller';
import { citySample, fixture } from '../support/fixture';

const NOW = new Date(2030, 4, 31, 12, 0, 0);
const SECRETS = { strCredential: 'PLACEHOLDER-CREDENTIAL', strKey: 'PLACEHOLDER-STRKEY' };
const query = readQuery({ cardNo: 'Z00000000' }, NOW);

const answering = (
  result: string | null,
  pieces: (string | null)[] = result === null ? [] : [result],
): SoapCaller => ({
  call: () => Promise.reject(new Error('not asked')),
  callInPieces: () => Promise.resolve({ pieces, whole: () => result, durationMs: 1, bytes: 1 }),
  close: () => Promise.resolve(),
});
const ask = (
  result: string | null,
  service: QueryService = 'GetLabInfo',
  pieces?: (string | null)[],
): Promise<QueryAnswer> => queryReports(answering(result, pieces), service, query, SECRETS, 'documented');
const keysOf = (answer: QueryAnswer): unknown[] =>
  answer.reports.map(report => [
    report['report_form_no'],
    (report['lab_subitem'] as { serial_no: string }[] | undefined)?.map(item => item.serial_no),
  ]);

const master = (no: string): string =>
  `<labmaster><ORG_CODE>O</ORG_CODE><EVENT_NO>E</EVENT_NO><REPORT_FORM_NO>${no}</REPORT_FORM_NO></labmaster>`;
const item = (no: string, serial: string): string =>
  `<lab_subitem><ORG_CODE>O</ORG_CODE><EVENT_NO>E</EVENT_NO><REPORT_FORM_NO>${no}</REPORT_FORM_NO><SERIAL_NO>${serial}</SERIAL_NO></lab_subitem>`;

describe('what is asked (4.3)', () => {
  it('sends the six arguments as documented, an unset time empty', () => {
    assert.deepEqual(
      queryParameters(
        'GetLabInfo',
        readQuery({ card_no: 'Z00000000', 身份证号: '000000190001010017' }, NOW),
        SECRETS,
        'documented',
      ),
      [
        ['strIDNO', 'Z00000000'],
        ['strSSID', '000000190001010017'],
        ['strStartTime', ''],
        ['strEndTime', ''],
        ['strCredential', SECRETS.strCredential],
        ['strKey', SECRETS.strKey],
      ],
    );
  });
  it('swaps the two numbers when told (A-49a)', () => {
    assert.deepEqual(queryParameters('GetExamInfo', query, SECRETS, 'swapped').slice(0, 2), [
      ['strIDNO', ''],
      ['strSSID', 'Z00000000'],
    ]);
  });
  const times: [Record<string, unknown>, boolean, [string, string]][] = [
    [{}, false, ['', '']],
    [{}, true, ['2030-02-28 12:00:00', '2030-05-31 12:00:00']],
    [{ startTime: '2030/5/1' }, false, ['2030-05-01 00:00:00', '2030-05-31 12:00:00']],
    [{ endTime: '2030-03-31 08:00' }, false, ['2029-12-31 08:00:00', '2030-03-31 08:00:00']],
    [
      { startTime: new Date(2030, 0, 1), endTime: '2030-01-31T10:00:00' },
      true,
      ['2030-01-01 00:00:00', '2030-01-31 10:00:00'],
    ],
  ];
  for (const [given, fill, expected] of times) {
    it(`times ${JSON.stringify(given)}${fill ? ', filled' : ''} (A-49c)`, () => {
      const { startTime, endTime } = readQuery({ idNo: '000000190001010017', ...given }, NOW, fill);
      assert.deepEqual([startTime, endTime], expected);
    });
  }
  it('refuses a query of nobody, and a time that is none', () => {
    assert.throws(() => readQuery({ startTime: '2030-01-01' }, NOW), { code: 'CONTRACT' });
    assert.throws(() => readQuery({ cardNo: 'Z00000000', endTime: '昨天' }, NOW), { code: 'CONTRACT' });
  });
});

describe('what is answered (A-49e, A-49f)', () => {
  it('the printed lab answer: one report with its item, every field in lower case', async () => {
    const { reports } = await ask(fixture('GetLabInfo.response.xml'));
    assert.equal(reports.length, 1);
    assert.equal(reports[0]?.['id_no'], '000000190001010017');
    const items = reports[0]?.['lab_subitem'] as readonly { result_value: string }[] | undefined;
    assert.equal(items?.[0]?.result_value, '5.0');
  });
  it('the printed exam answer', async () => {
    const { reports } = await ask(fixture('GetExamInfo.response.xml'), 'GetExamInfo');
    assert.deepEqual(
      [reports[0]?.['pacs_id'], reports[0]?.['image_descr']],
      ['TESTACC0001', '测试所见 <5mm & "正常"'],
    );
    assert.ok(!('lab_subitem' in (reports[0] ?? {})));
  });
  const forms: [string, string][] = [
    [
      'flat, items after their master',
      `<root>${master('1')}${item('1', '1')}${item('1', '2')}${master('2')}${item('2', '1')}</root>`,
    ],
    [
      'all masters first',
      `<root>${master('1')}${master('2')}${item('2', '1')}${item('1', '1')}${item('1', '2')}</root>`,
    ],
    [
      'items nested in their master',
      `<root>${master('1').replace('</labmaster>', `${item('', '1')}${item('', '2')}</labmaster>`)}${master('2').replace('</labmaster>', `${item('', '1')}</labmaster>`)}</root>`,
    ],
    [
      'items without keys, by their place',
      `<root>${master('1')}${item('', '1')}${item('', '2')}${master('2')}${item('', '1')}</root>`,
    ],
    [
      'attributes under item, in a collection, any case',
      `<Root><Reports><LABMASTER><item org_code="O" event_no="E" report_form_no="1"/></LABMASTER><Lab_SubItem><item org_code="O" event_no="E" report_form_no="1" serial_no="1"/><item org_code="O" event_no="E" report_form_no="1" serial_no="2"/></Lab_SubItem><labmaster ORG_CODE="O" EVENT_NO="E" REPORT_FORM_NO="2"/><lab_subitem ORG_CODE="O" EVENT_NO="E" REPORT_FORM_NO="2" SERIAL_NO="1"/></Reports></Root>`,
    ],
  ];
  for (const [what, xml] of forms) {
    it(what, async () =>
      assert.deepEqual(keysOf(await ask(xml)), [
        ['1', ['1', '2']],
        ['2', ['1']],
      ]),
    );
  }
  it('loses no item that belongs to nothing, and counts it', async () => {
    const { reports, strayItems } = await ask(
      `<root>${item('9', '1')}${master('1')}${item('8', '1')}</root>`,
    );
    assert.equal(strayItems, 2);
    assert.equal(reports.flatMap(report => report['lab_subitem'] as object[]).length, 2);
  });
  for (const nothing of [
    '',
    '   ',
    '<root/>',
    '<root></root>',
    '<?xml version="1.0"?><root><labmaster/></root>',
    null,
  ]) {
    it(`${JSON.stringify(nothing)} is no report`, async () =>
      assert.deepEqual((await ask(nothing)).reports, []));
  }
  for (const [words, shown] of [
    ['凭证无效', '凭证无效'],
    ['{"Status":0,"Msg":"card Z00000000 unknown"}', 'unknown'],
    ['<root><success>No</success><error>查无此卡</error></root>', '查无此卡'],
    ['<root><success>No</success></root>', 'success=No'],
  ] as const) {
    it(`${words} is the platform's refusal`, async () => {
      await assert.rejects(
        ask(words),
        (error: unknown) =>
          error instanceof ExchangeError &&
          error.code === 'BUSINESS' &&
          error.message.includes(shown) &&
          !error.message.includes('Z00000000'),
      );
    });
  }
  it('reads an answer with a named misprint, and refuses the others with their place', async () => {
    const twice = `<root>${master('1')}</root>`.replace('<labmaster>', '<labmaster a="" a="1">');
    const { reports, repairs } = await ask(twice);
    assert.deepEqual([reports.length, repairs], [1, ['repeated-attribute']]);
    await assert.rejects(ask(citySample('GetLabInfo.response.xml')), { code: 'MALFORMED' });
  });
  it('starts again when the pieces were no plain text after all', async () => {
    const whole = `<root>${master('1')}</root>`;
    assert.deepEqual(keysOf(await ask(whole, 'GetLabInfo', ['<root><lab', null])), [['1', []]]);
  });
});

describe('which number is which (A-49a)', () => {
  const answers = (found: IdArguments) => {
    const asked: IdArguments[] = [];
    const run = (ids: IdArguments): Promise<QueryAnswer> => {
      asked.push(ids);
      return Promise.resolve({
        reports: ids === found ? [{}] : [],
        strayItems: 0,
        repairs: [],
        durationMs: 0,
      });
    };
    return { asked, run };
  };
  it('auto tries the other way when nothing is found, and remembers', async () => {
    const choice = new IdChoice('auto');
    const { asked, run } = answers('swapped');
    assert.equal((await choice.ask(run)).ids, 'swapped');
    assert.equal((await choice.ask(run)).ids, 'swapped');
    assert.deepEqual(asked, ['documented', 'swapped', 'swapped']);
  });
  it('a fixed choice asks once', async () => {
    const { asked, run } = answers('swapped');
    assert.equal((await new IdChoice('documented').ask(run)).answer.reports.length, 0);
    assert.deepEqual(asked, ['documented']);
  });
});
