// 5.1.3, 5.1.4: what the PACS holds of every registered exam must be in the platform's archive, as images and as film.
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { expect, until } from './context.mjs';

const require = createRequire(import.meta.url);
const { imagedStudies, syntheticImages } = require('../../dist/lib/simulator/hospital/images.js');
const { readObject } = require('../../dist/lib/dicom/part10.js');

const ALL = 1000;
const EFILM = 'EFILM';
/** What was broken off is sent again after a pause. */
const RETRIED_MS = 45_000;

/** The objects of the exams that the platform has accepted. */
function expectedObjects({ hospital }) {
  const studies = imagedStudies(hospital.examReports('accepted', ALL));
  const byUid = new Map(studies.map(study => [study.studyInstanceUid, study]));
  return { studies: byUid.size, objects: [...byUid.values()].flatMap(syntheticImages) };
}

const digest = bytes => createHash('sha256').update(bytes).digest('hex');

export async function images(context) {
  const {
    hospital,
    images: { archive },
  } = context;
  await until('all new exams are uploaded', () => hospital.counts().newExams === 0);
  const { studies, objects } = expectedObjects(context);
  await until('all images are in the archive', () => archive.counts().images >= objects.length, RETRIED_MS);
  const received = new Map(archive.received().map(object => [object.sopInstanceUid, object]));
  let bytes = 0;
  for (const { sopInstanceUid, file } of objects) {
    const { offset } = await readObject(file);
    const dataSet = file.subarray(offset);
    bytes += dataSet.length;
    expect(
      `image ${sopInstanceUid} arrives unchanged`,
      received.get(sopInstanceUid)?.sha256 === digest(dataSet),
    );
  }
  expect('no image arrives twice', archive.counts().repeated === 0);
  return `${studies} 次检查 ${objects.length} 幅影像，数据集逐字节一致，${Math.round(bytes / 1024)} KB`;
}

const keys = object => [object.studyInstanceUid, object.patientId, object.accessionNumber].join('|');

export async function electronicFilms(context) {
  const {
    images: { archive },
  } = context;
  const { studies, objects } = expectedObjects(context);
  await until('all films are in the archive', () => archive.counts().eFilms >= objects.length, RETRIED_MS);
  const films = archive.received().filter(({ modality }) => modality === EFILM);
  const wanted = new Set();
  for (const { file } of objects) wanted.add(keys(await readObject(file)));
  expect(
    'each film belongs to a registered exam',
    films.every(film => wanted.has(keys(film))),
  );
  expect('there is a film of every exam', new Set(films.map(keys)).size === wanted.size);
  return `${studies} 次检查 ${films.length} 幅电子胶片，Modality 为 EFILM`;
}
