import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { CodeTables } from '../../lib/contract/code-table';
import { queryFields } from '../../lib/contract/field';
import { soapMethods, syncServices } from '../../lib/contract/services';
import { examMaster } from '../../lib/contract/tables/exam';
import { labMaster, labSubitem } from '../../lib/contract/tables/lab';
import { ExchangeError } from '../../lib/errors';
import { readProfile } from '../../lib/profile/profile';
import { readExamReports } from '../../lib/report/exam-report';
import { type LabSubitem, readLabReports } from '../../lib/report/lab-report';
import { type Registration, type Report, registerReport } from '../../lib/report/register';
import { type QueryAnswer, type QueryService, queryReports, readQuery } from '../../lib/report/report-query';
import { SoapClient, type SoapClientOptions } from '../../lib/soap/client';
import { type CallInterfaceAnswer, callPlatform } from '../../lib/sync/call-interface';
import { readSyncRecords } from '../../lib/sync/sync-records';
import { APP_ID, type AsmxMethodName, AsmxPlatform, CARD_NO, CREDENTIAL } from '../support/asmx-platform';
import { fixture } from '../support/fixture';
import { profileSettings } from '../support/profile-settings';
import { readStrictly } from '../support/strict-xml';

/** Findings as doctors write them: lines, a tab, markup, an end of CDATA, characters of four bytes, a reference. */
const FINDINGS = '测试所见：<5mm & "正常"\r\n第二行\t\'𠮷 😀\' ]]> &amp; \u00a0(孕＞28周)';
/** The same with all that XML cannot hold: five characters. */
const DIRTY = FINDINGS.replace('第二行', '\u0007第\u0000二\ufffe行\uffff\ud800');
const REPORT_NO = '20300102030405678';

const NOW = new Date(2030, 0, 2, 3, 4, 5);
const profile = readProfile(profileSettings(), new CodeTables());
const { check, archive } = profile;
const identity = { operator: 'TESTYYApi', appId: APP_ID };

const sampleAttributes = (name: string, row: string): Record<string, string> => ({
  ...readStrictly(fixture(name)).children.find(child => child.name === row)?.children[0]?.attributes,
});
const exam: Record<string, string> = {
  ...sampleAttributes('ArchiveAutoReport.exam.xml', 'exammaster'),
  report_form_no: REPORT_NO,
};
const labMasterRow = {
  ...sampleAttributes('ArchiveAutoReport.lab.xml', 'labmaster'),
  report_form_no: REPORT_NO,
};
const labItem = {
  ...sampleAttributes('ArchiveAutoReport.lab.xml', 'lab_subitem'),
  report_form_no: REPORT_NO,
};
const sampleItem = (service: keyof typeof syncServices): Record<string, string> =>
  Object.fromEntries(
    readStrictly(fixture(`${service}.MsgBody.xml`)).children[0]?.children[0]?.children.map(
      ({ name, text }) => [name, text],
    ) ?? [],
  );

/** An answer of the platform, written as .NET's XmlWriter does: empty elements in one tag, CR as a reference. */
const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('\r', '&#xD;');
const rowOf = (
  of: typeof labMaster | typeof labSubitem | typeof examMaster,
  values: Record<string, string>,
) =>
  `<${of.row}>${queryFields(of)
    .map(({ element = '' }) => [element, values[element] ?? ''] as const)
    .map(([element, value]) => (value ? `<${element}>${escaped(value)}</${element}>` : `<${element} />`))
    .join('\r\n')}</${of.row}>`;
const KEYS = { ORG_CODE: '000000T0001', EVENT_NO: 'TESTE0001', REPORT_FORM_NO: REPORT_NO };
const ANSWERS = {
  GetLabInfo: `<root>${rowOf(labMaster, { ...KEYS, NAME: '测试𠮷' })}${rowOf(labSubitem, { ...KEYS, SERIAL_NO: '1', RESULT_VALUE: FINDINGS })}</root>`,
  GetExamInfo: `<root>${rowOf(examMaster, { ...KEYS, IMAGE_DESCR: FINDINGS })}</root>`,
};

/** Our side of every message, against one platform. */
class Hospital {
  readonly client: SoapClient;

  constructor(options: SoapClientOptions) {
    this.client = new SoapClient(options);
  }

