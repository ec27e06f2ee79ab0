/** pynetdicom in both roles: it takes and gives what DCMTK and Orthanc do. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { echo } from '../../lib/dicom/echo';
import { textOf } from '../../lib/dicom/data-set';
import { type QueryPeer, withQueries } from '../../lib/dicom/query-scu';
import { retrieveStudies } from '../../lib/dicom/retrieve-study';
import { storeObjects } from '../../lib/dicom/store-scu';
import { SYNTAX, UID_ROOT, element } from '../support/dicom-files';
import {
  Programs,
  SAMPLES,
  type Sample,
  TestStation,
  filesByUid,
  localPeer,
  opened,
  outgoing,
  sampleOf,
  writeSamples,
} from '../support/dicom-peer-programs';
import { encodeGbk } from '../support/gbk';
import { freePort } from '../support/port';
import { hasPynetdicom, pynetdicom, startQrscp, startStorescp } from '../support/pynetdicom';
import { temporaryFolder } from '../support/report-files';

const STUDY = `${UID_ROOT}.1`;
const NAME = '测试^甲';
/**
 * Its programs take no private classes, and write some data sets anew: deflated ones, sequences in UN and private
 * elements, padding.
 */
const KEPT = SAMPLES.filter(
  ({ name, syntax, sopClassUid }) =>
    syntax !== SYNTAX.deflated &&
    !sopClassUid.startsWith(UID_ROOT) &&
    !/in private elements|padding/.test(name),
);

describe('DICOM: pynetdicom', function () {
  this.timeout(60_000);
  const programs = new Programs();
  let folder: string;
  before(function () {
    if (!hasPynetdicom()) this.skip();
  });
  beforeEach(() => {
    folder = temporaryFolder('pynetdicom');
  });
  afterEach(async () => {
    await programs.end();
    fs.rmSync(folder, { recursive: true });
  });

  it('takes what we send, byte for byte, and answers C-ECHO', async () => {
    const target = path.join(folder, 'storescp');
    const port = await startStorescp(programs, target);
    const peer = localPeer(port);
    assert.match((await echo(peer)).implementation, /^PYNETDICOM/);
    const results = await storeObjects(peer, KEPT.map(outgoing), { associations: 2 });
    assert.deepEqual(
      results
        .filter(({ class: kind }) => kind !== 'success')
        .map(({ comment, error }) => [comment, error?.text.en]),
      [],
    );
    const files = filesByUid(target);
    for (const { name, sopInstanceUid, syntax, dataSet } of KEPT) {
      const file = files.get(sopInstanceUid);
      assert.ok(file, name);
      assert.equal(opened(file).syntax, syntax, name);
      assert.ok(opened(file).dataSet.equals(dataSet), name);
    }
  });

  it('sends to us what we keep as it comes', async () => {
    const station = new TestStation(folder);
    await station.open();
    const images = [1, 2, 3].map(number => sampleOf('', number, { syntax: SYNTAX.explicit }));
    const source = path.join(folder, 'source');
    writeSamples(source, images);
    try {
      const where = ['127.0.0.1', String(station.port), '-aec', 'STATION'];
      assert.equal((await pynetdicom('echoscu', ...where)).code, 0);
      const { code, output } = await pynetdicom('storescu', ...where, source, '-r', '-cx');
      assert.equal(code, 0, output);
      assert.equal(station.received.length, images.length, output);
      const files = filesByUid(station.path);
      for (const { sopInstanceUid, dataSet } of images) {
        const file = files.get(sopInstanceUid);
        assert.ok(file && opened(file).dataSet.equals(dataSet), sopInstanceUid);
      }
      assert.deepEqual(station.problems, []);
    } finally {
      await station.close();
    }
  });

  it('answers C-FIND, and gives a study by C-GET and C-MOVE', async () => {
    const stationPort = await freePort();
    const station = new TestStation(folder);
    await station.open({ port: stationPort });
    try {
      const port = await startQrscp(programs, folder, { STATION: stationPort });
      const peer: QueryPeer = {
        ...localPeer(port, { aeTitle: 'QRSCP', callingAeTitle: 'STATION' }),
        characterSet: 'GB18030',
      };
      const images = imagesOf(12);
      const stored = await storeObjects(peer, images.map(outgoing), { associations: 1 });
      assert.ok(
        stored.every(({ class: kind }) => kind === 'success'),
        JSON.stringify(stored[0]),
      );
      // It gives an answer for each image, whatever the level.
      const answers = await withQueries(peer, 'STUDY', undefined, queries =>
        queries.find('STUDY', { StudyInstanceUID: '', PatientID: 'P0001', PatientName: '' }),
      );
      assert.deepEqual([...new Set(answers.map(answer => textOf(answer, 'StudyInstanceUID')))], [STUDY]);
      const keys = { studyInstanceUid: STUDY, patientId: '', accessionNumber: '' };
      for (const way of [
        { method: 'get', folder: station.folder },
        { method: 'move', folder: station.folder, aeTitle: 'STATION' },
      ] as const) {
        const [study, ...others] = await retrieveStudies(peer, keys, way);
        assert.deepEqual(others, [], 'though it names the study for each image');
        assert.deepEqual([study?.files.length, study?.missing], [images.length, []], way.method);
        const target = path.join(station.path, STUDY);
        const files = filesByUid(target);
        for (const { sopInstanceUid, dataSet } of images) {
          const file = files.get(sopInstanceUid);
          assert.ok(file && opened(file).dataSet.subarray(-1000).equals(dataSet.subarray(-1000)), way.method);
        }
        fs.rmSync(target, { recursive: true });
      }
      assert.deepEqual(station.problems, []);
    } finally {
      await station.close();
    }
  });
});

const imagesOf = (count: number): Sample[] =>
  Array.from({ length: count }, (_, at) =>
    sampleOf('', 100 + at, {
      changed: {
        0x00080005: element(0x00080005, 'CS', 'GB18030'),
        0x00100010: element(0x00100010, 'PN', encodeGbk(NAME).toString('latin1')),
        0x0020000d: element(0x0020000d, 'UI', STUDY),
        0x0020000e: element(0x0020000e, 'UI', `${STUDY}.2`),
        0x7fe00010: element(0x7fe00010, 'OW', Buffer.alloc(2000, at)),
      },
    }),
  );
