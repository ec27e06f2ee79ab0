/** Large report files pass through in flat memory. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { pdf, temporaryFolder } from '../support/report-files';

const MIB = 1024 * 1024;

describe('a report file of 50 MB', function () {
  this.timeout(60_000);
  let folder: string;
  before(() => {
    folder = temporaryFolder('large');
    fs.writeFileSync(path.join(folder, 'large.pdf'), pdf({ padding: 50 * MIB }));
  });
  after(() => fs.rmSync(folder, { recursive: true }));

  for (const what of ['publish', 'serve']) {
    it(`takes less than 8 MiB of buffers to ${what}`, () => {
      const args = ['--import', 'tsx', path.resolve('test/support/flat-memory.ts')];
      const child = spawnSync(process.execPath, [...args, what, path.join(folder, 'large.pdf'), folder]);
      assert.equal(child.status, 0, child.stderr.toString());
      const most = Number(child.stdout.toString());
      assert.ok(most > 0 && most < 8, `${most} MiB`);
    });
  }
});
