/** What the DICOM nodes stand on beside the network: keys, settings, folders, the end of a study, commitment. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { requestCommitment } from '../../lib/dicom/commitment';
import { DataSetPieces } from '../../lib/dicom/incoming';
import { ObjectFolder } from '../../lib/dicom/object-folder';
import { readPeer, readStation } from '../../lib/dicom/settings';
import { Station } from '../../lib/dicom/storage-scp';
import { StudyCollector } from '../../lib/dicom/study-collector';
import { readStudyKeys } from '../../lib/dicom/study-keys';
import { CT_IMAGE, SYNTAX, UID_ROOT, imageElements, writeDataSet, writingOf } from '../support/dicom-files';
import { freePort } from '../support/port';
import { received } from '../support/received';
import { TestClock } from '../support/test-clock';
import { until } from '../support/until';

const STUDY = `${UID_ROOT}.1`;
const OBJECT = `${UID_ROOT}.3`;

describe('keys of a study', () => {
  const none = { patientId: '', accessionNumber: '' };
  it('a UID as text, several by comma, in an array', () => {
    assert.deepEqual(readStudyKeys('1.2.3'), [{ studyInstanceUid: '1.2.3', ...none }]);
    assert.deepEqual(
      readStudyKeys(['1.2.3, 1.2.4', '1.2.5']).map(({ studyInstanceUid }) => studyInstanceUid),
      ['1.2.3', '1.2.4', '1.2.5'],
    );
  });
  it('DICOM attributes in any case, and an exam report; the id of the imaging system comes first (A-52)', () => {
    assert.deepEqual(readStudyKeys({ patientID: 'P1', AccessionNumber: ' A1 ' }), [
      { studyInstanceUid: '', patientId: 'P1', accessionNumber: 'A1' },
    ]);
    assert.deepEqual(
      readStudyKeys({ study_instance_uid: '1.2', patient_id: 'P1', patient_local_id: 'L1', pacs_id: 'A1' }),
      [{ studyInstanceUid: '1.2', patientId: 'L1', accessionNumber: 'A1' }],
    );
  });
  for (const wrong of [{}, [], { PatientID: 'P1' }, { AccessionNumber: 'A1' }, 7, null])
    it(`says what is missing in ${JSON.stringify(wrong)}`, () =>
      assert.throws(() => readStudyKeys(wrong), { code: 'CONTRACT' }));
});

describe('the end of a study', () => {
  const collect = (onRelease: boolean) => {
    const clock = new TestClock();
    const complete: string[] = [];
    const collector = new StudyCollector({
      quietMs: 30_000,
      onRelease,
      clock,
      onComplete: uid => complete.push(uid),
    });
    return { clock, complete, collector };
  };
  it('comes some time after the last object', () => {
    const { clock, complete, collector } = collect(false);
    collector.add('a', 1);
    clock.advance(29_000);
    collector.add('a', 1);
    collector.associationEnded(1);
    clock.advance(29_000);
    assert.deepEqual(complete, []);
    clock.advance(1000);
    assert.deepEqual(complete, ['a']);
  });
  it('or with the last of its associations', () => {
    const { clock, complete, collector } = collect(true);
    collector.add('a', 1);
    collector.add('a', 2);
    collector.add('b', 2);
    collector.associationEnded(1);
    assert.deepEqual(complete, []);
    collector.associationEnded(2);
    assert.deepEqual(complete, ['a', 'b']);
    clock.advance(60_000);
    assert.equal(complete.length, 2);
  });
});

describe('settings of peers and stations', () => {
  const peer = { aeTitle: 'PACS', host: '10.0.0.5', port: '104' };
  it('have defaults', () => {
    const { callingAeTitle, associations, maxPdu, timeoutMs, characterSet } = readPeer(peer);
    assert.deepEqual(
      [callingAeTitle, associations, maxPdu, timeoutMs, characterSet],
      ['NODERED', 4, 131_072, 60_000, 'GB18030'],
    );
  });
  for (const [name, value] of [
    ['aeTitle', ''],
    ['aeTitle', 'A\\B'],
    ['aeTitle', 'TOO-LONG-FOR-AN-AE'],
    ['host', ''],
    ['port', '70000'],
    ['associations', '0'],
  ] as const)
    it(`names ${name} that is ${JSON.stringify(value)}`, () =>
      assert.throws(() => readPeer({ ...peer, [name]: value }), new RegExp(`远端 AE 设置 ${name}`)));
});

describe('a station with its folder', () => {
  let folder: string;
  let objects: ObjectFolder;
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'objects-'));
    objects = new ObjectFolder(folder, 1024 * 1024);
  });
  afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

  const announced = {
    sopClassUid: CT_IMAGE,
    sopInstanceUid: OBJECT,
    transferSyntaxUid: SYNTAX.explicit,
    sourceAeTitle: 'MODALITY',
  };
  const dataSet = (): DataSetPieces => received(writeDataSet(imageElements(), writingOf(SYNTAX.explicit)));

  it('knows which studies the flow was not told of, and forgets old ones it was told of', async () => {
    await objects.write(announced, dataSet());
    assert.deepEqual(await objects.unannounced(), [STUDY]);
    const study = await objects.study(STUDY);
    assert.ok(study);
    await objects.markAnnounced(study);
    assert.deepEqual(await objects.unannounced(), []);
    assert.equal(await objects.removeAnnouncedBefore(Date.now() - 1000), 0);
    assert.equal(await objects.removeAnnouncedBefore(Date.now() + 1000), 1);
    assert.equal(await objects.study(STUDY), null);
  });
  it('never removes what the flow was not told of', async () => {
    await objects.write(announced, dataSet());
    assert.equal(await objects.removeAnnouncedBefore(Date.now() + 1000), 0);
  });
  it('gathers a data set whose sender cuts it into single bytes', async () => {
    const pieces = new DataSetPieces(() => undefined);
    for (let at = 0; at < 300_000; at++) pieces.push(Buffer.of(at & 0xff));
    pieces.end();
    const whole = await pieces.whole(300_000);
    assert.deepEqual([whole.length, whole[299_999]], [300_000, 299_999 & 0xff]);
  });
  it('leaves nothing of an object that did not come whole', async () => {
    const broken = new DataSetPieces(() => undefined);
    const written = objects.write(announced, broken);
    broken.push(writeDataSet(imageElements(), writingOf(SYNTAX.explicit)));
    broken.push(Buffer.alloc(300_000));
    const unfinished = path.join(folder, '.unfinished');
    await until('it is begun', () => fs.readdirSync(unfinished).length === 1);
    broken.fail(new Error('cut'));
    await assert.rejects(written, /cut/);
    assert.deepEqual(fs.readdirSync(unfinished), []);
  });

  it('commits itself to what it has, by name', async () => {
    await objects.write(announced, dataSet());
    const port = await freePort();
    const station = new Station(
      { ...readStation({ aeTitle: 'STATION', port: String(port), folder }, name => name), host: '127.0.0.1' },
      { onObject: async () => undefined, onAssociationEnd: () => undefined, onProblem: () => undefined },
    );
    await station.listen();
    const peer = readPeer({ aeTitle: 'STATION', host: '127.0.0.1', port: String(port) });
    const asked = [OBJECT, `${UID_ROOT}.404`].map(sopInstanceUid => ({
      sopClassUid: CT_IMAGE,
      sopInstanceUid,
    }));
    const commitment = await requestCommitment(peer, asked, 5000);
    await station.close();
    assert.deepEqual(commitment, { committed: [OBJECT], failed: [`${UID_ROOT}.404`] });
  });
});
