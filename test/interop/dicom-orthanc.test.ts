/** Orthanc over TLS, in both directions, and as an archive that commits itself to what it has taken. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import type tls from 'node:tls';
import { requestCommitment } from '../../lib/dicom/commitment';
import { echo } from '../../lib/dicom/echo';
import type { QueryPeer } from '../../lib/dicom/query-scu';
import { type RetrieveWay, retrieveStudies } from '../../lib/dicom/retrieve-study';
import { storeObjects } from '../../lib/dicom/store-scu';
import { CT_IMAGE, UID_ROOT, element } from '../support/dicom-files';
import {
  Orthanc,
  Programs,
  TestStation,
  filesByUid,
  hasOrthanc,
  localPeer,
  opened,
  outgoing,
  sampleOf,
} from '../support/dicom-peer-programs';
import { type Certificates, makeCertificates } from '../support/misbehaving-server';
import { needsPeer } from '../support/peer';
import { freePort } from '../support/port';
import { temporaryFolder } from '../support/report-files';

/** With sequences of known length: Orthanc would write others anew. */
const IMAGES = Array.from({ length: 5 }, (_, at) =>
  sampleOf('', 300 + at, {
    changed: { 0x00081140: element(0x00081140, 'SQ', [[element(0x00081150, 'UI', CT_IMAGE)]]) },
  }),
);
const ABSENT = { sopClassUid: CT_IMAGE, sopInstanceUid: `${UID_ROOT}.404` };

for (const secure of [false, true]) {
  describe(`DICOM: Orthanc ${secure ? 'with' : 'without'} TLS`, function () {
    this.timeout(30_000);
    const programs = new Programs();
    let certificates: Certificates;
    let folder: string;
    let orthanc: Orthanc;
    let station: TestStation;
    let peer: QueryPeer;

    before(async function () {
      needsPeer(this, 'orthanc', hasOrthanc());
      certificates = makeCertificates();
      folder = temporaryFolder('orthanc');
      const port = await freePort();
      orthanc = await Orthanc.start(programs, folder, { STATION: port }, secure ? certificates : undefined);
      station = new TestStation(folder);
      const { ca, good, client } = certificates;
      await station.open({
        port,
        ...(secure && { tls: { ...good, ca, requestCert: true, rejectUnauthorized: true } }),
      });
      peer = peerWith(secure ? { ca, ...client } : undefined);
      const results = await storeObjects(peer, IMAGES.map(outgoing), { associations: 2 });
      assert.deepEqual(
        results.map(({ class: kind, error }) => error?.message ?? kind),
        IMAGES.map(() => 'success'),
      );
    });
    after(async () => {
      await station?.close();
      await programs.end();
      if (folder) fs.rmSync(folder, { recursive: true });
    });

    const peerWith = (options: tls.ConnectionOptions | undefined): QueryPeer => ({
      ...localPeer(orthanc.dicomPort, { host: 'localhost', aeTitle: 'ORTHANC', callingAeTitle: 'STATION' }),
      ...(options && { tls: options }),
      characterSet: 'GB18030',
    });

    if (secure) {
      it('turns away who has no certificate, and who has no TLS', async () => {
        const codeOf = async (options?: tls.ConnectionOptions): Promise<string> => {
          try {
            await echo(peerWith(options));
          } catch (error) {
            return (error as { code: string }).code;
          }
          return 'none';
        };
        assert.equal(await codeOf({ ca: certificates.ca, ...certificates.client }), 'none');
        assert.equal(await codeOf({ ca: certificates.ca }), 'TLS');
        assert.notEqual(await codeOf(), 'none');
      });
    }

    for (const method of ['get', 'move'] as const) {
      it(`gives back by C-${method.toUpperCase()} what it was sent`, async () => {
        const way: RetrieveWay =
          method === 'get'
            ? { method, folder: station.folder }
            : { method, folder: station.folder, aeTitle: 'STATION' };
        const keys = { studyInstanceUid: `${UID_ROOT}.1`, patientId: '', accessionNumber: '' };
        const [study] = await retrieveStudies(peer, keys, way);
        assert.deepEqual([study?.expected, study?.missing], [IMAGES.length, []]);
        const files = filesByUid(station.path);
        for (const { sopInstanceUid, dataSet } of IMAGES) {
          const file = files.get(sopInstanceUid);
          assert.ok(file && opened(file).dataSet.equals(dataSet), sopInstanceUid);
        }
        fs.rmSync(study?.folder ?? '', { recursive: true });
        assert.deepEqual(station.problems, []);
      });
    }

    it('commits itself to what it has, and names what it has not', async () => {
      assert.deepEqual(await requestCommitment(peer, IMAGES, 10_000), {
        committed: IMAGES.map(({ sopInstanceUid }) => sopInstanceUid),
        failed: [],
      });
      const answer = await requestCommitment(peer, [...IMAGES, ABSENT], 10_000);
      assert.deepEqual(answer?.failed, [ABSENT.sopInstanceUid]);
      assert.equal(answer.committed.length, IMAGES.length);
      assert.deepEqual(station.problems, []);
    });
  });
}
