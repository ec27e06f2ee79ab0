// The two ends of the way that images take: the hospital's PACS, with synthetic studies, and the platform's archive.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { ImageArchive } = require('../../dist/lib/simulator/platform/image-archive.js');
const { imagedStudies, syntheticImages } = require('../../dist/lib/simulator/hospital/images.js');

const ALL = 1000;

/** Both listen at ports that the system chooses; `environment` names them for the flow. */
export async function startImages(hospital) {
  const studies = imagedStudies(hospital.examReports('new', ALL));
  const objects = studies.flatMap(syntheticImages).map(({ file }) => file);
  const pacs = new ImageArchive({ aeTitle: 'PACS', port: 0, objects });
  const archive = new ImageArchive({ aeTitle: 'PLATFORM', port: 0 });
  await Promise.all([pacs.start(), archive.start()]);
  return {
    pacs,
    archive,
    environment: { EXCHANGE_PACS_PORT: String(pacs.port), EXCHANGE_IMAGES_PORT: String(archive.port) },
    stop: () => Promise.all([pacs.stop(), archive.stop()]),
  };
}
