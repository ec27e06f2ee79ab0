/** What we send arrives at DCMTK's storescp and at Orthanc as it is. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { echo } from '../../lib/dicom/echo';
import { readObject } from '../../lib/dicom/part10';
import { openBytes } from '../../lib/dicom/byte-source';
import { storeObjects } from '../../lib/dicom/store-scu';
import {
  KNOWN_LENGTHS,
  Orthanc,
  Programs,
  SAMPLES,
  type Sample,
  filesByUid,
  hasDcmtk,
  hasOrthanc,
  localPeer,
  opened,
  outgoing,
  tlsOptions,
  writeSamples,
} from '../support/dicom-peer-programs';
import { type Certificates, makeCertificates } from '../support/misbehaving-server';
import { needsPeer } from '../support/peer';
import { temporaryFolder } from '../support/report-files';

/** It deflates anew, gives sequences the lengths it likes, and computes group lengths. */
const REWRITTEN_BY_ORTHANC = [
  'deflated',
  'sequences of undefined length in private elements and UN',
  'group lengths and trailing padding',
];

describe('DICOM: sending to other programs', function () {
  this.timeout(30_000);
  const programs = new Programs();
  let folder: string;
  beforeEach(() => {
    folder = temporaryFolder('send');
  });
  afterEach(async () => {
    await programs.end();
    fs.rmSync(folder, { recursive: true });
  });

  describe('storescp', () => {
    before(function () {
      needsPeer(this, 'dcmtk', hasDcmtk());
    });
    const received = (): string => path.join(folder, 'received');
    const start = (...options: readonly string[]): Promise<number> => {
      fs.mkdirSync(received(), { recursive: true });
      return programs.start('storescp', port => ['+B', '-od', received(), ...options, String(port)]);
    };
    const haveArrived = (samples: readonly Sample[]): void => {
      const files = filesByUid(received());
      for (const one of samples) {
        const file = files.get(one.sopInstanceUid);
        assert.ok(file, one.name);
        const { syntax, dataSet } = opened(file);
        assert.equal(syntax, one.syntax, one.name);
        assert.ok(dataSet.equals(one.dataSet), one.name);
      }
    };

    for (const options of [[], ['-pdu', '4096'], ['-pdu', '131072']]) {
      it(`takes every data set byte for byte ${options.join(' ')}`, async () => {
        const port = await start('+xa', '-pm', ...options);
        await echo(localPeer(port));
        const results = await storeObjects(localPeer(port), SAMPLES.map(outgoing), { associations: 1 });
        assert.deepEqual(
          results.map(({ class: kind, error }) => error?.message ?? kind),
          SAMPLES.map(() => 'success'),
        );
        haveArrived(SAMPLES);
      });
    }

    it('gets only what it accepts: the others fail alone', async () => {
      const port = await start();
      const results = await storeObjects(localPeer(port), SAMPLES.map(outgoing), { associations: 1 });
      const taken = SAMPLES.filter((_, at) => results[at]?.class === 'success');
      haveArrived(taken);
      assert.deepEqual(
        SAMPLES.filter(one => !taken.includes(one)).map(({ name }) => name),
        ['deflated', 'JPEG in fragments', 'RLE', 'a private SOP class'],
      );
      assert.ok(results.every(({ error }) => !error || error.code === 'DICOM_CONTEXT'));
    });

    it('gets files from the disk by four associations', async () => {
      const port = await start('+xa', '-pm', '--fork');
      const objects = await Promise.all(
        writeSamples(path.join(folder, 'source'), SAMPLES).map(async file => {
          const { offset, length, ...identity } = await readObject(file);
          return { ...identity, open: () => openBytes(file, offset, length) };
        }),
      );
      const results = await storeObjects(localPeer(port), objects, { associations: 4 });
      assert.ok(results.every(({ class: kind }) => kind === 'success'));
      haveArrived(SAMPLES);
    });

    for (const [how, code] of [
      ['--refuse', 'DICOM_REJECTED'],
      ['--abort-after', 'DICOM_ABORTED'],
      ['--abort-during', 'DICOM_ABORTED'],
    ] as const) {
      it(`ends every object when it does ${how}`, async () => {
        const port = await start('+xa', '-pm', how);
        const results = await storeObjects(localPeer(port), SAMPLES.map(outgoing), { associations: 2 });
        assert.equal(results.length, SAMPLES.length);
        assert.deepEqual(new Set(results.map(({ error }) => error?.code)), new Set([code]));
      });
    }

    describe('with TLS', () => {
      let certificates: Certificates;
      before(function () {
        certificates = makeCertificates();
      });
      const secure = (): string[] => tlsOptions(folder, certificates, certificates.good, 'scp');

      it('gets objects from who has a certificate', async () => {
        const port = await start('+xa', '-pm', ...secure());
        const tls = { ca: certificates.ca, ...certificates.client };
        const results = await storeObjects(
          localPeer(port, { host: 'localhost', tls }),
          SAMPLES.map(outgoing),
          { associations: 1 },
        );
        assert.ok(results.every(({ class: kind }) => kind === 'success'));
        haveArrived(SAMPLES);
      });

      it('turns away who has none, and who is not its trusted peer', async () => {
        const port = await start('+xa', ...secure());
        for (const tls of [{ ca: certificates.ca }, { ca: certificates.ca, ...certificates.selfSigned }]) {
          await assert.rejects(
            echo(localPeer(port, { host: 'localhost', tls })),
            (error: unknown) => (error as { code: string }).code === 'TLS',
          );
        }
      });

      it('is not believed by who does not trust its authority', async () => {
        const port = await start('+xa', ...secure());
        await assert.rejects(echo(localPeer(port, { host: 'localhost', tls: {} })), /TLS/);
      });

      it('has none, and is told so', async () => {
        const port = await start('+xa');
        await assert.rejects(
          echo(localPeer(port, { tls: { ca: certificates.ca }, connectTimeoutMs: 1000 })),
          /whether the peer has TLS/,
        );
      });
    });
  });

  describe('Orthanc', () => {
    before(function () {
      needsPeer(this, 'orthanc', hasOrthanc());
    });

    it('takes every data set by four associations: byte for byte, but for the lengths that it writes anew', async () => {
      const orthanc = await Orthanc.start(programs, folder);
      const peer = localPeer(orthanc.dicomPort, { aeTitle: 'ORTHANC' });
      await echo(peer);
      const results = await storeObjects(peer, KNOWN_LENGTHS.map(outgoing), { associations: 4 });
      assert.deepEqual(
        results.map(({ class: kind, error }) => error?.message ?? kind),
        KNOWN_LENGTHS.map(() => 'success'),
      );
      const changed: string[] = [];
      for (const one of KNOWN_LENGTHS) {
        const file = await orthanc.file(one.sopInstanceUid);
        assert.ok(file, one.name);
        const { syntax, dataSet } = opened(file);
        assert.equal(syntax, one.syntax, one.name);
        if (!dataSet.equals(one.dataSet)) changed.push(one.name);
      }
      assert.deepEqual(changed, REWRITTEN_BY_ORTHANC);
    });
  });
});
