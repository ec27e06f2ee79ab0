// The two ends of the way that images take: the hospital's PACS, with synthetic studies, and the platform's archive.
import { createRequire } from 'node:module';
import net from 'node:net';

const require = createRequire(import.meta.url);
const { ImageArchive } = require('../../dist/lib/simulator/platform/image-archive.js');
const { imagedStudies, syntheticImages } = require('../../dist/lib/simulator/hospital/images.js');

const HOST = '127.0.0.1';
const [PACS, ARCHIVE] = ['PACS', 'PLATFORM'];
const ALL = 1000;

/** Both listen at ports that the system chooses; `environment` names them for the flow. */
export async function startImages(hospital) {
  const studies = imagedStudies(hospital.examReports('new', ALL));
  const objects = studies.flatMap(syntheticImages).map(({ file }) => file);
  const pacs = new ImageArchive({ aeTitle: PACS, port: 0, objects });
  const archive = new ImageArchive({ aeTitle: ARCHIVE, port: 0 });
  await Promise.all([pacs.start(), archive.start()]);
  return {
    pacs,
    archive,
    environment: {
      EXCHANGE_PACS_HOST: HOST,
      EXCHANGE_PACS_PORT: String(pacs.port),
      EXCHANGE_PACS_AE: PACS,
      EXCHANGE_IMAGES_HOST: HOST,
      EXCHANGE_IMAGES_PORT: String(archive.port),
      EXCHANGE_IMAGES_AE: ARCHIVE,
      EXCHANGE_STATION_PORT: String(await freePort()),
    },
    stop: () => Promise.all([pacs.stop(), archive.stop()]),
  };
}

/** A port for the hospital's own station, to which its PACS could push. */
async function freePort() {
  const server = net.createServer();
  await new Promise(resolve => server.listen(0, HOST, resolve));
  const { port } = server.address();
  await new Promise(resolve => server.close(resolve));
  return port;
}
