/** 4: reports are registered and asked for, as the hospital does it. */
import { fieldFinder } from '../contract/field';
import { reportMethods, reports } from '../contract/services';
import { errorsOf } from '../contract/validate';
import { ExchangeError } from '../errors';
import { readExamReports } from '../report/exam-report';
import { readLabReports } from '../report/lab-report';
import { type Registration, type Report, registerReport } from '../report/register';
import { type FoundReport, type QueryService, queryReports, readQuery } from '../report/report-query';
import type { ReportOptions } from '../report/report-rows';
import type { Bench } from './bench';
import { type CheckCase, checkCase } from './check-case';
import { CheckFailure, expect } from './failure';
import { AWKWARD, testExamReport, testLabReport } from './test-data';

type Kind = 'lab' | 'exam';

const inputs = { lab: testLabReport, exam: testExamReport } as const;
const readers = { lab: readLabReports, exam: readExamReports } as const;
const queries = { lab: 'GetLabInfo', exam: 'GetExamInfo' } as const satisfies Record<Kind, QueryService>;

function read(bench: Bench, kind: Kind, changes: object = {}, words = ''): Report {
  const { profile } = bench.platform;
  const options: ReportOptions = { check: profile.check, archive: profile.archive, now: bench.startedAt };
  const input = { ...inputs[kind](bench.marks, profile, words), ...changes };
  const [report] = readers[kind](input, options);
  if (!report) throw new TypeError('no report');
  return report;
}

async function register(bench: Bench, kind: Kind, words = '', orgCode?: string): Promise<Registration> {
  const { platform } = bench;
  const report = read(bench, kind, {}, words);
  const errors = errorsOf(report.violations);
  if (errors.length > 0) throw new CheckFailure(...errors.map(({ message }) => message));
  const { archive, acknowledgement } = platform.profile;
  const rules = { acknowledgement, archive: orgCode === undefined ? archive : { ...archive, orgCode } };
  return registerReport(report, platform.caller('archiveUrl'), rules, bench.signal);
}

const longestTitle = (kind: Kind): number => fieldFinder(reports[kind].master)('report_title')?.length ?? 0;

const registering = (kind: Kind): CheckCase[] => {
  const { section } = reports[kind];
  return [
    checkCase(
      section,
      'normal',
      'register',
      '注册一份测试报告',
      'a test report is registered',
      async bench => {
        await bench.mayWriteTo(bench.addressOf('archiveUrl'));
        const { outcome, durationMs } = await register(bench, kind);
        expect(outcome !== 'refused', '平台拒绝了测试报告', 'the platform refused the test report');
        expect(
          outcome === 'accepted',
          '平台的返回内容无法判断：请在接入配置中设置“成功”的规则',
          'the answer is not understood: set the rule for acceptance in the profile',
        );
        bench.findings[kind] = true;
        return { zh: `已接收，${Math.round(durationMs)} ms`, en: `accepted, ${Math.round(durationMs)} ms` };
      },
    ),
    checkCase(
      section,
      'edge',
      'awkward',
      '含特殊字符的报告再次注册',
      'the report again, with awkward characters',
      async bench => {
        await bench.mayWriteTo(bench.addressOf('archiveUrl'));
        const { outcome } = await register(bench, kind, AWKWARD);
        expect(
          outcome !== 'refused',
          '含特殊字符的报告被拒绝',
          'a report with awkward characters was refused',
        );
        return { zh: '已接收', en: 'accepted' };
      },
    ),
    checkCase(section, 'bad', 'missing', '缺少主键时不发送', 'nothing is sent without its key', bench => {
      const [first] = errorsOf(read(bench, kind, { report_form_no: '' }).violations);
      expect(first !== undefined, '缺少报告单号却未被发现', 'the missing report number was not found');
      return Promise.resolve({
        zh: `发送前拦截：${first.message.zh}`,
        en: `stopped before sending: ${first.message.en}`,
      });
    }),
    checkCase(
      section,
      'bad',
      'length',
      '超长的内容不发送、不截断',
      'what is too long is neither sent nor cut',
      bench => {
        const [first] = errorsOf(
          read(bench, kind, { report_title: '长'.repeat(1 + longestTitle(kind)) }).violations,
        );
        expect(first?.rule === 'length', '超长却未被发现', 'a value that is too long was not found');
        return Promise.resolve({
          zh: `发送前拦截：${first.message.zh}`,
          en: `stopped before sending: ${first.message.en}`,
        });
      },
    ),
    checkCase(
      section,
      'bad',
      'organisation',
      '其他机构的编码被拒绝',
      "another institution's code is refused",
      async bench => {
        await bench.onlySimulator(bench.addressOf('archiveUrl'));
        await bench.mayWriteTo(bench.addressOf('archiveUrl'));
        const { outcome } = await register(bench, kind, '', 'SELFCHECK-OTHER');
        expect(
          outcome === 'refused',
          '其他机构的编码未被拒绝',
          'the code of another institution was not refused',
        );
        return { zh: '已拒绝', en: 'refused' };
      },
    ),
  ];
};

