import assert from 'node:assert/strict';
import { PlatformSimulator } from '../../lib/simulator/platform/platform-simulator';
import { fixture } from '../support/fixture';
import { needsPeer } from '../support/peer';
import { listen, type Listening } from '../support/raw-soap';
import { readStrictly } from '../support/strict-xml';
import { type ZeepCall, callByZeep, hasZeep } from '../support/zeep';

const CREDENTIAL = { strCredential: 'PLACEHOLDER-CREDENTIAL', strKey: 'PLACEHOLDER-STRKEY' };
const CARD = { strIDNO: 'Z00000000', strSSID: '', strStartTime: '', strEndTime: '' };

describe('zeep as a caller of the simulated platform', () => {
  let simulator: PlatformSimulator;
  let server: Listening;

  before(function () {
    needsPeer(this, 'python3-zeep', hasZeep());
  });
  beforeEach(async () => {
    simulator = new PlatformSimulator({
      operator: 'TESTYYApi',
      appId: 'PLACEHOLDER-APPID',
      organCode: 'XM-00000-TEST',
      orgCode: '000000T0001',
      ...CREDENTIAL,
      viewerKey: 'TEST-KEY',
      validation: 'lenient',
      now: () => new Date(2030, 0, 3, 9),
    });
    server = await listen(simulator.handler);
  });
  afterEach(async () => {
    simulator.close();
    await server.close();
  });
  const call = async (path: string, calls: readonly ZeepCall[]): Promise<string[]> => {
    const answers = await callByZeep(`${new URL(path, server.url).href}?wsdl`, calls);
    return answers.map(answer => {
      assert.equal(typeof answer['result'], 'string', JSON.stringify(answer));
      return String(answer['result']);
    });
  };

  for (const soap of ['Soap', 'Soap12']) {
    it(`CallInterface${soap}: the samples of both services, and a wrong AppId`, async () => {
      const header = fixture('platform.MsgHeader.xml');
      const of = (service: string, msgHeader = header): ZeepCall => ({
        port: `CallInterface${soap}`,
        operation: 'CallInterface',
        parameters: {
          MsgHeader: msgHeader.replace('UpdateBillingInfo', service),
          MsgBody: fixture(`${service}.MsgBody.xml`),
        },
      });
      const answers = await call('/CallInterface.asmx', [
        of('UpdateBillingInfo'),
        of('SyncAppointData'),
        of('SyncAppointData', header.replace('PLACEHOLDER-APPID', 'other')),
      ]);
      const [ok, refused] = ['platform.response.ok.json', 'platform.response.fail.json'].map(name =>
        parsed(fixture(name)),
      );
      assert.deepEqual(answers.map(parsed), [ok, ok, refused]);
      assert.deepEqual(
        simulator.counts().map(({ service, accepted, refused: no }) => [service, accepted, no]),
        [
          ['UpdateBillingInfo', 1, 0],
          ['SyncAppointData', 1, 1],
        ],
      );
    }).timeout(60_000);

    it(`IAutoReport${soap}: registers both samples, and finds them with all their values`, async () => {
      const port = `IAutoReport${soap}`;
      const register = (name: string): ZeepCall => ({
        port,
        operation: 'ArchiveAutoReport',
        parameters: { strReportInfo: fixture(name) },
      });
      const ask = (operation: string, parameters: Record<string, string>): ZeepCall => ({
        port,
        operation,
        parameters: { ...CARD, ...CREDENTIAL, ...parameters },
      });
      const [lab, exam, foundLab = '', foundExam = '', nobody, stranger] = await call(
        '/sehr.service.auto/IAutoReport.asmx',
        [
          register('ArchiveAutoReport.lab.xml'),
          register('ArchiveAutoReport.exam.xml'),
          ask('GetLabInfo', {}),
          ask('GetExamInfo', {}),
          ask('GetLabInfo', { strIDNO: 'Z00000001' }),
          ask('GetExamInfo', { strKey: 'other' }),
        ],
      );
      assert.deepEqual(
        [lab, exam, nobody, stranger],
        ['1', '1', '<root></root>', '失败：身份标识或对称钥匙无效'],
      );
      assert.deepEqual(rows(foundLab), uploaded('ArchiveAutoReport.lab.xml', 'GetLabInfo.response.xml'));
      assert.deepEqual(rows(foundExam), uploaded('ArchiveAutoReport.exam.xml', 'GetExamInfo.response.xml'));
    }).timeout(60_000);
  }
});

const parsed = (json: string): unknown => JSON.parse(json);

type Rows = readonly (readonly [row: string, values: Readonly<Record<string, string>>])[];

/** Rows of a query's answer, names in lower case. */
const rows = (xml: string): Rows =>
  readStrictly(xml).children.map(({ name, children }) => [
    name,
    Object.fromEntries(children.map(child => [child.name.toLowerCase(), child.text])),
  ]);

/** Rows of an uploaded sample, with the columns that the agreement's sample answer has. */
function uploaded(name: string, answer: string): Rows {
  const columns = new Map(rows(fixture(answer)).map(([row, values]) => [row, Object.keys(values)]));
  return readStrictly(fixture(name))
    .children.filter(({ name: row }) => row !== 'org')
    .flatMap(({ name: row, children }) =>
      children.map(({ attributes }) => {
        const values = columns.get(row)?.map(column => [column, attributes[column] ?? '(not uploaded)']);
        return [row, Object.fromEntries(values ?? [])] as const;
      }),
    );
}
