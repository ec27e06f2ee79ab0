/** Short calls of the file system: at once on a quick disk of this machine, else in threads. */
import assert from 'node:assert/strict';
import os from 'node:os';
import path from 'node:path';
import { DiskPace } from '../../lib/dicom/disk-pace';

describe('short calls to a disk', () => {
  let now = 0;
  /** Makes a call that takes so long, and tells how it was made. */
  const made = (pace: DiskPace, ms: number): Promise<string> =>
    Promise.resolve(
      pace.call(
        () => {
          now += ms;
          return 'at once';
        },
        () => Promise.resolve('in a thread'),
      ),
    );
  const times = async (count: number, pace: DiskPace, ms: number): Promise<Set<string>> => {
    const ways = new Set<string>();
    for (let at = 0; at < count; at++) ways.add(await made(pace, ms));
    return ways;
  };
  const local = (): DiskPace => new DiskPace(true, () => now);

  it('are made at once while they are short, also when one is not', async () => {
    const pace = local();
    assert.deepEqual(await times(1000, pace, 0.1), new Set(['at once']));
    assert.equal(await made(pace, 10), 'at once');
    assert.deepEqual(await times(1000, pace, 0.1), new Set(['at once']));
  });

  it('are left to threads for 10 s after one that held up the process', async () => {
    const pace = local();
    await made(pace, 20);
    assert.deepEqual(await times(100, pace, 0.1), new Set(['in a thread']));
    now += 9_990;
    assert.equal(await made(pace, 0.1), 'in a thread');
    now += 10;
    assert.deepEqual(await times(100, pace, 0.1), new Set(['at once']));
  });

  it('are left to threads when all take long', async () => {
    const pace = local();
    const ways: string[] = [];
    while (ways.at(-1) !== 'in a thread' && ways.length < 1000) ways.push(await made(pace, 2));
    assert.ok(ways.length < 16, `${ways.length} calls`);
  });

  it('that fail slowly count as well', async () => {
    const pace = local();
    const fail = (): never => {
      now += 20;
      throw new Error('EIO');
    };
    assert.throws(() => pace.call(fail, () => Promise.resolve()), /EIO/);
    assert.equal(await made(pace, 0.1), 'in a thread');
  });

  it('are left to threads on the disk of another machine', async () => {
    assert.equal(await made(new DiskPace(false, () => now), 0.1), 'in a thread');
  });

  it('are left to threads on a disk that is not known, or does not tell what it is', async () => {
    for (const folder of ['/proc', path.join(os.tmpdir(), 'not-there')]) {
      const way = DiskPace.of(folder).call(
        () => 'at once',
        () => Promise.resolve('in a thread'),
      );
      assert.equal(await way, 'in a thread', folder);
    }
  });
});
