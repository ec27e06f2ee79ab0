/** Studies are found in, and fetched from, DCMTK's dcmqrscp and Orthanc. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { textOf } from '../../lib/dicom/data-set';
import { type QueryPeer, withQueries } from '../../lib/dicom/query-scu';
import { getObjects, moveObjects } from '../../lib/dicom/retrieve-scu';
import { type RetrieveWay, retrieveStudies } from '../../lib/dicom/retrieve-study';
import { storeObjects } from '../../lib/dicom/store-scu';
import { CT_IMAGE, UID_ROOT, element } from '../support/dicom-files';
import {
  Orthanc,
  Programs,
  type Sample,
  TestStation,
  dcmtk,
  filesByUid,
  hasDcmtk,
  hasOrthanc,
  localPeer,
  opened,
  outgoing,
  sampleOf,
  startDcmqrscp,
} from '../support/dicom-peer-programs';
import { encodeGbk } from '../support/gbk';
import { needsPeer } from '../support/peer';
import { freePort } from '../support/port';
import { temporaryFolder } from '../support/report-files';

const STUDY = `${UID_ROOT}.1`;
const OTHER_STUDY = `${UID_ROOT}.8`;
const NAME = '测试^甲㐀';
const KEYS = { studyInstanceUid: STUDY, patientId: '', accessionNumber: '' };

const inGb18030 = (text: string): string => encodeGbk(text).toString('latin1');

/** Objects of a study in two series: 12 and 8. */
const studyOf = (study: string, accession: string): Sample[] =>
  Array.from({ length: 20 }, (_, at) =>
    sampleOf('', (study === STUDY ? 100 : 200) + at, {
      changed: {
        0x00080005: element(0x00080005, 'CS', 'GB18030'),
        0x00080050: element(0x00080050, 'SH', accession),
        0x00081140: element(0x00081140, 'SQ', [[element(0x00081150, 'UI', CT_IMAGE)]]),
        0x00100010: element(0x00100010, 'PN', inGb18030(NAME)),
        0x0020000d: element(0x0020000d, 'UI', study),
        0x0020000e: element(0x0020000e, 'UI', `${study}.2.${at < 12 ? 1 : 2}`),
        0x7fe00010: element(0x7fe00010, 'OW', Buffer.alloc(100_000, at)),
      },
    }),
  );

const IMAGES = studyOf(STUDY, 'ACC0001');

interface Archive {
  readonly name: string;
  readonly aeTitle: string;
  readonly isThere: () => boolean;
  start(programs: Programs, folder: string, stations: Readonly<Record<string, number>>): Promise<number>;
}

const ARCHIVES: readonly Archive[] = [
  { name: 'dcmqrscp', aeTitle: 'QRSCP', isThere: hasDcmtk, start: startDcmqrscp },
  {
    name: 'Orthanc',
    aeTitle: 'ORTHANC',
    isThere: hasOrthanc,
    start: async (...where) => (await Orthanc.start(...where)).dicomPort,
  },
];