async function query(bench: Bench, kind: Kind, cardNo: string, strKey?: string) {
  const { platform } = bench;
  const { strCredential, strKey: own } = platform.secrets;
  const asked = readQuery({ cardNo }, bench.startedAt);
  const secrets = { strCredential, strKey: strKey ?? own };
  const caller = platform.caller('archiveUrl');
  return queryReports(caller, queries[kind], asked, secrets, 'documented', bench.signal);
}

/** Fields that come back as they went out; the platform may set the others itself. */
const COMPARED = ['report_form_no', 'patient_id', 'card_no', 'name', 'class_code'] as const;

function compare(bench: Bench, kind: Kind, found: readonly FoundReport[]): void {
  const sent = read(bench, kind);
  const master = sent.rows[0]?.records[0] ?? {};
  const own = found.find(report => report['report_form_no'] === sent.reportNo);
  expect(
    own !== undefined,
    '查询结果中没有刚注册的测试报告',
    'the report just registered is not in the answer',
  );
  for (const name of COMPARED) {
    if (own[name] === undefined) continue;
    expect(own[name] === master[name], `${name} 与注册时不同`, `${name} is not what was registered`);
  }
}

const asking = (kind: Kind): CheckCase[] => {
  const { section } = reportMethods[queries[kind]];
  return [
    checkCase(
      section,
      'normal',
      'query',
      '按卡号查询测试患者',
      'the test patient by card number',
      async bench => {
        const { reports: found, durationMs } = await query(bench, kind, bench.marks.cardNo);
        if (bench.findings[kind]) compare(bench, kind, found);
        const ms = Math.round(durationMs);
        return bench.findings[kind]
          ? {
              zh: `查到刚注册的报告，内容一致，${ms} ms`,
              en: `the report just registered is found, unchanged, ${ms} ms`,
            }
          : {
              zh: `${found.length} 份报告，格式可读，${ms} ms`,
              en: `${found.length} reports, readable, ${ms} ms`,
            };
      },
    ),
    checkCase(section, 'edge', 'nobody', '没有报告的卡号', 'a card without reports', async bench => {
      const { reports: found } = await query(bench, kind, 'Z99999999');
      expect(found.length === 0, '查到了不应存在的报告', 'reports came for a card that has none');
      return { zh: '0 份', en: 'no reports' };
    }),
    checkCase(section, 'bad', 'credential', '错误的密钥被拒绝', 'a wrong key is refused', async bench => {
      await bench.onlySimulator(bench.addressOf('archiveUrl'));
      try {
        await query(bench, kind, bench.marks.cardNo, 'SELFCHECK-WRONG');
      } catch (error) {
        if (error instanceof ExchangeError && error.code === 'BUSINESS')
          return { zh: '已拒绝并说明原因', en: 'refused, with the reason' };
        throw error;
      }
      throw new CheckFailure({ zh: '错误的密钥未被拒绝', en: 'a wrong key was not refused' });
    }),
  ];
};

export const reportCases: readonly CheckCase[] = [
  ...registering('lab'),
  ...registering('exam'),
  ...asking('lab'),
  ...asking('exam'),
];
