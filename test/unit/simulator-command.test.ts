/** The command lines of the simulator and of the load. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { imageFaultNames, soapFaultNames } from '../../lib/simulator/faults/fault-kinds';
import { loadCommand, simulateCommand } from '../../lib/simulator/command';
import { isSimulator } from '../../lib/simulator/probe';
import { scenarioOf } from '../../lib/simulator/scenarios';
import { portOf } from '../support/misbehaving-server';
import { listen } from '../support/raw-soap';
import { temporaryFolder } from '../support/report-files';
import { until } from '../support/until';

const ENVIRONMENT = {
  EXCHANGE_OPERATOR: 'TESTYYApi',
  EXCHANGE_ORGAN_CODE: 'XM-00000-TEST',
  EXCHANGE_ORG_CODE: '000000T0001',
  EXCHANGE_ORG_NAME: '测试医院',
  EXCHANGE_APP_ID: 'PLACEHOLDER-APPID',
  EXCHANGE_CERTIFICATE: 'PLACEHOLDER-CERTIFICATE',
};

describe('simulate and load on the command line', () => {
  let lines: string[];
  let stop: AbortController;
  let running: Promise<number> | undefined;
  const print = (text: string): void => void lines.push(...text.split('\n'));
  const simulate = (...args: string[]): Promise<number> =>
    (running = simulateCommand(args, ENVIRONMENT, print, stop.signal));
  const load = (...args: string[]): Promise<number> => loadCommand(args, ENVIRONMENT, print, stop.signal);
  const addressOf = (service: string): string =>
    lines
      .find(line => line.includes(service))
      ?.split(/\s+/)
      .at(-1) ?? '';
  const started = (): Promise<void> =>
    until('it listens', () => lines.some(line => line.startsWith('收到的消息')));

  beforeEach(() => {
    [lines, stop, running] = [[], new AbortController(), undefined];
  });
  afterEach(async () => {
    stop.abort();
    await running;
  });

  it('plays the platform and its archive until it is stopped, and tells each change', async () => {
    const run = simulate('--port', '0', '--image-port', '0', '--aet', 'CITY', '--fault', 'http-500,nth=2');
    await started();
    const url = addressOf('IAutoReport');
    assert.equal(await isSimulator(url), true);
    assert.ok(lines.some(line => line.startsWith('未设置 strKey')));
    assert.ok(!lines.join().includes('appId'));
    assert.match(lines.join('\n'), /CITY@127\.0\.0\.1:\d+/);
    assert.ok(lines.includes('故障：HTTP 500 错误页 | fault: HTTP 500 with a page'));
    const code = await load('--url', url, '--service', 'lab', '--rate', '20', '--seconds', '0.2');
    assert.equal(code, 1, 'one call failed');
    assert.ok(lines.includes('失败 | failed    HTTP_STATUS 1'), lines.join('\n'));
    assert.ok(lines.includes('已答 | answered  3'));
    assert.equal(lines.filter(line => /^ArchiveAutoReport \(lab\) TEST-\S+ ok$/.test(line)).length, 3);
    assert.equal(lines.filter(line => line.endsWith('no [http-500]')).length, 1);
    stop.abort();
    assert.equal(await run, 0);
    assert.equal(lines.at(-1), '已停止 | stopped');
    await assert.rejects(isSimulator(url));
  });

  it('plays a scenario of a file, as fast as is wanted', async () => {
    const file = path.join(temporaryFolder('scenario'), 'own.json');
    const steps = [{ at: 0, for: 10, target: 'dicom', fault: 'abort' }];
    fs.writeFileSync(file, JSON.stringify({ name: 'own', zh: '自己的', en: 'own', steps }));
    void simulate('--port', '0', '--scenario', file, '--speed', '100');
    await until('it has ended', () => lines.includes('场景 own 结束 | scenario own has ended'));
    assert.ok(lines.some(line => line.startsWith('own 1/1 故障：DICOM 中止关联')));
    assert.equal(scenarioOf('eight-faults').name, 'eight-faults');
  });

  it('lists every fault and scenario', async () => {
    assert.equal(await simulate('--list'), 0);
    for (const name of [...soapFaultNames, ...imageFaultNames, 'eight-faults'])
      assert.ok(
        lines.some(line => line.startsWith(`  ${name}  `)),
        name,
      );
  });

  for (const [what, args] of [
    ['an unknown option', ['--burn']],
    ['a port that is none', ['--port', 'x']],
  ] as const) {
    it(`says how it is used, for ${what}`, async () => {
      assert.equal(await simulate(...args), 2);
      assert.match(lines.join('\n'), /--scenario NAME\|FILE/);
    });
  }
  it('says how load is used, without an address', async () => {
    assert.equal(await load(), 2);
    assert.match(lines.join('\n'), /--url ADDRESS/);
  });
  it('says what is wrong with a fault or a scenario', async () => {
    assert.equal(await simulate('--fault', 'burn'), 2);
    assert.match(lines.join('\n'), /第 1 个故障 fault：应为/);
    assert.equal(await simulate('--scenario', 'none'), 2);
    assert.match(lines.join('\n'), /there is no scenario none/);
  });
  it('fails in words when a port is taken', async () => {
    const other = net.createServer().listen(0, '127.0.0.1');
    await until('it listens', () => other.listening);
    assert.equal(await simulate('--port', String(portOf(other))), 1);
    assert.match(lines.join('\n'), /EADDRINUSE/);
    await new Promise(resolve => other.close(resolve));
  });
  it('loads no address without the mark', async () => {
    const other = await listen((_request, response) => response.end());
    assert.equal(await load('--url', other.url, '--service', 'lab'), 1);
    assert.match(lines.join('\n'), /不是平台模拟器/);
    await other.close();
  });
});