for (const archive of ARCHIVES) {
  describe(`DICOM: retrieving from ${archive.name}`, function () {
    this.timeout(30_000);
    const programs = new Programs();
    let folder: string;
    let target: string;
    let station: TestStation;
    let peer: QueryPeer;

    before(async function () {
      needsPeer(this, 'dcmtk', hasDcmtk());
      needsPeer(this, archive.name, archive.isThere());
      folder = temporaryFolder('archive');
      const stationPort = await freePort();
      const port = await archive.start(programs, folder, { STATION: stationPort });
      const { aeTitle } = archive;
      peer = { ...localPeer(port, { aeTitle, callingAeTitle: 'STATION' }), characterSet: 'GB18030' };
      const objects = [...IMAGES, ...studyOf(OTHER_STUDY, 'ACC0002')].map(outgoing);
      const results = await storeObjects(peer, objects, { associations: 1 });
      assert.ok(results.every(({ class: kind }) => kind === 'success'));
      station = new TestStation(folder);
      await station.open({ port: stationPort });
    });
    after(async () => {
      await station?.close();
      await programs.end();
      if (folder) fs.rmSync(folder, { recursive: true });
    });
    beforeEach(() => {
      station.received.length = 0;
      target = path.join(station.path, STUDY);
      for (const study of [STUDY, OTHER_STUDY])
        fs.rmSync(path.join(station.path, study), { recursive: true, force: true });
    });

    const ways = (): Readonly<Record<'C-GET' | 'C-MOVE', RetrieveWay>> => ({
      'C-GET': { method: 'get', folder: station.folder },
      'C-MOVE': { method: 'move', folder: station.folder, aeTitle: 'STATION' },
    });
    const hasAll = (): void => {
      const files = filesByUid(target);
      assert.equal(files.size, IMAGES.length);
      for (const { sopInstanceUid, dataSet } of IMAGES) {
        const file = files.get(sopInstanceUid);
        assert.ok(file, sopInstanceUid);
        // The archive may write lengths of its own: what must be the same are the pixels.
        assert.ok(opened(file).dataSet.subarray(-100_000).equals(dataSet.subarray(-100_000)));
      }
    };
    const codeOf = async (promise: Promise<unknown>): Promise<string> => {
      try {
        await promise;
      } catch (error) {
        return (error as { code: string }).code;
      }
      return 'none';
    };

    it('finds a study by a name in GB18030, and reads that of the answer', async () => {
      const answers = await withQueries(peer, 'STUDY', undefined, queries =>
        queries.find('STUDY', {
          StudyInstanceUID: '',
          PatientName: NAME,
          AccessionNumber: 'ACC0001',
          NumberOfStudyRelatedInstances: '',
        }),
      );
      assert.deepEqual(
        answers.map(answer => [textOf(answer, 'StudyInstanceUID'), textOf(answer, 'PatientName')]),
        [[STUDY, NAME]],
      );
      const none = await withQueries(peer, 'STUDY', undefined, queries =>
        queries.find('STUDY', { StudyInstanceUID: '', PatientName: '测试^乙' }),
      );
      assert.deepEqual(none, []);
    });

    for (const way of ['C-GET', 'C-MOVE'] as const) {
      it(`${way}: a study, complete`, async () => {
        const [study, ...others] = await retrieveStudies(peer, KEYS, ways()[way]);
        assert.deepEqual(others, []);
        assert.deepEqual([study?.expected, study?.missing, study?.files.length], [20, [], 20]);
        assert.equal(study?.patientId, 'P0001');
        assert.equal(study.accessionNumber, 'ACC0001');
        hasAll();
        assert.deepEqual(station.problems, []);
      });

      it(`${way}: all studies of a patient, and that of an accession number`, async () => {
        const ofPatient = { studyInstanceUid: '', patientId: 'P0001', accessionNumber: '' };
        const both = await retrieveStudies(peer, ofPatient, ways()[way]);
        assert.deepEqual(both.map(one => one.studyInstanceUid).toSorted(), [STUDY, OTHER_STUDY].toSorted());
        const one = await retrieveStudies(peer, { ...ofPatient, accessionNumber: 'ACC0002' }, ways()[way]);
        assert.deepEqual(
          one.map(({ studyInstanceUid, missing }) => [studyInstanceUid, missing]),
          [[OTHER_STUDY, []]],
        );
      });

      it(`${way}: only what is missing`, async () => {
        await retrieveStudies(peer, KEYS, ways()[way]);
        const fileOf = ({ sopInstanceUid }: Sample): string => path.join(target, `${sopInstanceUid}.dcm`);
        // Some of the first series, and all of the second.
        const removed = IMAGES.filter((_, at) => at === 3 || at === 7 || at >= 12);
        const kept = IMAGES.filter(one => !removed.includes(one));
        for (const one of removed) fs.rmSync(fileOf(one));
        const before = kept.map(one => fs.statSync(fileOf(one)).ino);
        station.received.length = 0;
        const [study] = await retrieveStudies(peer, KEYS, ways()[way]);
        assert.deepEqual([study?.expected, study?.missing], [20, []]);
        hasAll();
        // A file that comes again is another file.
        assert.deepEqual(
          kept.map(one => fs.statSync(fileOf(one)).ino),
          before,
        );
        if (way === 'C-MOVE') assert.equal(station.received.length, removed.length);
      });

      it(`${way}: is cancelled in its middle, and goes on where it was`, async () => {
        const stop = new AbortController();
        let stopped = 0;
        const onProgress = (done: number): void => {
          if (done < 1) return;
          stopped ||= Date.now();
          stop.abort();
        };
        const ending = retrieveStudies(peer, KEYS, ways()[way], { signal: stop.signal, onProgress });
        assert.equal(await codeOf(ending), 'ABORTED');
        assert.ok(Date.now() - stopped < 1000, `${Date.now() - stopped} ms`);
        const { size } = filesByUid(target);
        // A quick station may have all of them before the peer obeys.
        assert.ok(size >= 1 && size <= IMAGES.length, String(size));
        assert.deepEqual(fs.readdirSync(path.join(station.path, '.unfinished')), []);
        const [study] = await retrieveStudies(peer, KEYS, ways()[way]);
        assert.deepEqual([study?.expected, study?.missing], [20, []]);
        hasAll();
      });
    }

    it('gives by C-GET what it gives to getscu, byte for byte', async () => {
      const reference = path.join(folder, 'getscu');
      fs.mkdirSync(reference);
      const keys = ['QueryRetrieveLevel=STUDY', `StudyInstanceUID=${STUDY}`].flatMap(key => ['-k', key]);
      const parties = ['-aet', 'STATION', '-aec', archive.aeTitle, '127.0.0.1', String(peer.port)];
      const { code, output } = await dcmtk('getscu', '-S', '+B', '-od', reference, ...keys, ...parties);
      assert.equal(code, 0, output);
      await retrieveStudies(peer, KEYS, ways()['C-GET']);
      const ours = filesByUid(target);
      const theirs = filesByUid(reference);
      assert.equal(theirs.size, IMAGES.length);
      for (const [uid, file] of theirs) {
        const found = ours.get(uid);
        assert.ok(found, uid);
        assert.ok(opened(found).dataSet.equals(opened(file).dataSet), uid);
      }
    });

    it('counts what it does', async () => {
      const keys = { QueryRetrieveLevel: 'STUDY', StudyInstanceUID: STUDY };
      const progress: number[] = [];
      const onProgress = (done: number): void => void progress.push(done);
      const got = await getObjects(peer, keys, station.folder, { onProgress });
      assert.deepEqual([got.status, got.completed, got.failed, got.failedUids], [0, 20, 0, []]);
      assert.ok(progress.length > 0);
      const moved = await moveObjects(peer, keys, 'STATION');
      assert.deepEqual([moved.completed, moved.failed], [20, 0]);
    });

    it('has no such study, or one with other keys', async () => {
      const ask = (changes: object): Promise<string> =>
        codeOf(retrieveStudies(peer, { ...KEYS, ...changes }, ways()['C-GET']));
      assert.equal(await ask({ studyInstanceUid: '1.2.3.4.5' }), 'DICOM_NOT_FOUND');
      assert.equal(await ask({ studyInstanceUid: '', accessionNumber: 'NONE' }), 'DICOM_NOT_FOUND');
      assert.equal(await ask({ patientId: 'OTHER' }), 'DICOM_KEYS');
      assert.equal(await ask({ accessionNumber: 'OTHER' }), 'DICOM_KEYS');
    });

    it('does not know every destination', async () => {
      const keys = { QueryRetrieveLevel: 'STUDY', StudyInstanceUID: STUDY };
      assert.equal(await codeOf(moveObjects(peer, keys, 'NOBODY')), 'DICOM_STATUS');
    });
  });
}
