/** The self-check: what passes against a platform that keeps to the agreement, and what it finds where one does not. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { CodeTables } from '../../lib/contract/code-table';
import { interfaces, soapMethods } from '../../lib/contract/services';
import { type PeerOptions, readPeer } from '../../lib/dicom/settings';
import { Platform } from '../../lib/profile/platform';
import { readProfile } from '../../lib/profile/profile';
import { HttpShelf } from '../../lib/report-file/http-shelf';
import { Publisher } from '../../lib/report-file/publish';
import { type SelfCheck, type Verdict, checkCases, runSelfCheck } from '../../lib/self-check/run';
import type { CheckTargets } from '../../lib/self-check/targets';
import { SIMULATOR_HEADER } from '../../lib/simulator/marks';
import { ImageArchive } from '../../lib/simulator/platform/image-archive';
import { PlatformSimulator } from '../../lib/simulator/platform/platform-simulator';
import { SoapEndpoint } from '../../lib/soap/endpoint';
import { profileSettings } from '../support/profile-settings';
import { type Listening, listen } from '../support/raw-soap';
import { temporaryFolder } from '../support/report-files';

const SECRETS = {
  appId: 'PLACEHOLDER-APPID',
  strCredential: 'PLACEHOLDER-CREDENTIAL',
  strKey: 'PLACEHOLDER-KEY',
  viewerKey: 'TEST-VIEWER-KEY',
};
const never = new AbortController().signal;

const verdictsOf = ({ interfaces: all }: SelfCheck): Record<string, Verdict> =>
  Object.fromEntries(all.map(({ section, verdict }) => [section, verdict]));

const caseOf = (check: SelfCheck, section: string, name: string) => {
  const found = check.interfaces.find(one => one.section === section)?.cases.find(one => one.name === name);
  assert.ok(found, `${section} ${name}`);
  return found;
};

/** The answer of a platform that is no simulator. */
function withoutMark(response: ServerResponse): void {
  const set = response.setHeader.bind(response);
  response.setHeader = (name, value) => (name === SIMULATOR_HEADER ? response : set(name, value));
}

const PLATFORM_SECTIONS = ['3.3.1', '3.3.2', '4.1', '4.2', '4.3', '4.4', '5.1.3', '5.1.4', '5.1.5', '5.1.6'];

