import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { interfaces } from '../../lib/contract/services';

const root = process.cwd();

/** One run of the whole demo; every interface of the overview is looked up in what it printed. */
describe('every interface of the agreement, in one run of the demo', function () {
  this.timeout(120_000);
  let code: number | null;
  let out = '';
  let seconds: number;

  before(async () => {
    const startedAt = Date.now();
    const child = spawn(process.execPath, ['scripts/start.mjs', '--once'], { cwd: root });
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (part: Buffer) => (out += part.toString()));
    [code] = (await once(child, 'close')) as [number | null];
    seconds = (Date.now() - startedAt) / 1000;
  });

  for (const { section, service } of interfaces) {
    it(`${section} ${service}`, () => {
      const line = out.split('\n').find(text => text.includes(` ${section} ${service} `));
      assert.equal(line?.split(' ')[0], 'PASS', out);
    });
  }

  it('one line each, nothing else, within a minute', () => {
    assert.equal(code, 0, out);
    const lines = out.split('\n').filter(line => line !== '' && !line.startsWith('building'));
    assert.deepEqual(
      lines.map(line => line.split(' ')[1]),
      interfaces.map(({ section }) => section),
    );
    assert.ok(seconds < 60, `${seconds} s`);
  });
});
