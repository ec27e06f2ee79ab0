// Our station, until it is killed: `station <folder> <port>`. Says when it listens.
import { ObjectFolder } from '../../lib/dicom/object-folder.ts';
import { Station } from '../../lib/dicom/storage-scp.ts';

const [, , folder = '', port = ''] = process.argv;
const GIB = 1024 ** 3;

const station = new Station(
  {
    aeTitle: 'BENCH',
    host: '127.0.0.1',
    port: Number(port),
    allowedAeTitles: new Set(),
    admitsAddress: () => true,
    checkCalledAeTitle: true,
    associations: 16,
    timeoutMs: 60_000,
    maxPdu: 131_072,
    folder: new ObjectFolder(folder, GIB),
  },
  {
    onObject: () => Promise.resolve(),
    onAssociationEnd: () => undefined,
    onProblem: ({ en }) => console.error(en),
  },
);
void station.listen();