describe('self-check', () => {
  let simulator: PlatformSimulator;
  let archive: ImageArchive;
  let shelf: HttpShelf;
  let server: Listening;
  let folder: string;
  let platform: Platform;
  /** The answers carry no mark, as those of a real platform. */
  let real = false;

  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    if (request.url?.startsWith('/reports')) {
      request.url = request.url.replace('/reports', '');
      shelf.handler(request, response);
      return;
    }
    if (real) withoutMark(response);
    simulator.handler(request, response);
  };

  beforeEach(async () => {
    real = false;
    folder = temporaryFolder('self-check');
    simulator = new PlatformSimulator({
      operator: 'TESTYYApi',
      organCode: 'XM-00000-TEST',
      orgCode: '000000T0001',
      validation: 'lenient',
      ...SECRETS,
    });
    archive = new ImageArchive({ aeTitle: 'PLATFORM', port: 0 });
    await archive.start();
    server = await listen(handle);
    shelf = new HttpShelf({
      folder,
      publishedAs: `${origin()}/reports`,
      expiryDays: 1,
      signKey: 'a signing key of a test',
      allowedNetworks: '',
      trustProxy: false,
      onServed: () => undefined,
    });
  });
  afterEach(async () => {
    await platform?.close();
    simulator.close();
    await archive.stop();
    await server.close();
    fs.rmSync(folder, { recursive: true });
  });

  const origin = (): string => new URL(server.url).origin;
  const peer = (): PeerOptions =>
    readPeer({ aeTitle: 'PLATFORM', host: '127.0.0.1', port: String(archive.port) });

  function targets(changes: Partial<CheckTargets> = {}): CheckTargets {
    const profile = readProfile(
      profileSettings({
        callInterfaceUrl: `${origin()}/CallInterface.asmx`,
        archiveUrl: `${origin()}/sehr.service.auto/IAutoReport.asmx`,
        viewerUrl: `${origin()}/IDCAS/Interface`,
        timeout: '5',
      }),
      new CodeTables(),
    );
    platform = new Platform(profile, {});
    const publisher = new Publisher({
      destination: shelf,
      template: '{report_form_no}.{ext}',
      onConflict: 'error',
      limits: { maxBytes: 1024 * 1024, timeoutMs: 5000 },
    });
    return {
      writes: 'simulator',
      platform: { profile, secrets: SECRETS, caller: address => platform.caller(address) },
      archive: peer(),
      reportFile: {
        own: true,
        publish: async (content, lookUp, signal) =>
          (await publisher.publish(content, lookUp, signal)).address,
      },
      ...changes,
    };
  }

  const held = () => ({
    calls: simulator.counts().filter(({ service }) => /^(?:Archive|Update|Sync)/.test(service)),
    images: archive.counts().images,
  });

  it('has for every interface what is done every day, and bad input; each by a name of its own', () => {
    for (const { section } of interfaces) {
      const own = checkCases.filter(one => one.section === section);
      assert.ok(
        own.some(({ kind }) => kind === 'normal'),
        `${section} normal`,
      );
      assert.ok(
        own.some(({ kind }) => kind !== 'normal'),
        `${section} others`,
      );
      assert.equal(new Set(own.map(({ name }) => name)).size, own.length, section);
    }
    const bad = new Set(checkCases.filter(({ kind }) => kind === 'bad').map(({ section }) => section));
    assert.deepEqual(
      interfaces.map(({ section }) => section).filter(section => !bad.has(section)),
      // What a film is has no wrong form of its own.
      ['5.1.4'],
    );
  });

  it('passes a platform that keeps to the agreement; what is not there is not configured, with the reason', async () => {
    const told: string[] = [];
    const check = await runSelfCheck(targets(), { signal: never, onCase: section => told.push(section) });
    const verdicts = verdictsOf(check);
    for (const section of PLATFORM_SECTIONS) {
      const found = check.interfaces.find(one => one.section === section);
      assert.equal(found?.verdict, 'PASS', `${section} ${JSON.stringify(found?.reasons)}`);
      assert.deepEqual(
        found.cases.filter(({ verdict }) => verdict !== 'PASS').map(({ name }) => name),
        section === '5.1.3' ? ['query'] : [],
        section,
      );
    }
    assert.equal(verdicts['3.2.1'], 'NOT CONFIGURED');
    assert.match(caseOf(check, '3.2.1', 'list').seen[0]?.zh ?? '', /预约请求/);
    assert.equal(told.length, checkCases.length);
    const evidence = check.interfaces.flatMap(({ cases }) => cases.map(one => one.evidence));
    assert.equal(new Set(evidence).size, checkCases.length, 'each case has an evidence id of its own');
    assert.ok(evidence.every(id => id.startsWith(`${check.runId}-`)));
  });

  it('writes the same records at every run, marked as test data', async () => {
    await runSelfCheck(targets(), { signal: never });
    const images = archive.received().map(({ sopInstanceUid, patientId }) => [sopInstanceUid, patientId]);
    await runSelfCheck(targets(), { signal: never });
    assert.deepEqual(
      new Set(archive.received().map(({ sopInstanceUid }) => sopInstanceUid)),
      new Set(images.map(([uid]) => uid)),
    );
    assert.ok(images.every(([, patientId]) => patientId === 'SELFCHECK-P'));
    assert.equal(fs.readdirSync(folder).length, 1, 'one file');
  });

  for (const [what, changes, isReal] of [
    ['when it may not', { writes: 'never' }, false],
    ['to a platform that does not say that it is a simulator', { writes: 'simulator' }, true],
  ] as const) {
    it(`writes nothing ${what}, and tries no wrong credentials there`, async () => {
      real = isReal;
      const before = held();
      const refused = (): number => simulator.counts().reduce((sum, count) => sum + count.refused, 0);
      const check = await runSelfCheck(targets({ ...changes, ...(isReal && { archive: undefined }) }), {
        signal: never,
      });
      assert.deepEqual(held(), before);
      const verdicts = verdictsOf(check);
      for (const section of ['3.3.1', '3.3.2', '4.1', '4.2', '5.1.3', '5.1.4'])
        assert.equal(verdicts[section], 'NOT CONFIGURED', section);
      assert.equal(verdicts['4.3'], 'PASS', 'asking is allowed');
      assert.equal(verdicts['5.1.6'], 'PASS');
      if (isReal) assert.equal(refused(), 0, 'nothing that a platform had to refuse was sent');
    });
  }

  it('writes to a real platform what it was told to, and still tries no wrong credentials', async () => {
    real = true;
    const check = await runSelfCheck(targets({ writes: 'test-data' }), { signal: never });
    for (const section of PLATFORM_SECTIONS) assert.equal(verdictsOf(check)[section], 'PASS', section);
    assert.equal(caseOf(check, '3.3.1', 'credential').verdict, 'NOT CONFIGURED');
    assert.ok(simulator.counts().every(({ refused }) => refused === 0));
  });

  it('goes on when nothing answers: every interface has its verdict, with the reason', async () => {
    const all = targets();
    await server.close();
    await archive.stop();
    const check = await runSelfCheck(all, { signal: never });
    assert.equal(check.interfaces.length, 17);
    for (const section of ['3.3.1', '4.1', '4.3', '5.1.3', '5.1.6']) {
      const found = check.interfaces.find(one => one.section === section);
      assert.equal(found?.verdict, 'FAIL', section);
      assert.match(found.reasons[0]?.zh ?? '', /连接|拒绝|无法/, section);
    }
    server = await listen(handle);
    await archive.start();
  });

  it('ends when it is told to', async () => {
    const end = new AbortController();
    const running = runSelfCheck(targets(), {
      signal: end.signal,
      onCase: () => end.abort(),
    });
    await assert.rejects(running, { code: 'ABORTED' });
  });

  describe("of the hospital's own endpoint", () => {
    let hospital: Listening;
    let answer: (header: string, body: string) => string;
    const OK = '<success>Yes</success><error></error>';
    const NO = '<success>No</success><error>原因</error>';
    const root = (content: string): string =>
      `<?xml version="1.0" encoding="utf-8"?><root><returnContent>${content}</returnContent></root>`;
    beforeEach(async () => {
      const endpoint = new SoapEndpoint({
        serviceName: 'Booking',
        operations: [{ name: 'AppointmentDealInterface', parameters: soapMethods.AppointmentDealInterface }],
        handle: ({ parameters }) =>
          Promise.resolve(answer(parameters['msgHeader'] ?? '', parameters['msgBody'] ?? '')),
      });
      hospital = await listen(endpoint.handler);
    });
    afterEach(() => hospital.close());
    const check = (): Promise<SelfCheck> =>
      runSelfCheck(
        {
          writes: 'never',
          booking: { url: hospital.url, certificate: 'GOOD', patientNo: 'Z00000001', patientType: '1' },
        },
        { signal: never },
      );

    it('finds that anybody is let in', async () => {
      answer = () => root(`${OK}<items></items>`);
      const found = await check();
      assert.equal(verdictsOf(found)['3.2.1'], 'FAIL');
      assert.match(caseOf(found, '3.2.1', 'certificate').seen[0]?.zh ?? '', /未被拒绝/);
      assert.equal(caseOf(found, '3.2.3', 'unknown').verdict, 'FAIL');
    });

    it('finds an element that is missing, by its name', async () => {
      answer = (header, body) =>
        header.includes('GOOD') && !body.includes('<patientNo></patientNo>')
          ? root(`${OK}<items><item><Hiskey>1</Hiskey></item></items>`)
          : root(NO);
      const found = await check();
      assert.equal(verdictsOf(found)['3.2.1'], 'FAIL');
      assert.match(
        caseOf(found, '3.2.1', 'list')
          .seen.map(({ zh }) => zh)
          .join(),
        /SerialNo/,
      );
      assert.equal(caseOf(found, '3.2.1', 'certificate').verdict, 'PASS');
      assert.equal(caseOf(found, '3.2.1', 'missing').verdict, 'PASS');
    });

    it('never books or cancels without leave', async () => {
      const seen: string[] = [];
      answer = (header, body) => {
        if (/<itemIDs>(?!SELFCHECK-NONE|<)/.test(body)) seen.push(header);
        return root(NO);
      };
      const found = await check();
      assert.deepEqual(seen, []);
      assert.equal(caseOf(found, '3.2.3', 'book').verdict, 'NOT CONFIGURED');
      assert.equal(caseOf(found, '3.2.4', 'cancel').verdict, 'NOT CONFIGURED');
    });
  });
});
