/** What DCMTK sends is kept as it comes. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { SYNTAX } from '../support/dicom-files';
import {
  type Ended,
  Programs,
  SAMPLES,
  TestStation,
  dcmtk,
  filesByUid,
  hasDcmtk,
  opened,
  tlsOptions,
  writeSamples,
} from '../support/dicom-peer-programs';
import { type Certificates, makeCertificates } from '../support/misbehaving-server';
import { needsPeer } from '../support/peer';
import { temporaryFolder } from '../support/report-files';
import { until } from '../support/until';

describe('DICOM: receiving from DCMTK', function () {
  this.timeout(30_000);
  const programs = new Programs();
  let folder: string;
  let station: TestStation;
  let certificates: Certificates;
  before(function () {
    needsPeer(this, 'dcmtk', hasDcmtk());
    certificates = makeCertificates();
  });
  beforeEach(() => {
    folder = temporaryFolder('receive');
    station = new TestStation(folder);
  });
  afterEach(async () => {
    await station.close();
    await programs.end();
    fs.rmSync(folder, { recursive: true });
  });

  /** Files that storescp makes of the same, bit by bit: DCMTK's senders write some lengths anew. */
  const storescp = async (): Promise<{ port: number; files: () => Map<string, Buffer> }> => {
    const target = path.join(folder, 'storescp');
    fs.mkdirSync(target);
    const args = ['+B', '+xa', '-pm', '-od', target];
    const port = await programs.start('storescp', at => [...args, String(at)]);
    return { port, files: () => filesByUid(target) };
  };
  const call = (program: string, port: number, ...args: readonly string[]): Promise<Ended> =>
    dcmtk(program, '-aet', 'SENDER', '-aec', 'STATION', '127.0.0.1', String(port), ...args);
  /** The station has the same data sets, in the same transfer syntaxes, as storescp. */
  const areSame = (expected: ReadonlyMap<string, Buffer>): void => {
    const actual = filesByUid(station.path);
    assert.deepEqual([...actual.keys()].toSorted(), [...expected.keys()].toSorted());
    for (const [uid, file] of expected) {
      const [one, other] = [opened(file), opened(actual.get(uid) ?? file)];
      assert.equal(other.syntax, one.syntax);
      assert.ok(other.dataSet.equals(one.dataSet), uid);
    }
  };

  it('C-ECHO', async () => {
    await station.open();
    assert.equal((await call('echoscu', station.port)).code, 0);
  });

  for (const options of [[], ['--max-pdu', '4096'], ['--max-send-pdu', '4096']]) {
    it(`dcmsend, with every kind of data set ${options.join(' ')}`, async () => {
      const files = writeSamples(path.join(folder, 'source'), SAMPLES);
      await station.open();
      const reference = await storescp();
      for (const port of [station.port, reference.port]) {
        const { code, output } = await call('dcmsend', port, '-dn', '-nuc', ...options, ...files);
        assert.equal(code, 0, output);
      }
      areSame(reference.files());
      assert.equal(station.received.length, SAMPLES.length);
      assert.deepEqual(station.problems, []);
    });
  }

  for (const [option, syntax] of [
    ['-xi', SYNTAX.implicit],
    ['-xe', SYNTAX.explicit],
    ['-xb', SYNTAX.bigEndian],
    ['-xd', SYNTAX.deflated],
    ['-xy', SYNTAX.jpeg],
    ['-xr', SYNTAX.rle],
  ] as const) {
    it(`storescu ${option}`, async () => {
      const samples = SAMPLES.filter(one => one.syntax === syntax && !one.sopClassUid.includes('99999'));
      const files = writeSamples(path.join(folder, 'source'), samples);
      await station.open();
      const reference = await storescp();
      for (const port of [station.port, reference.port]) {
        const { code, output } = await call('storescu', port, option, '-R', ...files);
        assert.equal(code, 0, output);
      }
      areSame(reference.files());
      assert.ok(station.received.every(one => one.transferSyntaxUid === syntax));
      assert.equal(station.received.length, samples.length);
    });
  }

  it('several senders at the same time', async () => {
    await station.open({ associations: SAMPLES.length });
    const files = SAMPLES.map((one, at) => writeSamples(path.join(folder, `source${at}`), [one])[0] ?? '');
    const ended = await Promise.all(files.map(file => call('dcmsend', station.port, '-dn', '-nuc', file)));
    assert.deepEqual(
      ended.map(({ code }, at) => [code, SAMPLES[at]?.name]),
      SAMPLES.map(({ name }) => [0, name]),
    );
    await until('the ends of the associations', () => station.ended.length === SAMPLES.length);
    assert.equal(filesByUid(station.path).size, SAMPLES.length);
  });

  it('turns callers away in words that DCMTK understands', async () => {
    await station.open({ allowedAeTitles: new Set(['SENDER']), associations: 0 });
    const wrong = await dcmtk('echoscu', '-v', '-aec', 'WRONG', '127.0.0.1', String(station.port));
    assert.match(wrong.output, /Local Limit Exceeded/);
    await station.close();
    await station.open({ allowedAeTitles: new Set(['SENDER']) });
    for (const [args, words] of [
      [['-aec', 'WRONG'], /Called AE Title Not Recognized/],
      [['-aec', 'STATION', '-aet', 'STRANGER'], /Calling AE Title Not Recognized/],
    ] as const) {
      const { code, output } = await dcmtk('echoscu', '-v', ...args, '127.0.0.1', String(station.port));
      assert.notEqual(code, 0);
      assert.match(output, words);
    }
  });

  describe('with TLS', () => {
    const openSecure = (requestCert: boolean): Promise<void> =>
      station.open({
        tls: { ...certificates.good, ca: certificates.ca, requestCert, rejectUnauthorized: requestCert },
      });

    it('a sender with a certificate', async () => {
      await openSecure(true);
      const files = writeSamples(path.join(folder, 'source'), SAMPLES.slice(0, 1));
      const options = tlsOptions(folder, certificates, certificates.client, 'scu');
      const { code, output } = await call('storescu', station.port, ...options, ...files);
      assert.equal(code, 0, output);
      assert.equal(station.received.length, 1);
    });

    it('a sender without a certificate, where none is asked for', async () => {
      for (const asked of [true, false]) {
        await openSecure(asked);
        const { code, output } = await call('echoscu', station.port, '+tla', '-ic');
        assert.equal(code === 0, !asked, output);
        await station.close();
      }
      await until('it is told', () => station.problems.length === 1);
      assert.match(station.problems[0] ?? '', /TLS with 127\.0\.0\.1 failed/);
    });

    it('a sender without TLS is turned away', async () => {
      await openSecure(true);
      assert.notEqual((await call('echoscu', station.port)).code, 0);
    });
  });
});
