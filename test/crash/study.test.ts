/** A study of a thousand objects, with cut connections and kills on the way. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ImageArchive, type ObjectFault } from '../../lib/simulator/platform/image-archive';
import { ensureBuilt } from '../support/built-editor';
import {
  CT_IMAGE,
  SYNTAX,
  UID_ROOT,
  element,
  fileOf,
  imageElements,
  metaOf,
  writeDataSet,
  writingOf,
} from '../support/dicom-files';
import { leftIn } from '../support/left-in-store';
import { until } from '../support/until';
import { Victim } from '../support/victim';

const OBJECTS = 1000;
/** Numbers of the objects, as they arrive, at which the connection is cut. */
const CUTS = [40, 90, 160, 230, 310, 420, 510, 640, 760, 880];
const KILLS_AT = [200, 500, 800];
const ASSOCIATIONS = 2;
/** Objects that the archive takes within the time after which progress is kept, at most. */
const UNKEPT = 250;

function image(number: number): Buffer {
  const uid = `${UID_ROOT}.4.${number}`;
  const elements = imageElements({
    0x00080018: element(0x00080018, 'UI', uid),
    0x7fe00010: element(0x7fe00010, 'OW', Buffer.alloc(4096, number % 251)),
  });
  return fileOf(writeDataSet(elements, writingOf(SYNTAX.explicit)), {
    meta: metaOf(SYNTAX.explicit, CT_IMAGE, uid),
  });
}

describe('a study of 1,000 objects, 10 cuts and 3 kill -9', function () {
  this.timeout(120_000);
  let folder: string;
  let archive: ImageArchive;
  let victim: Victim | undefined;

  before(() => ensureBuilt());
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'study-'));
    fs.mkdirSync(path.join(folder, 'images'));
    for (let number = 1; number <= OBJECTS; number++)
      fs.writeFileSync(path.join(folder, 'images', `${number}.dcm`), image(number));
  });
  afterEach(async () => {
    await victim?.dispose();
    await archive.stop();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  it('arrives complete, and only what is missing is sent again', async () => {
    let arrivals = 0;
    archive = new ImageArchive({
      aeTitle: 'PLATFORM',
      port: 0,
      faults: {
        object: (): ObjectFault | undefined => (CUTS.includes(++arrivals) ? { kind: 'close' } : undefined),
      },
    });
    await archive.start();
    const store = path.join(folder, 'store.db');
    victim = new Victim('test/crash/study-child.mjs', [
      store,
      path.join(folder, 'images'),
      String(archive.port),
    ]);
    victim.start();
    await victim.ready();
    const received = (): number =>
      new Set(archive.received().map(({ sopInstanceUid }) => sopInstanceUid)).size;
    for (const at of KILLS_AT) {
      await until(`${at} objects have arrived`, () => received() >= at, 60_000);
      await victim.kill();
      victim.start();
      await victim.ready();
    }
    await until(
      'all have arrived and the study is finished',
      () => received() === OBJECTS && leftIn(store) === 0,
      60_000,
    );
    await victim.stop();
    const { repeated } = archive.counts();
    const most = CUTS.length * ASSOCIATIONS + KILLS_AT.length * (UNKEPT + ASSOCIATIONS);
    assert.ok(repeated <= most, `${repeated} objects came twice, at most ${most} may`);
    console.log(
      `      ${OBJECTS} objects, ${CUTS.length} cuts, ${victim.kills.all} kills: all arrived, ${repeated} sent twice`,
    );
  });
});