  sync(service: keyof typeof syncServices, rows: unknown): Promise<CallInterfaceAnswer> {
    const statuses = new Set(['1', '2', '3', '4', '5', '6', '7']);
    const options = { organCode: 'XM-00000-TEST', check, statuses, rangeDays: 30, now: NOW };
    const { records } = readSyncRecords(service, rows, options);
    return callPlatform(
      this.client,
      service,
      records.map(({ record }) => record),
      identity,
    );
  }

  register([report]: readonly Report[]): Promise<Registration> {
    assert.ok(report);
    return registerReport(report, this.client, profile);
  }

  registerLab(master: object, items: readonly object[]): Promise<Registration> {
    return this.register(readLabReports({ ...master, lab_subitem: items }, { check, archive, now: NOW }));
  }

  registerExam(row: object): Promise<Registration> {
    return this.register(readExamReports(row, { check, archive, now: NOW }));
  }

  query(service: QueryService, cardNo = CARD_NO): Promise<QueryAnswer> {
    return queryReports(this.client, service, readQuery({ cardNo }, NOW), CREDENTIAL, 'documented');
  }
}

describe('our messages and an ASP.NET service', () => {
  let platform: AsmxPlatform;
  let hospital: Hospital;

  beforeEach(async () => {
    platform = new AsmxPlatform(ANSWERS);
    await platform.service.listen();
  });
  afterEach(async () => {
    await hospital.client.close();
    await platform.service.close();
  });
  const open = (options: Partial<SoapClientOptions> = {}): void => {
    hospital = new Hospital({ url: platform.service.url, ...options });
  };

  for (const version of ['1.1', '1.2'] as const) {
    describe(`SOAP ${version}`, () => {
      beforeEach(() => open({ version }));

      it('UpdateBillingInfo: the sample, value by value', async () => {
        const answer = await hospital.sync('UpdateBillingInfo', sampleItem('UpdateBillingInfo'));
        assert.deepEqual([answer.accepted, answer.total, answer.rows], [true, '1', '1']);
        assert.deepEqual(platform.synced, [
          {
            service: 'UpdateBillingInfo',
            operator: 'TESTYYApi',
            items: [sampleItem('UpdateBillingInfo')],
          },
        ]);
      });

      it('SyncAppointData: several bookings, hard text, long numbers, forbidden characters left out', async () => {
        const sample = sampleItem('SyncAppointData');
        const second = {
          ...sample,
          HisKey: '12345678901234567',
          OrderId: '000000650',
          Description: FINDINGS,
        };
        const answer = await hospital.sync('SyncAppointData', [sample, { ...second, Description: DIRTY }]);
        assert.deepEqual([answer.accepted, answer.total], [true, '2']);
        assert.deepEqual(platform.synced[0]?.items, [sample, second]);
      });

      it('a lab report: master and items, value by value', async () => {
        const hard = { ...labItem, result_value: FINDINGS, serial_no: '2' };
        const done = await hospital.registerLab(labMasterRow, [labItem, { ...hard, result_value: DIRTY }]);
        assert.deepEqual(
          [done.outcome, done.answer, done.reportNo, done.removedCharacters],
          ['accepted', '1', REPORT_NO, 5],
        );
        const [, ...rows] = platform.archived[0] ?? [];
        assert.deepEqual(rows, [
          { row: 'labmaster', values: labMasterRow },
          { row: 'lab_subitem', values: labItem },
          { row: 'lab_subitem', values: hard },
        ]);
      });

      it('an exam report: the lines of findings and conclusion survive as attributes', async () => {
        const hard = { ...exam, image_descr: FINDINGS, conclusion: '1．测试\n2．测试' };
        const done = await hospital.registerExam({ ...hard, image_descr: DIRTY });
        assert.deepEqual([done.outcome, done.removedCharacters], ['accepted', 5]);
        const [org, ...rows] = platform.archived[0] ?? [];
        assert.deepEqual([org?.row, org?.values['orgcode']], ['org', '000000T0001']);
        assert.deepEqual(rows, [{ row: 'exammaster', values: hard }]);
      });

      it('both queries: arguments in their places, answers value by value', async () => {
        const lab = await hospital.query('GetLabInfo');
        const [report] = lab.reports;
        assert.deepEqual([report?.['report_form_no'], report?.['name']], [REPORT_NO, '测试𠮷']);
        const items = report?.['lab_subitem'] as readonly LabSubitem[];
        assert.deepEqual(
          items.map(item => [item.serial_no, item.result_value]),
          [['1', FINDINGS]],
        );
        const found = await hospital.query('GetExamInfo');
        assert.equal(found.reports[0]?.['image_descr'], FINDINGS);
        assert.deepEqual((await hospital.query('GetExamInfo', 'Z00000001')).reports, []);
        const asked = { strIDNO: CARD_NO, strSSID: '', strStartTime: '', strEndTime: '', ...CREDENTIAL };
        assert.deepEqual(platform.service.calls.slice(0, 2), [
          { method: 'GetLabInfo', version, given: asked },
          { method: 'GetExamInfo', version, given: asked },
        ]);
      });

      it('asks for compressed answers and reads them', async () => {
        const { pieces, bytes } = await hospital.client.callInPieces('GetLabInfo', [
          ['strIDNO', CARD_NO],
          ...Object.entries(CREDENTIAL),
        ]);
        assert.equal([...pieces].join(''), ANSWERS.GetLabInfo);
        assert.ok(bytes < ANSWERS.GetLabInfo.length / 2, `${bytes} bytes`);
      });

      it("an unhandled exception is a fault, in doubt, without the stack and without the patient's data", async () => {
        platform.instead.set('ArchiveAutoReport', () => {
          throw new Error(`ORA-00001: unique constraint, NAME=${exam['name']} CARD=${exam['card_no']}`);
        });
        await assert.rejects(hospital.registerExam(exam), (error: unknown) => {
          assert.ok(error instanceof ExchangeError);
          assert.deepEqual([error.code, error.retry], ['SOAP_FAULT', 'in-doubt']);
          assert.match(error.message, /System\.Exception: ORA-00001/);
          assert.doesNotMatch(inspect(error), /测试甲|Z00000000|inner exception|Platform\.Service/);
          return true;
        });
      });

      it('a SOAPAction that it does not know is a fault of ours, final', async () => {
        await hospital.client.close();
        open({ version, soapActionPrefix: 'http://tempuri.org/IAutoReport/' });
        await assert.rejects(hospital.registerExam(exam), { code: 'SOAP_FAULT', retry: 'never' });
        assert.equal(platform.service.calls.length, 0);
      });

      it('400 without a body is final and no success', async () => {
        platform.service.refuseAll = true;
        await assert.rejects(hospital.registerExam(exam), (error: unknown) => {
          assert.ok(error instanceof ExchangeError);
          assert.deepEqual([error.code, error.retry], ['HTTP_STATUS', 'never']);
          assert.equal(error.details['httpStatus'], 400);
          return true;
        });
      });

      for (const [what, result] of [
        ['null', null],
        ["''", ''],
      ] as const) {
        it(`${what} is never taken for a success`, async () => {
          platform.instead.set('CallInterface', () => result);
          platform.instead.set('ArchiveAutoReport', () => result);
          platform.instead.set('GetLabInfo', () => result);
          await assert.rejects(hospital.sync('UpdateBillingInfo', sampleItem('UpdateBillingInfo')), {
            code: 'EMPTY_RESULT',
            retry: 'in-doubt',
          });
          assert.equal((await hospital.registerExam(exam)).outcome, 'unconfirmed');
          assert.deepEqual((await hospital.query('GetLabInfo')).reports, []);
        });
      }

      it('parameters of another namespace arrive as null: every message is refused, none is a success', async () => {
        await hospital.client.close();
        open({ version, namespace: 'urn:other-city', soapActionPrefix: 'http://tempuri.org/' });
        const synced = await hospital.sync('UpdateBillingInfo', sampleItem('UpdateBillingInfo'));
        assert.deepEqual([synced.accepted, synced.message], [false, 'MsgHeader 不能为空']);
        assert.equal((await hospital.registerExam(exam)).outcome, 'refused');
        await assert.rejects(hospital.query('GetLabInfo'), { code: 'BUSINESS', retry: 'never' });
        assert.deepEqual(platform.service.calls[0]?.given, { MsgHeader: null, MsgBody: null });
      });
    });
  }

  it('knows the parameter names of all four methods', async () => {
    open();
    const { AppointmentDealInterface: _ours, ...platformMethods } = soapMethods;
    for (const [method, names] of Object.entries(platformMethods) as [AsmxMethodName, string[]][]) {
      platform.instead.set(method, () => '1');
      const parameters = names.map(name => [name, `value of ${name}`] as const);
      await hospital.client.call(method, parameters);
      assert.deepEqual(platform.service.calls.at(-1)?.given, Object.fromEntries(parameters));
    }
  });
});
