// Our station, until it is killed: `station <folder> <port> durable|not`.
import { ObjectFolder } from '../../lib/dicom/object-folder.ts';
import { dropSyncs } from '../../test/support/no-sync.ts';
import { openStation } from './open-station.mjs';

const [, , folder = '', port = '', durable = ''] = process.argv;

async function listen() {
  if (durable === 'not') dropSyncs();
  await openStation(new ObjectFolder(folder, 1024 ** 3), Number(port));
}

void listen();
