/** Images pass through in flat memory both ways, and nothing stays open after them. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Load } from '../support/dicom-peer-load';
import { temporaryFolder } from '../support/report-files';

const run = promisify(execFile);
const MIB = 1024 * 1024;

/** Each in a process of its own, whose small heap is quickly collected; the sender and the station share it. */
describe('DICOM: sending and receiving', function () {
  this.timeout(60_000);
  let folder: string;
  beforeEach(() => {
    folder = temporaryFolder('dicom-load');
  });
  afterEach(() => fs.rmSync(folder, { recursive: true }));

  const load = async (count: number, bytes: number): Promise<Load> => {
    const script = path.resolve('test/support/dicom-peer-load.ts');
    const args = ['--import', 'tsx', script, String(count), String(bytes), folder];
    const { stdout, stderr } = await run(process.execPath, args, { timeout: 50_000 });
    assert.equal(stderr, '');
    return JSON.parse(stdout) as Load;
  };

  for (const [what, count, bytes] of [
    ['10,000 small objects', 10_000, 2000],
    ['one object of 300 MB', 1, 300 * MIB],
  ] as const) {
    it(`takes less than 32 MiB for ${what}, and the process ends by itself`, async () => {
      const { results, received, mostMiB } = await load(count, bytes);
      assert.deepEqual([results, received], [{ success: count }, count]);
      assert.ok(mostMiB < 32, `${mostMiB} MiB`);
    });
  }
});
