import assert from 'node:assert/strict';
import { ACCESSION_LENGTH, isUid } from '../../lib/contract/dicom-terms';
import { SyntheticHospital } from '../../lib/simulator/hospital/hospital';
import { imagedStudies, syntheticImages } from '../../lib/simulator/hospital/images';
import { ImageArchive } from '../../lib/simulator/platform/image-archive';

describe('images of the synthetic hospital', () => {
  const hospital = new SyntheticHospital({ path: ':memory:', today: '2030-01-02' });
  const exams = hospital.examReports('new');
  const studies = imagedStudies(exams);
  after(() => hospital.close());

  it('belong to the studies of its exams, and no others', () => {
    const uids = exams.flatMap(row => String(row['study_instance_uid']).split(',').filter(Boolean));
    assert.deepEqual(
      studies.map(({ studyInstanceUid }) => studyInstanceUid),
      uids,
    );
    assert.ok(new Set(studies.map(({ accessionNumber }) => accessionNumber)).size < studies.length);
  });

  it('are the same wherever they are made', () => {
    const again = imagedStudies(exams).flatMap(syntheticImages);
    assert.deepEqual(studies.flatMap(syntheticImages), again);
  });

  it('have UIDs of their own, in two series a study', () => {
    const images = studies.flatMap(syntheticImages);
    const sops = images.map(({ sopInstanceUid }) => sopInstanceUid);
    assert.ok(sops.every(uid => isUid(uid) && uid.startsWith('2.25.')));
    assert.equal(new Set(sops).size, studies.length * 4);
    assert.equal(new Set(images.map(({ seriesInstanceUid }) => seriesInstanceUid)).size, studies.length * 2);
  });

  it('carry the ids by which the platform finds the exam (A-52, A-53)', () => {
    const archive = new ImageArchive({
      aeTitle: 'TESTPACS',
      port: 0,
      objects: studies.flatMap(syntheticImages).map(({ file }) => file),
    });
    assert.deepEqual(
      archive.holdings(),
      studies.map(({ studyInstanceUid, patientId, accessionNumber }) => ({
        studyInstanceUid,
        patientId,
        accessionNumber,
        series: 2,
        images: 4,
      })),
    );
    assert.ok(studies.every(({ accessionNumber }) => accessionNumber.length <= ACCESSION_LENGTH));
  });

  it('take the hospital’s id of a patient where the imaging system has none', () => {
    const [row] = exams.filter(exam => exam['study_instance_uid'] !== '');
    assert.equal(imagedStudies([{ ...row, patient_local_id: '' }])[0]?.patientId, row?.['patient_id']);
    assert.equal(imagedStudies([{ ...row }])[0]?.patientId, row?.['patient_local_id']);
  });
});
