import assert from 'node:assert/strict';
import fs from 'node:fs';
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

  it('one line each with its evidence, then the report, within a minute', () => {
    assert.equal(code, 0, out);
    const lines = out.split('\n').filter(line => line !== '' && !line.startsWith('building'));
    const report = /^报告 report (.*\.html)$/.exec(lines.pop() ?? '')?.[1] ?? '';
    assert.deepEqual(
      lines.map(line => line.split(' ')[1]),
      interfaces.map(({ section }) => section),
    );
    for (const line of lines) assert.match(line, / \[\d{14}-[\d.]+-01(?:…\d\d)?\]$/);
    assert.match(fs.readFileSync(report, 'utf8'), /17 \/ 17/);
    assert.ok(seconds < 60, `${seconds} s`);
  });
});
